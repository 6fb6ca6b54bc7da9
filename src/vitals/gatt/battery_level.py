"""Battery Level, 2A19 (Bluetooth SIG, Battery Service 1.0): one byte, 0 to 100 %; 101 to 255 are reserved."""

import msgspec

from vitals.codes import Metric
from vitals.gatt.fields import Fields
from vitals.observation import Reading, observe


class BatteryLevel(msgspec.Struct, frozen=True, kw_only=True):
    """*battery* in percent, as the sensor sent it; *malformed* trailing bytes were dropped."""

    battery: int
    malformed: int = 0


def decode(payload: bytes) -> BatteryLevel:
    """Read a battery level.

    Raises:
        DecodeError: it is empty.
    """
    fields = Fields("2A19", payload)
    battery = fields.unsigned(1)
    return BatteryLevel(battery=battery, malformed=fields.left)


def encode(percent: int) -> bytes:
    """The value of *percent*.

    Raises:
        OverflowError: it does not fit one byte.
    """
    return percent.to_bytes(1, "little")


def read(payload: bytes) -> Reading:
    """One observation: battery, out of range above 100.

    Raises:
        DecodeError: it is empty.
    """
    level = decode(payload)
    return Reading((observe(Metric.BATTERY, level.battery),), malformed=level.malformed)
