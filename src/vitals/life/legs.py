"""The legs of the path from a sensor to a nurse: how long each may be unwell, and what its failure is called.

One table. A leg is well at a moment or it is not; how long ago it was last well is its age. It is *ok* as long as its
age is within its limit, and *late* when it is not: late legs raise the technical condition and fail the health address.
A leg that has not been proven since the start is not ok either, but not late before its limit has passed.

Values in, values out; moments are the collector's monotonic milliseconds.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import msgspec


class Leg(StrEnum):
    """In the order in which a failure is named: what explains the others first."""

    LOOP = "loop"
    DESK = "desk"
    BROKER = "broker"
    GATEWAYS = "gateways"
    COMMITS = "commits"
    FEED = "feed"
    STATIONS = "stations"
    NOTIFIER = "notifier"
    ROUND = "round"


class Limit(msgspec.Struct, frozen=True):
    """Seconds. *limit_s* is multiplied by the time scale, but is never below *least_s*: what people and pages take."""

    limit_s: float
    least_s: float

    def ms(self, time_scale: float) -> float:
        """In milliseconds under a time scale."""
        return 1000 * max(self.limit_s * time_scale, self.least_s)


LIMITS: Final[dict[Leg, Limit]] = {
    Leg.LOOP: Limit(30, 5),
    Leg.DESK: Limit(5, 2),
    Leg.BROKER: Limit(15, 3),
    Leg.GATEWAYS: Limit(30, 3),
    Leg.COMMITS: Limit(15, 3),
    Leg.FEED: Limit(5, 5),
    Leg.STATIONS: Limit(15, 15),
    Leg.NOTIFIER: Limit(35, 5),
    Leg.ROUND: Limit(30, 15),
}
"""How long each leg may be unwell. At scale 1 every failure is paged within 60 s of its beginning (docs/notify.md)."""

STARTED: Final = "not checked since the start"


class Reading(msgspec.Struct, frozen=True):
    """One leg now: when it was last well (None: never since the start), and whether it matters here."""

    well_ms: int | None
    needed: bool = True


class Judged(msgspec.Struct, frozen=True):
    """One leg as the health address shows it; *age_s* is how long ago it was last well, None if never."""

    leg: str
    ok: bool
    needed: bool
    age_s: float | None
    why: str = ""
    late: bool = False


class Report(msgspec.Struct, frozen=True):
    """The whole path. *checked_s*: the age of the last full round. *broken_s*: for how long it has not been whole."""

    status: str
    whole: bool
    checked_s: float | None
    broken_s: float
    heard_s: float | None
    legs: tuple[Judged, ...]

    @property
    def late(self) -> Judged | None:
        """The leg that explains why the path is broken, None while it is not."""
        return next((leg for leg in self.legs if leg.late), None)


def judge(
    readings: Mapping[Leg, Reading],
    why: Callable[[Leg], str],
    now_ms: int,
    *,
    started_ms: int = 0,
    time_scale: float = 1.0,
    heard_ms: int | None = None,
) -> Report:
    """Judge every leg.

    Args:
        readings: of the legs that there are here.
        why: what to say of a leg that is late; asked of no other.
        now_ms: the moment.
        started_ms: when this began to look.
        time_scale: multiplies the limits.
        heard_ms: how long no gateway has heard a sensor: told, never a failure of the path.
    """
    legs = tuple(
        _judged(leg, readings[leg], why, now_ms, started_ms, LIMITS[leg].ms(time_scale))
        for leg in Leg
        if leg in readings
    )
    failing = [leg for leg in legs if not leg.ok]
    first = next((leg for leg in failing if leg.late), failing[0] if failing else None)
    ages = [_seconds(now_ms - started_ms) if leg.age_s is None else leg.age_s for leg in failing]
    return Report(
        status="ok" if first is None else f"{first.leg}: {first.why}",
        whole=first is None,
        checked_s=next((leg.age_s for leg in legs if leg.leg == Leg.ROUND), None),
        broken_s=max(ages, default=0.0),
        heard_s=None if heard_ms is None else _seconds(heard_ms),
        legs=legs,
    )


def _judged(
    leg: Leg, reading: Reading, why: Callable[[Leg], str], now_ms: int, started_ms: int, limit_ms: float
) -> Judged:
    age_ms = now_ms - (started_ms if reading.well_ms is None else reading.well_ms)
    late = reading.needed and age_ms > limit_ms
    ok = not late and not (reading.needed and reading.well_ms is None)
    words = "" if ok else why(leg) if late else STARTED
    age_s = None if reading.well_ms is None else _seconds(age_ms)
    return Judged(leg.value, ok, reading.needed, age_s, words, late)


def _seconds(milliseconds: int) -> float:
    return round(max(0, milliseconds) / 1000, 1)
