"""Bradycardia and tachycardia from beats, where they are prescribed and no heart-rate limit can act.

One tachycardia is one alarm: while a limit on that side of the heart rate acts on a rate that is being measured, these
conditions neither begin nor last. They are for a sensor that gives beats and no rate, and for a patient without limits
on the rate. What cannot be analysed neither begins nor ends them.
"""

import math
from collections.abc import Callable
from typing import Final

from vitals.alarms import lapse
from vitals.alarms.limits import Side
from vitals.alarms.prescription import PaceRule, RhythmRules
from vitals.codes import Metric
from vitals.collector.standing import Kind, Moment, Standing
from vitals.collector.upkeep import Step
from vitals.registry import Patient
from vitals.rhythm import rate
from vitals.rhythm.beats import Beat
from vitals.rhythm.rate import START, Bounds, Pace, Paced

Guarded = Callable[[Side], bool]
"""Whether a limit on that side of the heart rate acts now."""

_SIDES: Final = {Pace.BRADYCARDIA: Side.LOW, Pace.TACHYCARDIA: Side.HIGH}


class PaceWatch:
    """One detector and its two conditions; *step* moves a condition."""

    def __init__(self, patient: Patient, step: Step) -> None:
        self._standings = {
            pace: Standing(
                patient.id,
                f"rhythm.{pace.value}",
                patient=patient,
                metric=Metric.HEART_RATE,
                words=f"{pace.value.capitalize()} by the beats",
                kind=Kind.PHYSIOLOGICAL,
            )
            for pace in _SIDES
        }
        self._step = step
        self._state = START
        self._since_ms: dict[Pace, int] = {}

    def standings(self) -> list[Standing]:
        """Both conditions."""
        return list(self._standings.values())

    def begin(self) -> None:
        """Another sensor, or another boot of its gateway: what was before says nothing about what comes."""
        self._state = START
        self._since_ms = {}

    def stop(self, moment: Moment) -> None:
        """Nobody watches: begin anew."""
        self.begin()
        for standing in self._standings.values():
            self._return(standing, moment)

    def prescribe(self, rules: RhythmRules, moment: Moment) -> None:
        """What is prescribed no more ends."""
        for pace, rule in _each(rules):
            if rule is None:
                self._leave(pace, moment)

    def hear(self, rules: RhythmRules, guarded: Guarded, beat: Beat, observed_ms: int, received: Moment) -> None:
        """Take in one beat."""
        bounds = Bounds(
            low=0.0 if rules.bradycardia is None else rules.bradycardia.limit,
            high=math.inf if rules.tachycardia is None else rules.tachycardia.limit,
        )
        self._state, found = rate.step(self._state, beat, observed_ms, bounds=bounds)
        if found.gap:
            self._since_ms = {}
        for pace, rule in _each(rules):
            if rule is None or guarded(_SIDES[pace]):
                self._leave(pace, received)
            else:
                self._judge(pace, rule, found, observed_ms, received)

    def tick(self, guarded: Guarded, moment: Moment) -> None:
        """A limit may act again although no beat came."""
        for pace, side in _SIDES.items():
            if not self._standings[pace].state.quiet and guarded(side):
                self._leave(pace, moment)

    def _judge(self, pace: Pace, rule: PaceRule, found: Paced, observed_ms: int, received: Moment) -> None:
        if found.per_minute is None:
            return
        if found.pace is not pace:
            self._leave(pace, received)
            return
        lasted_ms = observed_ms - self._since_ms.setdefault(pace, observed_ms)
        if lasted_ms < rule.after_s * 1000:
            return
        standing = self._standings[pace]
        if not standing.raised:
            passed = f"{found.per_minute:.0f} /min {'<' if pace is Pace.BRADYCARDIA else '>'} {rule.limit:g} /min"
            standing.words = f"{pace.value.capitalize()} by the beats: {passed}"
        self._step(standing, lapse.Absent(received.at_ms - lasted_ms, received.at_ms, rule.priority), received)

    def _leave(self, pace: Pace, moment: Moment) -> None:
        self._since_ms.pop(pace, None)
        self._return(self._standings[pace], moment)

    def _return(self, standing: Standing, moment: Moment) -> None:
        if not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)


def _each(rules: RhythmRules) -> tuple[tuple[Pace, PaceRule | None], ...]:
    return (Pace.BRADYCARDIA, rules.bradycardia), (Pace.TACHYCARDIA, rules.tachycardia)
