"""Replay: courses made by hand with known episodes, and that it is the live step and nothing else."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.alarms.crossing import CALM, Measured, step
from vitals.alarms.limits import Priority, Side, rule
from vitals.alarms.machine import Change, Phase
from vitals.alarms.profile import Profile, built_in, parse
from vitals.alarms.replay import (
    Coverage,
    Episode,
    Recorded,
    Report,
    Situation,
    coverage,
    guarded,
    report,
    run,
    unmatched,
)
from vitals.codes import Metric
from vitals.observation import Missing, Observation, Validity, absent, observe

ADULT = built_in("adult")
NIGHT_MS = 23 * 3_600_000
NOTHING = Observation(Metric.SPO2, 0, Validity.INVALID, Missing.UNAVAILABLE)


def spo2(*values: float | None, from_s: int = 0) -> list[Recorded]:
    """One value a second; None is missing."""
    return [
        Recorded(1000 * at_s, (NOTHING if value is None else observe(Metric.SPO2, value),))
        for at_s, value in enumerate(values, start=from_s)
    ]


def of(metric: Metric, *values: float) -> list[Recorded]:
    return [Recorded(1000 * at_s, (observe(metric, value),)) for at_s, value in enumerate(values)]


def low(start: int, alarm: int, end: int | None, worst: float, limit: float = 90, *, high: bool = False) -> Episode:
    return Episode(
        metric=Metric.SPO2,
        side=Side.LOW,
        priority=Priority.HIGH if high else Priority.MEDIUM,
        limit=limit,
        worst=worst,
        start_ms=1000 * start,
        alarm_ms=1000 * alarm,
        end_ms=None if end is None else 1000 * end,
    )


def test_one_episode_from_onset_to_end_with_the_highest_priority_reached() -> None:
    """The course of the architecture page: medium first, high later, one alarm."""
    course = spo2(*[97] * 301, *[88] * 20, *[78] * 2, *[84] * 40, *[89] * 10, *[91] * 4, *[92] * 615)
    found = report(ADULT, course)
    assert found.episodes == (low(301, 316, 377, 78, 85, high=True),)
    assert found.coverage == Coverage(992.0, {})
    assert found.alarms_per_patient_day == pytest.approx(87.1, abs=0.05)
    assert found.seconds_in_alarm() == 61


def test_deep_desaturation_alarms_on_the_third_value() -> None:
    assert report(ADULT, spo2(97, 79, 79, 79, 97)).episodes == (low(1, 3, 4, 79, 80, high=True),)


def test_a_dip_shorter_than_its_delay_is_no_alarm() -> None:
    assert report(ADULT, spo2(*[97] * 5, *[88] * 15, *[97] * 5)).episodes == ()


def test_an_onset_whose_delay_was_broken_does_not_count() -> None:
    assert report(ADULT, spo2(*[88] * 10, 90, *[88] * 16, 92)).episodes == (low(11, 26, 27, 88),)


def test_an_episode_that_lasts_has_no_end() -> None:
    found = report(ADULT, spo2(97, *[88] * 20, 91))
    assert found.episodes == (low(1, 16, None, 88),)
    assert found.seconds_in_alarm() == 6


def test_a_high_that_ended_does_not_swallow_the_next_episode() -> None:
    course = spo2(*[84] * 10, *[97] * 10, *[84] * 10, *[97] * 10)
    assert report(ADULT, course).episodes == (low(0, 5, 10, 84, 85, high=True), low(20, 25, 30, 84, 85, high=True))


def test_missing_values_raise_nothing_and_end_nothing() -> None:
    found = report(ADULT, spo2(*[88] * 20, *[None] * 100, 88, 97))
    assert found.episodes == (low(0, 15, 121, 88),)
    assert found.coverage == Coverage(122.0, {"invalid": 100.0})
    assert report(ADULT, spo2(*[None] * 100)).episodes == ()


@pytest.mark.parametrize("validity", [each for each in Validity if each not in {0, 1, 2}])
def test_only_values_that_may_alarm_act(validity: Validity) -> None:
    course = [Recorded(1000 * at, (observe(Metric.SPO2, 70, validity),)) for at in range(60)]
    found = report(ADULT, course)
    assert found.episodes == ()
    assert sum(found.coverage.missing_s.values()) == 60


def test_pulse_stands_in_for_a_heart_rate_that_is_not_measured() -> None:
    (found,) = report(ADULT, of(Metric.PULSE_RATE, *[150] * 10, *[100] * 2)).episodes
    assert (found.metric, found.side, found.limit, found.worst) == (Metric.PULSE_RATE, Side.HIGH, 140, 150)
    assert (found.start_ms, found.alarm_ms, found.end_ms) == (0, 5000, 10_000)


def test_pulse_is_silent_until_the_heart_rate_has_been_for_fifteen_seconds() -> None:
    """A heart rate ends at 9 s; the pulse acts from 25 s on, and is due 5 s later."""
    both = [observe(Metric.HEART_RATE, 80), observe(Metric.PULSE_RATE, 150)]
    course = [Recorded(1000 * at, tuple(both if at < 10 else both[1:])) for at in range(40)]
    (found,) = report(ADULT, course).episodes
    assert (found.metric, found.start_ms, found.alarm_ms) == (Metric.PULSE_RATE, 25_000, 30_000)


def test_limits_for_the_night_hold_at_night_and_only_where_the_time_is_known() -> None:
    course = of(Metric.HEART_RATE, *[47] * 60)
    assert len(report(ADULT, course).episodes) == 1
    assert len(report(ADULT, course, begins_ms=NIGHT_MS - 2 * 3_600_000).episodes) == 1
    assert report(ADULT, course, begins_ms=NIGHT_MS).episodes == ()
    morning_ms = 7 * 3_600_000 - 30_000
    (found,) = report(ADULT, course, begins_ms=morning_ms).episodes
    assert (found.start_ms, found.alarm_ms) == (30_000, 45_000)


def test_a_limit_that_ends_with_the_night_stays_until_its_alarm_is_over() -> None:
    profile = parse(
        'name = "n"\n[heart_rate]\nlimits = [{above = 200, delay_s = 1, priority = "high"}]\n'
        '[[override]]\nbetween = ["22:00", "07:00"]\nspo2.limits = [{below = 90, delay_s = 1, priority = "medium"}]'
    )
    begins_ms = 7 * 3_600_000 - 5000
    course = spo2(*[88] * 10, 95, *[88] * 10)
    assert report(profile, course, begins_ms=begins_ms).episodes == (low(0, 1, 10, 88),)
    assert guarded(profile) == {Metric.SPO2, Metric.HEART_RATE, Metric.PULSE_RATE}


def test_a_gap_in_the_rows_is_missing_time() -> None:
    rows = [*spo2(*[97] * 10), *spo2(*[97] * 10, from_s=40)]
    assert coverage(rows) == Coverage(50.0, {"gap": 30.0})


@pytest.mark.parametrize(
    ("moments", "seconds", "missing_s"),
    [
        ([], 0.0, {}),
        ([0], 0.0, {}),
        ([0, 0], 0.0, {}),
        ([0, 60, 120], 180.0, {}),
        ([0, 1, 2, 4, 5], 6.0, {"gap": 1.0}),
        ([0, 1, 2, 3.4, 5], 6.0, {"gap": 0.6}),
    ],
)
def test_every_row_stands_until_the_next_one(moments: list[float], seconds: float, missing_s: dict[str, float]) -> None:
    rows = [Recorded(round(1000 * at), (observe(Metric.SPO2, 97),)) for at in moments]
    found = coverage(rows)
    assert found.seconds == seconds
    assert found.missing_s == missing_s
    if not seconds:
        assert report(ADULT, rows).alarms_per_patient_day is None


def test_reasons_are_counted_apart_and_a_moment_once() -> None:
    lost = (absent(Metric.SPO2, Missing.SENSOR_OFF), absent(Metric.PULSE_RATE, Missing.SENSOR_OFF))
    doubtful = (observe(Metric.SPO2, 97, Validity.QUESTIONABLE), absent(Metric.PULSE_RATE, Missing.NAN))
    found = coverage([Recorded(0, lost), Recorded(1000, lost), Recorded(2000, doubtful)])
    assert found == Coverage(3.0, {"nan": 1.0, "questionable": 1.0, "sensor_off": 2.0})


def test_time_in_alarm_counts_a_second_once() -> None:
    episodes = (low(0, 10, 20, 80), low(5, 15, 30, 80), low(31, 40, None, 80))
    assert Report(episodes, Coverage(60.0, {})).seconds_in_alarm() == 40


def test_what_two_profiles_do_not_share() -> None:
    early, late, lasting = low(0, 15, 20, 88), low(30, 45, 60, 88), low(50, 65, None, 88)
    assert unmatched([early, late], [late]) == (early,)
    assert unmatched([late], [lasting]) == ()
    assert unmatched([early], [lasting]) == (early,)
    assert unmatched([late], [msgspec.structs.replace(late, side=Side.HIGH)]) == (late,)


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from([0, 400, 1000, 1000, 1000, 2000, 16_000]),
        st.sampled_from([None, 70.0, 79.0, 84.0, 84.9, 85.0, 88.0, 90.0, 91.0, 92.0, 97.0]),
        st.sampled_from([None, 30.0, 44.0, 47.0, 60.0, 119.0, 121.0, 150.0]),
        st.sampled_from([None, None, 42.0, 60.0, 130.0]),
    ),
    max_size=120,
)
BEGINS = st.sampled_from([None, 0, 7 * 3_600_000 - 20_000, 22 * 3_600_000 - 20_000])


def course_of(moments: list[tuple[int, float | None, float | None, float | None]]) -> list[Recorded]:
    at_ms, course = 0, []
    for step_ms, *values in moments:
        at_ms += step_ms
        metrics = zip((Metric.SPO2, Metric.PULSE_RATE, Metric.HEART_RATE), values, strict=True)
        observations = [
            absent(metric, Missing.NAN) if value is None else observe(metric, value) for metric, value in metrics
        ]
        course.append(Recorded(at_ms, tuple(observations)))
    return course


@given(MOMENTS, st.integers(0, 120), BEGINS)
def test_two_halves_joined_are_the_whole(
    moments: list[tuple[int, float | None, float | None, float | None]], cut: int, begins_ms: int | None
) -> None:
    course = course_of(moments)
    whole, over = run(ADULT, course, begins_ms=begins_ms)
    first, before = run(ADULT, course[:cut], begins_ms=begins_ms)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=Situation)
    second, after = run(ADULT, course[cut:], kept, begins_ms=begins_ms)
    assert (*before, *after) == over
    assert second == whole


@given(MOMENTS, st.sampled_from([0, 1, 5, 15]), st.sampled_from([0, 2]))
def test_it_says_what_the_live_step_tells(
    moments: list[tuple[int, float | None, float | None, float | None]], delay_s: int, hysteresis: int
) -> None:
    """Every value of one condition through the core, nothing screened out and nothing kept beside it."""
    limit = f'{{below = 90, delay_s = {delay_s}, priority = "medium"}}'
    profile: Profile = parse(f'name = "n"\n[spo2]\nhysteresis = {hysteresis}\nlimits = [{limit}]')
    made = rule(Metric.SPO2, profile.base[Metric.SPO2], Side.LOW, held_s=15)
    assert made is not None
    state, told = CALM, []
    course = course_of(moments)
    for moment in course:
        value = moment.observations[0].value
        if value is not None:
            state, changes = step(state, Measured(value, 1, moment.at_ms, made), moment.at_ms, realarm_ms=1e9)
            told += [(change.change, change.at_ms) for change in changes]
    found = report(profile, course).episodes
    assert [each.alarm_ms for each in found] == [at for change, at in told if change is Change.RAISED]
    assert [each.end_ms for each in found if each.end_ms is not None] == [
        at for change, at in told if change is Change.ENDED
    ]
    assert (state.alarm.phase is Phase.ACTIVE) == any(each.end_ms is None for each in found)
