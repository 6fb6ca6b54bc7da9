"""What happens when a spool is opened: whose it is, a new epoch, and what an earlier run left behind."""

import secrets
import sqlite3

import msgspec

from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode
from vitals.wire.bodies import ClockState
from vitals_gateway.spool.batches import Origin
from vitals_gateway.spool.rows import Bounds, Moment
from vitals_gateway.spool.tables import SEQ_BITS, signed, unsigned
from vitals_gateway.wall_clock import WallClock


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whose spool it is, on which boot, in which mode."""

    gateway: str
    mode: GenerationMode
    boot: int
    bounds: Bounds = Bounds()

    @property
    def origin(self) -> Origin:
        """Where this run's rows come from."""
        return Origin(self.boot, self.mode)


class Epoch(msgspec.Struct, frozen=True):
    """One opening of the spool: its place among the others, its name, and its run's origin and last known clock."""

    ordinal: int
    epoch: int
    origin: Origin
    wall: WallClock


def mint(connection: sqlite3.Connection, identity: Identity, now: Moment) -> Epoch:
    """Begin a new epoch, which no restored or cloned spool can share; within the caller's transaction.

    Raises:
        ConfigurationError: the spool belongs to another gateway.
    """
    execute = connection.execute
    owner = execute("SELECT value FROM setting WHERE name = 'gateway'").fetchone()
    if owner is not None and owner[0] != identity.gateway:
        raise ConfigurationError(
            f"spool.path: the spool belongs to gateway {owner[0]}, not {identity.gateway}; name another file"
        )
    boot = execute("SELECT value FROM setting WHERE name = 'boot'").fetchone()
    if boot is not None and boot[0] != signed(identity.boot):
        # monotonic time began anew: count how long acknowledged rows were kept from now on
        execute("UPDATE batch SET acked_at = ? WHERE acked_at IS NOT NULL", (now.at_ms,))
    execute("INSERT OR REPLACE INTO setting VALUES ('gateway', ?)", (identity.gateway,))
    execute("INSERT OR REPLACE INTO setting VALUES ('boot', ?)", (signed(identity.boot),))
    execute(
        "DELETE FROM epoch WHERE ordinal NOT IN (SELECT ordinal FROM notification) AND NOT EXISTS"
        " (SELECT 1 FROM batch WHERE id BETWEEN ordinal << :bits AND (ordinal + 1 << :bits) - 1)",
        {"bits": SEQ_BITS},
    )
    epoch = secrets.randbits(64)
    inserted = execute(
        "INSERT INTO epoch (epoch, boot, mode, offset_ms, clock) VALUES (?, ?, ?, ?, ?)",
        (signed(epoch), signed(identity.boot), identity.mode, now.wall.offset_ms, now.wall.state),
    )
    assert inserted.lastrowid is not None
    return Epoch(inserted.lastrowid, epoch, identity.origin, now.wall)


def unbatched(connection: sqlite3.Connection, current: int) -> list[Epoch]:
    """Earlier epochs with notifications that are in no batch."""
    found = connection.execute(
        "SELECT ordinal, epoch, boot, mode, offset_ms, clock FROM epoch"
        " WHERE ordinal IN (SELECT ordinal FROM notification) AND ordinal <> ? ORDER BY ordinal",
        (current,),
    )
    return [
        Epoch(
            ordinal,
            unsigned(epoch),
            Origin(unsigned(boot), GenerationMode(mode)),
            WallClock(offset_ms, ClockState(clock)),
        )
        for ordinal, epoch, boot, mode, offset_ms, clock in found
    ]
