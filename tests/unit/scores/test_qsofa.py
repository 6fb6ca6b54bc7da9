"""qSOFA: three signs, two of them positive."""

import itertools

import pytest

from vitals.scores import qsofa
from vitals.scores.findings import Consciousness, entered
from vitals.scores.scoring import Score, score


def of(**values: float | str) -> Score:
    return score(qsofa.TABLE, [entered(name, value, 0) for name, value in values.items()], 0)


@pytest.mark.parametrize(("rate", "pressure", "mind"), [*itertools.product([21, 22], [100, 101], Consciousness)])
def test_every_combination_at_the_bounds(rate: float, pressure: float, mind: Consciousness) -> None:
    signs = (rate >= 22) + (pressure <= 100) + (mind != "A")
    result = of(respiratory_rate=rate, systolic=pressure, consciousness=mind)
    assert result.total == signs
    assert result.trigger == (signs >= 2)


def test_one_sign_alone_is_unknown_and_two_are_at_least_positive() -> None:
    """S18."""
    one = of(respiratory_rate=24)
    assert one.total == 1
    assert one.response is None
    assert one.at_most == 3
    two = of(respiratory_rate=24, systolic=90)
    assert two.at_least
    assert two.response is not None
    assert two.response.name == "positive"


def test_a_rate_between_the_marks_counts_as_the_worse() -> None:
    assert of(respiratory_rate=21.5).total == 1
    assert of(respiratory_rate=21.4).total == 0
    assert of(systolic=100.5).total == 1
