"""S18: partial sets are marked, entered observations join the measured ones and expire."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.scores.complete import NORMAL, Values

from vitals.codes import Metric
from vitals.errors import ConfigurationError
from vitals.observation import Missing, Observation, Validity, absent, observe
from vitals.scores import news2
from vitals.scores.findings import AgeLimits, Finding, entered, measured
from vitals.scores.scoring import Score, score

HOUR = 3_600_000
NOW = 100 * HOUR
PARAMETERS = sorted(NORMAL)


def news(findings: list[Finding], at_ms: int = NOW, scale: int = 1, ages: AgeLimits | None = None) -> Score:
    return score(news2.table(scale), findings, at_ms, ages or AgeLimits())


def by_hand(values: Values, at_ms: int = NOW) -> list[Finding]:
    return [entered(name, value, at_ms) for name, value in values.items()]


def sensed(metric: Metric, value: float, at_ms: int = NOW, validity: Validity = Validity.VALID) -> Finding:
    finding = measured(observe(metric, value, validity), at_ms)
    assert finding is not None
    return finding


def missing(result: Score) -> dict[str, str]:
    return {lack.parameter: lack.reason for lack in result.missing}


def value_of(result: Score, parameter: str) -> float | str | None:
    return {part.parameter: part.value for part in result.parts}.get(parameter)


def knows_all_of(now: Score, earlier: Score) -> bool:
    """Whether a lower total would be an improvement, and not a finding that lapsed."""
    return earlier.certain.keys() <= now.certain.keys()


class TestPartial:
    def test_a_partial_score_that_reaches_a_trigger_is_at_least_that(self) -> None:
        """S18."""
        result = news(by_hand({"respiratory_rate": 22, "spo2": 93, "pulse": 115}))
        assert (result.total, result.at_most, result.at_least) == (6, 17, True)
        assert result.response is not None
        assert result.response.name == "medium"
        assert set(missing(result)) == {"oxygen", "systolic", "consciousness", "temperature"}

    def test_three_points_of_one_part_are_a_trigger_whatever_is_missing(self) -> None:
        """S18."""
        result = news(by_hand({"consciousness": "V"}))
        assert result.trigger
        assert result.at_least
        assert len(result.missing) == 6

    def test_a_partial_score_below_every_trigger_is_unknown_and_not_low(self) -> None:
        """S18."""
        result = news(by_hand({name: value for name, value in NORMAL.items() if name != "consciousness"}))
        assert result.total == 0
        assert result.partial
        assert result.response is None
        assert not result.at_least
        assert not result.trigger
        assert result.at_most == 3

    def test_nothing_known_has_no_total(self) -> None:
        result = news([])
        assert result.total is None
        assert result.response is None
        assert result.at_most == 20
        assert missing(result) == dict.fromkeys(PARAMETERS, "not_observed")

    def test_a_complete_score_is_not_marked(self) -> None:
        result = news(by_hand(NORMAL))
        assert not result.partial
        assert result.response is not None
        assert result.response.name == "low"
        assert [part.parameter for part in result.parts] == [row.parameter for row in news2.table().rows]

    def test_scale_2_without_knowing_the_oxygen_counts_what_is_certain(self) -> None:
        high = news(by_hand({"spo2": 97}), scale=2)
        assert (high.total, high.at_most) == (0, 3 + 17)
        assert (high.parts[0].points, high.parts[0].most) == (0, 3)
        low = news(by_hand({"spo2": 85}), scale=2)
        assert (low.total, low.at_most) == (2, 2 + 17)

    def test_an_expired_oxygen_makes_scale_2_uncertain_again(self) -> None:
        findings = [*by_hand({"oxygen": "oxygen"}, NOW - 5 * HOUR), *by_hand({"spo2": 97})]
        result = news(findings, scale=2)
        assert missing(result)["oxygen"] == "expired"
        assert result.parts[0].most == 3


class TestJoining:
    def test_entered_and_measured_make_one_set(self) -> None:
        """S18."""
        findings = [
            sensed(Metric.SPO2, 93),
            sensed(Metric.HEART_RATE, 115),
            sensed(Metric.RESPIRATORY_RATE, 22),
            sensed(Metric.SYSTOLIC, 105),
            sensed(Metric.TEMPERATURE, 37.2),
            *by_hand({"consciousness": "A", "oxygen": "air"}),
        ]
        result = news(findings)
        assert result.total == 7
        assert not result.partial
        assert {part.parameter: part.source for part in result.parts} == {
            "respiratory_rate": "respiratory_rate",
            "spo2": "spo2",
            "oxygen": "entered",
            "systolic": "systolic",
            "pulse": "heart_rate",
            "consciousness": "entered",
            "temperature": "temperature",
        }

    @pytest.mark.parametrize(("sensed_at", "counts"), [(NOW - 2000, 26), (NOW, 16)])
    def test_the_newest_counts_however_it_came_about(self, sensed_at: int, counts: float) -> None:
        findings = [sensed(Metric.RESPIRATORY_RATE, 16, sensed_at), entered("respiratory_rate", 26, NOW - 1000)]
        for order in (findings, findings[::-1]):
            assert value_of(news(order), "respiratory_rate") == counts

    def test_a_correction_of_the_same_moment_counts(self) -> None:
        findings = [entered("systolic", 190, NOW), entered("systolic", 90, NOW)]
        assert value_of(news(findings), "systolic") == 90

    def test_pulse_rate_serves_while_no_heart_rate_is_measured(self) -> None:
        both = [sensed(Metric.HEART_RATE, 115, NOW - 5000), sensed(Metric.PULSE_RATE, 60, NOW)]
        assert value_of(news(both), "pulse") == 115
        assert value_of(news(both, NOW + 56_000), "pulse") == 60
        off = measured(absent(Metric.HEART_RATE, Missing.SENSOR_OFF), NOW)
        assert off is not None
        assert value_of(news([off, sensed(Metric.PULSE_RATE, 60)]), "pulse") == 60

    def test_an_entered_pulse_does_not_silence_a_newer_measured_one(self) -> None:
        findings = [entered("pulse", 70, NOW - HOUR), sensed(Metric.HEART_RATE, 135)]
        assert value_of(news(findings), "pulse") == 135
        findings = [entered("pulse", 70, NOW - HOUR), sensed(Metric.PULSE_RATE, 135)]
        assert value_of(news(findings), "pulse") == 135

    def test_what_is_not_scored_is_passed_over(self) -> None:
        assert measured(observe(Metric.BATTERY, 50), NOW) is None
        assert measured(observe(Metric.RR_INTERVAL, 800), NOW) is None
        assert news([entered("glucose", 5, NOW)]).total is None


class TestEligible:
    @pytest.mark.parametrize("validity", list(Validity))
    def test_only_what_a_live_alarm_may_act_on_counts(self, validity: Validity) -> None:
        result = news([sensed(Metric.SPO2, 80, validity=validity)])
        if validity in {Validity.VALID, Validity.VALIDATED, Validity.ONGOING}:
            assert result.total == 3
        else:
            assert result.total is None
            assert missing(result)["spo2"] == validity.name.lower()

    def test_a_missing_value_says_why(self) -> None:
        off = measured(Observation(Metric.SPO2, 0, Validity.NOT_AVAILABLE, Missing.SENSOR_OFF), NOW)
        assert off is not None
        assert missing(news([off]))["spo2"] == "sensor_off"
        assert value_of(news([off, sensed(Metric.SPO2, 90, NOW - 10_000)]), "spo2") == 90

    @pytest.mark.parametrize(
        ("parameter", "value", "reason"),
        [
            ("spo2", 0.97, "out_of_range"),
            ("spo2", 101, "out_of_range"),
            ("temperature", 98.6, "out_of_range"),
            ("systolic", math.nan, "out_of_range"),
            ("pulse", math.inf, "out_of_range"),
            ("pulse", "80", "unlisted"),
            ("consciousness", "X", "unlisted"),
            ("consciousness", 15, "unlisted"),
            ("oxygen", "", "unlisted"),
        ],
    )
    def test_what_cannot_be_meant_is_missing_and_never_clamped(
        self, parameter: str, value: float | str, reason: str
    ) -> None:
        result = news([entered(parameter, value, NOW)])
        assert result.total is None
        assert missing(result)[parameter] == reason

    def test_a_raw_word_or_number_of_the_wrong_kind_never_scores(self) -> None:
        result = news([Finding(parameter="pulse", value="fast", at_ms=NOW)])
        assert missing(result)["pulse"] == "unlisted"
        result = news([Finding(parameter="consciousness", value=1.0, at_ms=NOW)])
        assert missing(result)["consciousness"] == "unlisted"


class TestExpiry:
    def test_each_kind_expires_at_its_limit(self) -> None:
        """S18."""
        limits = AgeLimits()
        for finding, limit_s in (
            (sensed(Metric.SPO2, 90), limits.streamed_s),
            (sensed(Metric.SYSTOLIC, 90), limits.episodic_s),
            (entered("consciousness", "V", NOW), limits.entered_s),
            (entered("spo2", 90, NOW), limits.entered_s),
        ):
            last = NOW + round(limit_s * 1000)
            assert news([finding], last).total == 3
            late = news([finding], last + 1)
            assert late.total is None
            assert missing(late)[finding.parameter] == "expired"

    def test_a_limit_may_be_set_by_parameter_and_way(self) -> None:
        """S18."""
        ages = AgeLimits(entered={"consciousness": 600}, measured={"systolic": 900})
        mind, pressure = entered("consciousness", "V", NOW), sensed(Metric.SYSTOLIC, 80)
        typed = entered("systolic", 80, NOW)
        assert missing(news([mind], NOW + 600_001, ages=ages))["consciousness"] == "expired"
        assert missing(news([pressure], NOW + 900_001, ages=ages))["systolic"] == "expired"
        assert news([typed], NOW + 900_001, ages=ages).total == 3
        assert news([pressure], NOW + 900_000, ages=ages).total == 3

    def test_the_age_is_said(self) -> None:
        old = entered("consciousness", "V", NOW - 5 * HOUR)
        result = news([old, entered("spo2", 96, NOW - HOUR)])
        assert [part.age_s for part in result.parts] == [3600.0]
        assert next(lack.age_s for lack in result.missing if lack.parameter == "consciousness") == 5 * 3600.0

    def test_a_clock_that_stepped_back_discards_nothing_and_keeps_nothing_for_ever(self) -> None:
        mind = entered("consciousness", "V", NOW)
        assert news([mind], NOW - HOUR).total == 3
        assert missing(news([mind], NOW - 5 * HOUR))["consciousness"] == "ahead_of_time"

    def test_time_scale(self) -> None:
        ages = AgeLimits(entered={"systolic": 600}, measured={"spo2": 30}).scaled(0.1)
        assert (ages.streamed_s, ages.episodic_s, ages.entered_s) == (6, 1440, 1440)
        assert ages.entered == {"systolic": 60}
        assert ages.measured == {"spo2": 3}

    @pytest.mark.parametrize("limit", [0, -1, math.inf, math.nan])
    def test_a_limit_that_never_ends_is_refused(self, limit: float) -> None:
        """S18."""
        with pytest.raises(ConfigurationError, match="age limit of consciousness"):
            AgeLimits(entered={"consciousness": limit})

    def test_a_total_that_falls_because_a_finding_expired_is_no_improvement(self) -> None:
        findings = [*by_hand({**NORMAL, "pulse": 115}), entered("consciousness", "V", NOW - HOUR)]
        before = news([f for f in findings if f.value != "A"])
        after = news([f for f in findings if f.value != "A"], NOW + 3 * HOUR + 1)
        assert (before.total, after.total) == (5, 2)
        assert not knows_all_of(after, before)
        again = news(by_hand(NORMAL))
        assert knows_all_of(again, before)

    def test_an_oxygen_that_expired_is_no_improvement_either(self) -> None:
        before = news([*by_hand({"spo2": 97, "oxygen": "oxygen"})], scale=2)
        after = news(by_hand({"spo2": 97}), scale=2)
        assert (before.total, after.total) == (5, 0)
        assert not knows_all_of(after, before)

    def test_a_saturation_whose_points_are_uncertain_is_not_known(self) -> None:
        certain, uncertain = news(by_hand({"spo2": 85}), scale=2), news(by_hand({"spo2": 97}), scale=2)
        assert not knows_all_of(uncertain, certain)
        assert knows_all_of(uncertain, uncertain)
        assert knows_all_of(certain, uncertain)


FULL = st.fixed_dictionaries(
    {
        "respiratory_rate": st.floats(0, 150),
        "spo2": st.floats(1, 100),
        "oxygen": st.sampled_from(["air", "oxygen"]),
        "systolic": st.floats(20, 330),
        "pulse": st.floats(1, 350),
        "consciousness": st.sampled_from("ACVPU"),
        "temperature": st.floats(20, 46),
    }
)


@given(FULL, st.sets(st.sampled_from(PARAMETERS)), st.sampled_from([1, 2]))
def test_a_partial_total_never_exceeds_the_completed_one(values: Values, known: set[str], scale: int) -> None:
    """S18: and its bounds hold what the set turns out to be."""
    whole = news(by_hand(values), scale=scale)
    part = news(by_hand({name: values[name] for name in known}), scale=scale)
    assert whole.total is not None
    assert whole.response is not None
    assert (part.total or 0) <= whole.total <= part.at_most
    assert part.partial == (len(known) < len(PARAMETERS))
    assert set(missing(part)) == set(PARAMETERS) - known
    responses = news2.RESPONSES
    if part.at_least:
        assert part.response is not None
        assert responses.index(part.response) <= responses.index(whole.response)


@given(FULL, st.lists(st.sampled_from(PARAMETERS), unique=True), st.sampled_from([1, 2]))
def test_more_findings_only_narrow_the_bounds(values: Values, order: list[str], scale: int) -> None:
    """S18."""
    low, high = 0, 20
    for count in range(len(order) + 1):
        result = news(by_hand({name: values[name] for name in order[:count]}), scale=scale)
        assert low <= (result.total or 0)
        assert result.at_most <= high
        low, high = result.total or 0, result.at_most


@given(FULL, st.permutations(PARAMETERS))
def test_the_order_of_parameters_does_not_matter(values: Values, order: list[str]) -> None:
    assert news(by_hand(values)) == news(by_hand({name: values[name] for name in order}))


@given(FULL, st.fixed_dictionaries({name: st.integers(0, 8 * HOUR) for name in PARAMETERS}), st.integers(0, 8 * HOUR))
def test_time_alone_only_takes_parts_away(values: Values, ages: dict[str, int], later: int) -> None:
    """S18: and never lets an earlier score look improved."""
    findings = [entered(name, value, NOW - ages[name]) for name, value in values.items()]
    before, after = news(findings), news(findings, NOW + later)
    assert {part.parameter for part in after.parts} <= {part.parameter for part in before.parts}
    assert (after.total or 0) <= (before.total or 0)
    assert knows_all_of(after, before) == (len(after.parts) == len(before.parts))
