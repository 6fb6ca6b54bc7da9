"""PLX Features, 2A60 (Bluetooth SIG, Pulse Oximeter Service 1.0): what a pulse oximeter can tell.

features u16; [u16 measurement status bits that it supports, with b0]; [u24 device and sensor status bits, with b1].
"""

from enum import IntFlag

import msgspec

from vitals.gatt.fields import Fields
from vitals.observation import Reading


class Feature(IntFlag):
    """Bits of *features*."""

    MEASUREMENT_STATUS = 0x01
    DEVICE_STATUS = 0x02
    SPOT_CHECK_STORAGE = 0x04
    TIMESTAMP = 0x08
    FAST = 0x10
    SLOW = 0x20
    PULSE_AMPLITUDE_INDEX = 0x40
    MULTIPLE_BONDS = 0x80


class PlxFeatures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bits of :class:`Feature`, and the status bits that the sensor supports (None where it supports none)."""

    features: int
    measurement_status_support: int | None = None
    device_status_support: int | None = None
    malformed: int = 0


def decode(payload: bytes) -> PlxFeatures:
    """Read a sensor's features.

    Raises:
        DecodeError: it is truncated.
    """
    fields = Fields("2A60", payload)
    features = fields.unsigned(2)
    measurement = fields.unsigned(2) if features & Feature.MEASUREMENT_STATUS else None
    device = fields.unsigned(3) if features & Feature.DEVICE_STATUS else None
    return PlxFeatures(
        features=features,
        measurement_status_support=measurement,
        device_status_support=device,
        malformed=fields.left,
    )


def encode(features: PlxFeatures) -> bytes:
    """The value of *features*; its two lowest bits follow from which supports are given.

    Raises:
        OverflowError: a number does not fit its field.
    """
    bits = features.features & ~int(Feature.MEASUREMENT_STATUS | Feature.DEVICE_STATUS)
    body = b""
    if features.measurement_status_support is not None:
        bits |= Feature.MEASUREMENT_STATUS
        body += features.measurement_status_support.to_bytes(2, "little")
    if features.device_status_support is not None:
        bits |= Feature.DEVICE_STATUS
        body += features.device_status_support.to_bytes(3, "little")
    return bits.to_bytes(2, "little") + body


def read(payload: bytes) -> Reading:
    """No observation: features are not measured.

    Raises:
        DecodeError: it is truncated.
    """
    return Reading((), malformed=decode(payload).malformed)
