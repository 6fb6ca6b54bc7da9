"""The table of characteristics, and what no payload may do to it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.codes import Metric
from vitals.errors import DecodeError
from vitals.gatt import CHARACTERISTICS, battery_level, decoded_json, device_information, read
from vitals.observation import Missing, Observation, Reading, absent


def test_the_table() -> None:
    assert {name: row.name for name, row in CHARACTERISTICS.items()} == {
        "2A19": "Battery Level",
        "2A24": "Model Number String",
        "2A25": "Serial Number String",
        "2A26": "Firmware Revision String",
        "2A27": "Hardware Revision String",
        "2A28": "Software Revision String",
        "2A29": "Manufacturer Name String",
        "2A37": "Heart Rate Measurement",
        "2A5E": "PLX Spot-check Measurement",
        "2A5F": "PLX Continuous Measurement",
        "2A60": "PLX Features",
    }
    assert set(device_information.FIELDS) < set(CHARACTERISTICS)


@pytest.mark.parametrize("characteristic", CHARACTERISTICS)
@given(payload=st.binary(max_size=40))
def test_random_bytes_are_read_or_refused(characteristic: str, payload: bytes) -> None:
    try:
        decoded = decoded_json(characteristic, payload)
    except DecodeError:
        with pytest.raises(DecodeError):
            read(characteristic, payload)
        return
    assert json.loads(json.dumps(decoded, allow_nan=False)) == decoded
    assert decoded["characteristic"] == characteristic
    assert all(decoded[name] is None for name in decoded["missing"])
    assert read(characteristic, payload).malformed == decoded["malformed"]


@pytest.mark.parametrize("name", ["2a37", "2A99", "", "180D"])
def test_an_unknown_characteristic_is_refused(name: str) -> None:
    with pytest.raises(DecodeError, match="unknown characteristic"):
        read(name, b"\x00\x48")
    with pytest.raises(DecodeError, match="unknown characteristic"):
        decoded_json(name, b"\x00\x48")


def test_the_example_of_the_architecture_page() -> None:
    assert json.dumps(decoded_json("2A5F", bytes.fromhex("00ff073d00"))) == (
        '{"characteristic": "2A5F", "spo2": null, "pr": 61, "missing": {"spo2": "nan"}, "malformed": 0}'
    )


def test_an_unset_clock_is_told() -> None:
    decoded = decoded_json("2A5E", bytes.fromhex("1161003c00e80701010000 00".replace(" ", "")))
    assert decoded["timestamp"] == "2024-01-01T00:00:00"
    assert decoded["clock_not_set"] is True


@given(st.integers(0, 255))
def test_battery_round_trip(percent: int) -> None:
    assert battery_level.decode(battery_level.encode(percent)) == battery_level.BatteryLevel(battery=percent)


def test_battery_level_is_observed_within_its_range() -> None:
    assert read("2A19", b"\x61") == Reading((Observation(Metric.BATTERY, 97),))
    assert read("2A19", b"\x65\x00") == Reading((absent(Metric.BATTERY, Missing.OUT_OF_RANGE),), malformed=1)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_device_information_round_trip(text: str) -> None:
    assert device_information.decode(device_information.encode(text)).text == text


@pytest.mark.parametrize(
    ("payload", "text"),
    [(b"H10\0\0\0", "H10"), (b"\0", ""), (b"Polar\0H10\0", "Polar H10"), ("Größe".encode(), "Größe"), (b"", "")],
)
def test_nuls_of_a_string_are_padding_or_blanks(payload: bytes, text: str) -> None:
    assert device_information.decode(payload).text == text
    assert read("2A24", payload) == Reading(())


def test_a_string_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(DecodeError, match="no UTF-8 at byte 3"):
        device_information.decode(b"H10\xff")
