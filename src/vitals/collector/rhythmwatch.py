"""The rhythm of one patient: what the RR intervals of a strap say, where it is prescribed.

The detector of fibrillation (``vitals.rhythm.fibrillation``) decides beat by beat; the condition begins once it has
said so for as long as prescribed without a gap, and ends when it says that the rhythm is another. What cannot be
analysed does neither. A restart begins the detector anew; the condition stays until it has learnt. The rate from beats
is ``pacewatch``.
"""

from typing import Final

from vitals.alarms import lapse
from vitals.alarms.prescription import FibrillationRule, RhythmRules
from vitals.codes import Metric
from vitals.collector.base import Heard
from vitals.collector.pacewatch import Guarded, PaceWatch
from vitals.collector.standing import Kind, Moment, Standing
from vitals.collector.upkeep import Step
from vitals.observation import ALARM_ELIGIBLE, Missing, Observation
from vitals.registry import Patient
from vitals.rhythm import fibrillation
from vitals.rhythm.beats import Beat
from vitals.rhythm.fibrillation import START, Finding, Verdict
from vitals.wire.columns import Row

CONDITION: Final = "rhythm.atrial_fibrillation"


class RhythmWatch:
    """The detector of fibrillation and its condition, and those of the rate; *step* moves a condition."""

    def __init__(self, patient: Patient, step: Step) -> None:
        self.fibrillation = Standing(
            patient.id,
            CONDITION,
            patient=patient,
            metric=Metric.HEART_RATE,
            words="Atrial fibrillation suspected",
            kind=Kind.PHYSIOLOGICAL,
        )
        self._pace = PaceWatch(patient, step)
        self._step = step
        self._state = START
        self._source: tuple[str, int] | None = None
        self._since_ms: int | None = None

    def standings(self) -> list[Standing]:
        """Every condition."""
        return [self.fibrillation, *self._pace.standings()]

    def prescribe(self, rules: RhythmRules, moment: Moment) -> None:
        """What is prescribed no more ends."""
        if rules.fibrillation is None:
            self._source = self._since_ms = None
            self._return(moment)
        self._pace.prescribe(rules, moment)

    def stop(self, moment: Moment) -> None:
        """Nobody watches: begin anew."""
        self._source = self._since_ms = None
        self._return(moment)
        self._pace.stop(moment)

    def tick(self, guarded: Guarded, moment: Moment) -> None:
        """Let time pass: a limit on the heart rate may act again."""
        self._pace.tick(guarded, moment)

    def hear(self, rules: RhythmRules, guarded: Guarded, heard: Heard, row: Row, received: Moment) -> None:
        """Take in the intervals of one notification, which share its time."""
        source = (heard.sensor, heard.boot)
        if source != self._source:
            self._source, self._state, self._since_ms = source, START, None
            self._pace.begin()
        observations = row.reading.observations
        off = any(observation.missing is Missing.SENSOR_OFF for observation in observations)
        for observation in observations:
            if observation.metric is not Metric.RR_INTERVAL:
                continue
            beat = _beat(observation, off=off)
            if rules.fibrillation is not None:
                self._state, finding = fibrillation.step(self._state, beat, row.at_ms)
                self._judge(rules.fibrillation, finding, row.at_ms, received)
            if rules.paced:
                self._pace.hear(rules, guarded, beat, row.at_ms, received)

    def _judge(self, rule: FibrillationRule, finding: Finding, observed_ms: int, received: Moment) -> None:
        if finding.gap:
            self._since_ms = None
        if finding.verdict is Verdict.OTHER:
            self._since_ms = None
            self._return(received)
        elif finding.verdict is Verdict.FIBRILLATION:
            if self._since_ms is None:
                self._since_ms = observed_ms
            lasted_ms = observed_ms - self._since_ms
            if lasted_ms >= rule.after_s * 1000:
                since_ms = received.at_ms - lasted_ms
                self._step(self.fibrillation, lapse.Absent(since_ms, received.at_ms, rule.priority), received)

    def _return(self, moment: Moment) -> None:
        if not self.fibrillation.state.quiet:
            self._step(self.fibrillation, lapse.Returned(), moment)


def _beat(observation: Observation, *, off: bool) -> Beat:
    usable = not off and observation.missing is Missing.PRESENT and observation.validity in ALARM_ELIGIBLE
    return Beat(observation.value, usable=usable)
