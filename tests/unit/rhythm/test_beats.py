"""Whether beats follow one another without a gap."""

import math
from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.rhythm.beats import Beat, Continuity, follow


def gaps(beats: Sequence[tuple[float, float | None]]) -> list[int]:
    """The places of beats with a gap before them; each beat is its time and its interval."""
    state, found = Continuity(), []
    for place, (at_ms, rr_ms) in enumerate(beats):
        state, gap = follow(state, Beat(rr_ms), at_ms)
        found += [place] * gap
    return found


def test_intervals_that_fill_the_time_leave_no_gap() -> None:
    row = [800.0, 400.0, 1900.0, 3000.0, 250.0] * 20
    assert gaps(list(zip(accumulate(row), row, strict=True))) == []


def test_the_first_beat_follows_nothing() -> None:
    assert gaps([(1e9, 800.0)]) == []


def test_silence_is_a_gap_though_the_interval_says_so_too() -> None:
    assert gaps([(0, 800), (800, 800), (7000, 6200), (7800, 800)]) == [2]


@pytest.mark.parametrize("lost_ms", [2100, 3000, 60_000])
def test_time_that_no_interval_fills_is_a_gap(lost_ms: float) -> None:
    assert gaps([(0, 800), (800, 800), (1600 + lost_ms, 800), (2400 + lost_ms, 800)]) == [2]


def test_more_intervals_than_time_are_a_gap() -> None:
    assert gaps([(number * 10, 800) for number in range(5)]) == [3]


def test_time_that_goes_back_is_a_gap() -> None:
    assert gaps([(10_000, 800), (9000, 800)]) == [1]


def test_notifications_of_several_intervals_that_come_late_are_none() -> None:
    late = [0, 300, 900, 0, 1200, 200]
    beats = [(3 * 700 * number + late[number % 6], 700.0) for number in range(60) for _ in range(3)]
    assert gaps(beats) == []


def test_clocks_that_differ_never_add_up_to_a_gap() -> None:
    assert gaps([(800 * 1.01 * number, 800) for number in range(50_000)]) == []


def test_a_beat_lost_now_and_then_is_no_gap() -> None:
    beats = [(800.0 * number, 800.0) for number in range(500) if number % 9]
    assert gaps(beats) == []


@pytest.mark.parametrize("rr_ms", [None, math.nan, math.inf, -math.inf])
def test_an_interval_that_is_none_says_nothing_of_gaps(rr_ms: float | None) -> None:
    assert gaps([(0, 800), (800, rr_ms), (1600, rr_ms), (2400, 800)]) == []


@given(st.lists(st.tuples(st.floats(), st.none() | st.floats())))
def test_any_numbers_are_followed(beats: list[tuple[float, float | None]]) -> None:
    gaps(beats)


@pytest.mark.parametrize(
    ("beat", "within"),
    [
        (Beat(300), True),
        (Beat(2000), True),
        (Beat(299.9), False),
        (Beat(2000.1), False),
        (Beat(None), False),
        (Beat(math.nan), False),
        (Beat(800, usable=False), False),
    ],
)
def test_within(beat: Beat, within: bool) -> None:  # noqa: FBT001 - a column of the table
    assert beat.within(300, 2000) is within
