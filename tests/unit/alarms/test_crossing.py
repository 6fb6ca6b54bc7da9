"""Limit conditions: hours of behaviour in milliseconds."""

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.alarms.crossing import CALM, Acknowledged, Crossing, Measured, Ticked, step
from vitals.alarms.limits import Priority, Rule, Side, rule
from vitals.alarms.machine import Change, Phase, Transition
from vitals.alarms.profile import built_in
from vitals.codes import Metric

REALARM_MS = 600_000
NOON = 12 * 60


def rule_of(metric: Metric, side: Side) -> Rule:
    made = rule(metric, built_in("adult").at(NOON)[metric], side, held_s=15)
    assert made is not None
    return made


LOW_SPO2 = rule_of(Metric.SPO2, Side.LOW)
HIGH_RATE = rule_of(Metric.HEART_RATE, Side.HIGH)


class Course:
    """One condition over time; ``at_s`` is both when a value was observed and when it came."""

    def __init__(self, by: Rule = LOW_SPO2) -> None:
        self.rule = by
        self.state = CALM
        self.at_s = 0.0
        self.boot = 1
        self.told: list[Transition] = []

    def phase(self) -> Phase:
        return self.state.alarm.phase

    @property
    def changes(self) -> list[Change]:
        return [transition.change for transition in self.told]

    def hear(self, value: float, *, after_s: float = 1.0, observed_s: float | None = None) -> None:
        self.at_s += after_s
        observed_ms = round((self.at_s if observed_s is None else observed_s) * 1000)
        self._step(Measured(value, self.boot, observed_ms, self.rule))

    def hold(self, value: float, seconds: int) -> None:
        for _ in range(seconds):
            self.hear(value)

    def wait(self, seconds: float) -> None:
        self.at_s += seconds
        self._step(Ticked())

    def acknowledge(self) -> None:
        self._step(Acknowledged())

    def _step(self, event: Measured | Ticked | Acknowledged) -> None:
        self.state, transitions = step(self.state, event, round(self.at_s * 1000), realarm_ms=REALARM_MS)
        self.told += transitions


def test_a_medium_limit_is_due_after_its_delay_and_not_before() -> None:
    course = Course()
    course.hold(89, 15)  # the first value begins the delay: 14 s have passed at the fifteenth
    assert course.phase() is Phase.PENDING
    course.hear(89)
    assert course.phase() is Phase.ACTIVE
    (raised,) = course.told
    assert (raised.change, raised.alarm.priority, raised.alarm.limit) == (Change.RAISED, Priority.MEDIUM, 90)
    assert raised.alarm.episode == "1.1000"  # the observation that began it, not the one that made it due


def test_a_value_on_the_limit_is_not_beyond_it() -> None:
    course = Course()
    course.hold(90, 100)
    assert course.state is CALM


def test_one_value_within_the_limit_starts_the_delay_again() -> None:
    course = Course()
    for _ in range(10):
        course.hold(89, 14)
        course.hear(90)
    assert course.told == []


def test_three_samples_below_eighty_alarm_before_any_delay() -> None:
    course = Course()
    course.hold(79, 2)
    assert course.told == []
    course.hear(79)
    assert (course.told[0].alarm.priority, course.told[0].alarm.limit) == (Priority.HIGH, 80)


def test_an_episode_escalates_once_and_keeps_the_highest_priority() -> None:
    course = Course()
    course.hold(88, 20)
    course.hold(84, 10)
    course.hold(88, 30)
    assert course.changes == [Change.RAISED, Change.ESCALATED]
    assert course.state.alarm.priority is Priority.HIGH
    assert len({transition.alarm.episode for transition in course.told}) == 1


def test_an_episode_ends_past_the_hysteresis() -> None:
    course = Course()
    course.hold(89, 20)
    course.hold(91.9, 100)
    assert course.phase() is Phase.ACTIVE
    course.hear(92)
    assert course.changes == [Change.RAISED, Change.ENDED]
    assert course.state is CALM


def test_the_high_side_is_the_low_side_mirrored() -> None:
    course = Course(HIGH_RATE)
    course.hold(141, 6)
    assert course.told[0].alarm.limit == 140
    course.hold(118, 5)
    assert course.phase() is Phase.ACTIVE
    course.hear(117)
    assert course.phase() is Phase.ENDED


def test_s14_ended_high_latches_until_acknowledged() -> None:
    course = Course()
    course.hold(84, 6)
    course.hold(97, 3600)
    assert course.phase() is Phase.ENDED
    course.acknowledge()
    assert course.changes == [Change.RAISED, Change.ENDED, Change.ACKNOWLEDGED]
    assert course.state is CALM


def test_s14_an_acknowledged_high_is_over_when_it_ends() -> None:
    course = Course()
    course.hold(84, 6)
    course.acknowledge()
    course.hear(97)
    assert course.changes == [Change.RAISED, Change.ACKNOWLEDGED, Change.ENDED]
    assert course.state is CALM


def test_what_comes_again_before_it_was_acknowledged_belongs_to_the_episode() -> None:
    course = Course()
    course.hold(84, 6)
    course.hear(97)
    course.hold(89, 16)
    assert course.changes == [Change.RAISED, Change.ENDED, Change.RECURRED]
    assert [transition.alarm.version for transition in course.told] == [1, 2, 3]
    assert course.state.alarm.priority is Priority.HIGH


def test_acknowledging_an_ended_high_stops_no_delay_that_runs() -> None:
    course = Course()
    course.hold(84, 6)
    course.hear(97)
    course.hold(89, 10)
    course.acknowledge()
    course.hold(89, 6)
    assert course.changes[-1] is Change.RAISED
    assert course.told[-1].alarm.version == 1
    assert course.told[-1].alarm.episode != course.told[0].alarm.episode


@pytest.mark.parametrize(("worse", "raised"), [(82, False), (81, True)])
def test_s8_three_percent_further_re_raises(worse: float, raised: bool) -> None:  # noqa: FBT001
    course = Course()
    course.hold(84, 6)
    course.acknowledge()
    course.hear(worse)
    assert (course.phase() is Phase.ACTIVE) is raised
    if raised:
        assert course.told[-1].change is Change.WORSENED
        assert course.told[-1].alarm.version == 3
        assert (course.told[-1].alarm.value, course.told[-1].alarm.limit) == (81, 85)


def test_s8_fifteen_a_minute_further_re_raises() -> None:
    course = Course(HIGH_RATE)
    course.hold(150, 6)
    course.acknowledge()
    course.hear(164)
    assert course.phase() is Phase.ACKNOWLEDGED
    course.hear(165)
    assert course.told[-1].change is Change.WORSENED


def test_s8_a_higher_priority_re_raises() -> None:
    course = Course()
    course.hold(86, 20)
    course.acknowledge()
    course.hold(84, 6)
    assert course.changes == [Change.RAISED, Change.ACKNOWLEDGED, Change.ESCALATED]


def test_s8_a_persisting_acknowledged_high_re_alarms_after_ten_minutes_again_and_again() -> None:
    course = Course()
    course.hold(84, 6)
    for _ in range(3):
        course.acknowledge()
        course.wait(599.9)
        assert course.phase() is Phase.ACKNOWLEDGED
        course.wait(0.1)
        assert course.told[-1].change is Change.REALARMED
        assert course.told[-1].alarm.value == 84


def test_s12_a_gap_of_fifteen_seconds_holds_the_delay() -> None:
    course = Course()
    course.hear(89)
    course.hear(89, after_s=15)
    assert course.phase() is Phase.ACTIVE


def test_s12_a_longer_gap_starts_the_delay_again() -> None:
    course = Course()
    course.hold(89, 10)
    course.hear(89, after_s=15.1)
    course.hold(89, 14)
    assert course.phase() is Phase.PENDING
    course.hear(89)
    assert course.phase() is Phase.ACTIVE


def test_s12_a_sensor_that_speaks_seldom_alarms_all_the_same() -> None:
    course = Course()
    for _ in range(3):
        course.hear(84, after_s=60)
    assert course.phase() is Phase.ACTIVE
    assert course.state.alarm.priority is Priority.HIGH


def test_s12_a_new_boot_is_a_gap_as_long_as_the_collector_saw_it() -> None:
    course = Course()
    course.hold(89, 10)
    course.boot = 2
    course.hear(89, after_s=4, observed_s=0.5)
    course.hear(89, after_s=1, observed_s=1.5)
    course.hear(89, after_s=1, observed_s=2.5)
    assert course.phase() is Phase.ACTIVE
    later = Course()
    later.hold(89, 10)
    later.boot = 2
    later.hear(89, after_s=20, observed_s=0.5)
    later.hear(89, after_s=1, observed_s=1.5)
    assert later.phase() is Phase.PENDING


def test_time_that_goes_backwards_breaks_nothing() -> None:
    course = Course()
    for observed_s in (100, 50, 10, 11, 12, 13, 14, 15, 16):
        course.hear(84, observed_s=observed_s)
    assert course.phase() is Phase.ACTIVE


def test_a_gap_ends_no_alarm() -> None:
    course = Course()
    course.hold(84, 6)
    course.wait(3600)
    assert course.phase() is Phase.ACTIVE


def test_a_quiet_value_leaves_the_state_as_it_is() -> None:
    """Property that the screen before it relies on: what is screened out would have changed nothing."""
    state, transitions = step(CALM, Measured(95, 1, 1000, LOW_SPO2), 1000, realarm_ms=REALARM_MS)
    assert state is CALM
    assert transitions == ()


class Second(NamedTuple):
    """One second of somebody's course: a value or none, and whether a nurse acknowledges."""

    value: float | None
    acknowledged: bool


SECONDS = st.lists(
    st.builds(
        Second,
        st.one_of(st.none(), st.sampled_from([70.0, 79.0, 82.0, 84.0, 84.9, 85.0, 88.0, 90.0, 91.0, 92.0, 97.0])),
        st.booleans(),
    ),
    max_size=200,
)
RAISED = {Phase.ACTIVE, Phase.ACKNOWLEDGED}


@given(SECONDS)
def test_nothing_beyond_a_high_limit_for_longer_than_its_delay_is_without_an_alarm(seconds: list[Second]) -> None:
    course = Course()
    began_s: float | None = None
    heard_s = -100.0
    for now_s, second in enumerate(seconds, start=1):
        if second.value is None:
            course.wait(1)
        else:
            course.hear(second.value)
            if second.value >= 85 or now_s - heard_s > 15:
                began_s = None
            if second.value < 85:
                began_s = now_s if began_s is None else began_s
                if now_s - began_s >= 5:
                    assert course.phase() in RAISED
                    assert course.state.alarm.priority is Priority.HIGH
            heard_s = now_s
        if second.acknowledged:
            course.acknowledge()


@given(SECONDS)
def test_a_missing_value_raises_nothing_and_ends_nothing(seconds: list[Second]) -> None:
    course = Course()
    for second in seconds:
        if second.value is not None:
            course.hear(second.value)
            continue
        before = course.state
        course.wait(1)  # less than the ten minutes after which an acknowledged high comes back
        assert course.state is before


@given(SECONDS)
def test_a_state_survives_being_written_and_read(seconds: list[Second]) -> None:
    course = Course()
    for second in seconds:
        if second.value is not None:
            course.hear(second.value)
        if second.acknowledged:
            course.acknowledge()
        course.state = msgspec.msgpack.decode(msgspec.msgpack.encode(course.state), type=Crossing)
    kept = [(transition.change, transition.alarm) for transition in course.told]
    again = Course()
    for second in seconds:
        if second.value is not None:
            again.hear(second.value)
        if second.acknowledged:
            again.acknowledge()
    assert [(transition.change, transition.alarm) for transition in again.told] == kept
