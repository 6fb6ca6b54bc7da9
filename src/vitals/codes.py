"""One table of what is measured: names, codes, units, ranges, resolutions.

MDC codes are IEEE 11073-10101 context-free codes, LOINC codes those of the FHIR vital-signs profiles where one
exists, units are UCUM. *low* and *high* bound what a sensor can plausibly report: a value outside is rejected
as a sensor fault, never clamped. A value travels as an integer; ``value = raw * numerator / denominator``.
"""

from enum import IntEnum
from typing import Final

import msgspec


class Metric(IntEnum):
    """What is measured. The number is the code on the wire: never re-used."""

    HEART_RATE = 1
    RR_INTERVAL = 2
    PULSE_RATE = 3
    SPO2 = 4
    PERFUSION_INDEX = 5
    RESPIRATORY_RATE = 6
    TEMPERATURE = 7
    SYSTOLIC = 8
    DIASTOLIC = 9
    MEAN_PRESSURE = 10
    WEIGHT = 11
    GLUCOSE = 12
    BATTERY = 13
    ECG = 14
    PPG = 15

    @property
    def label(self) -> str:
        """The name everywhere outside the wire: ``spo2``, ``heart_rate``."""
        return self.name.lower()


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    metric: Metric
    display: str
    mdc: int
    loinc: str | None
    ucum: str
    low: float
    high: float
    numerator: int = 1
    denominator: int = 1
    episodic: bool = False
    waveform: bool = False


_ROWS: Final = (
    Code(
        metric=Metric.HEART_RATE,
        display="Heart rate",
        mdc=147842,
        loinc="8867-4",
        ucum="/min",
        low=1,
        high=350,
    ),
    Code(
        metric=Metric.RR_INTERVAL,
        display="RR interval",
        mdc=147240,
        loinc="8637-1",
        ucum="ms",
        low=0,
        high=64000,
        numerator=1000,
        denominator=1024,
    ),
    Code(
        metric=Metric.PULSE_RATE,
        display="Pulse rate",
        mdc=149530,
        loinc="8889-8",
        ucum="/min",
        low=1,
        high=350,
        denominator=10,
    ),
    Code(
        metric=Metric.SPO2,
        display="SpO2",
        mdc=150456,
        loinc="59408-5",
        ucum="%",
        low=1,
        high=100,
        denominator=100,
    ),
    Code(
        metric=Metric.PERFUSION_INDEX,
        display="Perfusion index",
        mdc=150488,
        loinc="61006-3",
        ucum="%",
        low=0,
        high=100,
        denominator=100,
    ),
    Code(
        metric=Metric.RESPIRATORY_RATE,
        display="Respiratory rate",
        mdc=151562,
        loinc="9279-1",
        ucum="/min",
        low=0,
        high=150,
        denominator=10,
    ),
    Code(
        metric=Metric.TEMPERATURE,
        display="Temperature",
        mdc=150364,
        loinc="8310-5",
        ucum="Cel",
        low=20,
        high=46,
        denominator=100,
        episodic=True,
    ),
    Code(
        metric=Metric.SYSTOLIC,
        display="Systolic pressure",
        mdc=150021,
        loinc="8480-6",
        ucum="mm[Hg]",
        low=20,
        high=330,
        denominator=10,
        episodic=True,
    ),
    Code(
        metric=Metric.DIASTOLIC,
        display="Diastolic pressure",
        mdc=150022,
        loinc="8462-4",
        ucum="mm[Hg]",
        low=10,
        high=250,
        denominator=10,
        episodic=True,
    ),
    Code(
        metric=Metric.MEAN_PRESSURE,
        display="Mean pressure",
        mdc=150023,
        loinc="8478-0",
        ucum="mm[Hg]",
        low=10,
        high=280,
        denominator=10,
        episodic=True,
    ),
    Code(
        metric=Metric.WEIGHT,
        display="Weight",
        mdc=188736,
        loinc="29463-7",
        ucum="kg",
        low=0.2,
        high=400,
        denominator=1000,
        episodic=True,
    ),
    Code(
        metric=Metric.GLUCOSE,
        display="Glucose",
        mdc=160184,
        loinc="14743-9",
        ucum="mmol/L",
        low=0.1,
        high=60,
        denominator=100,
        episodic=True,
    ),
    Code(metric=Metric.BATTERY, display="Battery", mdc=67996, loinc=None, ucum="%", low=0, high=100),
    Code(
        metric=Metric.ECG,
        display="ECG",
        mdc=131328,
        loinc=None,
        ucum="mV",
        low=-20,
        high=20,
        denominator=1000,
        waveform=True,
    ),
    Code(
        metric=Metric.PPG,
        display="Plethysmogram",
        mdc=150452,
        loinc=None,
        ucum="1",
        low=-(2**31),
        high=2**31 - 1,
        waveform=True,
    ),
)

CODES: Final[dict[Metric, Code]] = {row.metric: row for row in _ROWS}
BY_LABEL: Final[dict[str, Metric]] = {metric.label: metric for metric in Metric}


class Attribute(IntEnum):
    """What qualifies an observation without being one. The number is the code on the wire."""

    MEASUREMENT_STATUS = 1
    DEVICE_STATUS = 2
    CONTACT = 3
    ENERGY_KJ = 4
    SPO2_FAST = 5
    SPO2_SLOW = 6
    PULSE_RATE_FAST = 7
    PULSE_RATE_SLOW = 8
