"""Bradycardia and tachycardia from beats: the mean rate over the last eight intervals against two limits."""

from enum import StrEnum
from typing import Final

import msgspec

from vitals.rhythm.beats import Beat, Continuity, follow

LOW_MS: Final = 200.0
HIGH_MS: Final = 3000.0
"""An interval outside is not counted: 300 and 20 beats a minute. Wider than what fibrillation is judged on, since
a rate beyond the plausible is exactly what must not be overlooked."""
WINDOW: Final = 8
"""Intervals the rate is the mean of."""
UNCOUNTED: Final = 2
"""More intervals than this left out of the last eight, and the rate is not known."""

_MASK: Final = (1 << WINDOW) - 1


class Pace(StrEnum):
    """What the rate is. Learning and unanalysable say nothing about it."""

    LEARNING = "learning"
    UNANALYSABLE = "unanalysable"
    NORMAL = "normal"
    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"


class Bounds(msgspec.Struct, frozen=True):
    """Rates, in beats a minute, beyond which it is too slow or too fast, and by how much it must be back.

    The defaults are the medium limits of the adult profile; the heart rate of a patient is guarded by the limits
    prescribed for that patient, this detector names the rhythm.
    """

    low: float = 50.0
    high: float = 120.0
    hysteresis: float = 3.0


ADULT: Final = Bounds()


class Rate(msgspec.Struct, frozen=True):
    """Everything the detector knows. *uncounted* has one bit for each of the last eight beats."""

    continuity: Continuity = Continuity()
    intervals_ms: tuple[float, ...] = ()
    uncounted: int = 0
    pace: Pace = Pace.LEARNING


START: Final = Rate()
"""Before the first beat, after a gap, and on a new boot of the gateway."""


class Paced(msgspec.Struct, frozen=True):
    """What one beat led to: *per_minute* is None where the rate is not known; *gap* says one lay before the beat."""

    pace: Pace
    per_minute: float | None = None
    gap: bool = False


def step(state: Rate, beat: Beat, at_ms: float, *, bounds: Bounds = ADULT) -> tuple[Rate, Paced]:
    """The detector after *beat*, which ended at *at_ms* of one clock, and what it says now."""
    continuity, gap = follow(state.continuity, beat, at_ms)
    if gap:
        state = START
    counts = beat.within(LOW_MS, HIGH_MS)
    intervals_ms = state.intervals_ms
    if counts and beat.rr_ms is not None:
        intervals_ms = (*intervals_ms[1 - WINDOW :], beat.rr_ms)
    uncounted = (state.uncounted << 1 & _MASK) | (not counts)
    per_minute: float | None = None
    if uncounted.bit_count() > UNCOUNTED:
        pace = Pace.UNANALYSABLE
    elif len(intervals_ms) < WINDOW:
        pace = Pace.LEARNING
    else:
        per_minute = 60_000 * WINDOW / sum(intervals_ms)
        pace = _pace(per_minute, state.pace, bounds)
    return Rate(continuity, intervals_ms, uncounted, pace), Paced(pace, per_minute, gap)


def _pace(per_minute: float, before: Pace, bounds: Bounds) -> Pace:
    low = bounds.low + (bounds.hysteresis if before is Pace.BRADYCARDIA else 0)
    high = bounds.high - (bounds.hysteresis if before is Pace.TACHYCARDIA else 0)
    if per_minute < low:
        return Pace.BRADYCARDIA
    if per_minute > high:
        return Pace.TACHYCARDIA
    return Pace.NORMAL
