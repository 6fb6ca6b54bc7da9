"""A ward without patients: for tests, for pictures, and for whoever designs a page.

It keeps the contract of :class:`vitals.ward.Ward`, conflicts and repeated keys included, and does what its script
says: whoever holds it raises, worsens and ends alarms, takes sensors off and lets them fall silent.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from vitals.clock import Clock, iso
from vitals.codes import BY_LABEL, CODES
from vitals.console.rehearsal_arranged import Arrangements
from vitals.console.rehearsal_beds import Bed, Source
from vitals.console.rehearsal_people import people
from vitals.delays import Delays, require_time_scale
from vitals.errors import ConflictError, NotFoundError
from vitals.observation import GenerationMode
from vitals.ward import (
    INACTIVATION_REASONS,
    MOST_INACTIVATED_MINUTES,
    OUTCOMES,
    MissedEvent,
    ShownAlarm,
    ShownInactivation,
    Snapshot,
)

PHASES: Final = {
    ("active", "acknowledge"): "acknowledged",
    ("active", "end"): "ended",
    ("active", "worsen"): "active",
    ("acknowledged", "end"): "over",
    ("acknowledged", "worsen"): "active",
    ("ended", "acknowledge"): "over",
    ("ended", "worsen"): "active",
}
"""Phase and event to the next phase. Only a high waits in ``ended``; another priority is over at once (S14)."""

HEARD: Final = frozenset({"active", "ended"})
ENDS_PAUSE: Final = frozenset({"resume", "worsen"})
"""What is worse than what was silenced is heard at once (S2)."""


class RehearsalWard(Arrangements):
    """*patients* invented patients, all well until the script says otherwise.

    Raises:
        ConfigurationError: *time_scale* is refused in *mode*.
    """

    def __init__(
        self,
        clock: Clock,
        patients: int = 8,
        *,
        mode: GenerationMode = GenerationMode.DEMO,
        time_scale: float = 1.0,
        seed: int = 7,
    ) -> None:
        self.notices: tuple[str, ...] = ()
        self.resolved: dict[str, tuple[str, str]] = {}
        beds = {person.patient: Bed(number, person) for number, person in enumerate(people(patients, seed))}
        super().__init__(clock, beds, require_time_scale(mode, time_scale))
        self._endings.append(self._end_pauses)
        self._mode = mode
        self._delays = Delays().scaled(time_scale)
        self._alarms: dict[str, ShownAlarm] = {}
        self._past: dict[str, ShownAlarm] = {}
        self._paused: dict[str, int] = {}
        self._missed: dict[str, MissedEvent] = {}
        self._listeners: list[Callable[[ShownAlarm], None]] = []
        self._sequence = 0
        self._raised = 0

    @property
    def patients(self) -> list[str]:
        """Identifiers in the order of their places."""
        return list(self._beds)

    def snapshot(self) -> Snapshot:
        """The present, whole. Raises what *failing* holds."""
        if self.failing:
            raise self.failing
        self._expire()
        self._sequence += 1
        return Snapshot(
            sequence=self._sequence,
            at=iso(self._clock.utc_ms()),
            mode=self._mode.label,
            time_scale=self._time_scale,
            tiles=tuple(bed.tile(self._clock, self._delays) for bed in self._beds.values()),
            alarms=tuple(self._with_current(alarm) for alarm in self._alarms.values()),
            notices=self.notices,
            missed=tuple(self._missed.values()),
            requests=tuple(self._requests.values()),
        )

    def listen(self, listener: Callable[[ShownAlarm], None]) -> Callable[[], None]:
        """Call *listener* on every change of an alarm; the returned function ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def acknowledge(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See :class:`vitals.ward.Ward`."""
        return self._once(key, ("acknowledge", episode), lambda: self._acknowledge(self._at(episode, version), actor))

    async def pause_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See :class:`vitals.ward.Ward`; who paused is recorded nowhere here."""

        def pause() -> ShownAlarm:
            alarm = self._at(episode, version)
            if not alarm.sounding:
                raise ConflictError("the alarm makes no sound")
            pause_ms = round(self._delays.audio_pause_s * 1000)
            self._paused[episode] = self._clock.monotonic_ms() + pause_ms
            return self._step(alarm, "pause", paused_until=iso(self._clock.utc_ms() + pause_ms))

        return self._once(key, ("pause", episode, actor), pause)

    async def resume_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See :class:`vitals.ward.Ward`."""

        def resume() -> ShownAlarm:
            alarm = self._at(episode, version)
            if episode not in self._paused:
                raise ConflictError("the alarm is not paused")
            return self._step(alarm, "resume")

        return self._once(key, ("resume_audio", episode, actor), resume)

    async def resolve(self, episode: str, version: int, *, outcome: str, note: str, actor: str, key: str) -> ShownAlarm:
        """See :class:`vitals.ward.Ward`; what was said is in :attr:`resolved`. Of what is over, the outcome alone."""

        def resolve() -> ShownAlarm:
            alarm = self._at(episode, version, self._past)
            if outcome not in OUTCOMES:
                raise ConflictError(f"{outcome} is no outcome; these are: {', '.join(OUTCOMES)}")
            self.resolved[episode] = (outcome, note)
            return alarm if alarm.phase == "over" else self._acknowledge(alarm, actor)

        return self._once(key, ("resolve", episode, outcome, note), resolve)

    async def offer(self, episode: str, version: int, *, to: str, actor: str, key: str) -> ShownAlarm:
        """See :class:`vitals.ward.Ward`; who offered is recorded nowhere here."""

        def offer() -> ShownAlarm:
            alarm = self._at(episode, version)
            if alarm.phase != "acknowledged":
                raise ConflictError("nobody has the alarm in hand; acknowledge it")
            return self._step(alarm, "offer", offered_to=to)

        return self._once(key, ("offer", episode, to, actor), offer)

    async def accept(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See :class:`vitals.ward.Ward`."""

        def accept() -> ShownAlarm:
            alarm = self._at(episode, version)
            if alarm.offered_to is None:
                raise ConflictError("the alarm was offered to nobody")
            if alarm.offered_to and actor not in {alarm.offered_to, alarm.acknowledged_by}:
                raise ConflictError(f"the alarm was offered to {alarm.offered_to}")
            return self._step(alarm, "accept", acknowledged_by=actor)

        return self._once(key, ("accept", episode, actor), accept)

    async def inactivate(
        self, episode: str, version: int, *, reason: str, minutes: int, actor: str, key: str
    ) -> ShownInactivation:
        """See :class:`vitals.ward.Ward`. Here the alarm alone is over: a further one of its kind is raised."""

        def inactivate() -> ShownInactivation:
            alarm = self._at(episode, version)
            most = MOST_INACTIVATED_MINUTES[alarm.priority]
            if reason not in INACTIVATION_REASONS or not 1 <= minutes <= most or alarm.patient is None:
                raise ConflictError(f"an alarm of a patient is switched off with a reason and for 1 to {most} minutes")
            now, lasts_ms = self._clock.utc_ms(), round(minutes * 60_000 * self._time_scale)
            made = ShownInactivation(
                condition=alarm.condition,
                message=alarm.message,
                priority=alarm.priority,
                reason=reason,
                owner=actor,
                since=iso(now),
                until=iso(now + lasts_ms),
            )
            bed = self._bed(alarm.patient)
            bed.inactivated = (*bed.inactivated, made)
            self._tell(msgspec.structs.replace(alarm, version=version + 1, phase="over", sounding=False))
            return made

        return self._once(key, ("inactivate", episode, reason, minutes), inactivate)

    async def review(self, missed: str, version: int, *, actor: str, key: str) -> MissedEvent:
        """See :class:`vitals.ward.Ward`."""

        def review() -> MissedEvent:
            if missed not in self._missed:
                raise NotFoundError(f"there is no open missed event {missed}")
            event = self._missed[missed]
            if event.version != version:
                raise ConflictError(f"the event changed: it is at version {event.version}, not {version}")
            now = iso(self._clock.utc_ms())
            del self._missed[missed]
            return msgspec.structs.replace(event, version=version + 1, reviewed_at=now, reviewed_by=actor)

        return self._once(key, ("review", missed), review)

    def raise_alarm(
        self,
        patient: str | None,
        priority: str,
        *,
        metric: str | None = None,
        value: float | None = None,
        limit: float | None = None,
        condition: str = "limit",
        message: str = "",
    ) -> ShownAlarm:
        """A condition begins: of *metric* beyond *limit*, or a technical one with its *message*."""
        self._raised += 1
        code = CODES[BY_LABEL[metric]] if metric else None
        now = iso(self._clock.utc_ms())
        alarm = ShownAlarm(
            episode=f"e-{self._raised:04d}",
            version=1,
            condition=condition,
            kind="physiological" if metric else "technical",
            priority=priority,
            phase="active",
            sounding=True,
            message=message or _message(metric, value, limit),
            metric=metric,
            value=value,
            limit=limit,
            unit=code.ucum if code else "",
            observed_at=now,
            raised_at=now,
        )
        if patient:
            person = self._beds[patient].person
            alarm = msgspec.structs.replace(alarm, **msgspec.structs.asdict(person))
        if patient and metric and value is not None:
            self._beds[patient].sources[metric].level = value
        self._tell(alarm)
        return alarm

    def worsen(self, episode: str, value: float, limit: float, priority: str = "high") -> ShownAlarm:
        """The condition passes a further limit: it is a new version, and is heard again."""
        alarm = self._open(episode)
        assert alarm.patient
        assert alarm.metric
        self._beds[alarm.patient].sources[alarm.metric].level = value
        return self._step(
            alarm,
            "worsen",
            priority=priority,
            value=value,
            limit=limit,
            message=_message(alarm.metric, value, limit),
            acknowledged_at=None,
            acknowledged_by=None,
        )

    def end(self, episode: str, value: float | None = None) -> ShownAlarm:
        """The condition is over; a high that nobody acknowledged latches (S14)."""
        alarm = self._open(episode)
        if value is not None and alarm.patient and alarm.metric:
            self._beds[alarm.patient].sources[alarm.metric].level = value
        return self._step(alarm, "end", ended_at=iso(self._clock.utc_ms()))

    def miss(self, patient: str, metric: str, *, worst: float, limit: float, priority: str = "high") -> MissedEvent:
        """Late data show an event of five minutes that nobody was told of."""
        person = msgspec.structs.asdict(self._beds[patient].person)
        self._raised += 1
        now = self._clock.utc_ms()
        event = MissedEvent(
            id=f"m-{self._raised:04d}",
            version=1,
            metric=metric,
            priority=priority,
            worst=worst,
            limit=limit,
            unit=CODES[BY_LABEL[metric]].ucum,
            from_at=iso(now - 1_500_000),
            to_at=iso(now - 1_200_000),
            found_at=iso(now),
            **person,
        )
        self._missed[event.id] = event
        return event

    def set_level(self, patient: str, metric: str, level: float) -> None:
        """Let *metric* swing around another value from now on; a metric it did not have appears."""
        self._beds[patient].sources.setdefault(metric, Source(level, 1.2, 1)).level = level

    def remove(self, patient: str, metric: str) -> None:
        """*metric* is no longer measured at all."""
        del self._beds[patient].sources[metric]

    def take_off(self, patient: str, metric: str, missing: str = "sensor_off") -> None:
        """The sensor still talks, and says that it is not on the patient."""
        self._beds[patient].sources[metric].missing = missing

    def fall_silent(self, patient: str, seconds: float | None) -> None:
        """Every sensor of *patient* stopped *seconds* ago; None: it never said anything."""
        for source in self._beds[patient].sources.values():
            source.silent = True
            source.last_ms = None if seconds is None else self._clock.monotonic_ms() - round(seconds * 1000)

    def speak(self, patient: str) -> None:
        """Every sensor of *patient* is back."""
        for source in self._beds[patient].sources.values():
            source.silent = False
            source.missing = None

    def set_battery(self, patient: str, percent: int | None) -> None:
        """The charge of the weakest sensor."""
        self._beds[patient].battery = percent

    def withdraw_plan(self, patient: str) -> None:
        """*patient* no longer has a monitoring plan."""
        self._beds[patient].plan = False

    def rename(self, patient: str, name: str) -> None:
        """Another name for *patient*."""
        bed = self._beds[patient]
        bed.person = msgspec.structs.replace(bed.person, name=name)

    def _end_pauses(self) -> None:
        now = self._clock.monotonic_ms()
        for episode in [episode for episode, until in self._paused.items() if until <= now]:
            self._step(self._alarms[episode], "resume")

    def _open(self, episode: str) -> ShownAlarm:
        if episode not in self._alarms:
            raise NotFoundError(f"there is no open alarm {episode}")
        return self._alarms[episode]

    def _at(self, episode: str, version: int, past: Mapping[str, ShownAlarm] = MappingProxyType({})) -> ShownAlarm:
        alarm = past[episode] if episode in past else self._open(episode)
        if alarm.version != version:
            raise ConflictError(f"the alarm changed: it is at version {alarm.version}, not {version}")
        return alarm

    def _acknowledge(self, alarm: ShownAlarm, actor: str) -> ShownAlarm:
        if alarm.phase == "acknowledged":
            return alarm
        now = iso(self._clock.utc_ms())
        return self._step(alarm, "acknowledge", acknowledged_at=now, acknowledged_by=actor)

    def _step(self, alarm: ShownAlarm, event: str, **changes: object) -> ShownAlarm:
        phase = PHASES.get((alarm.phase, event), alarm.phase)
        if phase == "ended" and alarm.priority != "high":
            phase = "over"
        if event != "offer":
            changes.setdefault("offered_to", None)
        if phase not in HEARD or event in ENDS_PAUSE:
            self._paused.pop(alarm.episode, None)
            changes.setdefault("paused_until", None)
        sounding = phase in HEARD and alarm.episode not in self._paused
        changes |= {"version": alarm.version + 1, "phase": phase, "sounding": sounding}
        return self._tell(msgspec.structs.replace(alarm, **changes))

    def _tell(self, alarm: ShownAlarm) -> ShownAlarm:
        if alarm.phase == "over":
            self._alarms.pop(alarm.episode, None)
            self._past[alarm.episode] = alarm
        else:
            self._alarms[alarm.episode] = alarm
        alarm = self._with_current(alarm)
        for listener in list(self._listeners):
            listener(alarm)
        return alarm

    def _with_current(self, alarm: ShownAlarm) -> ShownAlarm:
        if not (alarm.patient and alarm.metric):
            return alarm
        shown = self._beds[alarm.patient].shown(alarm.metric, self._clock)
        return msgspec.structs.replace(alarm, current=shown.value)


def _message(metric: str | None, value: float | None, limit: float | None) -> str:
    if metric is None or value is None or limit is None:
        return ""
    sign = "<" if value < limit else ">"
    return f"{CODES[BY_LABEL[metric]].display} {value:g} {sign} {limit:g}"
