"""The pulse oximeter's characteristics as bytes: round trips and damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gatt.strategies import SPOT_CHECKS, continuous, features

from vitals.errors import DecodeError
from vitals.gatt import plx_continuous_measurement, plx_features, plx_spot_check_measurement
from vitals.gatt.plx_continuous_measurement import PlxContinuousMeasurement
from vitals.gatt.plx_features import Feature, PlxFeatures
from vitals.gatt.plx_spot_check_measurement import PlxSpotCheckMeasurement


@given(continuous())
def test_continuous_round_trip(measurement: PlxContinuousMeasurement) -> None:
    payload = plx_continuous_measurement.encode(measurement)
    assert len(payload) <= 20
    assert plx_continuous_measurement.decode(payload) == measurement


@given(SPOT_CHECKS)
def test_spot_check_round_trip(measurement: PlxSpotCheckMeasurement) -> None:
    assert plx_spot_check_measurement.decode(plx_spot_check_measurement.encode(measurement)) == measurement


@given(features())
def test_features_round_trip(value: PlxFeatures) -> None:
    assert plx_features.decode(plx_features.encode(value)) == value


@given(continuous(), SPOT_CHECKS, features(), st.integers(1, 30))
def test_truncation_is_refused(
    measurement: PlxContinuousMeasurement, check: PlxSpotCheckMeasurement, value: PlxFeatures, lost: int
) -> None:
    with pytest.raises(DecodeError, match="2A5F: truncated"):
        plx_continuous_measurement.decode(plx_continuous_measurement.encode(measurement)[:-lost])
    with pytest.raises(DecodeError, match="2A5E: truncated"):
        plx_spot_check_measurement.decode(plx_spot_check_measurement.encode(check)[:-lost])
    with pytest.raises(DecodeError, match="2A60: truncated"):
        plx_features.decode(plx_features.encode(value)[:-lost])


@given(continuous(), SPOT_CHECKS, st.binary(max_size=5))
def test_reserved_flags_are_ignored_and_trailing_bytes_counted(
    measurement: PlxContinuousMeasurement, check: PlxSpotCheckMeasurement, tail: bytes
) -> None:
    flags, *rest = plx_continuous_measurement.encode(measurement)
    decoded = plx_continuous_measurement.decode(bytes([flags | 0xE0, *rest]) + tail)
    assert (decoded.malformed, plx_continuous_measurement.encode(decoded)) == (len(tail), bytes([flags, *rest]))
    flags, *rest = plx_spot_check_measurement.encode(check)
    spot = plx_spot_check_measurement.decode(bytes([flags | 0xE0, *rest]) + tail)
    assert (spot.malformed, plx_spot_check_measurement.encode(spot)) == (len(tail), bytes([flags, *rest]))


def test_half_a_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="pairs"):
        plx_continuous_measurement.encode(PlxContinuousMeasurement(spo2=97.0, pr=60.0, spo2_slow=96.0))


@pytest.mark.parametrize(
    "timestamp", ["2024-11-29", "24-11-29T23:08:57", "2024-11-29T23:08:57Z", "2024-11-29 23:08:57"]
)
def test_a_timestamp_written_otherwise_is_refused(timestamp: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DDTHH:MM:SS"):
        plx_spot_check_measurement.encode(PlxSpotCheckMeasurement(spo2=97.0, pr=60.0, timestamp=timestamp))


def test_presence_bits_of_features_follow_from_what_is_given() -> None:
    asked = PlxFeatures(features=Feature.MEASUREMENT_STATUS | Feature.SLOW, device_status_support=0x0800)
    decoded = plx_features.decode(plx_features.encode(asked))
    assert decoded == PlxFeatures(features=Feature.DEVICE_STATUS | Feature.SLOW, device_status_support=0x0800)
