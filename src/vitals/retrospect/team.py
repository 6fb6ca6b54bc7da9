"""A team as a nurse lead looks at it: who makes how many alarms, and how much of them comes from the few.

Lansdowne 2016: of 962 records, the top 10 % made 57 % of the alarms. Limits for these few are where to begin.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from vitals.retrospect.difference import difference
from vitals.retrospect.look import Findings
from vitals.retrospect.telling import rate

TENTH: Final = 0.1


class Line(msgspec.Struct, frozen=True):
    """One patient: how long monitored, and how many alarms as proposed, as replayed then, and as recorded."""

    patient: str
    record_number: str
    seconds: float
    proposed: int
    then: int
    recorded: int
    lost: int
    added: int
    technical: int


def line(found: Findings) -> Line:
    """What of *found* stands in a list of patients; *lost* were only then, *added* are only proposed."""
    between = difference(found.proposed.episodes, found.then.episodes)
    return Line(
        found.patient.id,
        found.patient.record_number,
        found.seconds,
        len(found.proposed.episodes),
        len(found.then.episodes),
        len(found.alarms),
        len(between.only_then),
        len(between.only_proposed),
        len(found.proposed.technical),
    )


def top_tenth(counts: Sequence[int]) -> tuple[int, float | None]:
    """How many patients the tenth with the most alarms are (at least one), and their share of all; None of none."""
    few = max(1, math.ceil(len(counts) * TENTH)) if counts else 0
    total = sum(counts)
    return few, round(sum(sorted(counts, reverse=True)[:few]) / total, 3) if total else None


def tell_team(lines: Sequence[Line]) -> dict[str, Any]:
    """The list, those with the most alarms then first, and what it comes to."""
    seconds = sum(each.seconds for each in lines)
    ordered = sorted(lines, key=lambda each: (-each.then, -each.proposed, each.patient))
    return {
        "patients": [_row(each) for each in ordered],
        "patient_days": round(seconds / 86_400, 3),
        "proposed": _sum([each.proposed for each in lines], seconds),
        "baseline": _sum([each.then for each in lines], seconds),
        "recorded": _sum([each.recorded for each in lines], seconds),
    }


def _row(each: Line) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(each),
        "alarms_per_patient_day": rate(each.proposed, each.seconds),
        "baseline_per_patient_day": rate(each.then, each.seconds),
        "recorded_per_patient_day": rate(each.recorded, each.seconds),
    }


def _sum(counts: Sequence[int], seconds: float) -> dict[str, Any]:
    few, share = top_tenth(counts)
    return {
        "episodes": sum(counts),
        "alarms_per_patient_day": rate(sum(counts), seconds),
        "top_tenth": {"patients": few, "share": share},
    }
