"""Score conditions: what raises, what re-raises, and that nothing that lapsed ends one (S18)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.counts import count

from vitals.alarms.crossing import Acknowledged, Ticked, Withdrawn
from vitals.alarms.limits import Priority
from vitals.alarms.machine import RAISED, Change, Phase
from vitals.alarms.scored import CLEAR, Judged, Scored, step, waits_for

CLEAR_MS = 300_000
INSTANTS = itertools.count(1)
MEDIUM, HIGH = Priority.MEDIUM, Priority.HIGH


def judged(priority: Priority | None = None, *, by_hand: bool = False, **points: int) -> Judged:
    """A score of these certain points; its rank is that of its priority unless a test says otherwise."""
    total = sum(points.values())
    return Judged(
        instant=next(INSTANTS),
        total=total,
        certain=points,
        priority=priority,
        rank=priority or 0,
        by_hand=by_hand,
        clear_ms=CLEAR_MS,
        limit=5,
    )


def run(*events: object, start: Scored = CLEAR, each_ms: int = 1000) -> tuple[Scored, list[Change]]:
    """The state after *events*, a second apart, and what was told."""
    state, told = start, []
    for number, event in enumerate(events):
        state, transitions = step(state, event, number * each_ms, realarm_ms=600_000)  # type: ignore[arg-type]
        told += [each.change for each in transitions]
    return state, told


def test_a_trigger_raises_with_its_total_and_what_it_passed() -> None:
    state, told = run(judged(MEDIUM, spo2=3, pulse=2))
    assert told == [Change.RAISED]
    assert (state.alarm.priority, state.alarm.value, state.alarm.limit) == (MEDIUM, 5, 5)
    assert run(judged(None, spo2=2)) == (CLEAR, [])


def test_a_higher_response_escalates_and_the_same_again_says_nothing() -> None:
    told = run(judged(MEDIUM, spo2=3, pulse=2), judged(MEDIUM, spo2=3, pulse=2), judged(HIGH, spo2=3, pulse=2, rr=2))[1]
    assert told == [Change.RAISED, Change.ESCALATED]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (judged(MEDIUM, spo2=3, pulse=2), []),
        (judged(MEDIUM, spo2=3, pulse=3), []),
        (judged(MEDIUM, spo2=3, pulse=2, rr=2), [Change.WORSENED]),  # two points more
        (judged(HIGH, spo2=3, pulse=2, rr=2), [Change.ESCALATED]),
    ],
)
def test_s8_what_is_worse_than_what_was_acknowledged_sounds_again(after: Judged, told: list[Change]) -> None:
    start, _ = run(judged(MEDIUM, spo2=3, pulse=2), Acknowledged())
    assert run(after, start=start)[1] == told


def test_s8_a_more_urgent_response_of_the_same_priority_sounds_again() -> None:
    start, _ = run(Judged(instant=1, total=3, certain={"spo2": 3}, priority=MEDIUM, rank=1), Acknowledged())
    more = Judged(instant=2, total=4, certain={"spo2": 3, "pulse": 1}, priority=MEDIUM, rank=2)
    assert run(more, start=start)[1] == [Change.WORSENED]


def test_s18_a_part_that_expired_ends_nothing_until_it_is_known_to_be_better() -> None:
    state, _ = run(judged(MEDIUM, spo2=3, oxygen=2))
    state, told = run(judged(None, spo2=0), judged(None, spo2=0), start=state, each_ms=CLEAR_MS)
    assert told == []
    assert waits_for(state, {"spo2": 0}) == ("oxygen",)
    assert state.alarm.phase is Phase.ACTIVE
    still, told = run(judged(None, spo2=0, oxygen=2), judged(None, spo2=0), start=state, each_ms=CLEAR_MS)
    assert (still.alarm.phase, told) == (Phase.ACTIVE, [])  # known for a moment, and gone again
    known = judged(None, spo2=0, oxygen=0)
    assert run(known, known, start=state, each_ms=CLEAR_MS - 1)[1] == []
    assert run(known, known, start=state, each_ms=CLEAR_MS) == (CLEAR, [Change.ENDED])


def test_a_part_that_gave_no_points_is_not_waited_for() -> None:
    state, _ = run(judged(MEDIUM, spo2=3, pulse=0))
    known = judged(None, spo2=1)
    assert run(known, known, start=state, each_ms=CLEAR_MS)[1] == [Change.ENDED]


def test_what_a_person_enters_ends_it_at_once() -> None:
    state, _ = run(judged(MEDIUM, systolic=3))
    assert run(judged(None, systolic=0), judged(None, by_hand=True, systolic=0), start=state)[1] == [Change.ENDED]


def test_s14_a_high_that_ended_stays_and_comes_back_as_the_same_episode() -> None:
    state, _ = run(judged(HIGH, spo2=3, pulse=3, rr=3))
    ended, told = run(judged(None, by_hand=True, spo2=0, pulse=0, rr=0), start=state)
    assert (ended.alarm.phase, ended.drivers, told) == (Phase.ENDED, {}, [Change.ENDED])
    again, told = run(judged(MEDIUM, spo2=3, pulse=2), start=ended)
    assert (again.alarm.episode, told) == (state.alarm.episode, [Change.RECURRED])


def test_s8_an_acknowledged_high_that_lasts_sounds_again_and_a_withdrawn_one_ends() -> None:
    state, _ = run(judged(HIGH, spo2=3, pulse=3, rr=3), Acknowledged())
    assert step(state, Ticked(), 601_000, realarm_ms=600_000)[1][0].change is Change.REALARMED
    assert run(Withdrawn(), start=state)[1] == [Change.ENDED]


PARTS = ("spo2", "pulse", "oxygen")
KNOWN = st.dictionaries(st.sampled_from(PARTS), st.integers(0, 3))


@given(
    st.lists(
        st.tuples(KNOWN, st.booleans(), st.sampled_from([None, None, Acknowledged()]), st.integers(1, CLEAR_MS)),
        max_size=count(short=20, long=60),
    )
)
def test_s18_a_raised_score_stays_until_every_driving_part_is_known_to_be_better(
    events: list[tuple[dict[str, int], bool, Acknowledged | None, int]],
) -> None:
    """Against a second memory: what every part last gave since the episode began."""
    state, at_ms = CLEAR, 0
    gave: dict[str, int] = {}
    for points, by_hand, deed, wait_ms in events:
        at_ms += wait_ms
        total = sum(points.values())
        reached = total >= 4 or 3 in points.values()
        before = state.alarm.phase in RAISED
        state, _ = step(
            state, judged(MEDIUM if reached else None, by_hand=by_hand, **points), at_ms, realarm_ms=600_000
        )
        if before or reached:
            gave |= points
        if reached or (before and any(gave[part] and part not in points for part in gave)):
            assert state.alarm.phase in RAISED
        if state.alarm.phase not in RAISED:
            gave = {}
        elif deed is not None:
            state, _ = step(state, deed, at_ms, realarm_ms=600_000)
            assert state.alarm.phase in RAISED
