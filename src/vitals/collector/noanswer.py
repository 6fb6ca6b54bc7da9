"""What follows when a patient does not answer (S14): the steps that the monitoring plan prescribes, one by one.

A step waits as a low item that whoever found nobody owns; when it is due it alarms, medium, and goes its way as every
alarm until somebody says what came of it. No answer again leads to the next step, and the last one is repeated; any
other outcome ends the sequence. One sequence runs for one patient.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import Priority
from vitals.alarms.machine import Phase
from vitals.alarms.noanswer import DEFAULT, Step, parse
from vitals.collector.standing import Moment, Standing
from vitals.collector.upkeep import Step as Move
from vitals.errors import ConfigurationError
from vitals.registry import Patient, Plan
from vitals.ward import ShownAlarm

CONDITION: Final = "no_answer"
KEPT: Final = "no_answer_sequence"
"""Under which the sequence is kept; the step that waits or alarms is :data:`CONDITION`."""


class Sequence(msgspec.Struct, frozen=True):
    """A sequence that runs: its *steps*, which of them is *at*, when it was begun and when it is due."""

    steps: tuple[Step, ...]
    at: int
    since_ms: int
    due_ms: int


class NoAnswer:
    """The sequence of one patient; *move* moves its condition, *scale* multiplies every delay."""

    def __init__(self, patient: Patient, move: Move, *, scale: float, realarm_ms: float) -> None:
        self.standing = Standing(patient.id, CONDITION, patient=patient, words="No answer")
        self.sequence: Sequence | None = None
        self.unkept = False
        self._zone = ZoneInfo(patient.time_zone)
        self._move = move
        self._scale = scale
        self._realarm_ms = realarm_ms

    def keep(self) -> bytes | None:
        """For the registry; None while none runs."""
        return None if self.sequence is None else msgspec.msgpack.encode(self.sequence)

    def restore(self, state: bytes) -> None:
        """Take up what :meth:`keep` gave."""
        self.sequence = msgspec.msgpack.decode(state, type=Sequence)

    def resolved(self, shown: ShownAlarm, outcome: str, plan: Plan | None, moment: Moment) -> None:
        """An alarm of the patient was resolved: a sequence begins, goes on or ends."""
        if shown.condition == CONDITION:
            self._end(moment)
            if outcome != "no_answer":
                self._set(None)
            elif self.sequence is not None:
                at = min(self.sequence.at + 1, len(self.sequence.steps) - 1)
                self._begin(self.sequence.steps, at, moment)
        elif outcome == "no_answer" and self.sequence is None:
            self._begin(_prescribed(plan), 0, moment)

    def tick(self, moment: Moment) -> None:
        """A step that is due alarms, and one that somebody took on and left undone does so again."""
        sequence = self.sequence
        if sequence is None or moment.at_ms < sequence.due_ms:
            return
        alarm = self.standing.state.alarm
        if alarm.priority < Priority.MEDIUM or self.standing.state.quiet:
            step = sequence.steps[sequence.at]
            self.standing.words = f"No answer: {step.what} (step {sequence.at + 1} of {len(sequence.steps)})"
            self._move(self.standing, lapse.Absent(sequence.since_ms, sequence.due_ms, Priority.MEDIUM), moment)
        elif alarm.phase is Phase.ACKNOWLEDGED and moment.at_ms - alarm.changed_ms >= self._realarm_ms:
            self._move(self.standing, crossing.Reminded(), moment)

    def _begin(self, steps: tuple[Step, ...], at: int, moment: Moment) -> None:
        before_ms = -1 if self.sequence is None else self.sequence.since_ms
        since_ms = max(moment.at_ms, before_ms + 1)  # it names the episode
        wait_ms = round(steps[at].after_s * 1000 * self._scale)
        self._set(Sequence(steps, at, since_ms, moment.at_ms + wait_ms))
        due = datetime.fromtimestamp((moment.utc_ms + wait_ms) / 1000, self._zone)
        self.standing.words = f"No answer: {steps[at].what} at {due:%H:%M} (step {at + 1} of {len(steps)})"
        self._move(self.standing, lapse.Absent(since_ms, moment.at_ms, Priority.LOW), moment)
        self._move(self.standing, crossing.Acknowledged(), moment)  # by whoever found nobody

    def _end(self, moment: Moment) -> None:
        if not self.standing.state.quiet:
            self._move(self.standing, lapse.Returned(), moment)

    def _set(self, sequence: Sequence | None) -> None:
        self.sequence = sequence
        self.unkept = True


def _prescribed(plan: Plan | None) -> tuple[Step, ...]:
    """The steps in force. The registry refuses a plan that cannot be read; one from elsewhere gets the usual steps."""
    try:
        return parse(plan.no_answer if plan is not None else "")
    except ConfigurationError:
        return DEFAULT
