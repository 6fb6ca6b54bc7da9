"""The state machine as a table: total, monotonic in its versions, and the same in the docs."""

import itertools
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.alarms.limits import Priority
from vitals.alarms.machine import (
    QUIET,
    RAISING,
    SOUNDING,
    TRANSITIONS,
    Alarm,
    Change,
    Event,
    Phase,
    Signal,
    ends,
    persisted,
    require,
    step,
    timed,
)
from vitals.errors import ConflictError, NotFoundError

DOCS = Path(__file__).parents[3] / "docs" / "alarms.md"

EVENTS = st.builds(
    Event,
    signal=st.sampled_from(Signal),
    episode=st.sampled_from(["a", "b", "c"]),
    priority=st.sampled_from(Priority),
    value=st.floats(1, 100) | st.none(),
    limit=st.floats(1, 100) | st.none(),
)


def test_every_phase_and_signal_has_a_row() -> None:
    assert set(TRANSITIONS) == set(itertools.product(Phase, Signal))


def test_what_is_told_sounds_exactly_when_it_should() -> None:
    """Every change that raises ends in a phase that sounds; nothing falls silent without being told."""
    for (phase, _), row in TRANSITIONS.items():
        if row.change in RAISING:
            assert row.phase is Phase.ACTIVE
        if phase in SOUNDING and row.phase not in SOUNDING:
            assert row.change in {Change.ENDED, Change.ACKNOWLEDGED, Change.AUDIO_PAUSED, Change.RESOLVED}
        if row.change is None:
            assert {phase, row.phase} <= {Phase.OFF, Phase.PENDING} or phase is row.phase


def test_s14_a_high_that_ended_is_left_by_acknowledgement_or_recurrence_alone() -> None:
    leaves = {signal for (phase, signal), row in TRANSITIONS.items() if phase is Phase.ENDED and row.phase is not phase}
    assert leaves == {Signal.ACKNOWLEDGE, Signal.RESOLVE, Signal.DUE, Signal.HIGHER}


@given(st.lists(EVENTS, max_size=60))
def test_versions_of_an_episode_strictly_increase(events: list[Event]) -> None:
    alarm, newest = QUIET, {"": 0}
    for at_ms, event in enumerate(events):
        before = alarm
        alarm, transitions = step(alarm, event, at_ms)
        if not transitions:
            assert alarm.version == before.version
        for transition in transitions:
            after = transition.alarm
            assert after.version == before.version + 1
            if before.phase in {Phase.OFF, Phase.PENDING}:
                newest[after.episode] = 0
            assert after.version > newest.get(after.episode, 0)
            newest[after.episode] = after.version
            assert after.priority >= before.priority


@given(st.lists(EVENTS, max_size=60))
def test_an_episode_keeps_its_name_until_it_is_over(events: list[Event]) -> None:
    alarm = QUIET
    for at_ms, event in enumerate(events):
        before = alarm
        alarm, _ = step(alarm, event, at_ms)
        if Phase.OFF not in {before.phase, alarm.phase}:
            assert alarm.episode == before.episode
        if alarm.phase is Phase.OFF:
            assert alarm == QUIET


def test_ends_by_the_priority_reached() -> None:
    high = Alarm(phase=Phase.ACTIVE, priority=Priority.HIGH)
    assert step(high, Event(ends(high)), 0)[0].phase is Phase.ENDED
    medium = Alarm(phase=Phase.ACTIVE, priority=Priority.MEDIUM)
    assert step(medium, Event(ends(medium)), 0)[0] == QUIET


@pytest.mark.parametrize(("phase", "priority"), list(itertools.product(Phase, Priority)))
def test_s8_only_an_acknowledged_high_persists(phase: Phase, priority: Priority) -> None:
    alarm = Alarm(phase=phase, priority=priority, changed_ms=1000)
    assert not persisted(alarm, 600_999, 600_000)
    assert persisted(alarm, 601_000, 600_000) is (phase is Phase.ACKNOWLEDGED and priority is Priority.HIGH)


def test_s2_whatever_is_new_ends_a_pause_and_nothing_else_does_before_its_time() -> None:
    wakes = {signal for (phase, signal), row in TRANSITIONS.items() if phase is Phase.PAUSED and row.phase in SOUNDING}
    assert wakes == {Signal.HIGHER, Signal.WORSE, Signal.ENDS_HIGH, Signal.RESUME_AUDIO}
    assert [phase for (phase, signal), row in TRANSITIONS.items() if row.change is Change.AUDIO_PAUSED] == [
        Phase.ACTIVE
    ]


@given(st.lists(EVENTS, max_size=60))
def test_s2_a_pause_has_an_end_and_nothing_else_has(events: list[Event]) -> None:
    alarm = QUIET
    for at_ms, event in enumerate(events):
        alarm, _ = step(alarm, msgspec.structs.replace(event, until_ms=at_ms + 5), at_ms)
        if alarm.phase is Phase.PAUSED:
            assert alarm.paused_until_ms == alarm.changed_ms + 5
            assert timed(alarm, alarm.paused_until_ms, 1) is Signal.RESUME_AUDIO
            assert timed(alarm, alarm.paused_until_ms - 1, 1) is None
        else:
            assert alarm.paused_until_ms == 0


def test_s8_to_resolve_what_lasts_does_not_put_off_its_re_alarm() -> None:
    high = Alarm(phase=Phase.ACTIVE, episode="a", priority=Priority.HIGH, value=84)
    taken, _ = step(high, Event(Signal.ACKNOWLEDGE, value=84), 1000)
    resolved, (told,) = step(taken, Event(Signal.RESOLVE, value=83), 500_000)
    assert told.change is Change.RESOLVED
    assert resolved.version == taken.version + 1
    assert (resolved.changed_ms, resolved.reference) == (1000, 84)


def test_s9_an_acknowledgement_names_the_episode_and_its_version() -> None:
    alarm = Alarm(phase=Phase.ACTIVE, episode="a", version=3, priority=Priority.HIGH)
    require(alarm, "a", 3)
    with pytest.raises(ConflictError, match="changed"):
        require(alarm, "a", 2)
    with pytest.raises(NotFoundError):
        require(alarm, "b", 3)
    with pytest.raises(NotFoundError):
        require(QUIET, "", 0)
    acknowledged, _ = step(alarm, Event(Signal.ACKNOWLEDGE), 0)
    with pytest.raises(ConflictError, match="already"):
        require(acknowledged, "a", 4)


def test_the_documented_table_is_the_table_in_force() -> None:
    begin, end = "<!-- table: begin -->\n", "<!-- table: end -->"
    text = DOCS.read_text(encoding="utf-8")
    assert text[text.index(begin) + len(begin) : text.index(end)] == table(), f"put this into {DOCS.name}:\n{table()}"


def table() -> str:
    """The table as the docs print it: a dot where nothing happens."""
    lines = ["| | " + " | ".join(f"**{phase.value}**" for phase in Phase) + " |", "|---" * (len(Phase) + 1) + "|"]
    for signal in Signal:
        cells = " | ".join(_cell(phase, signal) for phase in Phase)
        lines += [f"| {signal.value.replace('_', ' ')} | {cells} |"]
    return "\n".join(lines) + "\n"


def _cell(phase: Phase, signal: Signal) -> str:
    row = TRANSITIONS[phase, signal]
    if row.phase is phase and row.change is None:
        return "·"
    return row.phase.value + (f", *{row.change.value}*" if row.change is not None else "")
