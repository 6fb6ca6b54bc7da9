"""What a person may enter of a patient, and how a score's parts are called."""

from collections.abc import Mapping
from typing import Final

import msgspec

from vitals.codes import CODES, Metric
from vitals.errors import ConflictError
from vitals.scores.findings import CHOICES, CONSCIOUSNESS, LARGEST, OXYGEN, PULSE, QUANTITIES, Consciousness, Oxygen
from vitals.scores.table import Row, Value

WORDS: Final[dict[str, dict[str, str]]] = {
    CONSCIOUSNESS: {
        Consciousness.ALERT: "alert",
        Consciousness.CONFUSION: "new confusion",
        Consciousness.VOICE: "responds to voice",
        Consciousness.PAIN: "responds to pain",
        Consciousness.UNRESPONSIVE: "unresponsive",
    },
    OXYGEN: {Oxygen.AIR: "room air", Oxygen.OXYGEN: "supplemental oxygen"},
}
"""What the words of a parameter mean."""

_UNITS: Final = {"mm[Hg]": "mmHg", "Cel": "°C"}
_NAMES: Final = {
    PULSE: "Pulse",
    CONSCIOUSNESS: "Consciousness",
    OXYGEN: "Oxygen",
    **{name: CODES[metric].display for name, metric in QUANTITIES.items() if name != PULSE},
}
_OFFERED: Final = (
    CONSCIOUSNESS,
    OXYGEN,
    Metric.RESPIRATORY_RATE.label,
    Metric.SPO2.label,
    PULSE,
    Metric.SYSTOLIC.label,
    Metric.DIASTOLIC.label,
    Metric.TEMPERATURE.label,
)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter as a form asks for it: a number from *low* to *high*, or one of *words*."""

    parameter: str
    display: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float = 1.0
    words: dict[str, str] = {}


def display(parameter: str) -> str:
    """How *parameter* is called on a screen."""
    return _NAMES.get(parameter, parameter.replace("_", " ").capitalize())


def unit(ucum: str) -> str:
    """A unit as people write it."""
    return _UNITS.get(ucum, ucum)


def said(parameter: str, value: Value, ucum: str) -> str:
    """*value* in words: ``SpO2 91 %``, ``supplemental oxygen``."""
    if isinstance(value, str):
        return WORDS.get(parameter, {}).get(value) or f"{display(parameter)} {value}"
    return f"{display(parameter)} {value:g} {unit(ucum)}".rstrip()


def _field(parameter: str) -> Field:
    if parameter in CHOICES:
        return Field(parameter=parameter, display=display(parameter), words=WORDS[parameter])
    code = CODES[QUANTITIES[parameter]]
    step = 0.1 if code.metric is Metric.TEMPERATURE else 1.0
    return Field(
        parameter=parameter, display=display(parameter), unit=unit(code.ucum), low=code.low, high=code.high, step=step
    )


FIELDS: Final = tuple(_field(parameter) for parameter in _OFFERED)
"""What a form offers for every patient."""


def read(values: Mapping[str, Value], own: Mapping[str, Row]) -> dict[str, Value]:
    """*values* by parameter, if every one of them can be; *own* are parameters of a site's tables.

    Raises:
        ConflictError: one line that names the first one that cannot be; none of them is taken.
    """
    if not values:
        raise ConflictError("nothing was entered: fill in at least one observation")
    for parameter, value in values.items():
        _require(parameter, value, own.get(parameter))
    systolic, diastolic = values.get("systolic"), values.get("diastolic")
    if isinstance(systolic, int | float) and isinstance(diastolic, int | float) and diastolic >= systolic:
        raise _refused("diastolic", f"{diastolic:g} mmHg is not below the systolic {systolic:g} mmHg")
    return dict(values)


def _require(parameter: str, value: Value, own: Row | None) -> None:
    if parameter in QUANTITIES:
        code = CODES[QUANTITIES[parameter]]
        _require_number(parameter, value, code.low, code.high, unit(code.ucum))
    elif parameter in CHOICES:
        _require_word(parameter, value, CHOICES[parameter])
    elif own is None:
        raise ConflictError(f"{parameter!r} is nothing that can be entered; nothing was recorded")
    elif own.choices:
        _require_word(parameter, value, tuple(own.choices))
    else:
        _require_number(parameter, value, -LARGEST, LARGEST, own.unit)


def _require_number(parameter: str, value: Value, low: float, high: float, in_unit: str) -> None:
    if isinstance(value, str):
        raise _refused(parameter, f"{value!r} is no number")
    if not low <= value <= high:
        raise _refused(parameter, f"{value:g} is not plausible: {low:g} to {high:g} {in_unit}".rstrip())


def _require_word(parameter: str, value: Value, words: tuple[str, ...]) -> None:
    if value not in words:
        raise _refused(parameter, f"{value!r} is not one of {', '.join(words)}")


def _refused(parameter: str, why: str) -> ConflictError:
    return ConflictError(f"{display(parameter)}: {why}; nothing was recorded")
