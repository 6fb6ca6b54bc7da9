"""The measure of disorder against its definition, and what it says of rhythms."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rhythm import rows

from vitals.rhythm.entropy import coefficient_of_sample_entropy, unforetold

INTERVALS = st.lists(st.floats(300, 2000) | st.integers(300, 2000), min_size=5, max_size=14)


def defined(intervals_ms: Sequence[float]) -> float:
    """COSEn as it is written down: sample entropy for m = 1, with a minimum numerator count of five."""
    count = len(intervals_ms)
    pairs = [(one, other) for one in range(count - 1) for other in range(one + 1, count - 1)]

    def apart(one: int, other: int) -> float:
        return abs(intervals_ms[one] - intervals_ms[other])

    tolerance = 30.0
    pairwise = sorted(max(apart(one, other), apart(one + 1, other + 1)) for one, other in pairs)
    tolerance = max(tolerance, pairwise[4])
    numerator = sum(distance <= tolerance for distance in pairwise)
    denominator = sum(apart(one, other) <= tolerance for one, other in pairs)
    mean = sum(intervals_ms) / count
    return -math.log(numerator / denominator) + math.log(2 * tolerance / 1000) - math.log(mean / 1000)


@given(INTERVALS)
def test_it_is_what_is_defined(intervals_ms: list[float]) -> None:
    assert coefficient_of_sample_entropy(intervals_ms) == pytest.approx(defined(intervals_ms))


def test_a_steady_rhythm_has_none_and_fibrillation_much() -> None:
    assert coefficient_of_sample_entropy([800.0] * 12) == pytest.approx(math.log(60 / 800))
    assert coefficient_of_sample_entropy(rows.fibrillating(12)) > -1.4


@given(INTERVALS)
def test_a_share_is_a_share(intervals_ms: list[float]) -> None:
    assert 0.01 <= unforetold(intervals_ms) <= 1


def test_breathing_foretells_what_disorder_does_not() -> None:
    calm, disorder = rows.breathing(400), rows.fibrillating(400)
    mean = [sum(unforetold(row[begin : begin + 12]) for begin in range(380)) / 380 for row in (calm, disorder)]
    assert mean[0] < 0.15
    assert mean[1] > 0.8
