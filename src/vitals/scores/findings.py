"""Findings: what a score may count of one parameter, measured or entered, and for how long.

A parameter is named as its metric (``respiratory_rate``, ``spo2``, ``systolic``, ``temperature``), with three names
of its own: ``pulse``, which heart rate and pulse rate both serve, ``consciousness`` and ``oxygen``. Times are
milliseconds of one clock, the same for every finding and for the moment they are scored at.
"""

import math
from enum import StrEnum
from typing import Final

import msgspec

from vitals.codes import CODES, Metric
from vitals.errors import ConfigurationError
from vitals.observation import ALARM_ELIGIBLE, Observation


class Consciousness(StrEnum):
    """ACVPU, as NEWS2 records it."""

    ALERT = "A"
    CONFUSION = "C"  # new confusion, disorientation or delirium
    VOICE = "V"
    PAIN = "P"
    UNRESPONSIVE = "U"


class Oxygen(StrEnum):
    """What the patient breathes: room air, or any supplemental oxygen."""

    AIR = "air"
    OXYGEN = "oxygen"


PULSE: Final = "pulse"
CONSCIOUSNESS: Final = "consciousness"
OXYGEN: Final = "oxygen"

PARAMETERS: Final[dict[Metric, str]] = {
    Metric.RESPIRATORY_RATE: "respiratory_rate",
    Metric.SPO2: "spo2",
    Metric.SYSTOLIC: "systolic",
    Metric.HEART_RATE: PULSE,
    Metric.PULSE_RATE: PULSE,
    Metric.TEMPERATURE: "temperature",
    Metric.DIASTOLIC: "diastolic",
    Metric.MEAN_PRESSURE: "mean_pressure",
    Metric.PERFUSION_INDEX: "perfusion_index",
    Metric.GLUCOSE: "glucose",
    Metric.WEIGHT: "weight",
}
"""Which parameter a metric serves; a metric that is not here is not scored."""

QUANTITIES: Final[dict[str, Metric]] = {name: metric for metric, name in reversed(PARAMETERS.items())}
"""Parameters with a number, and the metric whose unit and plausible range they have."""

CHOICES: Final[dict[str, tuple[str, ...]]] = {CONSCIOUSNESS: tuple(Consciousness), OXYGEN: tuple(Oxygen)}
"""Parameters with a word, and the words."""

OUT_OF_RANGE: Final = "out_of_range"
UNLISTED: Final = "unlisted"

LARGEST: Final = 1e9
"""The largest number of a site's own parameter: beyond it is a slip, and rounding would lose its unit."""

_STANDS_BACK: Final = {Metric.PULSE_RATE: Metric.HEART_RATE}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter at one moment.

    *metric* is what a sensor measured, None for what a person entered. *value* is None where nothing may be counted,
    and *lack* says why: the label of what is missing or of the validity, ``out_of_range`` or ``unlisted``.
    """

    parameter: str
    value: float | str | None
    at_ms: int
    metric: Metric | None = None
    lack: str = ""

    @property
    def source(self) -> str:
        """The metric's label, or ``entered``."""
        return "entered" if self.metric is None else self.metric.label


class AgeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How old a finding may be, in seconds, by parameter and else by how it came about.

    A streamed value counts as long as a screen shows it. Four hours is the shortest interval at which NEWS2 lets a
    low score be repeated: an older set is overdue by the score's own rule.

    Raises:
        ConfigurationError: a limit that is not above 0, or that would let a finding count for ever.
    """

    streamed_s: float = 60.0
    episodic_s: float = 4 * 3600.0
    entered_s: float = 4 * 3600.0
    measured: dict[str, float] = {}
    entered: dict[str, float] = {}

    def __post_init__(self) -> None:
        named = {"streamed": self.streamed_s, "episodic": self.episodic_s, "entered": self.entered_s}
        for name, seconds in (*named.items(), *self.measured.items(), *self.entered.items()):
            if not 0 < seconds < math.inf:
                raise ConfigurationError(f"age limit of {name}: {seconds:g} s is not a time above 0 s")

    def of(self, finding: Finding) -> float:
        """The limit for *finding*, in seconds."""
        if finding.metric is None:
            return self.entered.get(finding.parameter, self.entered_s)
        other = self.episodic_s if CODES[finding.metric].episodic else self.streamed_s
        return self.measured.get(finding.parameter, other)

    def scaled(self, scale: float) -> "AgeLimits":
        """The same limits with every time multiplied by *scale*."""
        return AgeLimits(
            streamed_s=self.streamed_s * scale,
            episodic_s=self.episodic_s * scale,
            entered_s=self.entered_s * scale,
            measured={name: seconds * scale for name, seconds in self.measured.items()},
            entered={name: seconds * scale for name, seconds in self.entered.items()},
        )


DEFAULT_AGE_LIMITS: Final = AgeLimits()


def measured(observation: Observation, at_ms: int) -> Finding | None:
    """What a sensor's observation is to a score; None where its metric is not scored.

    Only what a live alarm may act on counts: no early estimate, no demo value, no stored one.
    """
    parameter = PARAMETERS.get(observation.metric)
    if parameter is None:
        return None
    lack = ""
    if observation.value is None:
        lack = observation.missing.label
    elif observation.validity not in ALARM_ELIGIBLE:
        lack = observation.validity.name.lower()
    value = None if lack else observation.value
    return Finding(parameter=parameter, value=value, at_ms=at_ms, metric=observation.metric, lack=lack)


def entered(parameter: str, value: float | str, at_ms: int) -> Finding:
    """What a person recorded. An implausible number or an unknown word is kept as a lack, never clamped or guessed.

    *value* is in the parameter's UCUM unit (``codes``), or one of :data:`CHOICES`. A parameter that is not known here
    is one of a site's own table.
    """
    lack = _word_lack(parameter, value) if isinstance(value, str) else _number_lack(parameter, value)
    return Finding(parameter=parameter, value=None if lack else value, at_ms=at_ms, lack=lack)


def standing(findings: list[Finding]) -> list[Finding]:
    """Those that count beside each other: measured pulse rate stands back while a heart rate is measured."""
    metrics = {finding.metric for finding in findings if finding.metric is not None}
    return [each for each in findings if each.metric is None or _STANDS_BACK.get(each.metric) not in metrics]


def _number_lack(parameter: str, value: float) -> str:
    if parameter in CHOICES:
        return UNLISTED
    low, high = -LARGEST, LARGEST
    if parameter in QUANTITIES:
        code = CODES[QUANTITIES[parameter]]
        low, high = code.low, code.high
    return "" if low <= value <= high else OUT_OF_RANGE


def _word_lack(parameter: str, value: str) -> str:
    if parameter in QUANTITIES:
        return UNLISTED
    return "" if value in CHOICES.get(parameter, (value,)) else UNLISTED
