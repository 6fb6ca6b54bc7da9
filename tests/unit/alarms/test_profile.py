"""Profiles: what is in force when, and one line for what cannot be used."""

import pytest

from vitals.alarms.limits import Limit, Limits, Priority, Side
from vitals.alarms.prescription import PaceRule
from vitals.alarms.profile import Profile, built_in, of_plan, parse, prescribe
from vitals.codes import Metric
from vitals.errors import ConfigurationError

NIGHT, DAY = 2 * 60, 12 * 60


def values(limits: Limits, side: Side) -> dict[str, float]:
    return {limit.slot.removeprefix(f"{side.value}."): limit.value for limit in limits.side(side)}


@pytest.fixture
def adult() -> Profile:
    return built_in("adult")


def test_the_adult_profile_has_the_default_numbers(adult: Profile) -> None:
    spo2 = adult.at(DAY)[Metric.SPO2]
    assert spo2 == Limits(
        2,
        (
            Limit(side=Side.LOW, value=90, priority=Priority.MEDIUM, delay_s=15),
            Limit(side=Side.LOW, value=85, priority=Priority.HIGH, delay_s=5),
            Limit(side=Side.LOW, value=80, priority=Priority.HIGH, samples=3),
        ),
    )
    rate = adult.at(DAY)[Metric.HEART_RATE]
    assert values(rate, Side.LOW) == {"medium.delay": 50, "high.delay": 40}
    assert values(rate, Side.HIGH) == {"medium.delay": 120, "high.delay": 140}


def test_an_override_replaces_the_same_side_and_priority_and_keeps_the_others(adult: Profile) -> None:
    rate = adult.at(NIGHT)[Metric.HEART_RATE]
    assert values(rate, Side.LOW) == {"medium.delay": 45, "high.delay": 40}
    assert values(rate, Side.HIGH) == {"medium.delay": 120, "high.delay": 140}
    assert adult.at(NIGHT)[Metric.SPO2] == adult.at(DAY)[Metric.SPO2]


@pytest.mark.parametrize(
    ("minute", "low"), [(21 * 60 + 59, 50), (22 * 60, 45), (0, 45), (6 * 60 + 59, 45), (7 * 60, 50)]
)
def test_an_override_holds_across_midnight(adult: Profile, minute: int, low: float) -> None:
    assert values(adult.at(minute)[Metric.HEART_RATE], Side.LOW)["medium.delay"] == low


def test_a_delayed_override_keeps_the_deep_limit_that_counts_samples() -> None:
    profile = parse(
        'name = "n"\n[spo2]\nlimits = [{below = 80, samples = 3, priority = "high"}, '
        '{below = 85, delay_s = 5, priority = "high"}]\n'
        '[[override]]\nbetween = ["22:00", "07:00"]\nspo2.limits = [{below = 82, delay_s = 5, priority = "high"}]'
    )
    assert values(profile.at(NIGHT)[Metric.SPO2], Side.LOW) == {"high.delay": 82, "high.samples": 80}


def test_the_same_limits_are_the_same_object(adult: Profile) -> None:
    assert adult.at(NIGHT) is adult.at(NIGHT + 1)


def test_a_prescription_holds_at_every_time_of_day_before_the_profiles_overrides(adult: Profile) -> None:
    own = prescribe(
        adult, '[heart_rate]\nlimits = [{below = 42, delay_s = 20, priority = "medium"}]\n[spo2]\nhysteresis = 1'
    )
    for minute in (NIGHT, DAY):
        assert values(own.at(minute)[Metric.HEART_RATE], Side.LOW) == {"medium.delay": 42, "high.delay": 40}
    assert own.at(DAY)[Metric.SPO2].hysteresis == 1
    assert values(own.at(DAY)[Metric.SPO2], Side.LOW) == values(adult.at(DAY)[Metric.SPO2], Side.LOW)


def test_a_time_scale_multiplies_delays_and_no_counts(adult: Profile) -> None:
    limits = adult.scaled(0.1).at(NIGHT)[Metric.SPO2].limits
    assert [(limit.delay_s, limit.samples) for limit in limits] == [(1.5, None), (0.5, None), (None, 3)]
    assert [limit.delay_s for limit in adult.scaled(0.1).at(NIGHT)[Metric.HEART_RATE].side(Side.LOW)] == [0.5, 1.5]


def test_the_quiet_band_lies_within_the_hysteresis(adult: Profile) -> None:
    assert adult.at(DAY)[Metric.HEART_RATE].quiet_band() == (53, 117)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "profile: name must be a name in quotes"),
        ("name = 'n'", "profile: it guards no metric; add a table such as [spo2]"),
        ("name = 'n'\nspo2 = 3", "profile: spo2 must be a table"),
        ("name = 'n'\n[spo3]", "profile: spo3 is no metric that limits can act on"),
        ("name = 'n'\n[ecg]", "profile: ecg is no metric that limits can act on"),
        ("name = 'n'\n[spo2]\nlimit = []", "profile: spo2.limit is no key of a profile"),
        ("name = 'n'\n[spo2]\nlimits = 3", "profile: spo2.limits must be a list of limits"),
        ("name = 'n'\n[spo2]\nhysteresis = -1", "profile: spo2.hysteresis -1 is no number of at least 0"),
        ("name = 'n'\n[spo2]\nhysteresis = nan", "profile: spo2.hysteresis nan is no number of at least 0"),
    ],
)
def test_what_cannot_be_used_is_one_line_that_names_the_key(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("3", "must be a table"),
        ("{}", "needs either below or above"),
        ("{below = 90, above = 95, delay_s = 1, priority = 'high'}", "needs either below or above"),
        ("{below = 90, priority = 'high'}", "needs either delay_s or samples"),
        ("{below = 90, delay_s = 1, samples = 2, priority = 'high'}", "needs either delay_s or samples"),
        ("{below = 90, delay_s = 1}", ".priority None is not high, medium or low"),
        ("{below = 90, delay_s = 1, priority = ['high']}", ".priority ['high'] is not high, medium or low"),
        ("{below = 90, delay_s = -1, priority = 'high'}", ".delay_s -1 is no number of at least 0"),
        ("{below = 90, delay_s = inf, priority = 'high'}", ".delay_s inf is no number of at least 0"),
        ("{below = true, delay_s = 1, priority = 'high'}", ".below True is no number from 1 to 100"),
        ("{below = 900, delay_s = 1, priority = 'high'}", ".below 900 is no number from 1 to 100"),
        ("{below = 90, samples = 0, priority = 'high'}", ".samples 0 is no count of at least 1"),
        ("{below = 90, samples = 2.5, priority = 'high'}", ".samples 2.5 is no count of at least 1"),
        ("{below = 90, delay_s = 1, priority = 'high', hold = 1}", ".hold is no key of a profile"),
    ],
)
def test_a_limit_that_cannot_be_used_is_named_by_its_place(limit: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(f"name = 'n'\n[spo2]\nlimits = [{limit}]")
    separator = "" if said.startswith(".") else " "
    assert str(refused.value) == f"profile: spo2.limits[0]{separator}{said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "profile is not readable TOML: "),
        (
            (
                "name = 'n'\n[spo2]\n"
                "limits = [{below=90, delay_s=1, priority='high'}, {below=80, delay_s=2, priority='high'}]"
            ),
            "profile: spo2.limits[1] has the side, priority and kind of delay of limits[0]",
        ),
        (
            (
                "name = 'n'\n[heart_rate]\n"
                "limits = [{below=90, delay_s=1, priority='high'}, {above=80, delay_s=2, priority='high'}]"
            ),
            "profile: heart_rate.limits leave no value that is within all of them at 00:00",
        ),
        ("name = 'n'\noverride = 3\n[spo2]", "profile: override must be written [[override]]"),
        (
            "name = 'n'\n[spo2]\n[[override]]\nbetween = ['22:00']",
            "profile: override[0].between must be two local times",
        ),
        (
            "name = 'n'\n[spo2]\n[[override]]\nbetween = ['22:00', '24:00']",
            "profile: override[0].between '24:00' is no time",
        ),
        (
            "name = 'n'\n[spo2]\n[[override]]\nbetween = ['22:00', '22:00']",
            "profile: override[0].between must be two diff",
        ),
        (
            "name = 'n'\n[spo2]\n[[override]]\nbetween = ['22:00', '23:00']\nspo2.limits = [{below = 1}]",
            "profile: override[0].spo2.limits[0] needs either delay_s or samples",
        ),
    ],
)
def test_refusals_of_the_whole(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_an_override_may_not_leave_a_time_of_day_without_room() -> None:
    with pytest.raises(ConfigurationError, match="at 22:00"):
        prescribe(
            built_in("adult"),
            '[[override]]\nbetween = ["22:00", "23:00"]\n'
            'heart_rate.limits = [{below=125, delay_s=1, priority="medium"}]',
        )


def test_no_child_without_a_prescription() -> None:
    with pytest.raises(ConfigurationError, match="prescribe limits"):
        built_in("child")
    with pytest.raises(ConfigurationError, match="there is: adult"):
        built_in("adlut")


def test_rates_and_averaging_are_read_and_scaled() -> None:
    text = (
        'name = "n"\n[spo2]\naverage_s = 10\nfalls = [{ by = 4, within_s = 60, priority = "medium" }]\n'
        'limits = [{ below = 80, samples = 3, priority = "high" }]\n'
        '[heart_rate]\nrises = [{ by = 30, within_s = 120, delay_s = 5, priority = "high" }]\n'
        '[rhythm.tachycardia]\nabove = 130\npriority = "medium"\nafter_s = 20\n'
    )
    made = parse(text).scaled(0.1)
    spo2, rate = made.base[Metric.SPO2], made.base[Metric.HEART_RATE]
    assert spo2.average_s == 1
    assert spo2.side(Side.FALLS) == (Limit(side=Side.FALLS, value=4, priority=Priority.MEDIUM, delay_s=0, within_s=6),)
    assert rate.side(Side.RISES) == (
        Limit(side=Side.RISES, value=30, priority=Priority.HIGH, delay_s=0.5, within_s=12),
    )
    assert made.rhythm.tachycardia == PaceRule(130, Priority.MEDIUM, 2)
    assert made.rhythm.bradycardia is None


def test_an_override_and_a_prescription_change_rates_and_averaging_like_limits() -> None:
    profile = parse(
        'name = "n"\n[spo2]\naverage_s = 10\nfalls = [{ by = 4, within_s = 60, priority = "medium" }]\n'
        '[[override]]\nbetween = ["22:00", "07:00"]\nspo2.average_s = 20\n'
        'spo2.falls = [{ by = 6, within_s = 60, priority = "medium" }, { by = 9, within_s = 60, priority = "high" }]'
    )
    assert values(profile.at(DAY)[Metric.SPO2], Side.FALLS) == {"medium.delay": 4}
    assert values(profile.at(NIGHT)[Metric.SPO2], Side.FALLS) == {"high.delay": 9, "medium.delay": 6}
    assert (profile.at(DAY)[Metric.SPO2].average_s, profile.at(NIGHT)[Metric.SPO2].average_s) == (10, 20)
    own = prescribe(profile, '[spo2]\naverage_s = 0\nfalls = [{ by = 5, within_s = 30, priority = "medium" }]')
    for minute in (DAY, NIGHT):
        assert values(own.at(minute)[Metric.SPO2], Side.FALLS)["medium.delay"] == 5
        assert own.at(minute)[Metric.SPO2].average_s == 0
    assert not prescribe(built_in("adult"), "[spo2]\naverage_s = 0").at(DAY)[Metric.SPO2].needs_every_sample


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[spo2]\naverage_s = 121", "spo2.average_s 121 is no number from 0 to 120"),
        ("[spo2]\naverage_s = '10'", "spo2.average_s '10' is no number from 0 to 120"),
        ("[temperature]\naverage_s = 10", "temperature.average_s needs a metric that streams"),
        ("[temperature]\nfalls = [{by=1, within_s=60, priority='low'}]", "temperature.falls[0] needs a metric that"),
        ("[spo2]\nfalls = {by=4}", "spo2.falls must be a list of limits"),
        ("[spo2]\nfalls = [4]", "spo2.falls[0] must be a table"),
        ("[spo2]\nfalls = [{within_s=60, priority='low'}]", "spo2.falls[0].by None is no number from 0.01 to 99"),
        ("[spo2]\nfalls = [{by=0, within_s=60, priority='low'}]", "spo2.falls[0].by 0 is no number from 0.01 to 99"),
        ("[spo2]\nfalls = [{by=4, priority='low'}]", "spo2.falls[0].within_s None is no number from 5 to 900"),
        ("[spo2]\nrises = [{by=4, within_s=4, priority='low'}]", "spo2.rises[0].within_s 4 is no number from 5 to"),
        ("[spo2]\nrises = [{by=4, within_s=60}]", "spo2.rises[0].priority None is not high, medium or low"),
        ("[spo2]\nrises = [{by=4, within_s=60, priority='low', samples=3}]", "spo2.rises[0].samples is no key"),
        (
            "[spo2]\nfalls = [{by=4, within_s=60, priority='low'}, {by=5, within_s=30, priority='low'}]",
            "spo2.falls[1] has the side, priority and kind of delay of falls[0]",
        ),
        ("[rhythm.tachycardia]\nbelow = 130\npriority = 'low'", "rhythm.tachycardia.above None is no number from 20"),
        ("[rhythm.bradycardia]\nbelow = 10\npriority = 'low'", "rhythm.bradycardia.below 10 is no number from 20 to"),
        ("[rhythm.bradycardia]\nbelow = 40\npriority = 'high'", "rhythm.bradycardia.priority 'high' is not medium or"),
    ],
)
def test_rates_averages_and_rhythms_that_cannot_be_used_are_named(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as prescribed:
        prescribe(built_in("adult"), text)
    with pytest.raises(ConfigurationError) as read:
        parse(f"name = 'n'\n{text}")
    assert str(prescribed.value) == str(read.value)
    assert str(read.value).startswith(f"profile: {said}")
    assert "\n" not in str(read.value)


def test_copd_has_the_target_range_of_scale_2_and_what_any_adult_has_of_the_heart_rate() -> None:
    copd = built_in("copd")
    spo2 = copd.at(DAY)[Metric.SPO2]
    assert values(spo2, Side.LOW) == {"medium.delay": 88, "high.delay": 84, "high.samples": 80}
    assert values(spo2, Side.HIGH) == {"medium.delay": 96}
    assert spo2.quiet_band() == (89, 95)
    for minute in (DAY, NIGHT):
        assert copd.at(minute)[Metric.HEART_RATE] == built_in("adult").at(minute)[Metric.HEART_RATE]


CHILD = """
[spo2]
limits = [{ below = 92, delay_s = 10, priority = "high" }]
[heart_rate]
limits = [{ below = 60, delay_s = 10, priority = "high" }, { above = 160, delay_s = 10, priority = "medium" }]
"""


def test_a_child_has_the_prescribed_limits_and_no_others() -> None:
    made = of_plan("child", CHILD, [Metric.SPO2, Metric.HEART_RATE], otherwise=built_in("adult"))
    for minute in (DAY, NIGHT):
        assert values(made.at(minute)[Metric.SPO2], Side.LOW) == {"high.delay": 92}
        assert values(made.at(minute)[Metric.HEART_RATE], Side.LOW) == {"high.delay": 60}


@pytest.mark.parametrize(
    ("limits", "watched", "said"),
    [
        ("", [], "prescribe limits for the patient"),
        ("", [Metric.SPO2], "no default limits: prescribe spo2 below$"),
        (CHILD.partition("[heart_rate]")[0], [Metric.SPO2, Metric.HEART_RATE], "heart_rate below, heart_rate above"),
        (CHILD.partition("[heart_rate]")[0], [Metric.PULSE_RATE], "heart_rate below, heart_rate above"),
        (CHILD.partition(", { above")[0] + "]", [Metric.HEART_RATE], "prescribe heart_rate above$"),
        (
            '[[override]]\nbetween = ["22:00", "07:00"]\nspo2.limits = [{ below = 92, samples = 3, priority = "low" }]',
            [Metric.SPO2],
            "prescribe spo2 below at every time of day$",
        ),
    ],
)
def test_a_child_whose_limits_leave_a_watched_metric_unguarded_is_refused(
    limits: str, watched: list[Metric], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        of_plan("child", limits, watched, otherwise=built_in("adult"))


def test_a_plan_goes_by_its_profile_or_by_the_servers() -> None:
    server = parse('name = "server"\n[spo2]\nlimits = [{ below = 85, samples = 1, priority = "high" }]')
    assert of_plan("", "", [], otherwise=server) is server
    assert of_plan("copd", "", [], otherwise=server) == built_in("copd")
    assert of_plan("", "[spo2]\nhysteresis = 3", [], otherwise=server).at(DAY)[Metric.SPO2].hysteresis == 3
