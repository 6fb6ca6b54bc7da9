"""Every characteristic that is understood, by its 16-bit name."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from vitals.errors import DecodeError
from vitals.gatt import (
    battery_level,
    device_information,
    heart_rate_measurement,
    plx_continuous_measurement,
    plx_features,
    plx_spot_check_measurement,
)
from vitals.gatt.ieee11073 import Special
from vitals.observation import Reading


class Characteristic(msgspec.Struct, frozen=True):
    """Its assigned name, what its value says, and the observations in it (none where it measures nothing)."""

    name: str
    decode: Callable[[bytes], msgspec.Struct]
    read: Callable[[bytes], Reading]


def _string(name: str) -> Characteristic:
    return Characteristic(name, device_information.decode, device_information.read)


CHARACTERISTICS: Final[dict[str, Characteristic]] = {
    "2A19": Characteristic("Battery Level", battery_level.decode, battery_level.read),
    "2A24": _string("Model Number String"),
    "2A25": _string("Serial Number String"),
    "2A26": _string("Firmware Revision String"),
    "2A27": _string("Hardware Revision String"),
    "2A28": _string("Software Revision String"),
    "2A29": _string("Manufacturer Name String"),
    "2A37": Characteristic("Heart Rate Measurement", heart_rate_measurement.decode, heart_rate_measurement.read),
    "2A5E": Characteristic(
        "PLX Spot-check Measurement", plx_spot_check_measurement.decode, plx_spot_check_measurement.read
    ),
    "2A5F": Characteristic(
        "PLX Continuous Measurement", plx_continuous_measurement.decode, plx_continuous_measurement.read
    ),
    "2A60": Characteristic("PLX Features", plx_features.decode, plx_features.read),
}


def read(characteristic: str, payload: bytes) -> Reading:
    """What one notification says, as observations: the one way from a sensor's bytes into the system.

    Args:
        characteristic: its 16-bit name, for example ``2A37``.
        payload: its value as it was notified.

    Raises:
        DecodeError: the characteristic is unknown or the payload cannot be read.
    """
    return _known(characteristic).read(payload)


def decoded_json(characteristic: str, payload: bytes) -> dict[str, Any]:
    """What a payload says field by field, ready for JSON.

    A special value is null with its reason (``nan``, ``nres``, ``rfu``, ``pos_inf``, ``neg_inf``) in *missing*; whole
    numbers are integers; *malformed* counts dropped trailing bytes. A PLX field that the payload does not have is
    left out; of a heart rate, *contact* and *energy_kj* are null then and *rr_1024* is empty.

    Raises:
        DecodeError: the characteristic is unknown or the payload cannot be read.
    """
    decoded = _known(characteristic).decode(payload)
    fields: dict[str, Any] = msgspec.to_builtins(decoded)
    malformed = fields.pop("malformed", 0)
    values = {name: getattr(decoded, name) for name in fields}
    return {
        "characteristic": characteristic,
        **{name: _plain(value) for name, value in values.items()},
        "missing": {name: value.value for name, value in values.items() if isinstance(value, Special)},
        "malformed": malformed,
    }


def _known(characteristic: str) -> Characteristic:
    try:
        return CHARACTERISTICS[characteristic]
    except KeyError:
        known = ", ".join(CHARACTERISTICS)
        raise DecodeError(f"unknown characteristic {characteristic!r}; known are {known}") from None


def _plain(value: object) -> object:
    if isinstance(value, Special):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value
