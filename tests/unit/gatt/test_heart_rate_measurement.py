"""Heart Rate Measurement: round trips, damage, and what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gatt.strategies import HEART_RATES

from vitals.codes import Attribute, Metric
from vitals.errors import DecodeError
from vitals.gatt import read
from vitals.gatt.heart_rate_measurement import HeartRateMeasurement, decode, encode
from vitals.observation import Missing, Observation, Reading, Validity, absent, observe


@given(HEART_RATES)
def test_round_trip(measurement: HeartRateMeasurement) -> None:
    assert decode(encode(measurement)) == measurement


@given(HEART_RATES, st.integers(1, 30))
def test_a_truncated_notification_is_refused_or_loses_whole_intervals(
    measurement: HeartRateMeasurement, lost: int
) -> None:
    payload = encode(measurement)[:-lost]
    fixed = len(encode(measurement)) - 2 * len(measurement.rr_1024)
    if len(payload) < fixed:
        with pytest.raises(DecodeError, match="truncated"):
            decode(payload)
    else:
        decoded = decode(payload)
        assert decoded.rr_1024 == measurement.rr_1024[: len(decoded.rr_1024)]
        assert decoded.malformed == (len(payload) - fixed) % 2


@given(HEART_RATES)
def test_reserved_flags_are_ignored(measurement: HeartRateMeasurement) -> None:
    flags, *rest = encode(measurement)
    assert decode(bytes([flags | 0xE0, *rest])) == measurement


def test_bytes_that_no_flag_announces_are_dropped_and_counted() -> None:
    assert decode(bytes.fromhex("0048a00203")) == HeartRateMeasurement(bpm=72, malformed=3)


def test_contact_detected_says_nothing_where_contact_is_not_supported() -> None:
    assert decode(bytes.fromhex("0248")).contact is None


@pytest.mark.parametrize(
    "measurement",
    [HeartRateMeasurement(bpm=70000), HeartRateMeasurement(bpm=-1), HeartRateMeasurement(bpm=60, rr_1024=(65536,))],
)
def test_a_number_that_does_not_fit_is_refused(measurement: HeartRateMeasurement) -> None:
    with pytest.raises(OverflowError):
        encode(measurement)


def test_one_heart_rate_and_one_interval_each() -> None:
    payload = encode(HeartRateMeasurement(bpm=64, contact=True, energy_kj=10, rr_1024=(672, 1000)))
    assert read("2A37", payload) == Reading(
        observations=(
            Observation(Metric.HEART_RATE, 64),
            Observation(Metric.RR_INTERVAL, 672),
            Observation(Metric.RR_INTERVAL, 1000),
        ),
        attributes={Attribute.CONTACT: 1, Attribute.ENERGY_KJ: 10},
    )


@given(st.integers(0, 0xFFFF))
def test_every_interval_travels_exactly(rr_1024: int) -> None:
    observed = read("2A37", encode(HeartRateMeasurement(bpm=60, rr_1024=(rr_1024,)))).observations[1]
    assert (observed.raw, observed.value) == (rr_1024, rr_1024 * 1000 / 1024)


def test_without_contact_the_heart_rate_is_missing_and_intervals_are_doubtful() -> None:
    reading = read("2A37", encode(HeartRateMeasurement(bpm=72, contact=False, rr_1024=(1024,))))
    assert reading.observations == (
        absent(Metric.HEART_RATE, Missing.SENSOR_OFF),
        observe(Metric.RR_INTERVAL, 1000, Validity.QUESTIONABLE),
    )
    assert reading.attributes == {Attribute.CONTACT: 0}


@pytest.mark.parametrize(
    ("bpm", "reason"),
    [(0, Missing.NO_SIGNAL), (351, Missing.OUT_OF_RANGE), (0xFFFF, Missing.OUT_OF_RANGE)],
)
def test_a_heart_rate_that_cannot_be_is_missing_with_its_reason(bpm: int, reason: Missing) -> None:
    assert read("2A37", encode(HeartRateMeasurement(bpm=bpm))).observations == (absent(Metric.HEART_RATE, reason),)


def test_no_contact_outranks_a_heart_rate_of_zero() -> None:
    payload = encode(HeartRateMeasurement(bpm=0, contact=False))
    assert read("2A37", payload).observations == (absent(Metric.HEART_RATE, Missing.SENSOR_OFF),)


def test_an_odd_trailing_byte_invents_no_interval() -> None:
    reading = read("2A37", bytes.fromhex("16400004ff"))
    assert [each.raw for each in reading.observations] == [64, 1024]
    assert reading.malformed == 1
