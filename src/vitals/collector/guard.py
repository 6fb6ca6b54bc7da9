"""The limits of one metric at work for one patient: their conditions, and the sensors whose values may move them."""

import math
from collections.abc import Callable, Mapping

from vitals.alarms.limits import LEVELS, RATES, STAND_INS, Limit, Limits, Rule, Side, rule
from vitals.alarms.replay import Episode
from vitals.codes import Metric
from vitals.collector.channel import Channel
from vitals.collector.standing import Standing
from vitals.registry import Patient
from vitals.ward import ShownLimit


class Guard:
    """*channels* may act, the preferred first: one source alarms at a time.

    *watched* pairs rule and condition, *shown* is every level that can alarm (S17). *span_ms* is how far a limit looks
    back for a mean or a rate of change; while it is not 0, every value must be heard (``needs_every_sample``).
    """

    __slots__ = ("_patient", "band", "channels", "metric", "shown", "span_ms", "standings", "watched")

    def __init__(self, metric: Metric, patient: Patient) -> None:
        self.metric = metric
        self.channels: list[Channel] = []
        self.shown: tuple[ShownLimit, ...] = ()
        self.band = (-math.inf, math.inf)
        self.span_ms = 0.0
        self.standings: dict[Side, Standing] = {}
        self.watched: list[tuple[Rule, Standing]] = []
        self._patient = patient
        for side in LEVELS:
            self.standing(side)

    @property
    def needs_every_sample(self) -> bool:
        """Whether a value within the band matters too."""
        return self.span_ms > 0

    def standing(self, side: Side) -> Standing:
        """The condition of one side; those of rates of change are made when they are first needed."""
        if side not in self.standings:
            condition = f"{self.metric.label}.{side.value}"
            self.standings[side] = Standing(self._patient.id, condition, patient=self._patient, metric=self.metric)
        return self.standings[side]

    def impose(self, limits: Limits, held_s: float) -> None:
        """Put *limits* in force; a side that has none any more keeps its last rule until its alarm is over."""
        for side in RATES:
            if limits.side(side):
                self.standing(side)
        before = {standing.condition: made for made, standing in self.watched}
        self.band = limits.quiet_band()
        self.watched = []
        for side, standing in self.standings.items():
            made = rule(self.metric, limits, side, held_s=held_s)
            if made is None and not standing.state.quiet:
                made = before.get(standing.condition)
            if made is not None:
                self.watched.append((made, standing))
        self.span_ms = max((made.span_ms for made, _ in self.watched), default=0.0)
        self.shown = tuple(_shown(limit, limits) for limit in limits.limits)

    def acts(self, channel: Channel, at_ms: int, held_ms: float) -> bool:
        """Whether *channel* counts now: no preferred one has been heard within *held_ms*."""
        for better in self.channels:
            if better is channel:
                return True
            if better.fresh(at_ms, held_ms):
                return False
        return False

    def acting(self, side: Side, at_ms: int, held_ms: float) -> bool:
        """Whether limits of *side* are in force and a value for them has been heard within *held_ms*."""
        limited = any(made.side is side for made, _ in self.watched)
        return limited and any(channel.fresh(at_ms, held_ms) for channel in self.channels)

    @property
    def quiet(self) -> bool:
        """Whether a value within the band can change nothing."""
        return all(standing.state.quiet for standing in self.standings.values())


def _shown(limit: Limit, limits: Limits) -> ShownLimit:
    averaged = limit.delay_s is not None and limit.within_s is None
    return ShownLimit(
        limit.side.value,
        limit.value,
        limit.priority.label,
        limit.delay_s or 0.0,
        within_s=limit.within_s,
        average_s=(limits.average_s or None) if averaged else None,
    )


def told_of(guards: Mapping[Metric, Guard], episode: Episode, boot: int, utc_ms: int) -> bool:
    """Whether an alarm of the present said as much as *episode*, which would have sounded at *utc_ms*."""
    metrics = [metric for metric in guards if episode.metric in (metric, *STAND_INS.get(metric, ()))]
    standings = [guards[metric].standing(episode.side) for metric in metrics]
    return any(standing.told_of(episode, boot, utc_ms) for standing in standings)


def single(
    guards: Mapping[Metric, Guard],
    metric: Metric,
    channels: Callable[[Metric], list[Channel]],
    at_ms: int,
    held_ms: float,
) -> list[tuple[Metric, Rule]]:
    """The rules for a single value of *metric*, each with the metric of its guard; no rate of change.

    Those that it stands in for (the pulse for the heart) act while that is not being measured.
    """
    acting = [guards[metric]] if metric in guards else []
    for of, guard in guards.items():
        if metric in STAND_INS.get(of, ()) and not any(channel.fresh(at_ms, held_ms) for channel in channels(of)):
            acting.append(guard)
    return [(guard.metric, made) for guard in acting for made, _ in guard.watched if not made.side.rate]
