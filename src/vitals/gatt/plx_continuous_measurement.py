"""PLX Continuous Measurement, 2A5F (Bluetooth SIG, Pulse Oximeter Service 1.0). At most 20 bytes.

flags u8 (b0 fast, b1 slow, b2 measurement status, b3 device and sensor status, b4 pulse amplitude index); SpO2 and PR;
[fast SpO2 and PR]; [slow SpO2 and PR]; [u16]; [u24]; [PAI]. Values are SFLOAT, in %, /min and %.
"""

from typing import Final

import msgspec

from vitals.codes import Attribute
from vitals.gatt import pulse_oximetry
from vitals.gatt.fields import Fields
from vitals.gatt.ieee11073 import Number, encode_sfloat
from vitals.observation import Reading

_FAST: Final = 0x01
_SLOW: Final = 0x02
_MEASUREMENT_STATUS: Final = 0x04
_DEVICE_STATUS: Final = 0x08
_PAI: Final = 0x10


class PlxContinuousMeasurement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One notification of a pulse oximeter: SpO2 in %, PR in /min, PAI in %.

    None is a field that the notification does not have; the two of a fast or slow pair come together. Status bits are
    those of :mod:`vitals.gatt.pulse_oximetry`; *malformed* trailing bytes were dropped.
    """

    spo2: Number
    pr: Number
    spo2_fast: Number | None = None
    pr_fast: Number | None = None
    spo2_slow: Number | None = None
    pr_slow: Number | None = None
    measurement_status: int | None = None
    device_status: int | None = None
    pai: Number | None = None
    malformed: int = 0


def decode(payload: bytes) -> PlxContinuousMeasurement:
    """Read a notification. Reserved flags are ignored, bytes that no flag announces are dropped and counted.

    Raises:
        DecodeError: it is truncated.
    """
    fields = Fields("2A5F", payload)
    flags = fields.unsigned(1)
    spo2, pr = fields.sfloat(), fields.sfloat()
    spo2_fast, pr_fast = (fields.sfloat(), fields.sfloat()) if flags & _FAST else (None, None)
    spo2_slow, pr_slow = (fields.sfloat(), fields.sfloat()) if flags & _SLOW else (None, None)
    measurement_status = fields.unsigned(2) if flags & _MEASUREMENT_STATUS else None
    device_status = fields.unsigned(3) if flags & _DEVICE_STATUS else None
    pai = fields.sfloat() if flags & _PAI else None
    return PlxContinuousMeasurement(
        spo2=spo2,
        pr=pr,
        spo2_fast=spo2_fast,
        pr_fast=pr_fast,
        spo2_slow=spo2_slow,
        pr_slow=pr_slow,
        measurement_status=measurement_status,
        device_status=device_status,
        pai=pai,
        malformed=fields.left,
    )


def encode(measurement: PlxContinuousMeasurement) -> bytes:
    """The notification of *measurement*.

    Raises:
        ValueError: one of a fast or slow pair is given without the other.
        OverflowError: status bits do not fit their field.
    """
    flags = 0
    body = _pair(measurement.spo2, measurement.pr)
    for flag, spo2, pr in (
        (_FAST, measurement.spo2_fast, measurement.pr_fast),
        (_SLOW, measurement.spo2_slow, measurement.pr_slow),
    ):
        if spo2 is not None and pr is not None:
            flags |= flag
            body += _pair(spo2, pr)
        elif spo2 is not None or pr is not None:
            raise ValueError("fast and slow SpO2 and PR come in pairs")
    if measurement.measurement_status is not None:
        flags |= _MEASUREMENT_STATUS
        body += measurement.measurement_status.to_bytes(2, "little")
    if measurement.device_status is not None:
        flags |= _DEVICE_STATUS
        body += measurement.device_status.to_bytes(3, "little")
    if measurement.pai is not None:
        flags |= _PAI
        body += encode_sfloat(measurement.pai).to_bytes(2, "little")
    return bytes([flags]) + body


def read(payload: bytes) -> Reading:
    """The observations of a notification: spo2, pulse_rate, and perfusion_index where there is a PAI.

    Raises:
        DecodeError: it is truncated.
    """
    measurement = decode(payload)
    averages = {
        Attribute.SPO2_FAST: measurement.spo2_fast,
        Attribute.PULSE_RATE_FAST: measurement.pr_fast,
        Attribute.SPO2_SLOW: measurement.spo2_slow,
        Attribute.PULSE_RATE_SLOW: measurement.pr_slow,
    }
    status = (measurement.measurement_status, measurement.device_status)
    return Reading(
        observations=pulse_oximetry.observations(measurement.spo2, measurement.pr, measurement.pai, *status),
        attributes=pulse_oximetry.attributes(*status, averages),
        malformed=measurement.malformed,
    )


def _pair(spo2: Number, pr: Number) -> bytes:
    return encode_sfloat(spo2).to_bytes(2, "little") + encode_sfloat(pr).to_bytes(2, "little")
