"""PLX Spot-check Measurement, 2A5E (Bluetooth SIG, Pulse Oximeter Service 1.0).

flags u8 (b0 timestamp, b1 measurement status, b2 device and sensor status, b3 pulse amplitude index, b4 the device's
clock is not set); SpO2 and PR; [year u16, month, day, hour, minute, second u8]; [u16]; [u24]; [PAI]. Values are SFLOAT,
in %, /min and %.
"""

import re
from datetime import datetime
from typing import Final

import msgspec

from vitals.gatt import pulse_oximetry
from vitals.gatt.fields import Fields
from vitals.gatt.ieee11073 import Number, encode_sfloat
from vitals.observation import Reading

_TIMESTAMP: Final = 0x01
_MEASUREMENT_STATUS: Final = 0x02
_DEVICE_STATUS: Final = 0x04
_PAI: Final = 0x08
_CLOCK_NOT_SET: Final = 0x10

_WRITTEN: Final = re.compile(r"(\d{4,5})-(\d{2,3})-(\d{2,3})T(\d{2,3}):(\d{2,3}):(\d{2,3})", re.ASCII)


class PlxSpotCheckMeasurement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One spot-check of a pulse oximeter: SpO2 in %, PR in /min, PAI in %.

    None is a field that it does not have. *timestamp* is the device's own local time, ``2024-11-29T23:08:57``, digits
    as they came: a year, month or day of 0 is unknown, and nobody has checked that there is such a date. Status bits
    are those of :mod:`vitals.gatt.pulse_oximetry`; *malformed* trailing bytes were dropped.
    """

    spo2: Number
    pr: Number
    timestamp: str | None = None
    measurement_status: int | None = None
    device_status: int | None = None
    pai: Number | None = None
    clock_not_set: bool = False
    malformed: int = 0


def decode(payload: bytes) -> PlxSpotCheckMeasurement:
    """Read a spot-check. Reserved flags are ignored, bytes that no flag announces are dropped and counted.

    Raises:
        DecodeError: it is truncated.
    """
    fields = Fields("2A5E", payload)
    flags = fields.unsigned(1)
    spo2, pr = fields.sfloat(), fields.sfloat()
    timestamp = _timestamp(fields) if flags & _TIMESTAMP else None
    measurement_status = fields.unsigned(2) if flags & _MEASUREMENT_STATUS else None
    device_status = fields.unsigned(3) if flags & _DEVICE_STATUS else None
    pai = fields.sfloat() if flags & _PAI else None
    return PlxSpotCheckMeasurement(
        spo2=spo2,
        pr=pr,
        timestamp=timestamp,
        measurement_status=measurement_status,
        device_status=device_status,
        pai=pai,
        clock_not_set=bool(flags & _CLOCK_NOT_SET),
        malformed=fields.left,
    )


def encode(measurement: PlxSpotCheckMeasurement) -> bytes:
    """The value of *measurement*.

    Raises:
        ValueError: the timestamp is not written ``YYYY-MM-DDTHH:MM:SS``.
        OverflowError: a number does not fit its field.
    """
    flags = _CLOCK_NOT_SET if measurement.clock_not_set else 0
    body = encode_sfloat(measurement.spo2).to_bytes(2, "little") + encode_sfloat(measurement.pr).to_bytes(2, "little")
    if measurement.timestamp is not None:
        flags |= _TIMESTAMP
        body += _date_time(measurement.timestamp)
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
    """The observations of a spot-check: spo2, pulse_rate, and perfusion_index where there is a PAI.

    The device's time is handed on only if its clock is set and the date exists; a bad date costs no measurement.

    Raises:
        DecodeError: it is truncated.
    """
    measurement = decode(payload)
    status = (measurement.measurement_status, measurement.device_status)
    return Reading(
        observations=pulse_oximetry.observations(measurement.spo2, measurement.pr, measurement.pai, *status),
        attributes=pulse_oximetry.attributes(*status, {}),
        malformed=measurement.malformed,
        device_time=None if measurement.clock_not_set else _real_date(measurement.timestamp),
    )


def _timestamp(fields: Fields) -> str:
    year, month, day = fields.unsigned(2), fields.unsigned(1), fields.unsigned(1)
    hour, minute, second = fields.unsigned(1), fields.unsigned(1), fields.unsigned(1)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


def _date_time(timestamp: str) -> bytes:
    written = _WRITTEN.fullmatch(timestamp)
    if written is None:
        raise ValueError(f"timestamp {timestamp!r} is not written YYYY-MM-DDTHH:MM:SS")
    year, *rest = (int(digits) for digits in written.groups())
    return year.to_bytes(2, "little") + b"".join(number.to_bytes(1, "little") for number in rest)


def _real_date(timestamp: str | None) -> str | None:
    if timestamp is None:
        return None
    try:
        datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return timestamp
