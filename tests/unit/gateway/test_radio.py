"""What the radio's configuration may say, and what bleak's errors mean."""

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakError,
    BleakGATTProtocolError,
)

from vitals.errors import AdapterGone, ConfigurationError, LinkLost, OutOfSlots, RadioError, SensorRefused
from vitals_gateway.radio import open_radio
from vitals_gateway.radio.bluez import advice
from vitals_gateway.radio.central import classify, short

NO_ADAPTER = BleakBluetoothNotAvailableError("No Bluetooth adapters found.", BleakBluetoothNotAvailableReason.UNKNOWN)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BleakError("anything"), LinkLost),
        (TimeoutError(), LinkLost),
        (KeyError("path"), LinkLost),
        (NO_ADAPTER, AdapterGone),
        (FileNotFoundError(2, "No such file or directory"), AdapterGone),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["not provided"]), AdapterGone),
        (BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]), AdapterGone),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-adapter-not-powered"]), AdapterGone),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-concurrent-connection-limit"]), OutOfSlots),
        (BleakError("hci/CONNECTION_LIMIT_EXCEEDED_ERROR [0x9]"), OutOfSlots),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]), LinkLost),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]), SensorRefused),
        (BleakGATTProtocolError(5), SensorRefused),
        (BleakCharacteristicNotFoundError("2a37"), SensorRefused),
        (OutOfSlots("as it is"), OutOfSlots),
    ],
)
def test_errors_are_told_apart(error: Exception, kind: type[RadioError]) -> None:
    classified = classify(error, LinkLost, "what failed")
    assert type(classified) is kind
    assert "\n" not in str(classified)


def test_a_refusal_says_what_was_refused_and_why() -> None:
    assert str(classify(BleakGATTProtocolError(5), LinkLost, "2A37")) == (
        "2A37: GATT Protocol Error: Insufficient Authentication"
    )


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("[Errno 2] No such file or directory", "D-Bus"),
        ("[org.freedesktop.DBus.Error.ServiceUnknown] The name org.bluez was not provided", "systemctl"),
        ("No powered Bluetooth adapters found.", "power on"),
        ("adapter 'hci7' not found", "[radio] adapter"),
    ],
)
def test_what_bluetoothd_lacks_comes_with_its_fix(text: str, fix: str) -> None:
    assert fix in advice(text)


def test_names_are_short_where_the_sig_gave_a_number() -> None:
    assert short("00002a37-0000-1000-8000-00805F9B34FB") == "2A37"
    assert short("FB005C82-02E7-F387-1CAD-8ACD2D8DF0C8") == "fb005c82-02e7-f387-1cad-8acd2d8df0c8"


@pytest.mark.parametrize(
    ("kind", "transport", "text"),
    [
        ("blues", "", "kind 'blues' is unknown; allowed are bluez, bumble"),
        ("bumble", "", "needs a transport"),
    ],
)
async def test_a_radio_that_cannot_be_is_refused(kind: str, transport: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        async with open_radio(kind, transport=transport):
            pass
