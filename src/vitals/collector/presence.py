"""Whether what is prescribed is there: sensors off or silent, and metrics without a value that may alarm (S1)."""

import math
from collections.abc import Callable, Iterable
from typing import Final

from vitals.alarms import lapse
from vitals.alarms.limits import Priority
from vitals.codes import BY_LABEL, CODES, Metric
from vitals.collector.channel import NEVER, Channel, Newest, Worn
from vitals.collector.settings import Settings
from vitals.collector.standing import Moment, Standing
from vitals.collector.upkeep import Step
from vitals.registry import Patient

OFF: Final = "sensor_off"
SILENT: Final = "sensor_silent"
NOT_MONITORED: Final = "not_monitored"

_OFF_WORDS: Final = {"2A37": "Sensor off skin", "2A5F": "Sensor off finger", "2A5E": "Sensor off finger"}


class Presence:
    """The conditions of absence of one patient; *step* moves one, *channels* gives those of a metric.

    *absences* are of prescribed metrics, *off* and *silent* of sensors. Nothing is missed sooner than it could have
    been heard since *resumed_ms*. *left* is what was last measured by sensors that are worn no more.
    """

    def __init__(
        self, patient: Patient, settings: Settings, step: Step, channels: Callable[[Metric], list[Channel]]
    ) -> None:
        self.absences: dict[Metric, Standing] = {}
        self.off: dict[str, Standing] = {}
        self.silent: dict[str, Standing] = {}
        self.resumed_ms = NEVER
        self._watched_ms = 0
        self.left: dict[Metric, Newest] = {}
        self._patient = patient
        self._settings = settings
        self._step = step
        self._channels = channels

    def standings(self) -> list[Standing]:
        """Every condition."""
        return [*self.absences.values(), *self.off.values(), *self.silent.values()]

    def find(self, condition: str, part: str) -> Standing | None:
        """A kept condition to take up; None where it is none of these, or of a sensor that is worn no more."""
        if condition == NOT_MONITORED and part in BY_LABEL:
            return self._absence(BY_LABEL[part])
        return {OFF: self.off, SILENT: self.silent}.get(condition, {}).get(part)

    def calm(self, sensor: str) -> bool:
        """Whether *sensor* is worn and not missed."""
        return sensor in self.silent and self.silent[sensor].state.quiet

    def there(self, metric: Metric) -> bool:
        """Whether *metric* is not missed."""
        return metric not in self.absences or self.absences[metric].state.quiet

    def since_ms(self, metric: Metric) -> int:
        """The newest alarm-eligible value of *metric*, or since when it has been waited for."""
        left_ms = self.left[metric].at_ms if metric in self.left else NEVER
        return max([self._watched_ms, left_ms, *(channel.newest.at_ms for channel in self._channels(metric))])

    def prescribe(self, prescribed: Iterable[Metric], watched_ms: int, moment: Moment) -> None:
        """Watch for these metrics since *watched_ms*, and for no other."""
        self._watched_ms = watched_ms
        wanted = [self._absence(metric).metric for metric in prescribed]
        for metric in [metric for metric in self.absences if metric not in wanted]:
            self._returned(self.absences[metric], moment)
            if self.absences[metric].state.quiet:  # a high that ended stays until somebody acknowledges it (S14)
                del self.absences[metric]

    def put_on(self, sensor: str) -> None:
        """A sensor is worn from now on."""
        self.off[sensor] = self._standing(OFF, sensor, "Sensor off finger or skin")
        self.silent[sensor] = self._standing(SILENT, sensor, f"No signal from sensor {sensor}")

    def take_off(self, worn: Worn, moment: Moment) -> None:
        """A sensor is worn no more: its conditions end, and what it measured counts as heard till its last value."""
        for metric, channel in worn.channels.items():
            if channel.newest.at_ms > self.left.get(metric, Newest()).at_ms:
                self.left[metric] = Newest(at_ms=channel.newest.at_ms)
        for standing in (self.off.pop(worn.sensor), self.silent.pop(worn.sensor)):
            self._returned(standing, moment)

    def measured(self, metric: Metric, moment: Moment) -> None:
        """A value of *metric* came that may alarm."""
        absence = self.absences.get(metric)
        if absence is not None:
            self._returned(absence, moment)

    def heard(self, worn: Worn, characteristic: str, received: Moment, *, off: bool) -> None:
        """What a notification says of the sensor itself."""
        kept = worn.kept
        if off:
            kept.off.setdefault(characteristic, received.at_ms)
            self.off[worn.sensor].words = _OFF_WORDS.get(characteristic, "Sensor off finger or skin")
        elif kept.off.pop(characteristic, None) is not None and not kept.off:
            self._returned(self.off[worn.sensor], received)
        self._returned(self.silent[worn.sensor], received)

    def tick(self, worn: Iterable[Worn], prescribed: Iterable[Metric], moment: Moment, restarted_ms: int) -> None:
        """What is not there, by the clock. Nothing was to be heard before *restarted_ms*."""
        delays = self._settings.delays
        for sensor in worn:
            # An episode is named by its beginning: what was withdrawn by a suspension must not come back as itself.
            since_ms = max(sensor.silent_since_ms, self.resumed_ms)
            due_ms = math.inf if sensor.speaks_seldom else max(since_ms, restarted_ms) + delays.sensor_silent_s * 1000
            self._absent(self.silent[sensor.sensor], lapse.Absent(since_ms, due_ms, Priority.LOW), moment)
            if sensor.off_ms is not None:
                off_ms = max(sensor.off_ms, self.resumed_ms)
                due_ms = off_ms + delays.sensor_off_s * 1000
                self._absent(self.off[sensor.sensor], lapse.Absent(off_ms, due_ms, Priority.LOW), moment)
        for metric in prescribed:
            self._absent(self.absences[metric], self._unmonitored(metric, restarted_ms), moment)

    def due_ms(self, worn: Iterable[Worn], prescribed: Iterable[Metric], restarted_ms: int) -> float:
        """When the first of these will have been missing for too long, should nothing come."""
        delays = self._settings.delays
        due_ms = [self._unmonitored(metric, restarted_ms).due_ms for metric in prescribed]
        for sensor in worn:
            since_ms = max(sensor.silent_since_ms, self.resumed_ms, restarted_ms)
            due_ms.append(since_ms + delays.sensor_silent_s * 1000)
            if sensor.off_ms is not None:
                due_ms.append(max(sensor.off_ms, self.resumed_ms) + delays.sensor_off_s * 1000)
        return min(due_ms, default=math.inf)

    def _unmonitored(self, metric: Metric, restarted_ms: int) -> lapse.Absent:
        """Since when a prescribed metric lacks an eligible value, and when and how urgently that alarms (S1)."""
        delays = self._settings.delays
        since_ms = max(self.since_ms(metric), self.resumed_ms)
        nearing_ms = max((channel.newest.nearing_ms for channel in self._channels(metric)), default=NEVER)
        nearing = nearing_ms != NEVER and nearing_ms >= since_ms - delays.nearing_window_s * 1000
        allowed_s = delays.not_monitored_shown_s if nearing else delays.not_monitored_alarm_s
        due_ms = max(since_ms + allowed_s * 1000, restarted_ms + self._settings.held_ms)
        return lapse.Absent(since_ms, due_ms, Priority.HIGH if nearing else Priority.MEDIUM)

    def _absent(self, standing: Standing, absent: lapse.Absent, moment: Moment) -> None:
        if moment.at_ms >= absent.due_ms:
            self._step(standing, absent, moment)

    def _returned(self, standing: Standing, moment: Moment) -> None:
        if not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)

    def _absence(self, metric: Metric) -> Standing:
        if metric not in self.absences:
            words = f"{CODES[metric].display} not monitored"
            self.absences[metric] = self._standing(NOT_MONITORED, metric.label, words, metric)
        return self.absences[metric]

    def _standing(self, condition: str, part: str, words: str, metric: Metric | None = None) -> Standing:
        return Standing(self._patient.id, condition, part=part, patient=self._patient, metric=metric, words=words)
