"""The limits of one metric at work for one patient: two conditions, and the sensors whose values may move them."""

import math

from vitals.alarms.limits import Limits, Rule, Side, rule
from vitals.codes import Metric
from vitals.collector.channel import Channel
from vitals.collector.standing import Standing
from vitals.registry import Patient
from vitals.ward import ShownLimit


class Guard:
    """*channels* may act, the preferred first: one source alarms at a time.

    *watched* pairs rule and condition, *shown* is every level that can alarm (S17).
    """

    __slots__ = ("band", "channels", "metric", "shown", "standings", "watched")

    def __init__(self, metric: Metric, patient: Patient) -> None:
        self.metric = metric
        self.channels: list[Channel] = []
        self.shown: tuple[ShownLimit, ...] = ()
        self.band = (-math.inf, math.inf)
        self.standings = {
            side: Standing(patient.id, f"{metric.label}.{side.value}", patient=patient, metric=metric) for side in Side
        }
        self.watched: list[tuple[Rule, Standing]] = []

    def impose(self, limits: Limits, held_s: float) -> None:
        """Put *limits* in force; a side that has none any more keeps its last rule until its alarm is over."""
        before = {standing.condition: made for made, standing in self.watched}
        self.band = limits.quiet_band()
        self.watched = []
        for side, standing in self.standings.items():
            made = rule(self.metric, limits, side, held_s=held_s)
            if made is None and not standing.state.quiet:
                made = before.get(standing.condition)
            if made is not None:
                self.watched.append((made, standing))
        self.shown = tuple(
            ShownLimit(limit.side.value, limit.value, limit.priority.label, limit.delay_s or 0.0)
            for limit in limits.limits
        )

    def acts(self, channel: Channel, at_ms: int, held_ms: float) -> bool:
        """Whether *channel* counts now: no preferred one has been heard within *held_ms*."""
        for better in self.channels:
            if better is channel:
                return True
            if better.fresh(at_ms, held_ms):
                return False
        return False

    @property
    def quiet(self) -> bool:
        """Whether a value within the band can change nothing."""
        return all(standing.state.quiet for standing in self.standings.values())
