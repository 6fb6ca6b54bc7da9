"""Who is on call: shifts, rotations and swaps in the site's time zone.

Hand-overs are instants: a time of day on a date, on the clock of the site. Shifts that touch on the clock therefore
touch in time, also on the two days a year on which the clock is changed: an hour that comes twice hands over at its
first pass, one that does not exist an hour later.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

EVERY_DAY: Final = frozenset(range(7))
_MINUTES_OF_A_DAY: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Shift(msgspec.Struct, frozen=True):
    """*people* from one time of day until the next *until*, on shifts that begin on *days* (0 is Monday).

    Times are minutes after midnight; where both are the same, the shift lasts until that time of the next day.
    """

    people: tuple[str, ...]
    start: int
    until: int
    days: frozenset[int] = EVERY_DAY


class Rotation(msgspec.Struct, frozen=True):
    """One after the other, each for *every_days* from minute *hand_over* of the day on; *since* is the first one's."""

    people: tuple[str, ...]
    since: date
    hand_over: int
    every_days: int = 7


class Swap(msgspec.Struct, frozen=True):
    """Instead of whoever it would be: *people* from one moment on the site's clock until another."""

    people: tuple[str, ...]
    since: datetime
    until: datetime


class Rota(msgspec.Struct, frozen=True):
    """Everybody who is on call by any of these, in this order; a swap comes before all of them."""

    people: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()
    rotation: Rotation | None = None
    swaps: tuple[Swap, ...] = ()

    def everybody(self) -> set[str]:
        """Everybody who ever is."""
        rotated = self.rotation.people if self.rotation is not None else ()
        parts = (self.people, rotated, *(shift.people for shift in self.shifts), *(swap.people for swap in self.swaps))
        return {person for part in parts for person in part}


def on_call(rota: Rota, zone: ZoneInfo, utc_ms: int) -> tuple[str, ...]:
    """Who is on call at that moment, each once."""
    swapped = [swap for swap in rota.swaps if _swapped(swap, zone, utc_ms)]
    if swapped:
        return _once(person for swap in swapped for person in swap.people)
    shifts = [person for shift in rota.shifts if _on_shift(shift, zone, utc_ms) for person in shift.people]
    rotated = [] if rota.rotation is None else [_in_rotation(rota.rotation, zone, utc_ms)]
    return _once((*rota.people, *shifts, *rotated))


def instant(zone: ZoneInfo, day: date, minutes: int) -> int:
    """UTC milliseconds of a time of day on *day*; 1440 minutes are midnight at its end."""
    day += timedelta(days=minutes // _MINUTES_OF_A_DAY)
    minutes %= _MINUTES_OF_A_DAY
    return _utc_ms(datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone))


def local_date(zone: ZoneInfo, utc_ms: int) -> date:
    """The date on the site's clock."""
    return (_EPOCH + timedelta(milliseconds=utc_ms)).astimezone(zone).date()


def latest(zone: ZoneInfo, minutes: int, utc_ms: int) -> date:
    """The date of the latest time of day *minutes* that has passed."""
    today = local_date(zone, utc_ms)
    return today if instant(zone, today, minutes) <= utc_ms else today - timedelta(days=1)


def _on_shift(shift: Shift, zone: ZoneInfo, utc_ms: int) -> bool:
    today = local_date(zone, utc_ms)
    lasts_into_next_day = shift.until <= shift.start
    for began in (today - timedelta(days=1), today):
        ends_on = began + timedelta(days=1) if lasts_into_next_day else began
        within = instant(zone, began, shift.start) <= utc_ms < instant(zone, ends_on, shift.until)
        if within and began.weekday() in shift.days:
            return True
    return False


def _in_rotation(rotation: Rotation, zone: ZoneInfo, utc_ms: int) -> str:
    turns = (latest(zone, rotation.hand_over, utc_ms) - rotation.since).days // rotation.every_days
    return rotation.people[turns % len(rotation.people)]


def _swapped(swap: Swap, zone: ZoneInfo, utc_ms: int) -> bool:
    return _utc_ms(swap.since.replace(tzinfo=zone)) <= utc_ms < _utc_ms(swap.until.replace(tzinfo=zone))


def _utc_ms(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


def _once(people: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(people))
