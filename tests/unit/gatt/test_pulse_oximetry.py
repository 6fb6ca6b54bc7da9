"""What a pulse oximeter's notification means: values, reasons, validities, attributes."""

import pytest
from hypothesis import given
from tests.unit.gatt.strategies import SPOT_CHECKS, continuous

from vitals.codes import CODES, Attribute, Metric
from vitals.gatt import plx_continuous_measurement, plx_spot_check_measurement, read
from vitals.gatt.ieee11073 import Number, Special
from vitals.gatt.plx_continuous_measurement import PlxContinuousMeasurement
from vitals.gatt.plx_spot_check_measurement import PlxSpotCheckMeasurement
from vitals.gatt.pulse_oximetry import DeviceStatus, MeasurementStatus
from vitals.observation import ALARM_ELIGIBLE, Missing, Reading, Validity, absent, observe

SPO2, PULSE, PERFUSION = Metric.SPO2, Metric.PULSE_RATE, Metric.PERFUSION_INDEX


def notified(measurement: PlxContinuousMeasurement) -> Reading:
    return read("2A5F", plx_continuous_measurement.encode(measurement))


def with_status(measurement: int = 0, device: int = 0) -> Reading:
    return notified(
        PlxContinuousMeasurement(
            spo2=97.4, pr=61.0, measurement_status=measurement, device_status=device, pai=Special.NRES
        )
    )


def test_two_observations_and_a_third_with_a_pai() -> None:
    assert notified(PlxContinuousMeasurement(spo2=97.4, pr=61.0)) == Reading((observe(SPO2, 97.4), observe(PULSE, 61)))
    assert notified(PlxContinuousMeasurement(spo2=97.4, pr=61.0, pai=8.7)) == Reading(
        (observe(SPO2, 97.4), observe(PULSE, 61), observe(PERFUSION, 8.7))
    )


@pytest.mark.parametrize(
    ("special", "reason"),
    [
        (Special.NAN, Missing.NAN),
        (Special.NRES, Missing.NRES),
        (Special.RFU, Missing.RFU),
        (Special.POS_INF, Missing.POS_INF),
        (Special.NEG_INF, Missing.NEG_INF),
    ],
)
def test_a_special_value_is_missing_and_the_others_stay(special: Special, reason: Missing) -> None:
    reading = notified(PlxContinuousMeasurement(spo2=special, pr=61.0, pai=special))
    assert reading.observations == (absent(SPO2, reason), observe(PULSE, 61), absent(PERFUSION, reason))


@pytest.mark.parametrize("bit", [11, 13, 15])
def test_a_sensor_that_is_off_measures_nothing_whatever_it_says(bit: int) -> None:
    reading = with_status(device=1 << bit, measurement=1 << 10)
    assert reading.observations == tuple(absent(metric, Missing.SENSOR_OFF) for metric in (SPO2, PULSE, PERFUSION))
    assert reading.attributes[Attribute.DEVICE_STATUS] == 1 << bit


def test_an_unavailable_measurement_is_missing() -> None:
    reading = with_status(measurement=1 << 13)
    assert reading.observations == tuple(absent(metric, Missing.UNAVAILABLE) for metric in (SPO2, PULSE, PERFUSION))


def test_sensor_off_outranks_unavailable() -> None:
    assert with_status(1 << 13, 1 << 11).observations[0].missing is Missing.SENSOR_OFF


@pytest.mark.parametrize(
    ("bit", "validity"),
    [
        (0, Validity.VALID),
        (4, Validity.VALID),
        (5, Validity.ONGOING),
        (6, Validity.EARLY_ESTIMATE),
        (7, Validity.VALIDATED),
        (8, Validity.VALIDATED),
        (9, Validity.STORED),
        (10, Validity.SIMULATED),
        (11, Validity.SIMULATED),
        (12, Validity.CALIBRATING),
        (14, Validity.QUESTIONABLE),
        (15, Validity.INVALID),
    ],
)
def test_measurement_status(bit: int, validity: Validity) -> None:
    spo2, pulse, perfusion = with_status(measurement=1 << bit).observations
    assert (spo2, pulse) == (observe(SPO2, 97.4, validity), observe(PULSE, 61, validity))
    assert perfusion == absent(PERFUSION, Missing.NRES)


@pytest.mark.parametrize(
    ("bit", "validity"),
    [
        (0, Validity.VALID),
        (1, Validity.INVALID),
        (2, Validity.QUESTIONABLE),
        (3, Validity.QUESTIONABLE),
        (4, Validity.QUESTIONABLE),
        (5, Validity.QUESTIONABLE),
        (6, Validity.QUESTIONABLE),
        (7, Validity.QUESTIONABLE),
        (8, Validity.QUESTIONABLE),
        (9, Validity.EARLY_ESTIMATE),
        (10, Validity.QUESTIONABLE),
        (12, Validity.QUESTIONABLE),
        (14, Validity.INVALID),
        (16, Validity.VALID),
        (23, Validity.VALID),
    ],
)
def test_device_status(bit: int, validity: Validity) -> None:
    assert with_status(device=1 << bit).observations[0] == observe(SPO2, 97.4, validity)


def test_a_simulated_value_stays_one_whatever_else_it_is() -> None:
    every_validity = 0xFFFF & ~MeasurementStatus.UNAVAILABLE
    assert with_status(every_validity).observations[0].validity is Validity.SIMULATED


@pytest.mark.parametrize("good", [MeasurementStatus.ONGOING, MeasurementStatus.VALIDATED])
@pytest.mark.parametrize("doubt", [6, 9, 10, 11, 12, 14, 15])
def test_no_doubt_is_outranked_by_a_good_word(good: MeasurementStatus, doubt: int) -> None:
    assert with_status(good | 1 << doubt).observations[0].validity not in ALARM_ELIGIBLE


@pytest.mark.parametrize(
    ("spo2", "pr", "expected"),
    [
        (0.0, 0.0, (Missing.NO_SIGNAL, Missing.NO_SIGNAL)),
        (127.0, 255.0, (Missing.NO_SIGNAL, Missing.NO_SIGNAL)),
        (127.0, 511.0, (Missing.NO_SIGNAL, Missing.NO_SIGNAL)),
        (255.0, 61.0, (Missing.NO_SIGNAL, Missing.PRESENT)),
        (97.0, 255.0, (Missing.PRESENT, Missing.PRESENT)),
        (97.0, 0.0, (Missing.PRESENT, Missing.NO_SIGNAL)),
        (101.0, 61.0, (Missing.OUT_OF_RANGE, Missing.PRESENT)),
        (100.1, 61.0, (Missing.OUT_OF_RANGE, Missing.PRESENT)),
        (-3.0, 61.0, (Missing.OUT_OF_RANGE, Missing.PRESENT)),
        (97.0, 351.0, (Missing.PRESENT, Missing.OUT_OF_RANGE)),
        (97.0, 65500.0, (Missing.PRESENT, Missing.OUT_OF_RANGE)),
    ],
)
def test_what_no_finger_and_no_body_can_say(spo2: Number, pr: Number, expected: tuple[Missing, Missing]) -> None:
    reading = notified(PlxContinuousMeasurement(spo2=spo2, pr=pr))
    assert tuple(each.missing for each in reading.observations) == expected


def test_fast_and_slow_averages_are_attributes() -> None:
    reading = notified(
        PlxContinuousMeasurement(
            spo2=97.4,
            pr=61.0,
            spo2_fast=97.1,
            pr_fast=62.5,
            spo2_slow=Special.NAN,
            pr_slow=2.0e10,
            measurement_status=0x0120,
            device_status=0x010000,
        )
    )
    assert reading.attributes == {
        Attribute.MEASUREMENT_STATUS: 0x0120,
        Attribute.DEVICE_STATUS: 0x010000,
        Attribute.SPO2_FAST: 9710,
        Attribute.PULSE_RATE_FAST: 625,
    }


def test_a_spot_check_carries_the_time_of_its_device() -> None:
    check = PlxSpotCheckMeasurement(spo2=94.0, pr=147.0, timestamp="2024-11-29T23:08:57", measurement_status=1 << 9)
    reading = read("2A5E", plx_spot_check_measurement.encode(check))
    assert reading == Reading(
        (observe(SPO2, 94, Validity.STORED), observe(PULSE, 147, Validity.STORED)),
        attributes={Attribute.MEASUREMENT_STATUS: 1 << 9},
        device_time="2024-11-29T23:08:57",
    )


@pytest.mark.parametrize(
    "check",
    [
        PlxSpotCheckMeasurement(spo2=94.0, pr=60.0),
        PlxSpotCheckMeasurement(spo2=94.0, pr=60.0, timestamp="2024-11-29T23:08:57", clock_not_set=True),
        PlxSpotCheckMeasurement(spo2=94.0, pr=60.0, timestamp="0000-00-00T00:00:00"),
        PlxSpotCheckMeasurement(spo2=94.0, pr=60.0, timestamp="2023-02-29T00:00:00"),
        PlxSpotCheckMeasurement(spo2=94.0, pr=60.0, timestamp="65535-255-255T255:255:255"),
    ],
)
def test_a_time_that_means_nothing_is_left_out_and_costs_no_measurement(check: PlxSpotCheckMeasurement) -> None:
    reading = read("2A5E", plx_spot_check_measurement.encode(check))
    assert reading == Reading((observe(SPO2, 94), observe(PULSE, 60)))


@given(continuous(), SPOT_CHECKS)
def test_every_reading_fits_the_wire(measurement: PlxContinuousMeasurement, check: PlxSpotCheckMeasurement) -> None:
    for reading in (notified(measurement), read("2A5E", plx_spot_check_measurement.encode(check))):
        assert [each.metric for each in reading.observations][:2] == [SPO2, PULSE]
        for each in reading.observations:
            value = each.value
            assert value is None or CODES[each.metric].low <= value <= CODES[each.metric].high
        assert all(0 <= raw < 2**31 for raw in reading.attributes.values())


def test_status_bits_are_those_of_the_service() -> None:
    assert [flag.value.bit_length() - 1 for flag in MeasurementStatus] == list(range(5, 16))
    assert [flag.value.bit_length() - 1 for flag in DeviceStatus] == list(range(16))
