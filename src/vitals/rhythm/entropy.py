"""How irregular a short row of intervals is: the coefficient of sample entropy, less what can be foretold.

Lake DE, Moorman JR. Accurate estimation of entropy in very short physiological time series: the problem of atrial
fibrillation detection in implanted ventricular devices. Am J Physiol Heart Circ Physiol 2011;300:H319-H325,
doi:10.1152/ajpheart.00561.2010.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter, mul, sub
from typing import Final, NamedTuple

TOLERANCE_MS: Final = 30.0
"""Two intervals this close count as alike."""
MATCHES: Final = 5
"""With fewer pairs of alike neighbours the tolerance grows until there are so many (the minimum numerator count)."""


_RESOLUTION_MS2: Final = 25.0
"""Sums of squares below this are the sensor's resolution."""

_Picked = Callable[[Sequence[float]], tuple[float, ...]]


class _Pairs(NamedTuple):
    """What picks every pair of intervals, and of their distances those with a successor, and the successors'."""

    first: _Picked
    second: _Picked
    followed: _Picked
    successors: _Picked


def coefficient_of_sample_entropy(intervals_ms: Sequence[float]) -> float:
    """COSEn of at least five intervals: about -3 for a steady rhythm, above -1.4 for atrial fibrillation.

    Of the pairs of intervals that are alike, the share whose successors are alike too is the conditional probability
    of which sample entropy is the negative logarithm; ``+ ln(2 r)`` makes it a density that no longer depends on the
    tolerance *r*, ``- ln(mean)`` removes the heart rate.
    """
    pairs = _pairs(len(intervals_ms))
    # Sixty distances at every beat: picked, subtracted and counted without a loop of Python's own.
    apart = list(map(abs, map(sub, pairs.first(intervals_ms), pairs.second(intervals_ms))))
    alone = pairs.followed(apart)
    together = list(map(max, alone, pairs.successors(apart)))
    tolerance_ms = TOLERANCE_MS
    alike = sum(map(tolerance_ms.__ge__, together))
    if alike < MATCHES:
        tolerance_ms = float(sorted(together)[MATCHES - 1])
        alike = sum(map(tolerance_ms.__ge__, together))
    share = alike / sum(map(tolerance_ms.__ge__, alone))
    mean_ms = sum(intervals_ms) / len(intervals_ms)
    return math.log(2 * tolerance_ms / mean_ms) - math.log(share)


def unforetold(intervals_ms: Sequence[float]) -> float:
    """The share of the variance of at least five intervals that the two before each do not foretell, 0.01 to 1.

    Breathing lets the heart of a healthy person swing by 100 ms and more, which is as wide as fibrillation is; but a
    swing is foretold by an autoregression of the second order (two coefficients by least squares), and fibrillation
    is not. Half the logarithm of this share is what such knowledge takes from the entropy of a Gaussian process.
    """
    mean_ms = sum(intervals_ms) / len(intervals_ms)
    swing = [interval_ms - mean_ms for interval_ms in intervals_ms]
    now, before, earlier = swing[2:], swing[1:-1], swing[:-2]
    squares, own, older = (_product(row, row) + _RESOLUTION_MS2 for row in (now, before, earlier))
    near, far, between = _product(now, before), _product(now, earlier), _product(before, earlier)
    explained = (near * near * older - 2 * near * far * between + far * far * own) / (own * older - between * between)
    free = len(now) / (len(now) - 2)  # two coefficients explain something of any noise
    return min(max(free * (1 - explained / squares), 0.01), 1.0)


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    total: float = sum(map(mul, one, other))
    return total


@cache
def _pairs(length: int) -> _Pairs:
    pairs = [(one, other) for one in range(length) for other in range(one + 1, length)]
    followed = [(one, other) for one, other in pairs if other < length - 1]
    return _Pairs(
        itemgetter(*(one for one, _ in pairs)),
        itemgetter(*(other for _, other in pairs)),
        itemgetter(*map(pairs.index, followed)),
        itemgetter(*(pairs.index((one + 1, other + 1)) for one, other in followed)),
    )
