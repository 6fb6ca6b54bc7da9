"""The strings of the Device Information Service (Bluetooth SIG, 1.1): UTF-8, and sensors pad them with NULs."""

from typing import Final

import msgspec

from vitals.errors import DecodeError
from vitals.observation import Reading

FIELDS: Final = {
    "2A24": "model",
    "2A25": "serial",
    "2A26": "firmware",
    "2A27": "hardware",
    "2A28": "software",
    "2A29": "manufacturer",
}
"""What each of the service's characteristics tells."""


class DeviceInformation(msgspec.Struct, frozen=True, kw_only=True):
    """One string of the service."""

    text: str


def decode(payload: bytes) -> DeviceInformation:
    """Read a string. Trailing NULs are padding and go; inner ones become blanks, so that it can be shown and stored.

    Raises:
        DecodeError: it is no UTF-8.
    """
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError(f"device information: no UTF-8 at byte {error.start}") from None
    return DeviceInformation(text=text.rstrip("\0").replace("\0", " "))


def encode(text: str) -> bytes:
    """The value of *text*, without a terminating NUL."""
    return text.encode("utf-8")


def read(payload: bytes) -> Reading:
    """No observation: a string is not measured.

    Raises:
        DecodeError: it is no UTF-8.
    """
    decode(payload)
    return Reading(())
