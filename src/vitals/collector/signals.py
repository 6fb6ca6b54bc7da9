"""What sensors say of their own signal: poor for too long, or not of the patient at all (S13).

Neither is what tells the nurse that a metric is not monitored (S1): these name the cause for whoever mends it.
"""

from typing import Final

from vitals.alarms import lapse
from vitals.alarms.limits import Priority
from vitals.codes import BY_LABEL, CODES, Metric
from vitals.collector.channel import NEVER, Channel, Newest
from vitals.collector.settings import Settings
from vitals.collector.standing import Moment, Standing
from vitals.collector.upkeep import Step
from vitals.observation import ALARM_ELIGIBLE, Missing, Observation, Validity
from vitals.registry import Patient
from vitals.wire.columns import Row

POOR: Final = "poor_signal"
DEMO: Final = "demo_data"


class Signals:
    """The conditions of one patient, made when they are first needed; *step* moves one."""

    def __init__(self, patient: Patient, settings: Settings, step: Step) -> None:
        self._patient = patient
        self._settings = settings
        self._step = step
        self._poor: dict[Metric, Standing] = {}
        self._demo: dict[str, Standing] = {}

    def standings(self) -> list[Standing]:
        """Every condition that was ever needed."""
        return [*self._poor.values(), *self._demo.values()]

    def find(self, condition: str, part: str) -> Standing | None:
        """A kept condition to take up; None where it is none of these."""
        if condition == POOR and part in BY_LABEL:
            return self._poorly(BY_LABEL[part])
        return self._simulating(part) if condition == DEMO else None

    def calm(self, sensor: str) -> bool:
        """Whether nothing waits for what *sensor* says next."""
        demo = self._demo.get(sensor)
        return demo is None or demo.state.quiet

    def heard(self, sensor: str, row: Row, received: Moment) -> None:
        """A notification came: does it say that its values are simulated?"""
        simulated = any(one.validity is Validity.SIMULATED for one in row.reading.observations)
        if simulated:
            self._absent(self._simulating(sensor), received)
        elif sensor in self._demo:
            self._returned(self._demo[sensor], received)

    def taken_off(self, sensor: str, moment: Moment) -> None:
        """A sensor is worn no more."""
        demo = self._demo.pop(sensor, None)
        if demo is not None:
            self._returned(demo, moment)

    def tick(self, metric: Metric, channels: list[Channel], since_ms: int, moment: Moment) -> None:
        """Judge a prescribed *metric*, whose newest value that may alarm came at *since_ms*.

        Once nothing comes any more, silence has a name of its own; so has a sensor that is off.
        """
        held_ms, now_ms = self._settings.held_ms, moment.at_ms
        newest = max((channel.newest for channel in channels), key=lambda one: one.poor_ms, default=Newest())
        coming = newest.poor_ms != NEVER and now_ms - newest.poor_ms <= held_ms
        if coming and now_ms - since_ms >= self._settings.delays.poor_signal_s * 1000:
            standing = self._poorly(metric)
            standing.words = f"{CODES[metric].display}: poor signal ({newest.poor.replace('_', ' ')})"
            self._absent(standing, moment)
        elif metric in self._poor and (not coming or now_ms - since_ms <= held_ms):
            self._returned(self._poor[metric], moment)

    def _poorly(self, metric: Metric) -> Standing:
        if metric not in self._poor:
            self._poor[metric] = self._standing(POOR, metric.label, metric)
        return self._poor[metric]

    def _simulating(self, sensor: str) -> Standing:
        if sensor not in self._demo:
            self._demo[sensor] = self._standing(DEMO, sensor)
            self._demo[sensor].words = f"Sensor {sensor} sends values of its demonstration, not of the patient"
        return self._demo[sensor]

    def _standing(self, condition: str, part: str, metric: Metric | None = None) -> Standing:
        return Standing(self._patient.id, condition, part=part, patient=self._patient, metric=metric, words=condition)

    def _absent(self, standing: Standing, moment: Moment) -> None:
        self._step(standing, lapse.Absent(moment.at_ms, moment.at_ms, Priority.LOW), moment)

    def _returned(self, standing: Standing, moment: Moment) -> None:
        if not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)


def poor(observation: Observation) -> str:
    """Why a value that came may not alarm; empty where it may, or where the sensor is off or says nothing of it."""
    if observation.missing is Missing.PRESENT:
        return "" if observation.validity in ALARM_ELIGIBLE else observation.validity.name.lower()
    return "" if observation.missing is Missing.SENSOR_OFF else observation.missing.label
