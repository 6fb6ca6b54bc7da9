"""What one sensor says at one moment.

An observation is one value, or one missing value with its reason, of one metric at one time. Validity follows
IEEE 11073-10207 MeasurementValidity, generation mode its GenerationMode.
"""

from enum import IntEnum
from typing import Final

import msgspec

from vitals.codes import CODES, Attribute, Metric


class GenerationMode(IntEnum):
    """Whether a batch tells of a patient or of a simulation (IEEE 11073-10207; S13)."""

    REAL = 1
    TEST = 2
    DEMO = 3

    @property
    def label(self) -> str:
        """``real``, ``test`` or ``demo``."""
        return self.name.lower()


class Validity(IntEnum):
    """How far a value can be relied on (IEEE 11073-10207 MeasurementValidity; at most 15)."""

    VALID = 0
    VALIDATED = 1
    ONGOING = 2
    QUESTIONABLE = 3
    CALIBRATING = 4
    INVALID = 5
    OVERFLOW = 6
    UNDERFLOW = 7
    NOT_AVAILABLE = 8
    EARLY_ESTIMATE = 9
    SIMULATED = 10
    STORED = 11


class Missing(IntEnum):
    """Why there is no value (at most 15). 0 means that there is one."""

    PRESENT = 0
    NAN = 1
    NRES = 2
    RFU = 3
    POS_INF = 4
    NEG_INF = 5
    SENSOR_OFF = 6
    NO_SIGNAL = 7
    OUT_OF_RANGE = 8
    UNAVAILABLE = 9
    FAILED = 10
    MALFORMED = 11

    @property
    def label(self) -> str:
        """``nan``, ``sensor_off`` and so on."""
        return self.name.lower()


ALARM_ELIGIBLE: Final = frozenset({Validity.VALID, Validity.VALIDATED, Validity.ONGOING})
"""Validities that a live alarm may act on: never an early estimate, a demo value or a stored one (gatt.md)."""


class Observation(msgspec.Struct, frozen=True):
    """One value, or one missing value with its reason, of one metric.

    *raw* is the integer that travels: ``value = raw * numerator / denominator`` of the metric's code; 0 where
    *missing* says why there is none.
    """

    metric: Metric
    raw: int = 0
    validity: Validity = Validity.VALID
    missing: Missing = Missing.PRESENT

    @property
    def value(self) -> float | None:
        """The value in the metric's UCUM unit, or None where it is missing."""
        if self.missing is not Missing.PRESENT:
            return None
        return from_raw(self.metric, self.raw)


class Reading(msgspec.Struct, frozen=True):
    """Everything one notification says: its observations and what qualifies them."""

    observations: tuple[Observation, ...]
    attributes: dict[Attribute, int] = {}
    malformed: int = 0
    device_time: str | None = None


def from_raw(metric: Metric, raw: int) -> float:
    """The value, in the metric's UCUM unit, of an integer from the wire."""
    code = CODES[metric]
    return raw * code.numerator / code.denominator


def to_raw(metric: Metric, value: float) -> int:
    """The integer that stands for *value*: rounded to the metric's resolution."""
    code = CODES[metric]
    return round(value * code.denominator / code.numerator)


def observe(metric: Metric, value: float, validity: Validity = Validity.VALID) -> Observation:
    """An observation of *value*, or a missing one when it lies outside what a sensor can plausibly report."""
    code = CODES[metric]
    if not code.low <= value <= code.high:
        return absent(metric, Missing.OUT_OF_RANGE)
    return Observation(metric, to_raw(metric, value), validity)


def absent(metric: Metric, reason: Missing) -> Observation:
    """A missing value with its reason."""
    return Observation(metric, 0, Validity.NOT_AVAILABLE, reason)
