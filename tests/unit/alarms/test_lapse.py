"""Conditions of absence."""

from vitals.alarms.crossing import Acknowledged, Ticked
from vitals.alarms.lapse import PRESENT, Absent, Happening, Lapse, Returned, step
from vitals.alarms.limits import Priority
from vitals.alarms.machine import Change, Phase

OFF = Absent(since_ms=1000, due_ms=31_000, priority=Priority.LOW)


def run(*events: tuple[int, Happening]) -> tuple[Lapse, list[tuple[Change, int]]]:
    state, told = PRESENT, []
    for at_ms, event in events:
        state, transitions = step(state, event, at_ms, realarm_ms=600_000)
        told += [(transition.change, transition.alarm.version) for transition in transitions]
    return state, told


def test_it_alarms_when_it_is_due_and_not_before() -> None:
    state, told = run((1000, OFF), (30_999, OFF))
    assert (state.alarm.phase, told) == (Phase.PENDING, [])
    state, told = run((1000, OFF), (31_000, OFF), (40_000, OFF))
    assert (state.alarm.phase, told) == (Phase.ACTIVE, [(Change.RAISED, 1)])
    assert state.alarm.episode == "1000"


def test_back_before_it_was_due_nothing_is_told() -> None:
    assert run((1000, OFF), (30_000, Returned())) == (PRESENT, [])


def test_a_low_is_over_when_it_ends() -> None:
    assert run((31_000, OFF), (32_000, Returned())) == (PRESENT, [(Change.RAISED, 1), (Change.ENDED, 2)])


def test_s14_a_high_latches_here_too() -> None:
    high = Absent(since_ms=0, due_ms=0, priority=Priority.HIGH)
    state, _ = run((0, high), (1000, Returned()))
    assert state.alarm.phase is Phase.ENDED
    state, told = run((0, high), (1000, Returned()), (2000, Acknowledged()))
    assert state == PRESENT
    assert told[-1] == (Change.ACKNOWLEDGED, 3)


def test_it_escalates_when_it_becomes_more_urgent() -> None:
    medium = Absent(since_ms=0, due_ms=0, priority=Priority.MEDIUM)
    high = Absent(since_ms=0, due_ms=0, priority=Priority.HIGH)
    _, told = run((0, medium), (1, Acknowledged()), (2, medium), (3, high))
    assert told == [(Change.RAISED, 1), (Change.ACKNOWLEDGED, 2), (Change.ESCALATED, 3)]


def test_s8_a_persisting_acknowledged_high_re_alarms() -> None:
    high = Absent(since_ms=0, due_ms=0, priority=Priority.HIGH)
    _, told = run((0, high), (1, Acknowledged()), (600_000, Ticked()), (600_001, Ticked()))
    assert told[-1] == (Change.REALARMED, 3)
