"""A period cut where anything changes: the local clock, the plan, what is worn, and whether somebody watches."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from vitals.codes import CODES, Metric
from vitals.registry import Binding, Plan
from vitals.registry.history import Prescribed
from vitals.retrospect.period import Period, clock_changes, offset_ms
from vitals.series.chunk import BUCKET_MS

LONGEST_MS: Final = BUCKET_MS
"""A stretch is read into memory at once: no longer than a sealed chunk of the series, and as one begins."""


class Stretch(msgspec.Struct, frozen=True):
    """A part of a period in which nothing changes.

    *offset_ms* is how far the local clock is ahead of UTC. *plan* is the place of the plan in force among the
    patient's plans, None where there was none. *sensors* were worn. *suspended*: nobody was to watch (S15).
    """

    within: Period
    offset_ms: int
    plan: int | None
    sensors: tuple[str, ...]
    suspended: bool

    @property
    def watched(self) -> bool:
        """Whether the time counts as monitored."""
        return bool(self.sensors) and not self.suspended


def stretches(
    within: Period,
    zone: ZoneInfo,
    plans: Sequence[Prescribed],
    bindings: Sequence[Binding],
    suspensions: Sequence[Period],
) -> list[Stretch]:
    """The stretches of *within*, one after the other."""
    edges = {within.from_ms, within.to_ms, *clock_changes(zone, within)}
    edges.update(range(within.from_ms // LONGEST_MS * LONGEST_MS, within.to_ms, LONGEST_MS))
    for each in plans:
        edges.update((each.plan.from_utc_ms, each.until_utc_ms or within.to_ms))
    for bound in bindings:
        edges.update((bound.from_utc_ms, bound.until_utc_ms or within.to_ms))
    for each_period in suspensions:
        edges.update((each_period.from_ms, each_period.to_ms))
    marks = sorted(edge for edge in edges if within.from_ms <= edge <= within.to_ms)
    return [
        Stretch(
            Period(begins, ends),
            offset_ms(begins, zone),
            _plan(plans, begins),
            tuple(dict.fromkeys(bound.sensor for bound in bindings if bound.covers(begins))),
            any(each.from_ms <= begins < each.to_ms for each in suspensions),
        )
        for begins, ends in pairwise(marks)
    ]


def prescribed(plan: Plan | None) -> tuple[Metric, ...]:
    """The streaming metrics that a plan prescribes: what S1 watches over."""
    labels = set() if plan is None else set(plan.prescribed)
    return tuple(metric for metric in Metric if metric.label in labels and not CODES[metric].episodic)


def _plan(plans: Sequence[Prescribed], at_ms: int) -> int | None:
    found = None
    for place, each in enumerate(plans):
        if each.plan.from_utc_ms <= at_ms and (each.until_utc_ms is None or at_ms < each.until_utc_ms):
            found = place
    return found
