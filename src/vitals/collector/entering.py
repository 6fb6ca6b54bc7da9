"""What a person entered of a patient: as it is recorded, scored and shown."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from vitals.alarms.crossing import Measured
from vitals.alarms.limits import LEVELS, Rule
from vitals.clock import iso
from vitals.codes import CODES, Metric
from vitals.collector.guard import Guard
from vitals.collector.standing import Moment, Standing
from vitals.registry import Entered
from vitals.scores import findings
from vitals.scores.entry import display, said
from vitals.scores.findings import PARAMETERS, QUANTITIES, AgeLimits, Finding
from vitals.scores.table import Row, Value
from vitals.ward import ShownEntry

_HAND: Final = 0
"""In place of a gateway's boot: the moment of an entry is of the collector's own timeline."""


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


def against_limits(
    entered: Entered, guards: Mapping[Metric, Guard], held_ms: float
) -> Iterator[tuple[Standing, Measured]]:
    """What an entered number is to the limits of its metric: due at once, because nobody enters one a second.

    While a sensor measures the metric, its values act alone: one source alarms at a time.
    """
    if entered.value is None:
        return
    for metric, guard in guards.items():
        measuring = any(channel.fresh(entered.at_ms, held_ms) for channel in guard.channels)
        if PARAMETERS.get(metric) == entered.parameter and not measuring:
            for rule, standing in guard.watched:
                if rule.side in LEVELS:
                    standing.source = metric
                    yield standing, Measured(entered.value, _HAND, entered.at_ms, _at_once(rule))


def _at_once(rule: Rule) -> Rule:
    limits = tuple(
        msgspec.structs.replace(limit, **({"samples": 1} if limit.delay_s is None else {"delay_s": 0.0}))
        for limit in rule.limits
    )
    return msgspec.structs.replace(rule, limits=limits, average_ms=0.0, span_ms=0.0)


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
