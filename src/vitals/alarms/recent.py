"""The last seconds of one metric of one sensor: what a mean or a rate of change is taken over.

A gap longer than the one that holds a delay (S12), and another boot of the gateway, begin anew: a step across a gap is
no rate of change, and a mean never holds on to what was before one. A change is between *settled* values, each the
median of a value and the two before it, so that a single outlier makes none in either direction.
"""

import bisect
import math
from typing import Final, NamedTuple

import msgspec

_DECIMALS: Final = 6
"""To which a mean or a change is told: what binary fractions add must not lie beside a limit that was reached."""


class Sample(NamedTuple):
    """An alarm-eligible value observed *at_ms*; *settled* is None for the first two since a gap."""

    at_ms: int
    value: float
    settled: float | None


class Recent(msgspec.Struct, frozen=True):
    """Samples of one *boot* of the gateway, oldest first; times in milliseconds."""

    boot: int = 0
    samples: tuple[Sample, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether a change can be told."""
        return bool(self.samples) and self.samples[-1].settled is not None

    def mean(self, window_ms: float) -> float:
        """The mean of the values of the last *window_ms*, the newest among them."""
        since_ms = self.samples[-1].at_ms - window_ms
        values = [sample.value for sample in self.samples if sample.at_ms > since_ms]
        return round(math.fsum(values) / len(values), _DECIMALS)

    def fall(self, within_ms: float) -> float:
        """How far the newest settled value is below the highest one at most *within_ms* older; 0 if there is none."""
        settled = self._settled(within_ms)
        return round(max(settled) - settled[-1], _DECIMALS) if settled else 0.0

    def rise(self, within_ms: float) -> float:
        """How far the newest settled value is above the lowest one at most *within_ms* older; 0 if there is none."""
        settled = self._settled(within_ms)
        return round(settled[-1] - min(settled), _DECIMALS) if settled else 0.0

    def _settled(self, within_ms: float) -> list[float]:
        since_ms = self.samples[-1].at_ms - within_ms
        return [one.settled for one in self.samples if one.settled is not None and one.at_ms >= since_ms]


NOTHING: Final = Recent()
"""Before the first value."""


def follow(before: Recent, boot: int, at_ms: int, value: float, *, span_ms: float, held_ms: float) -> Recent:
    """The last *span_ms* after a *value* observed *at_ms* of *boot*; one that is older than the newest is left out."""
    samples = before.samples
    if samples:
        passed_ms = at_ms - samples[-1].at_ms
        if boot != before.boot or passed_ms > held_ms:
            samples = ()
        elif passed_ms < 0:
            return before
    settled = sorted((samples[-2].value, samples[-1].value, value))[1] if len(samples) > 1 else None
    first = bisect.bisect_left(samples, at_ms - span_ms, key=lambda sample: sample.at_ms)
    kept = samples[max(0, min(first, len(samples) - 2)) :]  # two at least: the next settled value needs them
    return Recent(boot, (*kept, Sample(at_ms, value, settled)))
