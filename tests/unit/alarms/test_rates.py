"""Rates of change and averaged limits: the same states as any limit, on a change or a mean in place of a value."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counts import count

from vitals.alarms.crossing import CALM, Acknowledged, Measured, step
from vitals.alarms.limits import Limits, Priority, Side, rule
from vitals.alarms.machine import Change, Phase, Transition
from vitals.alarms.profile import Profile, built_in, parse
from vitals.alarms.recent import NOTHING, follow
from vitals.alarms.replay import Episode, Recorded, report
from vitals.codes import Metric
from vitals.observation import observe

MANY = settings(max_examples=count(short=25, long=500))
FALLS = parse('name = "n"\n[spo2]\nfalls = [{ by = 4, within_s = 60, priority = "medium" }]')
RISES = parse('name = "n"\n[heart_rate]\nrises = [{ by = 30, within_s = 20, delay_s = 5, priority = "high" }]')
AVERAGED = parse(
    'name = "n"\n[spo2]\naverage_s = 10\nhysteresis = 2\nlimits = ['
    '{ below = 90, delay_s = 0, priority = "medium" }, { below = 80, samples = 3, priority = "high" }]'
)


def seconds(*values: float, metric: Metric = Metric.SPO2, from_s: int = 0) -> list[Recorded]:
    return [Recorded(1000 * at, (observe(metric, value),)) for at, value in enumerate(values, start=from_s)]


def episodes(profile: Profile, course: list[Recorded]) -> tuple[Episode, ...]:
    return report(profile, course).episodes


def test_a_fall_within_its_time_alarms_and_ends_when_the_change_is_back_to_half() -> None:
    """97 until 19 s; the median of three is 93 from 21 s on; at 81 s no 97 is younger than 60 s."""
    (found,) = episodes(FALLS, seconds(*[97] * 20, *[93] * 100))
    assert (found.side, found.priority, found.limit, found.worst, found.over_s) == (
        Side.FALLS,
        Priority.MEDIUM,
        4,
        4,
        60,
    )
    assert (found.start_ms, found.alarm_ms, found.end_ms) == (21_000, 21_000, 81_000)


def test_it_ends_when_the_value_comes_back() -> None:
    (found,) = episodes(FALLS, seconds(*[97] * 20, *[92] * 10, *[94] * 10, *[95] * 10))
    assert (found.worst, found.end_ms) == (5, 41_000)


def test_a_slow_fall_is_none() -> None:
    assert episodes(FALLS, seconds(*[97 - at / 20 for at in range(200)])) == ()


def test_a_rise_has_its_delay_and_can_be_high() -> None:
    (found,) = episodes(RISES, seconds(*[70] * 10, *[105] * 30, metric=Metric.HEART_RATE))
    assert (found.side, found.priority, found.alarm_ms) == (Side.RISES, Priority.HIGH, 16_000)


@MANY
@given(st.integers(70, 100), st.integers(70, 100), st.integers(16, 100))
def test_s12_a_step_across_a_gap_is_no_rate(before: int, after: int, gap_s: int) -> None:
    course = [*seconds(*[before] * 30), *seconds(*[after] * 30, from_s=29 + gap_s)]
    assert episodes(FALLS, course) == ()


def test_s12_a_gap_of_fifteen_seconds_holds_the_window() -> None:
    assert len(episodes(FALLS, [*seconds(*[97] * 30), *seconds(*[92] * 30, from_s=44)])) == 1


def test_s12_a_gap_does_not_end_a_rate() -> None:
    """After it a change is known again with the third value, and only then it may be over."""
    course = [*seconds(*[97] * 20, *[92] * 10), *seconds(*[92] * 10, from_s=60)]
    (found,) = episodes(FALLS, course)
    assert found.end_ms == 62_000


@MANY
@given(st.integers(70, 100), st.lists(st.integers(1, 100), max_size=8))
def test_single_outliers_make_no_rate(level: int, outliers: list[int]) -> None:
    values = [level, level, *itertools.chain.from_iterable((each, level, level) for each in outliers)]
    assert episodes(FALLS, seconds(*values)) == ()


@MANY
@given(st.lists(st.integers(85, 100), max_size=150))
def test_a_fall_alarms_exactly_when_settled_values_say_so(values: list[int]) -> None:
    settled = {at: sorted(values[at - 2 : at + 1])[1] for at in range(2, len(values))}
    expected: list[tuple[int, int | None]] = []
    for at, value in settled.items():
        fall = max(settled[since] for since in range(max(2, at - 60), at + 1)) - value
        lasts = bool(expected) and expected[-1][1] is None
        if fall >= 4 and not lasts:
            expected.append((1000 * at, None))
        elif fall <= 2 and lasts:
            expected[-1] = (expected[-1][0], 1000 * at)
    assert [(each.alarm_ms, each.end_ms) for each in episodes(FALLS, seconds(*values))] == expected


def test_a_mean_acts_after_the_value_and_the_deep_limit_at_once() -> None:
    """The mean of ten is below 90 from the second 60 on; three values below 80 need no mean."""
    (found,) = episodes(AVERAGED, seconds(*[97] * 20, *[60] * 5, *[97] * 20))
    assert (found.alarm_ms, found.priority) == (21_000, Priority.HIGH)
    assert (found.limit, found.over_s, found.worst) == (80, None, 60)
    (found,) = episodes(AVERAGED, seconds(*[97] * 20, *[86] * 30))
    assert (found.alarm_ms, found.limit, found.over_s, found.worst) == (26_000, 90, 10, 86)


@MANY
@given(st.lists(st.integers(80, 100), max_size=120))
def test_an_averaged_limit_is_the_plain_limit_on_the_means(values: list[int]) -> None:
    """Begin and end as a limit without averaging has them on the series of means, the end not before the value's."""
    means = [sum(values[max(0, at - 9) : at + 1]) / len(values[max(0, at - 9) : at + 1]) for at in range(len(values))]
    expected: list[tuple[int, int | None]] = []
    for at, (value, mean) in enumerate(zip(values, means, strict=True)):
        lasts = bool(expected) and expected[-1][1] is None
        if mean < 90 and not lasts:
            expected.append((1000 * at, None))
        elif lasts and mean >= 92 and value >= 92:
            expected[-1] = (expected[-1][0], 1000 * at)
    assert [(each.alarm_ms, each.end_ms) for each in episodes(AVERAGED, seconds(*values))] == expected


@MANY
@given(st.lists(st.integers(60, 100), max_size=80), st.sampled_from([0, 1, 10, 42]))
def test_three_values_below_the_deep_limit_alarm_whatever_the_average(values: list[int], average_s: int) -> None:
    profile = parse(
        f'name = "n"\n[spo2]\naverage_s = {average_s}\nlimits = [{{ below = 80, samples = 3, priority = "high" }}]'
    )
    third = next((at for at in range(2, len(values)) if max(values[at - 2 : at + 1]) < 80), None)
    found = episodes(profile, seconds(*values))
    assert (found[0].alarm_ms if found else None) == (None if third is None else 1000 * third)


class Course:
    """One condition, a value a second."""

    def __init__(self, limits: Limits, side: Side) -> None:
        made = rule(Metric.SPO2, limits, side, held_s=15)
        assert made is not None
        self.rule, self.state, self.recent, self.at_ms = made, CALM, NOTHING, 0
        self.told: list[Transition] = []

    def hear(self, *values: float) -> None:
        for value in values:
            self.at_ms += 1000
            by = self.rule
            self.recent = follow(self.recent, 1, self.at_ms, value, span_ms=by.span_ms, held_ms=by.held_ms)
            self.act(Measured(value, 1, self.at_ms, by, self.recent))

    def act(self, event: Measured | Acknowledged) -> None:
        self.state, told = step(self.state, event, self.at_ms, realarm_ms=600_000)
        self.told += told


def test_s8_a_fall_that_goes_on_re_raises_and_says_over_how_long() -> None:
    course = Course(FALLS.base[Metric.SPO2], Side.FALLS)
    course.hear(*[97] * 10, *[92] * 3)
    course.act(Acknowledged())
    course.hear(*[90] * 5)
    assert course.state.alarm.phase is Phase.ACKNOWLEDGED
    course.hear(*[89] * 3)
    assert [each.change for each in course.told] == [Change.RAISED, Change.ACKNOWLEDGED, Change.WORSENED]
    alarm = course.told[-1].alarm
    assert (alarm.value, alarm.limit, alarm.over_s) == (8, 4, 60)


def test_s8_a_value_that_worsens_re_raises_without_waiting_for_the_mean() -> None:
    course = Course(AVERAGED.base[Metric.SPO2], Side.LOW)
    course.hear(*[97] * 10, *[86] * 10)
    raised = course.told[0].alarm
    assert raised.value is not None
    assert (raised.value < 90, raised.over_s) == (True, 10)
    course.act(Acknowledged())
    course.hear(83)
    assert (course.told[-1].change, course.told[-1].alarm.value) == (Change.WORSENED, 83)
    assert course.told[-1].alarm.over_s is None


def test_a_limit_without_either_never_looks_back() -> None:
    limits = built_in("adult").base[Metric.SPO2]
    assert not limits.needs_every_sample
    made = rule(Metric.SPO2, limits, Side.LOW, held_s=15)
    assert made is not None
    assert (made.span_ms, made.average_ms) == (0, 0)
    assert FALLS.base[Metric.SPO2].needs_every_sample
    assert AVERAGED.base[Metric.SPO2].needs_every_sample


@pytest.mark.parametrize("profile", [FALLS, AVERAGED])
def test_nearing_is_by_the_limits_of_the_value_alone(profile: Profile) -> None:
    plain = [limit for limit in profile.base[Metric.SPO2].limits if limit.within_s is None]
    of = profile.base[Metric.SPO2]
    assert of.quiet_band() == Limits(of.hysteresis, tuple(plain)).quiet_band()
