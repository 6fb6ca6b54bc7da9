"""Beats, and whether they follow one another: a gap in time must never look like an irregular rhythm."""

import math
from typing import Final

import msgspec

SILENCE_MS: Final = 5000.0
"""Longer without a beat is a gap, whatever the interval says."""
TOLERANCE_MS: Final = 2000.0
"""How far the sum of the intervals may drift from the time that passed: notifications carry several intervals and
arrive late by up to a connection supervision timeout."""
FORGETTING: Final = 0.9
"""Share of the drift kept from beat to beat, so that clocks that differ, or single lost beats, never add up."""


class Beat(msgspec.Struct, frozen=True):
    """One heartbeat: the interval that ends with it in milliseconds, None where the sensor gave none.

    *usable* is what is known of its quality beside the number: False without skin contact or with an observation
    whose validity is questionable.
    """

    rr_ms: float | None
    usable: bool = True

    def within(self, low_ms: float, high_ms: float) -> bool:
        """Whether the interval can be relied on and lies between two bounds."""
        return self.usable and self.rr_ms is not None and low_ms <= self.rr_ms <= high_ms


class Continuity(msgspec.Struct, frozen=True):
    """When the last beat was, and how far time has run ahead of the intervals since the last gap."""

    at_ms: float | None = None
    drift_ms: float = 0.0


def follow(before: Continuity, beat: Beat, at_ms: float) -> tuple[Continuity, bool]:
    """Continuity after *beat* at *at_ms*, and whether a gap lies before it.

    A gap is silence, or intervals whose sum differs from the time that passed: beats were lost, doubled or stored.
    The first beat of all follows nothing and is no gap.
    """
    if before.at_ms is None:
        return Continuity(at_ms), False
    passed_ms = at_ms - before.at_ms
    spanned_ms = passed_ms if beat.rr_ms is None or not math.isfinite(beat.rr_ms) else beat.rr_ms
    drift_ms = before.drift_ms * FORGETTING + passed_ms - spanned_ms
    if 0 <= passed_ms <= SILENCE_MS and abs(drift_ms) <= TOLERANCE_MS:
        return Continuity(at_ms, drift_ms), False
    return Continuity(at_ms), True
