"""The scenarios as tables, and what a person's sensors make of them."""

from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counts import count

from vitals import gatt
from vitals.codes import Attribute, Metric
from vitals.errors import ConfigurationError
from vitals.gatt import heart_rate_measurement, plx_continuous_measurement
from vitals.observation import ALARM_ELIGIBLE, Missing, Observation, Reading, Validity
from vitals_firmware_sim import scenarios
from vitals_firmware_sim.peripherals import oximeter, strap
from vitals_firmware_sim.scenarios import SCENARIOS, Scenario
from vitals_firmware_sim.script import Moment, live

NAMES = st.sampled_from(sorted(SCENARIOS))
SEEDS = st.integers(0, 2**63)
FEW = settings(max_examples=count(short=8, long=200))
"""For scripts of minutes."""
PROMISED = {
    "stable",
    "desaturation",
    "bradycardia",
    "atrial-fibrillation",
    "finger-off",
    "low-battery",
    "flapping-link",
    "vanish",
}


def script(name: str, seconds: int, seed: int = 7) -> list[Moment]:
    return list(islice(live(SCENARIOS[name], seed), seconds))


def shown(moment: Moment) -> Reading:
    """What an oximeter's notification at that moment says."""
    return gatt.read("2A5F", plx_continuous_measurement.encode(oximeter.measurement(moment)))


def felt(moment: Moment) -> Reading:
    """What a strap's notification at that moment says."""
    return gatt.read("2A37", heart_rate_measurement.encode(strap.measurement(moment, None)))


def first(reading: Reading) -> Observation:
    return reading.observations[0]


def test_every_promised_scenario_is_there() -> None:
    assert set(SCENARIOS) >= PROMISED
    assert all(name == row.name and row.summary for name, row in SCENARIOS.items())


def test_unknown_scenario_names_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no scenario 'stabel'; there are stable, desaturation"):
        scenarios.named("stabel")


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda row: row.name)
def test_tables_are_well_formed(scenario: Scenario) -> None:
    assert scenario.course[0].at_s == 0
    assert all(before.at_s < after.at_s for before, after in pairwise(scenario.course))
    length_s = scenario.period_s or float("inf")
    assert scenario.course[-1].at_s <= length_s
    for windows in (scenario.fibrillating, scenario.finger_off, scenario.strap_off, scenario.link_down):
        assert all(0 <= begin_s < end_s <= length_s for begin_s, end_s in windows)


@given(NAMES, st.floats(0, 4000))
def test_targets_stay_plausible(name: str, at_s: float) -> None:
    goal = scenarios.target(SCENARIOS[name], 70.0, at_s)
    assert 35 <= goal.heart_rate <= 110
    assert 80 <= goal.spo2 <= 98
    assert 0 <= goal.motion <= 1


@FEW
@given(NAMES, SEEDS)
def test_same_seed_same_payloads(name: str, seed: int) -> None:
    def payloads(chosen: int) -> list[bytes]:
        moments = script(name, 30, chosen)
        return [
            heart_rate_measurement.encode(strap.measurement(moment, None))
            + plx_continuous_measurement.encode(oximeter.measurement(moment))
            for moment in moments
        ]

    assert payloads(seed) == payloads(seed)
    assert payloads(seed) != payloads(seed + 1)


@FEW
@given(NAMES, SEEDS)
def test_notifications_fit_a_default_mtu_and_lose_nothing(name: str, seed: int) -> None:
    for moment in script(name, 60, seed):
        plx = plx_continuous_measurement.encode(oximeter.measurement(moment))
        heart_rate = heart_rate_measurement.encode(strap.measurement(moment, 65535))
        assert len(plx) <= 20
        assert len(heart_rate) <= 20
        assert len(gatt.read("2A5F", plx).observations) == 3
        assert len(gatt.read("2A37", heart_rate).observations) == 1 + (
            len(moment.vitals.rr_1024) if moment.strap_on else 0
        )


@FEW
@given(SEEDS)
def test_stable_never_nears_a_limit(seed: int) -> None:
    for moment in script("stable", 600, seed):
        saturation, rate = first(shown(moment)), first(felt(moment))
        assert saturation.value is not None
        assert rate.value is not None
        if saturation.validity in ALARM_ELIGIBLE:
            assert saturation.value >= 95
        assert 55 < rate.value < 85


def test_motion_makes_values_questionable_for_a_moment() -> None:
    doubtful = [
        moment.at_s for moment in script("stable", 300) if first(shown(moment)).validity is Validity.QUESTIONABLE
    ]
    assert doubtful == list(range(182, 189))


@FEW
@given(SEEDS)
def test_desaturation_meets_the_high_limit_within_a_minute(seed: int) -> None:
    saturation = [first(shown(moment)) for moment in script("desaturation", 400, seed)]
    values = [observation.value for observation in saturation]
    assert all(observation.validity in ALARM_ELIGIBLE for observation in saturation)
    assert all(value is not None and value >= 96 for value in values[:15])
    assert all(value is not None and 81 <= value < 85 for value in values[25:85])
    assert all(value is not None and value >= 96 for value in values[106:300])
    assert all(value is not None and value < 85 for value in values[325:385])


@FEW
@given(SEEDS)
def test_bradycardia_meets_the_high_limit(seed: int) -> None:
    values = [first(felt(moment)).value for moment in script("bradycardia", 180, seed)]
    assert all(value is not None and value > 55 for value in values[:15])
    assert all(value is not None and 35 <= value < 40 for value in values[45:150])


@FEW
@given(SEEDS)
def test_atrial_fibrillation_is_irregular_without_crossing_a_rate_limit(seed: int) -> None:
    moments = script("atrial-fibrillation", 300, seed)
    rr = [interval for moment in moments[30:] for interval in moment.vitals.rr_1024]
    mean = sum(rr) / len(rr)
    assert sum(abs(after - before) for before, after in pairwise(rr)) / len(rr) > 0.12 * mean
    rates = [first(felt(moment)).value for moment in moments]
    assert all(rate is not None and 50 <= rate <= 140 for rate in rates)
    assert any(moment.vitals.pulse_rate < moment.vitals.heart_rate - 3 for moment in moments[30:])


def test_finger_off_says_sensor_off_then_an_early_estimate() -> None:
    readings = [shown(moment) for moment in script("finger-off", 100)]
    missing = [at_s for at_s, reading in enumerate(readings) if first(reading).missing is Missing.SENSOR_OFF]
    early = [at_s for at_s, reading in enumerate(readings) if first(reading).validity is Validity.EARLY_ESTIMATE]
    assert missing == list(range(20, 80))
    assert early == [80, 81, 82]
    assert all(first(felt(moment)).missing is Missing.PRESENT for moment in script("finger-off", 100))
    assert readings[20].attributes[Attribute.DEVICE_STATUS] == 1 << 11


def test_strap_off_says_no_contact_and_has_no_intervals() -> None:
    readings = [felt(moment) for moment in script("strap-off", 100)]
    off = [at_s for at_s, reading in enumerate(readings) if first(reading).missing is Missing.SENSOR_OFF]
    assert off == list(range(20, 80))
    assert [len(reading.observations) for reading in readings[20:80]] == [1] * 60
    assert {reading.attributes[Attribute.CONTACT] for reading in readings[80:]} == {1}
    assert first(readings[0]).metric is Metric.HEART_RATE


def test_battery_drains_to_one_percent() -> None:
    levels = [moment.battery for moment in script("low-battery", 300)]
    assert levels[0] == 20
    assert levels[6] == 19
    assert levels[-1] == 1
    assert all(0 <= before - after <= 1 for before, after in pairwise(levels))


def test_link_flaps_and_the_vanished_stay_away() -> None:
    down = [moment.at_s for moment in script("flapping-link", 50) if not moment.link_up]
    assert down == [20, 21, 22, 23, 24, 45, 46, 47, 48, 49]
    assert [moment.present for moment in script("vanish", 60)] == [True] * 30 + [False] * 30
