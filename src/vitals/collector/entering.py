"""What a person entered of a patient: as it is recorded, scored and shown."""

from collections.abc import Iterable, Mapping
from typing import Final

from vitals.clock import iso
from vitals.codes import CODES, Metric
from vitals.collector.results import Result
from vitals.collector.standing import Moment
from vitals.observation import observe
from vitals.registry import Entered
from vitals.scores import findings
from vitals.scores.entry import display, said
from vitals.scores.findings import PULSE, QUANTITIES, AgeLimits, Finding
from vitals.scores.table import Row, Value
from vitals.ward import ShownEntry

ENTERED: Final = "entered"
"""In place of a sensor, where a person was the source."""


def rows(
    patient: str, key: str, values: Mapping[str, Value], own: Mapping[str, Row], ages: AgeLimits, moment: Moment
) -> list[Entered]:
    """*values*, which were found plausible, as the registry records them; *moment* names who entered them."""
    return [
        Entered(
            id=f"{key}:{parameter}",
            patient_id=patient,
            parameter=parameter,
            value=None if isinstance(value, str) else value,
            word=value if isinstance(value, str) else None,
            unit=_unit(parameter, own),
            entered_by=moment.actor or "",
            at_ms=moment.at_ms,
            at_utc_ms=moment.utc_ms,
            expires_utc_ms=moment.utc_ms
            + round(ages.of(Finding(parameter=parameter, value=value, at_ms=moment.at_ms)) * 1000),
        )
        for parameter, value in values.items()
    ]


def value(entered: Entered) -> Value:
    """The number or the word."""
    if entered.word is not None:
        return entered.word
    assert entered.value is not None
    return entered.value


def finding(entered: Entered) -> Finding:
    """What it is to a score."""
    return findings.entered(entered.parameter, value(entered), entered.at_ms)


def result(entered: Entered) -> Result | None:
    """What an entered number is to the limits of its metric: a result, as of a cuff or a meter; None: it is none."""
    if entered.value is None or entered.parameter not in QUANTITIES:
        return None
    metric = Metric.PULSE_RATE if entered.parameter == PULSE else QUANTITIES[entered.parameter]
    return Result(
        sensor=ENTERED,
        observation=observe(metric, entered.value),
        measured_ms=entered.at_ms,
        measured_utc_ms=entered.at_utc_ms,
    )


def show(entries: Iterable[Entered], now_ms: int) -> tuple[ShownEntry, ...]:
    """What a screen shows of them at *now_ms* of the timeline."""
    return tuple(
        ShownEntry(
            parameter=each.parameter,
            display=display(each.parameter),
            said=said(each.parameter, value(each), each.unit),
            by=each.entered_by,
            at=iso(each.at_utc_ms),
            age_s=max(0, now_ms - each.at_ms) / 1000,
            expires_s=(each.expires_utc_ms - each.at_utc_ms - now_ms + each.at_ms) / 1000,
        )
        for each in entries
    )


def _unit(parameter: str, own: Mapping[str, Row]) -> str:
    if parameter in QUANTITIES:
        return CODES[QUANTITIES[parameter]].ucum
    return own[parameter].unit if parameter in own else ""
