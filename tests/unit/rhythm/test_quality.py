"""The gate."""

from hypothesis import given
from hypothesis import strategies as st

from vitals.rhythm.beats import Beat
from vitals.rhythm.quality import OPEN_AT, SHUT_AT, WINDOW, Quality, judge


def gate(row: list[bool]) -> list[bool]:
    """Whether the gate is shut after each beat of a row of good and bad ones."""
    state, shut = Quality(), []
    for good in row:
        state, plausible = judge(state, Beat(800 if good else 200))
        assert plausible is good
        shut.append(state.shut)
    return shut


def test_five_of_thirty_shut_it_and_three_open_it() -> None:
    shut = gate([False] * SHUT_AT + [True] * WINDOW)
    assert shut.index(True) == SHUT_AT - 1
    assert shut[SHUT_AT:].index(False) == WINDOW - OPEN_AT - 1


def test_artefacts_far_apart_leave_it_open() -> None:
    assert not any(gate(([False] + [True] * 7) * 40))


def test_a_beat_the_sensor_doubts_is_an_artefact() -> None:
    state = Quality()
    for _ in range(SHUT_AT):
        state, plausible = judge(state, Beat(800, usable=False))
        assert not plausible
    assert state.shut


@given(st.lists(st.booleans(), max_size=200))
def test_it_is_what_counting_says(row: list[bool]) -> None:
    shut = False
    for place, said in enumerate(gate(row)):
        bad = row[max(0, place + 1 - WINDOW) : place + 1].count(False)
        shut = bad > OPEN_AT if shut else bad >= SHUT_AT
        assert said is shut
