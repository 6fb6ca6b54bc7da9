"""The GATT services that the sensors are made of. Values that are read are read from a callable, when they are."""

from collections.abc import Callable
from typing import Final

import msgspec
from bumble.core import UUID
from bumble.gatt import Characteristic, CharacteristicValue, Service

from vitals.gatt import device_information

HEART_RATE: Final = "180D"
BATTERY: Final = "180F"
DEVICE_INFORMATION: Final = "180A"
PULSE_OXIMETER: Final = "1822"

_Properties = Characteristic.Properties


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a sensor says it is: its Bluetooth address, the name that it advertises, its model and serial number."""

    address: str
    name: str
    model: str
    serial: str


def uuid(name: str) -> UUID:
    """The UUID of a 16-bit name, ``2A37``."""
    return UUID.from_16_bits(int(name, 16))


def name_of(characteristic: Characteristic[bytes]) -> str:
    """The 16-bit name of a characteristic."""
    return characteristic.uuid.to_hex_str().upper()


def service(name: str, *characteristics: Characteristic[bytes]) -> Service:
    """A primary service."""
    return Service(uuid(name), list(characteristics))


def notified(name: str) -> Characteristic[bytes]:
    """A characteristic that is only notified."""
    return Characteristic(uuid(name), _Properties.NOTIFY, Characteristic.READABLE, b"")


def indicated(name: str) -> Characteristic[bytes]:
    """A characteristic that is only indicated."""
    return Characteristic(uuid(name), _Properties.INDICATE, Characteristic.READABLE, b"")


def constant(name: str, payload: bytes) -> Characteristic[bytes]:
    """A characteristic that is read and always the same."""
    return Characteristic(uuid(name), _Properties.READ, Characteristic.READABLE, payload)


def control_point(name: str, write: Callable[[bytes], None]) -> Characteristic[bytes]:
    """A characteristic that is written: *write* raises an ATT_Error for what it does not know."""
    value = CharacteristicValue[bytes](write=lambda _connection, payload: write(payload))
    return Characteristic(uuid(name), _Properties.WRITE, Characteristic.WRITEABLE, value)


def battery_level(read: Callable[[], bytes]) -> Characteristic[bytes]:
    """Battery Level: read and notified."""
    value = CharacteristicValue[bytes](read=lambda _connection: read())
    return Characteristic(uuid("2A19"), _Properties.READ | _Properties.NOTIFY, Characteristic.READABLE, value)


def device_information_service(identity: Identity) -> Service:
    """Device Information: nobody can take it for a real device's."""
    strings = {
        "2A29": "OpenVitals (simulated)",
        "2A24": identity.model,
        "2A25": identity.serial,
        "2A27": "virtual",
        "2A26": "1.0.0",
        "2A28": "1.0.0",
    }
    return service(
        DEVICE_INFORMATION,
        *(constant(name, device_information.encode(text)) for name, text in strings.items()),
    )
