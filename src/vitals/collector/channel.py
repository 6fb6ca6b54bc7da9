"""What the desk holds of one sensor: how far it has been evaluated, and the newest of each of its metrics."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from vitals.alarms import recent
from vitals.alarms.recent import NOTHING, Recent
from vitals.codes import Metric
from vitals.collector.battery import Discharge
from vitals.observation import Missing, from_raw

_BOOTS: Final = 8
NEVER: Final = -1
"""A moment that has not been yet."""


class Mark(msgspec.Struct):
    """The newest observation evaluated of one characteristic through one gateway: older or equal ones do nothing."""

    boot: int = 0
    at_ms: int = NEVER
    past: list[int] = []

    def follows(self, boot: int, at_ms: int) -> bool:
        """Whether an observation at *at_ms* of the gateway's *boot* is newer; if so it is the newest from now on."""
        if boot == self.boot:
            if at_ms <= self.at_ms:
                return False
        elif boot in self.past:
            return False
        elif self.at_ms != NEVER:
            self.past = [*self.past, self.boot][-_BOOTS:]
        self.boot = boot
        self.at_ms = at_ms
        return True


class Newest(msgspec.Struct):
    """The newest of one metric of one sensor. Moments are of the collector's timeline; NEVER if there was none.

    *raw*, *at_ms* and *observed_utc_ms* are of the newest alarm-eligible value, *missing* and *missing_ms* of the
    newest missing one; *nearing_ms* is when a value was last beyond or nearing a limit (S1). *recent* are the last
    eligible values where a limit looks back. *poor* says why the newest value that came may not alarm, at *poor_ms*.
    """

    raw: int = 0
    at_ms: int = NEVER
    observed_utc_ms: int = 0
    missing: Missing = Missing.PRESENT
    missing_ms: int = NEVER
    nearing_ms: int = NEVER
    recent: Recent = NOTHING
    poor: str = ""
    poor_ms: int = NEVER

    def poorly(self, why: str, missing: Missing, at_ms: int) -> None:
        """A value came at *at_ms* that may not alarm, if *why* says so; or none came, if it is *missing*."""
        if why:
            self.poor, self.poor_ms = why, at_ms
        if missing is not Missing.PRESENT:
            self.missing, self.missing_ms = missing, at_ms


class Channel:
    """One metric of one sensor on one patient.

    *low* and *high* bound, in raw integers, what changes nothing: the quiet band of every guard that listens, empty
    while one of them is not quiet or needs every sample, and where something else does; *band* is the same in the
    metric's unit. Out to *least* and *most* lies what is beyond no limit, and nears one. *span_ms* is how far the
    guards look back.
    """

    __slots__ = ("band", "high", "least", "low", "metric", "most", "newest", "sensor", "span_ms")

    def __init__(self, sensor: str, metric: Metric, newest: Newest) -> None:
        self.sensor = sensor
        self.metric = metric
        self.newest = newest
        self.band = self.low, self.high = self.least, self.most = (-math.inf, math.inf)
        self.span_ms = 0.0

    @property
    def value(self) -> float:
        """The newest alarm-eligible value, in the metric's unit."""
        return from_raw(self.metric, self.newest.raw)

    def look_back(self, boot: int, at_ms: int, value: float, held_ms: float) -> None:
        """Add a *value* that the gateway observed *at_ms* of its *boot* to the recent ones."""
        newest = self.newest
        newest.recent = recent.follow(newest.recent, boot, at_ms, value, span_ms=self.span_ms, held_ms=held_ms)

    def fresh(self, at_ms: int, held_ms: float) -> bool:
        """Whether an eligible value arrived within *held_ms* before *at_ms*."""
        return self.newest.at_ms != NEVER and at_ms - self.newest.at_ms <= held_ms


class SensorKept(msgspec.Struct):
    """What is kept of a sensor across restarts.

    *off* holds, by characteristic, since when the sensor says that it is off; *marks* by gateway and characteristic.
    """

    heard_ms: int = NEVER
    gateway: str = ""
    off: dict[str, int] = {}
    marks: dict[str, Mark] = {}
    metrics: dict[Metric, Newest] = {}
    discharge: Discharge = Discharge()


class Worn:
    """A sensor on a patient, bound since *bound_ms* of the timeline; its *place* is that in the order of binding.

    *calm* says that a notification changes nothing by being heard (``screen``): the sensor is not missed as silent,
    and nobody follows its beats.
    """

    __slots__ = ("_marks", "bound_ms", "calm", "channels", "kept", "place", "sensor")

    def __init__(self, sensor: str, bound_ms: int, place: int, kept: SensorKept) -> None:
        self.sensor = sensor
        self.bound_ms = bound_ms
        self.place = place
        self.kept = kept
        self.calm = False
        self._marks: dict[tuple[str, str], Mark] = {}
        self.channels = {metric: Channel(sensor, metric, newest) for metric, newest in kept.metrics.items()}

    def mark(self, gateway: str, characteristic: str) -> Mark:
        """How far this characteristic has been evaluated through that gateway."""
        mark = self._marks.get((gateway, characteristic))
        if mark is None:
            mark = self.kept.marks.setdefault(f"{gateway}/{characteristic}", Mark())
            self._marks[gateway, characteristic] = mark
        return mark

    def channel(self, metric: Metric) -> Channel:
        """The channel of *metric*, made when it is first heard."""
        newest = self.kept.metrics[metric] = Newest()
        channel = self.channels[metric] = Channel(self.sensor, metric, newest)
        return channel

    @property
    def speaks_seldom(self) -> bool:
        """Whether it was heard and streams nothing: a spot-check, a cuff or a meter is not silent between results."""
        return self.kept.heard_ms != NEVER and all(metric is Metric.BATTERY for metric in self.channels)

    @property
    def off_ms(self) -> int | None:
        """Since when the sensor says that it is off; None while it does not."""
        return min(self.kept.off.values(), default=None)

    @property
    def silent_since_ms(self) -> int:
        """Since when nothing came: the last notification, or the binding (S12)."""
        return max(self.kept.heard_ms, self.bound_ms)


def ranked(sensors: Mapping[str, Worn], order: Sequence[str], metric: Metric) -> list[Channel]:
    """The channels of *metric*: in *order* of the sensors that are named there, then in the order of binding."""
    found = [(worn, worn.channels[metric]) for worn in sensors.values() if metric in worn.channels]
    preferred = {sensor: index for index, sensor in enumerate(order)}
    found.sort(key=lambda pair: (preferred.get(pair[0].sensor, len(order)), pair[0].place))
    return [channel for _, channel in found]
