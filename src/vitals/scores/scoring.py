"""Adding up a score from what is known, and saying what is not.

A part that is missing or expired is never taken for normal. The total of a partial set is a lower bound: when it
already reaches a trigger it counts as *at least* that response, otherwise the response is unknown (S18).
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from vitals.scores.findings import DEFAULT_AGE_LIMITS, UNLISTED, AgeLimits, Finding, standing
from vitals.scores.table import Response, Row, Table, Value

NOT_OBSERVED: Final = "not_observed"
EXPIRED: Final = "expired"
AHEAD: Final = "ahead_of_time"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter that counts. *most* exceeds *points* while what its points hang on is unknown."""

    parameter: str
    value: Value
    points: int
    most: int
    age_s: float
    source: str
    unit: str = ""


class Lack(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter that does not count, and why; *age_s* is that of the newest finding, None where there is none."""

    parameter: str
    reason: str
    age_s: float | None = None


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """A score at one moment.

    *total* is None where nothing is known at all, and a lower bound while anything is missing; *at_most* is what
    the missing parts could bring it to. *response* is None where the set is partial and reaches no trigger: unknown,
    not normal. *at_least* says that the set is partial and reaches one all the same.
    """

    name: str
    scale: int | None
    total: int | None
    at_most: int
    at_least: bool
    response: Response | None
    parts: tuple[Part, ...]
    missing: tuple[Lack, ...]

    @property
    def partial(self) -> bool:
        """Whether anything is missing."""
        return bool(self.missing)

    @property
    def trigger(self) -> bool:
        """Whether a response is asked for that takes points."""
        return self.response is not None and self.response.trigger

    @property
    def certain(self) -> dict[str, int]:
        """Points by parameter of what is known and whose points hang on nothing unknown.

        A lower total is an improvement only where every part that gave points before is among these: otherwise a
        finding lapsed, and nothing that the earlier score triggered may end by it (``vitals.alarms.scored``).
        """
        return {part.parameter: part.points for part in self.parts if part.most == part.points}


def score(table: Table, findings: Iterable[Finding], at_ms: int, ages: AgeLimits = DEFAULT_AGE_LIMITS) -> Score:
    """Score *table* from the newest findings that are not too old at *at_ms*.

    Findings may come in any order and of any parameter; of two of the same moment the later one in order counts.
    """
    chosen = _choose(table, findings, at_ms, ages)
    known = {name: one.value for name, one in chosen.items() if isinstance(one, Finding) and one.value is not None}
    each = [_part(row, chosen.get(row.parameter), known, at_ms) for row in table.rows]
    parts = tuple(one for one in each if isinstance(one, Part))
    missing = tuple(one for one in each if isinstance(one, Lack))
    total = sum(part.points for part in parts)
    response: Response | None = table.response(total, max((part.points for part in parts), default=0))
    if missing and response is not None and not response.trigger:
        response = None
    lacking = {lack.parameter for lack in missing}
    return Score(
        name=table.name,
        scale=table.scale,
        total=total if parts else None,
        at_most=sum(part.most for part in parts) + sum(row.most for row in table.rows if row.parameter in lacking),
        at_least=bool(missing) and response is not None,
        response=response,
        parts=parts,
        missing=missing,
    )


def _choose(table: Table, findings: Iterable[Finding], at_ms: int, ages: AgeLimits) -> dict[str, Finding | Lack]:
    offered: dict[str, list[Finding]] = {row.parameter: [] for row in table.rows}
    for finding in findings:
        if finding.parameter in offered:
            offered[finding.parameter].append(finding)
    return {name: _newest(some, at_ms, ages) for name, some in offered.items() if some}


def _newest(offered: list[Finding], at_ms: int, ages: AgeLimits) -> Finding | Lack:
    usable = standing([finding for finding in offered if not _reason(finding, at_ms, ages)])
    # reversed: max keeps the first of equals, and the later entry of one moment is the correction
    newest = max(reversed(usable or offered), key=lambda finding: finding.at_ms)
    if usable:
        return newest
    return Lack(
        parameter=newest.parameter,
        reason=_reason(newest, at_ms, ages),
        age_s=_age_s(newest, at_ms),
    )


def _reason(finding: Finding, at_ms: int, ages: AgeLimits) -> str:
    if finding.value is None:
        return finding.lack
    age_s, limit_s = (at_ms - finding.at_ms) / 1000, ages.of(finding)
    if age_s > limit_s:
        return EXPIRED
    return AHEAD if age_s < -limit_s else ""  # a clock that stepped back may not keep a finding for ever


def _part(row: Row, chosen: Finding | Lack | None, known: dict[str, Value], at_ms: int) -> Part | Lack:
    if chosen is None:
        return Lack(parameter=row.parameter, reason=NOT_OBSERVED)
    if isinstance(chosen, Lack):
        return chosen
    age_s = _age_s(chosen, at_ms)
    points = None if chosen.value is None else row.points(chosen.value, known)
    if points is None or chosen.value is None:
        return Lack(parameter=row.parameter, reason=UNLISTED, age_s=age_s)
    return Part(
        parameter=row.parameter,
        value=chosen.value,
        points=points[0],
        most=points[1],
        age_s=age_s,
        source=chosen.source,
        unit=row.unit,
    )


def _age_s(finding: Finding, at_ms: int) -> float:
    return max(0.0, (at_ms - finding.at_ms) / 1000)
