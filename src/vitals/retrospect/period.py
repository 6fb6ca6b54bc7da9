"""From when to when: moments as people write them, and the stretches in which the local clock keeps one offset."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from vitals.errors import ConfigurationError

LONGEST_DAYS: Final = 366
"""Further than this nobody looks back at once."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP_MS: Final = 6 * 3_600_000  # no zone changes its offset twice within so long
_MINUTE_MS: Final = 60_000


class Period(msgspec.Struct, frozen=True):
    """From one moment until another, in UTC milliseconds; the second does not belong to it."""

    from_ms: int
    to_ms: int

    def clipped(self, from_ms: int, to_ms: int | None) -> "Period":
        """The part of it within the bounds, empty where there is none; *to_ms* None bounds nothing."""
        begins = max(self.from_ms, from_ms)
        ends = self.to_ms if to_ms is None else min(self.to_ms, to_ms)
        return Period(begins, max(begins, ends))

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.to_ms - self.from_ms


def period(begins: str | None, ends: str | None, zone: str, now_ms: int) -> Period:
    """The period between two written moments: until now and from a day before its end unless given.

    Raises:
        ConfigurationError: a moment cannot be read, or there is nothing between them.
    """
    to_ms = now_ms if ends is None else moment(ends, zone, "--to")
    from_ms = to_ms - 86_400_000 if begins is None else moment(begins, zone, "--from")
    if from_ms >= to_ms:
        raise ConfigurationError(f"--from {begins} does not lie before --to {ends or 'now'}")
    if from_ms >= now_ms:
        raise ConfigurationError(f"--from {begins} lies in the future: nothing is recorded yet")
    if to_ms - from_ms > LONGEST_DAYS * 86_400_000:
        raise ConfigurationError(f"a period may be {LONGEST_DAYS} days long at most: move --from or --to")
    return Period(from_ms, min(to_ms, now_ms))


def moment(text: str, zone: str, option: str) -> int:
    """UTC milliseconds of an ISO 8601 moment; one without an offset is of the local clock of *zone*.

    Raises:
        ConfigurationError: it is no moment, or one that the local clock showed twice or skipped.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option} {text!r} is no moment such as 2026-11-22T03:00 (at the patient's site) or 2026-11-22T03:00+01:00"
        ) from None
    try:
        return _milliseconds(read if read.tzinfo is not None else _local(read, zone, option, text))
    except OverflowError:
        raise ConfigurationError(f"{option} {text!r} lies outside the calendar") from None


def _local(read: datetime, zone: str, option: str, text: str) -> datetime:
    early, late = (read.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return early
    shown = early.astimezone(UTC).astimezone(early.tzinfo).replace(tzinfo=None)
    happens = "came twice" if shown == read else "was skipped"
    raise ConfigurationError(
        f"{option} {text!r} {happens} on the clock of {zone}: write it with its offset, "
        f"{early.astimezone(UTC).isoformat(timespec='minutes')} or {late.astimezone(UTC).isoformat(timespec='minutes')}"
    )


def _milliseconds(read: datetime) -> int:
    return (read.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


def at(utc_ms: int, zone: ZoneInfo) -> datetime:
    """A moment on the local clock."""
    return (_EPOCH + timedelta(milliseconds=utc_ms)).astimezone(zone)


def offset_ms(utc_ms: int, zone: ZoneInfo) -> int:
    """How far the local clock is ahead of UTC, in milliseconds."""
    offset = at(utc_ms, zone).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)


def clock_changes(zone: ZoneInfo, within: Period) -> list[int]:
    """The moments, to the minute, at which the local clock changes its offset."""
    looks = [*range(within.from_ms, within.to_ms, _STEP_MS), within.to_ms]
    return [
        _change(zone, early, late) for early, late in pairwise(looks) if offset_ms(early, zone) != offset_ms(late, zone)
    ]


def _change(zone: ZoneInfo, early: int, late: int) -> int:
    """The first whole minute with the offset of *late*."""
    before = offset_ms(early, zone)
    low, high = early // _MINUTE_MS, -(-late // _MINUTE_MS)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_ms(middle * _MINUTE_MS, zone) == before:
            low = middle
        else:
            high = middle
    return high * _MINUTE_MS
