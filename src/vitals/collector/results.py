"""Results of one patient: what is measured now and then, by a spot-check, a cuff or a meter, and never streamed (S6).

The newest result of a metric alarms at once if it lies beyond a limit, for there is no next second to wait for; it
does so under 30 minutes old, however late it came. Such an alarm ends with a newer result within the limits, when it
was acknowledged and resolved, or when the result is four hours old. Every other result beyond a limit was missed.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from vitals.alarms import crossing
from vitals.alarms.limits import Limit, Rule, Side
from vitals.codes import BY_LABEL, Metric
from vitals.collector.channel import NEVER, Channel, Newest
from vitals.collector.settings import Settings
from vitals.collector.standing import Happening, Moment, Standing
from vitals.observation import Observation
from vitals.registry import Patient

KEPT: Final = "results"
"""Under which the newest results are kept; it is no alarm."""
PREFIX: Final = "result."
"""Before the limit's name in the condition: ``result.spo2.low``."""
_SEEN: Final = 256

Step = Callable[[Standing, Happening, Moment], None]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One result: measured at *measured_ms* of the desk's timeline, None where nobody knows."""

    sensor: str
    observation: Observation
    measured_ms: int | None
    measured_utc_ms: int

    @property
    def value(self) -> float:
        """In the metric's unit."""
        value = self.observation.value
        assert value is not None
        return value


class _Kept(msgspec.Struct):
    """The newest result of each metric with its sensor, and the names of the last ones that were evaluated."""

    newest: dict[Metric, tuple[str, Newest]] = {}
    seen: list[str] = []


class Results:
    """The newest results, and the conditions that they are in; *step* moves one."""

    def __init__(self, patient: Patient, settings: Settings, step: Step) -> None:
        self._patient = patient
        self._settings = settings
        self._step = step
        self._channels: dict[Metric, Channel] = {}
        self._standings: dict[str, Standing] = {}
        self._seen: list[str] = []
        self.unkept = False

    def standings(self) -> list[Standing]:
        """Every condition that was ever needed."""
        return list(self._standings.values())

    def find(self, condition: str) -> Standing | None:
        """A kept condition to take up; None where it is none of these."""
        label, _, side = condition.removeprefix(PREFIX).partition(".")
        if not condition.startswith(PREFIX) or label not in BY_LABEL:
            return None
        return self._standing(BY_LABEL[label], Side(side))

    def channels(self, metric: Metric) -> list[Channel]:
        """The newest result of *metric* as a channel, if there ever was one."""
        return [self._channels[metric]] if metric in self._channels else []

    @property
    def metrics(self) -> list[Metric]:
        """What there is a result of."""
        return list(self._channels)

    def fresh(self, names: list[str]) -> bool:
        """Whether none of *names*, by which a result is known, was evaluated; from now on they were."""
        known = any(name in self._seen for name in names)
        self._seen = [*self._seen, *(name for name in names if name not in self._seen)][-_SEEN:]
        self.unkept = True
        return not known

    def take(self, result: Result, rules: list[tuple[Metric, Rule]], moment: Moment) -> bool:
        """Take in a result; whether it is the newest and young enough to alarm live, which it has done then.

        *rules* are the limits in force for it, each with the metric that they are prescribed for.
        """
        metric, measured_ms = result.observation.metric, result.measured_ms
        newest = self._channels[metric].newest if metric in self._channels else Newest()
        if measured_ms is None or measured_ms <= newest.at_ms:
            return False
        self._channels[metric] = Channel(
            result.sensor,
            metric,
            Newest(raw=result.observation.raw, at_ms=measured_ms, observed_utc_ms=result.measured_utc_ms),
        )
        self.unkept = True
        if moment.at_ms - measured_ms >= self._settings.delays.result_live_s * 1000:
            return False
        measured = msgspec.structs.replace(moment, observed_ms=measured_ms, observed_utc_ms=result.measured_utc_ms)
        for guarded, rule in rules:
            standing = self._standing(guarded, rule.side)
            standing.source = metric
            self._step(standing, crossing.Measured(result.value, 0, measured_ms, at_once(rule)), measured)
        return True

    def resolved(self, standing: Standing, moment: Moment) -> None:
        """Somebody said what came of it: there is nothing more to wait for."""
        if self._standings.get(standing.condition) is standing:
            self._step(standing, crossing.Withdrawn(), moment)

    def tick(self, moment: Moment) -> None:
        """A result that is too old says nothing of the present."""
        for standing in self._standings.values():
            if standing.raised and standing.source is not None:
                measured_ms = max((channel.newest.at_ms for channel in self.channels(standing.source)), default=NEVER)
                if moment.at_ms - measured_ms >= self._settings.delays.result_holds_s * 1000:
                    self._step(standing, crossing.Withdrawn(), moment)

    def keep(self) -> bytes | None:
        """For the registry, if anything is new; None otherwise."""
        if not self.unkept:
            return None
        self.unkept = False
        newest = {metric: (channel.sensor, channel.newest) for metric, channel in self._channels.items()}
        return msgspec.msgpack.encode(_Kept(newest, self._seen))

    def restore(self, state: bytes) -> None:
        """Take up what :meth:`keep` gave."""
        kept = msgspec.msgpack.decode(state, type=_Kept)
        self._channels = {metric: Channel(sensor, metric, newest) for metric, (sensor, newest) in kept.newest.items()}
        self._seen = kept.seen

    def _standing(self, metric: Metric, side: Side) -> Standing:
        condition = f"{PREFIX}{metric.label}.{side.value}"
        if condition not in self._standings:
            self._standings[condition] = Standing(self._patient.id, condition, patient=self._patient, metric=metric)
        return self._standings[condition]


def at_once(rule: Rule) -> Rule:
    """*rule* for a single result: without delays, means and hysteresis."""
    limits = tuple(
        msgspec.structs.replace(limit, samples=1)
        if limit.delay_s is None
        else msgspec.structs.replace(limit, delay_s=0.0)
        for limit in rule.limits
    )
    return msgspec.structs.replace(rule, limits=limits, clear=rule.outermost, average_ms=0.0, span_ms=0.0)


def passed(value: float, rules: list[tuple[Metric, Rule]]) -> Iterator[tuple[Rule, Limit]]:
    """The deepest limit of each rule that *value* lies beyond."""
    for _, rule in rules:
        limit = next((limit for limit in rule.limits if limit.beyond(value)), None)
        if limit is not None:
            yield rule, limit
