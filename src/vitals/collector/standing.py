"""One alarm condition as the desk holds it: its state, what a console shows of it, what is recorded of it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Generic, TypeVar

import msgspec

from vitals.alarms import crossing, lapse, scored
from vitals.alarms.crossing import CALM, Crossing
from vitals.alarms.lapse import PRESENT, Lapse
from vitals.alarms.limits import Priority, Side
from vitals.alarms.machine import RAISED, RAISING, SOUNDING, Alarm, Change, Phase, Transition
from vitals.alarms.replay import Episode
from vitals.alarms.scored import Scored
from vitals.clock import iso, parse_iso
from vitals.codes import CODES, Code, Metric
from vitals.registry import Event, Patient
from vitals.ward import ShownAlarm

OVER: Final = "over"
"""Phase under which a console hears of an alarm for the last time."""


_SHOWN: Final = {Phase.OFF: OVER, Phase.PAUSED: Phase.ACTIVE.value}
"""Phases that a console knows by another name: a paused one is active and makes no sound."""


class Kind(StrEnum):
    """Whether the patient or the equipment is the matter (IEC 60601-1-8)."""

    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When something happened: on the collector's timeline, in UTC, and when the sensor observed it, if it did.

    *actor* is who did it, if a person did.
    """

    at_ms: int
    utc_ms: int
    observed_ms: int | None = None
    observed_utc_ms: int | None = None
    actor: str | None = None


S = TypeVar("S", Crossing, Lapse, Scored)
Transitions = tuple[Transition, ...]


class Kept(msgspec.Struct, Generic[S], frozen=True):
    """What is kept of a condition across restarts."""

    state: S
    shown: ShownAlarm | None
    source: Metric | None


_ENCODER: Final = msgspec.msgpack.Encoder()
_CROSSING: Final = msgspec.msgpack.Decoder(Kept[Crossing])
_LAPSE: Final = msgspec.msgpack.Decoder(Kept[Lapse])
_SCORED: Final = msgspec.msgpack.Decoder(Kept[Scored])

Happening = crossing.Happening | lapse.Happening | scored.Happening


class Standing:
    """A condition of a subject (a patient, or a gateway): mutable, because the desk is where state lives.

    *part* tells apart what a subject has several of (``sensor_off`` of which sensor). *source* is the metric whose
    values act: pulse rate for a heart-rate limit while no heart rate is measured. *words* are the message of a
    technical condition. *shown* is what was last told of it, also when it is over.
    """

    __slots__ = ("condition", "kind", "metric", "part", "patient", "shown", "source", "state", "subject", "words")

    def __init__(
        self,
        subject: str,
        condition: str,
        *,
        part: str = "",
        patient: Patient | None = None,
        metric: Metric | None = None,
        words: str = "",
        kind: Kind | None = None,
        state: Crossing | Lapse | Scored | None = None,
    ) -> None:
        self.subject = subject
        self.condition = condition
        self.part = part
        self.patient = patient
        self.metric = metric
        self.source = metric
        self.words = words
        self.kind = kind or (Kind.TECHNICAL if words else Kind.PHYSIOLOGICAL)
        self.state: Crossing | Lapse | Scored = state or (PRESENT if words else CALM)
        self.shown: ShownAlarm | None = None

    @property
    def key(self) -> str:
        """Name within the subject: ``spo2.low``, ``sensor_off:F0:00:00:00:01:02``."""
        return f"{self.condition}:{self.part}" if self.part else self.condition

    def step(self, event: Happening, at_ms: int, realarm_ms: float) -> Transitions:
        """Move the state by *event*; what is to be told of it."""
        if isinstance(self.state, Crossing):
            assert not isinstance(event, lapse.Absent | lapse.Returned | scored.Judged)
            self.state, transitions = crossing.step(self.state, event, at_ms, realarm_ms=realarm_ms)
        elif isinstance(self.state, Scored):
            assert not isinstance(event, lapse.Absent | lapse.Returned | crossing.Measured)
            self.state, transitions = scored.step(self.state, event, at_ms, realarm_ms=realarm_ms)
        else:
            assert not isinstance(event, crossing.Measured | scored.Judged)
            self.state, transitions = lapse.step(self.state, event, at_ms, realarm_ms=realarm_ms)
        return transitions

    @property
    def open(self) -> bool:
        """Whether somebody is to see it."""
        return self.shown is not None and self.shown.phase != OVER

    @property
    def raised(self) -> bool:
        """Whether the condition lasts and has alarmed."""
        return self.state.alarm.phase in RAISED

    def told_of(self, missed: Episode, boot: int, utc_ms: int) -> bool:
        """Whether this limit condition began no later, on the same clock, reached as much, and lasted till *utc_ms*."""
        shown = self.shown
        if shown is None:
            return False
        began = shown.episode.rpartition(":")[2]
        if not began.startswith(f"{boot:x}.") or int(began.rpartition(".")[2]) > missed.alarm_ms:
            return False
        lasted = shown.ended_at is None or parse_iso(shown.ended_at) >= utc_ms
        return lasted and Priority[shown.priority.upper()] >= missed.priority

    def episode(self, alarm: Alarm) -> str:
        """The episode's identity everywhere: fit for an address, never taken apart."""
        return f"{self.subject}:{self.key}:{alarm.episode}"

    def keep(self) -> bytes | None:
        """The state for the registry; None when there is nothing to keep."""
        if self.state.quiet:
            return None
        shown = None if self.shown is None else msgspec.structs.replace(self.shown, recorded=True)
        return _ENCODER.encode(Kept(self.state, shown, self.source))

    def restore(self, kept: bytes) -> None:
        """Take up what :meth:`keep` gave."""
        read: Kept[Crossing] | Kept[Lapse] | Kept[Scored]
        if isinstance(self.state, Scored):
            read = _SCORED.decode(kept)
        else:
            read = _LAPSE.decode(kept) if isinstance(self.state, Lapse) else _CROSSING.decode(kept)
        self.state, self.shown, self.source = read.state, read.shown, read.source


Tell = Callable[[Standing, Transitions, Moment], None]
"""Where a condition that moved is told, with what is to be said of it."""


def show(standing: Standing, transition: Transition, moment: Moment) -> ShownAlarm:
    """What a console is told of *transition*."""
    alarm = transition.alarm
    before = standing.shown
    if transition.change in RAISING or before is None:
        return _raised(standing, alarm, moment)
    changes: dict[str, object] = {
        "version": alarm.version,
        "phase": _SHOWN.get(alarm.phase, alarm.phase.value),
        "sounding": alarm.phase in SOUNDING,
        "recorded": False,
        "paused_until": None,
        "offered_to": alarm.offered_to,
    }
    if transition.change is Change.ENDED:
        changes["ended_at"] = iso(moment.utc_ms)
    elif transition.change is Change.AUDIO_PAUSED:
        changes["paused_until"] = iso(moment.utc_ms + alarm.paused_until_ms - moment.at_ms)
    elif transition.change in {Change.ACKNOWLEDGED, Change.HANDED_OVER} or before.acknowledged_at is None:
        changes |= _taken_on(transition, moment)
    return msgspec.structs.replace(before, **changes)


def _taken_on(transition: Transition, moment: Moment) -> dict[str, object]:
    """Acknowledged, or resolved without having been; that its sound was let go on says nothing of that."""
    if transition.change is Change.AUDIO_RESUMED:
        return {}
    return {"acknowledged_at": iso(moment.utc_ms), "acknowledged_by": moment.actor}


def record(standing: Standing, transition: Transition, moment: Moment, shown: ShownAlarm, *, raised_ms: int) -> Event:
    """What the registry records of *transition*, which the desk dealt with at *raised_ms* of its timeline."""
    return Event(
        episode=shown.episode,
        version=shown.version,
        subject=standing.subject,
        patient_id=shown.patient,
        condition=standing.key,
        kind=shown.kind,
        change=transition.change.value,
        priority=shown.priority,
        phase=shown.phase,
        message=shown.message,
        metric=shown.metric,
        value=shown.value,
        limit_value=shown.limit,
        actor=moment.actor,
        at_utc_ms=moment.utc_ms,
        observed_utc_ms=moment.observed_utc_ms,
        observed_ms=moment.observed_ms,
        received_ms=moment.at_ms,
        raised_ms=raised_ms,
    )


def arranged(
    patient: Patient,
    moment: Moment,
    *,
    episode: tuple[str, str],
    version: int,
    change: str,
    message: str,
    priority: Priority = Priority.LOW,
    over: bool = False,
) -> Event:
    """What the registry records of something that people arranged, and that measures nothing.

    *episode* is the condition, and what tells this one from others of the patient.
    """
    condition, name = episode
    return Event(
        episode=f"{patient.id}:{condition}:{name}",
        version=version,
        subject=patient.id,
        patient_id=patient.id,
        condition=condition,
        kind=Kind.TECHNICAL.value,
        change=change,
        priority=priority.label,
        phase="over" if over else "active",
        message=message,
        metric=None,
        value=None,
        limit_value=None,
        actor=moment.actor,
        at_utc_ms=moment.utc_ms,
        observed_utc_ms=None,
        observed_ms=None,
        received_ms=moment.at_ms,
        raised_ms=moment.at_ms,
    )


def _raised(standing: Standing, alarm: Alarm, moment: Moment) -> ShownAlarm:
    patient = standing.patient
    metric = standing.source
    before = standing.shown
    same = before is not None and before.episode == standing.episode(alarm)
    observed_at = before.observed_at if before is not None and same else None
    if moment.observed_utc_ms is not None:
        observed_at = iso(moment.observed_utc_ms)
    return ShownAlarm(
        episode=standing.episode(alarm),
        version=alarm.version,
        condition=standing.condition,
        kind=standing.kind.value,
        priority=alarm.priority.label,
        phase=alarm.phase.value,
        sounding=alarm.phase in SOUNDING,
        message=standing.words or _passed(standing, alarm),
        patient=None if patient is None else patient.id,
        name="" if patient is None else patient.name,
        birth_date="" if patient is None else patient.birth_date,
        record_number="" if patient is None else patient.record_number,
        metric=None if metric is None else metric.label,
        value=alarm.value,
        limit=alarm.limit,
        unit="" if metric is None else CODES[metric].ucum,
        observed_at=observed_at,
        raised_at=iso(moment.utc_ms),
        recorded=False,
        over_s=alarm.over_s,
    )


def _passed(standing: Standing, alarm: Alarm) -> str:
    assert standing.source is not None
    side = Side(standing.condition.rpartition(".")[2])
    return passed(CODES[standing.source], side, alarm.value, alarm.limit, alarm.over_s)


def passed(code: Code, side: Side, value: float | None, limit: float | None, over_s: float | None = None) -> str:
    """What a limit condition says: ``SpO2 84 % < 85 %``, also of a mean or a change over *over_s* seconds."""
    if side.rate:
        moved = "fell" if side is Side.FALLS else "rose"
        within = "" if over_s is None else f" within {over_s:g} s"
        return f"{code.display} {moved} by {value:g} {code.ucum}{within} (limit {limit:g} {code.ucum})"
    mean = "" if over_s is None else f" (mean of {over_s:g} s)"
    sign = "<" if side is Side.LOW else ">"
    return f"{code.display} {value:g} {code.ucum}{mean} {sign} {limit:g} {code.ucum}"
