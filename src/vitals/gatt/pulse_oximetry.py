"""What the two pulse-oximeter measurements share: status bits, and what they make of a value.

The bits are those of the Pulse Oximeter Service 1.0 (measurement status u16, device and sensor status u24).
"""

from enum import IntFlag
from typing import Final

from vitals.codes import Attribute, Metric
from vitals.gatt.ieee11073 import Number, Special
from vitals.observation import Missing, Observation, Validity, absent, observe


class MeasurementStatus(IntFlag):
    """How a measurement came about."""

    ONGOING = 1 << 5
    EARLY_ESTIMATE = 1 << 6
    VALIDATED = 1 << 7
    FULLY_QUALIFIED = 1 << 8
    FROM_STORAGE = 1 << 9
    DEMONSTRATION = 1 << 10
    TESTING = 1 << 11
    CALIBRATING = 1 << 12
    UNAVAILABLE = 1 << 13
    QUESTIONABLE = 1 << 14
    INVALID = 1 << 15


class DeviceStatus(IntFlag):
    """How the device and its sensor are."""

    EXTENDED_DISPLAY_UPDATE = 1 << 0
    EQUIPMENT_MALFUNCTION = 1 << 1
    PROCESSING_IRREGULARITY = 1 << 2
    INADEQUATE_SIGNAL = 1 << 3
    POOR_SIGNAL = 1 << 4
    LOW_PERFUSION = 1 << 5
    ERRATIC_SIGNAL = 1 << 6
    NON_PULSATILE_SIGNAL = 1 << 7
    QUESTIONABLE_PULSE = 1 << 8
    ANALYSING_SIGNAL = 1 << 9
    INTERFERENCE = 1 << 10
    UNCONNECTED_TO_USER = 1 << 11
    UNKNOWN_SENSOR = 1 << 12
    DISPLACED = 1 << 13
    SENSOR_MALFUNCTION = 1 << 14
    DISCONNECTED = 1 << 15


_OFF: Final = int(DeviceStatus.UNCONNECTED_TO_USER | DeviceStatus.DISPLACED | DeviceStatus.DISCONNECTED)
_DOUBTFUL: Final = (
    DeviceStatus.PROCESSING_IRREGULARITY
    | DeviceStatus.INADEQUATE_SIGNAL
    | DeviceStatus.POOR_SIGNAL
    | DeviceStatus.LOW_PERFUSION
    | DeviceStatus.ERRATIC_SIGNAL
    | DeviceStatus.NON_PULSATILE_SIGNAL
    | DeviceStatus.QUESTIONABLE_PULSE
    | DeviceStatus.INTERFERENCE
    | DeviceStatus.UNKNOWN_SENSOR
)
_WELL: Final = DeviceStatus(0)

_JUDGEMENTS: Final = (
    # The first row with a bit set decides. A simulated value stays one whatever else it is (S13), and what takes a
    # value out of alarming stands before what does not.
    (MeasurementStatus.DEMONSTRATION | MeasurementStatus.TESTING, _WELL, Validity.SIMULATED),
    (
        MeasurementStatus.INVALID,
        DeviceStatus.EQUIPMENT_MALFUNCTION | DeviceStatus.SENSOR_MALFUNCTION,
        Validity.INVALID,
    ),
    (MeasurementStatus.CALIBRATING, _WELL, Validity.CALIBRATING),
    (MeasurementStatus.QUESTIONABLE, _DOUBTFUL, Validity.QUESTIONABLE),
    (MeasurementStatus.EARLY_ESTIMATE, DeviceStatus.ANALYSING_SIGNAL, Validity.EARLY_ESTIMATE),
    (MeasurementStatus.FROM_STORAGE, _WELL, Validity.STORED),
    (MeasurementStatus.VALIDATED | MeasurementStatus.FULLY_QUALIFIED, _WELL, Validity.VALIDATED),
    (MeasurementStatus.ONGOING, _WELL, Validity.ONGOING),
)
# As plain integers: a flag builds an object at every test.
_VALIDITY: Final = tuple((int(measured), int(found), outcome) for measured, found, outcome in _JUDGEMENTS)
_UNAVAILABLE: Final = int(MeasurementStatus.UNAVAILABLE)

_SPO2_SENTINELS: Final = frozenset({0, 127, 255})
_PULSE_SENTINELS: Final = frozenset({0, 511})
_PULSE_BESIDE_SENTINEL: Final = 255


def validity(measurement_status: int | None, device_status: int | None) -> Validity:
    """How far a value with these status bits can be relied on; reserved bits are ignored."""
    measurement = measurement_status or 0
    device = device_status or 0
    for measured, found, outcome in _VALIDITY:
        if measurement & measured or device & found:
            return outcome
    return Validity.VALID


def missing(measurement_status: int | None, device_status: int | None) -> Missing:
    """Why these status bits leave no value at all; PRESENT where they leave one."""
    if (device_status or 0) & _OFF:
        return Missing.SENSOR_OFF
    if (measurement_status or 0) & _UNAVAILABLE:
        return Missing.UNAVAILABLE
    return Missing.PRESENT


def observations(
    spo2: Number,
    pr: Number,
    pai: Number | None,
    measurement_status: int | None,
    device_status: int | None,
) -> tuple[Observation, ...]:
    """spo2 and pulse_rate, always both, and perfusion_index where there is a PAI.

    A status that leaves no value explains more than the word that stands in its place, so it is the reason for all.
    Oximeters that were built on other protocols say 0, 127 or 255 % and 0, 255 or 511 /min with no finger in them:
    that is *no signal*, not a fault of the range; 255 /min only beside such an SpO2, since alone it can be a pulse.
    """
    pairs = [(Metric.SPO2, spo2), (Metric.PULSE_RATE, pr)]
    if pai is not None:
        pairs.append((Metric.PERFUSION_INDEX, pai))
    reason = missing(measurement_status, device_status)
    if reason is not Missing.PRESENT:
        return tuple(absent(metric, reason) for metric, _ in pairs)
    silent = {
        Metric.SPO2: spo2 in _SPO2_SENTINELS,
        Metric.PULSE_RATE: pr in _PULSE_SENTINELS or (spo2 in _SPO2_SENTINELS and pr == _PULSE_BESIDE_SENTINEL),
    }
    trust = validity(measurement_status, device_status)
    return tuple(
        absent(metric, Missing.NO_SIGNAL) if silent.get(metric) else _observed(metric, number, trust)
        for metric, number in pairs
    )


def attributes(
    measurement_status: int | None,
    device_status: int | None,
    averages: dict[Attribute, Number | None],
) -> dict[Attribute, int]:
    """The status bits, and the fast and slow averages as integers of their metric's resolution.

    An average that is no number or implausible is left out: nothing stands on it.
    """
    named: dict[Attribute, int] = {}
    if measurement_status is not None:
        named[Attribute.MEASUREMENT_STATUS] = measurement_status
    if device_status is not None:
        named[Attribute.DEVICE_STATUS] = device_status
    for attribute, number in averages.items():
        if number is not None:
            observed = _observed(_AVERAGED[attribute], number, Validity.VALID)
            if observed.missing is Missing.PRESENT:
                named[attribute] = observed.raw
    return named


_AVERAGED: Final = {
    Attribute.SPO2_FAST: Metric.SPO2,
    Attribute.SPO2_SLOW: Metric.SPO2,
    Attribute.PULSE_RATE_FAST: Metric.PULSE_RATE,
    Attribute.PULSE_RATE_SLOW: Metric.PULSE_RATE,
}


def _observed(metric: Metric, number: Number, trust: Validity) -> Observation:
    if isinstance(number, Special):
        return absent(metric, Missing[number.name])
    return observe(metric, number, trust)
