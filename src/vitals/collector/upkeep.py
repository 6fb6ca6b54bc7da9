"""Technical conditions of one patient beside silence: gaps, batteries, nobody responsible, limits that cannot act."""

import math
from collections.abc import Callable
from typing import Final

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import Priority
from vitals.codes import CODES, Metric
from vitals.collector import battery, intermittence
from vitals.collector.channel import NEVER, Worn
from vitals.collector.intermittence import Gaps
from vitals.collector.standing import Moment, Standing
from vitals.delays import Delays
from vitals.registry import Patient, Plan

Step = Callable[[Standing, crossing.Happening | lapse.Happening, Moment], None]

BATTERY_LEVEL: Final = "2A19"
"""The characteristic that tells the charge."""

INTERMITTENT: Final = "intermittent"
BATTERY: Final = "battery"
UNASSIGNED: Final = "unassigned"
UNCOVERED: Final = "uncovered"
LIMITS: Final = "limits_unusable"
_CONDITIONS: Final = frozenset({INTERMITTENT, BATTERY, UNASSIGNED, UNCOVERED, LIMITS})


class Upkeep:
    """The conditions, made when they are first needed; *step* moves one."""

    def __init__(self, patient: Patient, delays: Delays, step: Step) -> None:
        self._patient = patient
        self._delays = delays
        self._step = step
        self._gaps: dict[Metric, Gaps] = {}
        self._standings: dict[str, Standing] = {}

    def standings(self) -> list[Standing]:
        """Every condition that was ever needed."""
        return list(self._standings.values())

    def find(self, condition: str, part: str) -> Standing | None:
        """A kept condition to take up; None where it is none of these."""
        return self._standing(condition, part) if condition in _CONDITIONS else None

    def forget(self) -> None:
        """What was missing until now counts no more: monitoring begins anew."""
        for gaps in self._gaps.values():
            gaps.clear()

    def assign(self, plan: Plan | None, moment: Moment) -> None:
        """Somebody is responsible and somebody else is the cover, or it alarms until they are (S16)."""
        nurse, cover = ("", "") if plan is None else (plan.responsible_nurse, plan.cover)
        self._tell(UNASSIGNED, "No responsible nurse" if plan is not None and not nurse else "", moment)
        alone = bool(nurse) and (not cover or cover == nurse)
        self._tell(UNCOVERED, "Nobody covers the responsible nurse" if alone else "", moment)

    def limit(self, refused: str, moment: Moment) -> None:
        """The prescribed limits are in force, or alarm because *refused* says why not."""
        self._tell(LIMITS, f"Limits not in force: {refused}" if refused else "", moment)

    def interrupted(self, metric: Metric, newest_ms: int, moment: Moment, *, told: bool) -> None:
        """Judge the gaps of *metric*, whose newest value came at *newest_ms*; *told*: it is not monitored at all."""
        gaps = self._gaps.get(metric)
        if gaps is None:
            of = self._delays
            gaps = Gaps(of.age_shown_s * 1000, of.not_monitored_alarm_s * 1000, of.intermittent_window_s * 1000)
            self._gaps[metric] = gaps
        if not self._standings and gaps.none(newest_ms, moment.at_ms):
            return
        share = gaps.share(newest_ms, moment.at_ms)
        standing = self._standings.get(f"{INTERMITTENT}:{metric.label}")
        if share > intermittence.OVER and not told:
            standing = standing or self._standing(INTERMITTENT, metric.label, metric)
            standing.words = f"{CODES[metric].display} monitored with gaps"
            self._absent(standing, Priority.MEDIUM, moment)
        elif standing is not None and share < intermittence.ENDS:
            self._returned(standing, moment)

    def due_ms(self, metric: Metric, newest_ms: int) -> float:
        """When :meth:`interrupted` must be asked again, should no value of *metric* come."""
        gaps = self._gaps.get(metric)
        return -math.inf if gaps is None else gaps.due_ms(newest_ms)

    def charge(self, worn: Worn, moment: Moment) -> None:
        """A sensor told the charge of its battery."""
        channel = worn.channels.get(Metric.BATTERY)
        if channel is None or channel.newest.at_ms == NEVER:
            return
        level, at_ms = channel.value, moment.at_ms
        discharge = worn.kept.discharge = worn.kept.discharge.followed(level, at_ms)
        hours = discharge.hours_left(level, at_ms)
        priority = battery.urgency(level, hours)
        standing = self._standings.get(f"{BATTERY}:{worn.sensor}")
        if priority is not None:
            standing = standing or self._standing(BATTERY, worn.sensor)
            left = "" if hours is None else f", about {hours:.0f} h left"
            standing.words = f"Battery of sensor {worn.sensor} at {level:g} %{left}"
            self._absent(standing, priority, moment)
        elif standing is not None and battery.urgency(level, hours, battery.MARGIN) is None:
            self._returned(standing, moment)

    def taken_off(self, sensor: str, moment: Moment) -> None:
        """The battery of a sensor that is worn no more is nobody's concern here."""
        standing = self._standings.pop(f"{BATTERY}:{sensor}", None)
        if standing is not None:
            self._returned(standing, moment)

    def _tell(self, condition: str, words: str, moment: Moment) -> None:
        """A medium alarm that says *words*, or its end where there is nothing to say."""
        standing = self._standing(condition, "") if words else self._standings.get(condition)
        if standing is None:
            return
        if words:
            standing.words = words
            self._absent(standing, Priority.MEDIUM, moment)
        else:
            self._returned(standing, moment)

    def _standing(self, condition: str, part: str, metric: Metric | None = None) -> Standing:
        standing = Standing(
            self._patient.id, condition, part=part, patient=self._patient, metric=metric, words=condition
        )
        return self._standings.setdefault(standing.key, standing)

    def _absent(self, standing: Standing, priority: Priority, moment: Moment) -> None:
        self._step(standing, lapse.Absent(moment.at_ms, moment.at_ms, priority), moment)

    def _returned(self, standing: Standing, moment: Moment) -> None:
        if not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)
