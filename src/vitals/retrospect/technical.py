"""Technical conditions of a stored course: what was not there, for how long, and the alarms of it (S1, S12).

The same ``lapse`` states, delays and shares of gaps as live, by the time of receipt, as live: what came late did not
tell anybody then. A condition is judged when something is heard, with the moment at which its time had run out.
What stored data cannot tell is not here: gateways, batteries, clocks, restarts.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from vitals.alarms import lapse
from vitals.alarms.crossing import Acknowledged
from vitals.alarms.lapse import PRESENT, Lapse
from vitals.alarms.limits import Priority
from vitals.alarms.machine import Change, Phase
from vitals.codes import Metric
from vitals.collector import intermittence
from vitals.collector.intermittence import Gaps
from vitals.delays import Delays
from vitals.observation import Missing, Observation
from vitals.retrospect.stored import Notification, eligible

NOT_MONITORED: Final = "not_monitored"
SENSOR_OFF: Final = "sensor_off"
SENSOR_SILENT: Final = "sensor_silent"
INTERMITTENT: Final = "intermittent"

Bands = dict[Metric, list[tuple[float, float]]]
"""Between which raw integers a metric is neither beyond nor nearing a limit, for every set of limits it acts on."""
_Key = tuple[str, str]


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """One technical condition that alarmed; *part* is the metric's label or the sensor. Moments in UTC milliseconds."""

    condition: str
    part: str
    priority: Priority
    start_ms: int
    alarm_ms: int
    end_ms: int | None = None


class _Sensor(msgspec.Struct):
    heard_ms: int
    off: dict[str, int] = {}


class _Watched:
    """One prescribed metric."""

    __slots__ = ("calm", "gaps", "nearing_ms", "newest_ms", "ticked_ms")

    def __init__(self, since_ms: int, delays: Delays) -> None:
        self.newest_ms = self.ticked_ms = since_ms
        self.nearing_ms: int | None = None
        self.calm = False  # no gap lately, none now, nothing raised
        self.gaps = Gaps(
            delays.age_shown_s * 1000, delays.not_monitored_alarm_s * 1000, delays.intermittent_window_s * 1000
        )


class Technical:
    """The technical conditions of one patient under one set of limits."""

    def __init__(self, delays: Delays, scale: float = 1.0) -> None:
        """*delays* are scaled by *scale* already."""
        self.over: list[Absence] = []
        self._delays = delays
        self._short_ms = delays.age_shown_s * 1000
        self._tick_ms = max(1, round(1000 * scale))
        self._resumed_ms = 0
        self._now_ms = 0
        self._sensors: dict[str, _Sensor] = {}
        self._watched: dict[Metric, _Watched] = {}
        self._states: dict[_Key, Lapse] = {}
        self._lasting: dict[_Key, Absence] = {}

    def lasting(self) -> list[Absence]:
        """Those that have not ended."""
        return list(self._lasting.values())

    def enter(self, at_ms: int, sensors: Collection[str], prescribed: Collection[Metric]) -> None:
        """From now on these *sensors* are worn and these streaming metrics prescribed."""
        self.pass_to(at_ms)
        for sensor in self._sensors.keys() - set(sensors):
            del self._sensors[sensor]
            self._returned((SENSOR_SILENT, sensor), at_ms)
            self._returned((SENSOR_OFF, sensor), at_ms)
        for metric in self._watched.keys() - set(prescribed):
            del self._watched[metric]
            self._returned((NOT_MONITORED, metric.label), at_ms)
            self._returned((INTERMITTENT, metric.label), at_ms)
        for sensor in sensors:
            self._sensors.setdefault(sensor, _Sensor(at_ms))
        for metric in prescribed:
            if metric not in self._watched:
                self._watched[metric] = _Watched(at_ms, self._delays)

    def suspend(self, at_ms: int) -> None:
        """Nobody watches (S15): everything ends."""
        self.pass_to(at_ms)
        for key in list(self._lasting):
            self._returned(key, at_ms)

    def resume(self, at_ms: int) -> None:
        """Somebody watches again: nothing is silent sooner than it could be heard."""
        self._resumed_ms = self._now_ms = at_ms
        for watched in self._watched.values():
            watched.newest_ms = watched.ticked_ms = max(watched.newest_ms, at_ms)
            watched.gaps.clear()
        for sensor in self._sensors.values():
            sensor.heard_ms = max(sensor.heard_ms, at_ms)

    def hear(self, one: Notification, bands: Bands) -> None:
        """Take in one notification, if it came in time."""
        sensor = self._sensors.get(one.sensor)
        if one.late or sensor is None:
            return
        at_ms = self._now_ms = max(self._now_ms, one.received_ms)
        if at_ms - sensor.heard_ms > self._short_ms:
            self._silence(one.sensor, sensor, at_ms)
            self._returned((SENSOR_SILENT, one.sensor), at_ms)
        sensor.heard_ms = at_ms
        off = False
        for observation in one.observations:
            if observation.missing is Missing.SENSOR_OFF:
                off = True
            elif observation.metric in self._watched and eligible(observation):
                self._valued(observation, bands, at_ms)
        if off or sensor.off:
            self._off(one, sensor, at_ms, off=off)

    def _valued(self, observation: Observation, bands: Bands, at_ms: int) -> None:
        """A value that may alarm came."""
        metric = observation.metric
        watched = self._watched[metric]
        if watched.calm and at_ms - watched.newest_ms <= self._short_ms:
            watched.ticked_ms = at_ms
        else:
            self._miss(metric, watched, at_ms)
            self._returned((NOT_MONITORED, metric.label), at_ms)
        watched.newest_ms = at_ms
        for low, high in bands.get(metric, ()):
            if not low <= observation.raw <= high:
                watched.nearing_ms = at_ms

    def pass_to(self, at_ms: int) -> None:
        """Nothing more was heard until *at_ms*."""
        self._now_ms = max(self._now_ms, at_ms)
        for name, sensor in self._sensors.items():
            self._silence(name, sensor, at_ms)
            self._off_for_long(name, sensor, at_ms)
        for metric, watched in self._watched.items():
            self._miss(metric, watched, at_ms)

    def _silence(self, name: str, sensor: _Sensor, at_ms: int) -> None:
        due_ms = sensor.heard_ms + round(self._delays.sensor_silent_s * 1000)
        if at_ms >= due_ms:
            self._absent((SENSOR_SILENT, name), sensor.heard_ms, due_ms, Priority.LOW)

    def _off(self, one: Notification, sensor: _Sensor, at_ms: int, *, off: bool) -> None:
        self._off_for_long(one.sensor, sensor, at_ms)
        if off:
            sensor.off.setdefault(one.characteristic, at_ms)
        elif sensor.off.pop(one.characteristic, None) is not None and not sensor.off:
            self._returned((SENSOR_OFF, one.sensor), at_ms)

    def _off_for_long(self, name: str, sensor: _Sensor, at_ms: int) -> None:
        if sensor.off:
            since_ms = min(sensor.off.values())
            due_ms = max(since_ms, self._resumed_ms) + round(self._delays.sensor_off_s * 1000)
            if at_ms >= due_ms:
                self._absent((SENSOR_OFF, name), since_ms, due_ms, Priority.LOW)

    def _miss(self, metric: Metric, watched: _Watched, at_ms: int) -> None:
        """Nothing eligible of *metric* came between its newest value and *at_ms*."""
        delays, since_ms, nearing_ms = self._delays, watched.newest_ms, watched.nearing_ms
        nearing = nearing_ms is not None and nearing_ms >= since_ms - delays.nearing_window_s * 1000
        allowed_s = delays.not_monitored_shown_s if nearing else delays.not_monitored_alarm_s
        due_ms = since_ms + round(allowed_s * 1000)
        if at_ms >= due_ms:
            priority = Priority.HIGH if nearing else Priority.MEDIUM
            self._absent((NOT_MONITORED, metric.label), since_ms, due_ms, priority)
        self._interrupt(metric, watched, at_ms, due_ms)

    def _interrupt(self, metric: Metric, watched: _Watched, at_ms: int, told_ms: int) -> None:
        """Judge the gaps of *metric* once a second, as far as a second can change anything."""
        key = (INTERMITTENT, metric.label)
        if key in self._lasting or not watched.gaps.none(watched.newest_ms, at_ms):
            delays = self._delays
            settled_ms = watched.newest_ms + (delays.not_monitored_alarm_s + delays.intermittent_window_s) * 1000
            for tick_ms in range(watched.ticked_ms + self._tick_ms, at_ms + 1, self._tick_ms):
                share = watched.gaps.share(watched.newest_ms, tick_ms)
                if share > intermittence.OVER and tick_ms < told_ms:
                    self._absent(key, tick_ms, tick_ms, Priority.MEDIUM)
                elif share < intermittence.ENDS:
                    self._returned(key, tick_ms)
                watched.ticked_ms = tick_ms
                if tick_ms > settled_ms:
                    watched.ticked_ms = at_ms
                    break
        else:
            watched.ticked_ms = at_ms
            watched.calm = at_ms - watched.newest_ms <= self._short_ms
            return
        watched.calm = False

    def _absent(self, key: _Key, since_ms: int, due_ms: int, priority: Priority) -> None:
        before = self._states.get(key, PRESENT)
        absent = lapse.Absent(since_ms, due_ms, priority)
        self._states[key], told = lapse.step(before, absent, due_ms, realarm_ms=self._delays.realarm_s * 1000)
        if any(transition.change is Change.RAISED for transition in told):
            self._lasting[key] = Absence(
                condition=key[0], part=key[1], priority=priority, start_ms=since_ms, alarm_ms=due_ms
            )

    def _returned(self, key: _Key, at_ms: int) -> None:
        if key not in self._lasting:
            return
        realarm_ms = self._delays.realarm_s * 1000
        state, _ = lapse.step(self._states.pop(key), lapse.Returned(), at_ms, realarm_ms=realarm_ms)
        if state.alarm.phase is Phase.ENDED:  # it would latch (S14); what comes next is an episode of its own
            state, _ = lapse.step(state, Acknowledged(), at_ms, realarm_ms=realarm_ms)
        assert state.quiet
        self.over.append(msgspec.structs.replace(self._lasting.pop(key), end_ms=at_ms))
