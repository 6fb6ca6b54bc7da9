"""Heart Rate Measurement, 2A37 (Bluetooth SIG, Heart Rate Service 1.0).

flags u8; heart rate u8, or u16 with b0; [energy u16 kJ with b3]; with b4 RR intervals u16 in 1/1024 s to the end of the
packet, oldest first. b2 says that the sensor can tell contact, b1 that it has it: b1 alone says nothing.
"""

from typing import Final

import msgspec

from vitals.codes import Attribute, Metric
from vitals.gatt.fields import Fields
from vitals.observation import Missing, Observation, Reading, Validity, absent, observe

_WIDE: Final = 0x01
_CONTACT_DETECTED: Final = 0x02
_CONTACT_SUPPORTED: Final = 0x04
_ENERGY: Final = 0x08
_RR: Final = 0x10


class HeartRateMeasurement(msgspec.Struct, frozen=True, kw_only=True):
    """One notification of a heart-rate sensor.

    *bpm* is 0 where the sensor has none; *contact* is None where the sensor cannot tell; *energy_kj* counts since the
    sensor was reset; *rr_1024* are RR intervals in 1/1024 s, oldest first; *malformed* trailing bytes were dropped.
    """

    bpm: int
    contact: bool | None = None
    energy_kj: int | None = None
    rr_1024: tuple[int, ...] = ()
    malformed: int = 0


def decode(payload: bytes) -> HeartRateMeasurement:
    """Read a notification. Reserved flags are ignored, bytes that no flag announces are dropped and counted.

    Raises:
        DecodeError: it is truncated.
    """
    fields = Fields("2A37", payload)
    flags = fields.unsigned(1)
    bpm = fields.unsigned(2 if flags & _WIDE else 1)
    contact = bool(flags & _CONTACT_DETECTED) if flags & _CONTACT_SUPPORTED else None
    energy_kj = fields.unsigned(2) if flags & _ENERGY else None
    count = fields.left // 2 if flags & _RR else 0
    rr_1024 = tuple(fields.unsigned(2) for _ in range(count))
    return HeartRateMeasurement(
        bpm=bpm,
        contact=contact,
        energy_kj=energy_kj,
        rr_1024=rr_1024,
        malformed=fields.left,
    )


def encode(measurement: HeartRateMeasurement) -> bytes:
    """The notification of *measurement*; the heart rate is 16 bits wide only above 255.

    Raises:
        OverflowError: a number does not fit its field.
    """
    wide = measurement.bpm > 0xFF
    flags = _WIDE if wide else 0
    if measurement.contact is not None:
        flags |= _CONTACT_SUPPORTED | (_CONTACT_DETECTED if measurement.contact else 0)
    body = measurement.bpm.to_bytes(2 if wide else 1, "little")
    if measurement.energy_kj is not None:
        flags |= _ENERGY
        body += measurement.energy_kj.to_bytes(2, "little")
    if measurement.rr_1024:
        flags |= _RR
        body += b"".join(interval.to_bytes(2, "little") for interval in measurement.rr_1024)
    return bytes([flags]) + body


def read(payload: bytes) -> Reading:
    """The observations of a notification: heart_rate, then one rr_interval per RR interval.

    Without skin contact the heart rate is missing (a sensor may go on telling its last one) and the intervals are
    questionable. A heart rate of 0 is *no signal*: a sensor of this kind cannot assert asystole.

    Raises:
        DecodeError: it is truncated.
    """
    measurement = decode(payload)
    off = measurement.contact is False
    validity = Validity.QUESTIONABLE if off else Validity.VALID
    intervals = (observe(Metric.RR_INTERVAL, rr * 1000 / 1024, validity) for rr in measurement.rr_1024)
    attributes: dict[Attribute, int] = {}
    if measurement.contact is not None:
        attributes[Attribute.CONTACT] = int(measurement.contact)
    if measurement.energy_kj is not None:
        attributes[Attribute.ENERGY_KJ] = measurement.energy_kj
    return Reading(
        observations=(_heart_rate(measurement), *intervals),
        attributes=attributes,
        malformed=measurement.malformed,
    )


def _heart_rate(measurement: HeartRateMeasurement) -> Observation:
    if measurement.contact is False:
        return absent(Metric.HEART_RATE, Missing.SENSOR_OFF)
    if measurement.bpm == 0:
        return absent(Metric.HEART_RATE, Missing.NO_SIGNAL)
    return observe(Metric.HEART_RATE, measurement.bpm)
