"""Bradycardia and tachycardia."""

import math
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.rhythm.beats import Beat
from vitals.rhythm.rate import START, WINDOW, Bounds, Pace, Paced, Rate, step


def listen(row: list[float], bounds: Bounds | None = None) -> list[Paced]:
    state, said = START, []
    for rr_ms, at_ms in zip(row, accumulate(row), strict=True):
        state, paced = step(state, Beat(rr_ms), at_ms, bounds=bounds or Bounds())
        said.append(paced)
    return said


@pytest.mark.parametrize(
    ("per_minute", "pace"),
    [
        (30, Pace.BRADYCARDIA),
        (49, Pace.BRADYCARDIA),
        (50, Pace.NORMAL),
        (120, Pace.NORMAL),
        (121, Pace.TACHYCARDIA),
        (250, Pace.TACHYCARDIA),
    ],
)
def test_a_limit_itself_is_not_beyond(per_minute: float, pace: Pace) -> None:
    last = listen([60_000 / per_minute] * 20)[-1]
    assert last.pace is pace
    assert last.per_minute == pytest.approx(per_minute)


def test_nothing_is_said_of_fewer_than_eight_beats() -> None:
    said = listen([400.0] * 10)
    assert [paced.pace for paced in said] == [Pace.LEARNING] * (WINDOW - 1) + [Pace.TACHYCARDIA] * 3


def test_it_ends_when_the_rate_is_back_by_the_hysteresis() -> None:
    row = [60_000 / 130] * 10 + [60_000 / 118] * 20 + [60_000 / 116] * 20
    paces = [paced.pace for paced in listen(row)]
    assert paces[29] is Pace.TACHYCARDIA
    assert paces[-1] is Pace.NORMAL


def test_bounds_are_an_argument() -> None:
    assert listen([800.0] * 8, Bounds(low=80, high=200))[-1].pace is Pace.BRADYCARDIA


def test_a_gap_starts_anew() -> None:
    state, at_ms = START, 0.0
    for _ in range(10):
        at_ms += 400
        state, _ = step(state, Beat(400), at_ms)
    state, paced = step(state, Beat(400), at_ms + 20_000)
    assert paced == Paced(Pace.LEARNING, None, gap=True)


def test_with_three_of_eight_beats_in_doubt_the_rate_is_not_known() -> None:
    state, at_ms, paces = START, 0.0, []
    for place in range(24):
        at_ms += 400
        state, paced = step(state, Beat(400, usable=place not in {12, 13, 14}), at_ms)
        paces.append(paced.pace)
    assert paces[13] is Pace.TACHYCARDIA
    assert paces[14:20] == [Pace.UNANALYSABLE] * 6
    assert paces[20] is Pace.TACHYCARDIA


@given(
    st.lists(st.tuples(st.none() | st.floats() | st.floats(200, 3000), st.floats(0, 4000), st.booleans()), max_size=60),
    st.integers(0, 60),
)
def test_any_row_is_judged_and_the_state_is_complete(row: list[tuple[float | None, float, bool]], cut: int) -> None:
    straight, interrupted, at_ms = START, START, 0.0
    for place, (rr_ms, later, usable) in enumerate(row):
        at_ms += later
        if place == cut:
            interrupted = msgspec.json.decode(msgspec.json.encode(interrupted), type=Rate)
        straight, expected = step(straight, Beat(rr_ms, usable), at_ms)
        interrupted, said = step(interrupted, Beat(rr_ms, usable), at_ms)
        assert said == expected
        assert said.per_minute is None or (math.isfinite(said.per_minute) and 20 <= said.per_minute <= 300)
        assert len(straight.intervals_ms) <= WINDOW
