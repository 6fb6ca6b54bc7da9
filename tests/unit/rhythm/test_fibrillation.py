"""The detector on made-up rhythms, and what holds for any input."""

import math
from collections.abc import Sequence
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rhythm import rows

from vitals.rhythm.beats import Beat
from vitals.rhythm.fibrillation import (
    BOUNDS,
    SHIPPED,
    START,
    WINDOW,
    Fibrillation,
    Finding,
    Thresholds,
    Verdict,
    decide,
    step,
)

SAYS_NOTHING = {Verdict.LEARNING, Verdict.UNANALYSABLE}
ROWS = st.lists(
    st.tuples(
        st.floats(300, 1500) | st.sampled_from([0.0, -20.0, 200.0, 2500.0, 1e308]) | st.floats() | st.none(),
        st.floats(-10_000, 10_000) | st.just(None),
        st.booleans() | st.just(value=True),
    ),
    max_size=120,
)
"""Intervals, the time since the beat before (None for as long as the interval says), and whether usable."""


def listen(row: Sequence[float], start_ms: float = 0) -> list[Finding]:
    """What is said of a row of intervals without a gap."""
    state, said = START, []
    for rr_ms, at_ms in zip(row, accumulate(row, initial=start_ms), strict=False):
        state, finding = step(state, Beat(rr_ms), at_ms + rr_ms)
        said.append(finding)
    return said


def play(
    row: Sequence[float], *, usable: bool = True, thresholds: Thresholds = SHIPPED
) -> tuple[Fibrillation, Finding]:
    """State and finding at the last of a row of intervals without a gap."""
    state, finding = START, Finding(Verdict.LEARNING)
    for rr_ms, at_ms in zip(row, accumulate(row), strict=True):
        state, finding = step(state, Beat(rr_ms, usable=usable), at_ms, thresholds=thresholds)
    return state, finding


def share(row: Sequence[float], verdict: Verdict) -> float:
    said = listen(row)
    return sum(finding.verdict is verdict for finding in said) / len(said)


def beats(row: list[tuple[float | None, float | None, bool]]) -> list[tuple[Beat, float]]:
    at_ms, out = 0.0, []
    for rr_ms, later, usable in row:
        lasts = rr_ms if rr_ms is not None and math.isfinite(rr_ms) and abs(rr_ms) < 1e6 else 800
        at_ms += lasts if later is None else later
        out.append((Beat(rr_ms, usable), at_ms))
    return out


@pytest.mark.parametrize(("mean", "spread"), [(900, 180), (700, 120), (550, 90), (450, 60)])
def test_fibrillation_is_found(mean: float, spread: float) -> None:
    assert share(rows.fibrillating(600, mean, spread), Verdict.FIBRILLATION) > 0.9


@pytest.mark.parametrize(
    "row",
    [
        rows.steady(600),
        rows.steady(600, mean=420, spread=5),
        rows.breathing(600, swing=60),
        rows.breathing(600, swing=120),
        rows.ectopic(600, 0.05),
        rows.ectopic(600, 0.2),
        rows.bigeminal(600),
    ],
    ids=["sinus", "flutter 2:1", "breathing", "deep breathing", "some ectopy", "much ectopy", "bigeminy"],
)
def test_order_is_not_called_fibrillation(row: list[float]) -> None:
    assert share(row, Verdict.FIBRILLATION) == 0


def test_noise_is_unanalysable() -> None:
    said = listen(rows.noise(300))
    assert {finding.verdict for finding in said} <= SAYS_NOTHING
    assert all(finding.verdict is Verdict.UNANALYSABLE for finding in said[20:])


def test_an_episode_begins_and_ends_within_a_minute() -> None:
    row = rows.steady(200) + rows.fibrillating(200) + rows.steady(200, seed=9)
    found = [place for place, finding in enumerate(listen(row)) if finding.verdict is Verdict.FIBRILLATION]
    assert 200 < found[0] < 250
    assert 400 <= found[-1] < 450
    assert found == list(range(found[0], found[-1] + 1))


def test_nothing_is_said_before_there_are_enough_beats() -> None:
    said = listen(rows.fibrillating(60))
    assert all(finding == Finding(Verdict.LEARNING) for finding in said[: WINDOW - 1])


def test_a_gap_ends_fibrillation_at_once() -> None:
    row = rows.fibrillating(100)
    state, finding = play(row)
    assert finding.verdict is Verdict.FIBRILLATION
    _, finding = step(state, Beat(700), sum(row) + 30_000)
    assert finding == Finding(Verdict.LEARNING, None, gap=True)


def test_a_sensor_that_doubts_its_beats_is_believed() -> None:
    _, finding = play(rows.fibrillating(100), usable=False)
    assert finding == Finding(Verdict.UNANALYSABLE)


def test_how_a_file_writes_an_interval_makes_no_difference() -> None:
    row = [4.0 * round(rr_ms / 4) for rr_ms in rows.fibrillating(200)]
    assert listen([rr_ms + 1e-9 for rr_ms in row]) == listen(row)


@pytest.mark.parametrize(
    ("entropy", "shut", "fibrillating", "verdict"),
    [
        (None, False, False, Verdict.LEARNING),
        (None, True, False, Verdict.UNANALYSABLE),
        (-0.5, True, True, Verdict.UNANALYSABLE),
        (-1.3, False, False, Verdict.FIBRILLATION),
        (-1.4, False, False, Verdict.FIBRILLATION),
        (-1.5, False, False, Verdict.OTHER),
        (-1.5, False, True, Verdict.FIBRILLATION),
        (-1.6, False, True, Verdict.FIBRILLATION),
        (-1.7, False, True, Verdict.OTHER),
    ],
)
def test_decisions(entropy: float | None, shut: bool, fibrillating: bool, verdict: Verdict) -> None:  # noqa: FBT001
    thresholds = Thresholds(onset=-1.4, offset=-1.6)
    assert decide(entropy, thresholds, shut=shut, fibrillating=fibrillating) is verdict


def test_thresholds_are_an_argument() -> None:
    _, finding = play(rows.fibrillating(100), thresholds=Thresholds(onset=0, offset=0))
    assert finding.verdict is Verdict.OTHER
    assert SHIPPED.offset < SHIPPED.onset


@given(ROWS)
def test_any_row_is_judged_in_bounded_memory(row: list[tuple[float | None, float | None, bool]]) -> None:
    state = START
    for beat, at_ms in beats(row):
        state, finding = step(state, beat, at_ms)
        assert finding.entropy is None or BOUNDS[0] <= finding.entropy <= BOUNDS[1]
        assert finding.entropy is not None or finding.verdict in SAYS_NOTHING
        assert not finding.gap or finding.verdict in SAYS_NOTHING
        assert len(msgspec.msgpack.encode(state)) < 512


@given(ROWS, st.integers(0, 120))
def test_the_state_is_all_there_is_to_know(row: list[tuple[float | None, float | None, bool]], cut: int) -> None:
    straight, interrupted = START, START
    for place, (beat, at_ms) in enumerate(beats(row)):
        if place == cut:
            interrupted = msgspec.msgpack.decode(msgspec.msgpack.encode(interrupted), type=Fibrillation)
            interrupted = msgspec.json.decode(msgspec.json.encode(interrupted), type=Fibrillation)
        straight, expected = step(straight, beat, at_ms)
        interrupted, said = step(interrupted, beat, at_ms)
        assert said == expected


@given(st.integers(0, 10**9), st.integers(0, 100))
def test_only_the_time_between_beats_counts(start_ms: int, seed: int) -> None:
    row = [float(round(rr_ms)) for rr_ms in rows.fibrillating(60, seed=seed)]
    assert listen(row, start_ms) == listen(row)
