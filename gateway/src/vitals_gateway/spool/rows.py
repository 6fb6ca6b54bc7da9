"""What goes into the spool and what comes out of it."""

import msgspec

from vitals.wire.bodies import ClockState, EpochState
from vitals_gateway.wall_clock import WallClock


class Moment(msgspec.Struct, frozen=True):
    """Now: gateway-monotonic milliseconds, and what the wall clock says."""

    at_ms: int
    wall: WallClock

    def utc_of(self, at_ms: int) -> int | None:
        """A moment of this boot in UTC, None while the clock is not set."""
        return None if self.wall.state is ClockState.UNSET else at_ms + self.wall.offset_ms


class Notification(msgspec.Struct, frozen=True):
    """One notification; *after_loss* says that earlier ones of its characteristic could not be stored."""

    sensor: str
    characteristic: str
    at_ms: int
    payload: bytes
    after_loss: bool = False


class Subscribed(msgspec.Struct, frozen=True):
    """Notifications of a characteristic flow from now on."""

    sensor: str
    characteristic: str
    at_ms: int


class Lost(msgspec.Struct, frozen=True):
    """No notification of a characteristic can arrive from now on."""

    sensor: str
    characteristic: str
    at_ms: int
    reason: str


Item = Notification | Subscribed | Lost


class Entry(msgspec.Struct, frozen=True):
    """One row that waits to be acknowledged.

    *row* orders rows by age across all epochs; *size* is in bytes as sent; *frame*, where it is at hand, is the
    message, complete but for its publish time and lane.
    """

    row: int
    size: int
    urgent: bool = False
    frame: bytes | None = None


class Change(msgspec.Struct):
    """What a write did besides what it was asked for.

    *added*: rows to send; *gone*: rows that will never be sent, *dropped* of them for want of room and *rotten* of
    them because they can no longer be read.
    """

    added: list[Entry] = []
    gone: list[int] = []
    dropped: int = 0
    rotten: int = 0

    def merge(self, other: "Change") -> None:
        """Count *other* in."""
        self.added += other.added
        self.gone += other.gone
        self.dropped += other.dropped
        self.rotten += other.rotten


class Depth(msgspec.Struct, frozen=True):
    """How much waits, and what every epoch still holds."""

    rows: int
    bytes: int
    epochs: dict[int, EpochState]


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much the spool may hold; *keep_ms* is how long acknowledged rows stay, for a collector that is restored."""

    max_bytes: int = 268_435_456
    max_age_ms: float = 7 * 86_400_000
    keep_ms: float = 86_400_000
