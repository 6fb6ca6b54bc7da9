"""A ward without patients: for tests, for pictures, and for whoever designs a page.

It keeps the contract of :class:`vitals.ward.Ward`, conflicts and repeated keys included, and does what its script
says: whoever holds it raises, worsens and ends alarms, takes sensors off and lets them fall silent.
"""

import math
from collections.abc import Callable
from typing import Final

import msgspec

from vitals.clock import Clock, iso
from vitals.codes import BY_LABEL, CODES
from vitals.console.rehearsal_people import Person, people
from vitals.delays import Delays, require_time_scale
from vitals.errors import ConflictError, NotFoundError
from vitals.observation import GenerationMode
from vitals.ward import Shown, ShownAlarm, ShownLimit, Snapshot, Tile

LIMITS: Final = {
    "spo2": (
        ShownLimit("low", 90, "medium", 15),
        ShownLimit("low", 85, "high", 5),
        ShownLimit("low", 80, "high", 0),
    ),
    "heart_rate": (
        ShownLimit("low", 50, "medium", 15),
        ShownLimit("high", 120, "medium", 15),
        ShownLimit("low", 40, "high", 5),
        ShownLimit("high", 140, "high", 5),
    ),
}
LIMITS_OF: Final = {**LIMITS, "pulse_rate": LIMITS["heart_rate"]}

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


class _Source:
    """One metric of one patient: a slow swing around *level*, until it falls silent or is taken off."""

    def __init__(self, level: float, swing: float, phase: float) -> None:
        self.level = level
        self.swing = swing
        self.phase = phase
        self.missing: str | None = None
        self.last_ms: int | None = None
        self.silent = False

    def value(self, at_ms: int) -> float:
        """The invented value at *at_ms*."""
        s = at_ms / 1000
        wave = math.sin(s / 11 + self.phase) + 0.6 * math.sin(s / 3.1 + 2 * self.phase)
        return self.level + self.swing * wave


class _Bed:
    """What stands behind one tile."""

    def __init__(self, number: int, person: Person) -> None:
        spread = math.sin(number * 12.9898) * 43758.5453 % 1
        self.person = person
        self.battery: int | None = 40 + number * 7 % 60
        self.plan = True
        self.sources = {
            "heart_rate": _Source(round(62 + 26 * spread), 1.6, number),
            "spo2": _Source(round(95 + 3 * (number * 0.618 % 1)), 0.5, number / 2),
        }


class RehearsalWard:
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
        self.failing: Exception | None = None
        self._clock = clock
        self._mode = mode
        self._time_scale = require_time_scale(mode, time_scale)
        self._delays = Delays().scaled(time_scale)
        self._beds = {person.patient: _Bed(number, person) for number, person in enumerate(people(patients, seed))}
        self._alarms: dict[str, ShownAlarm] = {}
        self._answered: dict[str, tuple[str, ShownAlarm]] = {}
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
        self._sequence += 1
        tiles = tuple(self._tile(position, bed) for position, bed in enumerate(self._beds.values()))
        return Snapshot(
            sequence=self._sequence,
            at=iso(self._clock.utc_ms()),
            mode=self._mode.label,
            time_scale=self._time_scale,
            tiles=tiles,
            alarms=tuple(self._with_current(alarm) for alarm in self._alarms.values()),
            notices=self.notices,
        )

    def listen(self, listener: Callable[[ShownAlarm], None]) -> Callable[[], None]:
        """Call *listener* on every change of an alarm; the returned function ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def acknowledge(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """Acknowledge one episode; the same *key* again gives the same answer.

        Raises:
            NotFoundError: there is no such open episode.
            ConflictError: it changed since *version*, or *key* was used for another episode.
        """
        if self.failing:
            raise self.failing
        if key in self._answered:
            answered, alarm = self._answered[key]
            if answered != episode:
                raise ConflictError("that key acknowledged another alarm")
            return alarm
        alarm = self._open(episode)
        if alarm.version != version:
            raise ConflictError(f"the alarm changed: it is at version {alarm.version}, not {version}")
        if alarm.phase != "acknowledged":
            now = iso(self._clock.utc_ms())
            alarm = self._step(alarm, "acknowledge", acknowledged_at=now, acknowledged_by=actor)
        self._answered[key] = (episode, alarm)
        return alarm

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

    def pause_sound(self, episode: str) -> ShownAlarm:
        """Somebody pauses the sound of an open alarm."""
        alarm = self._open(episode)
        return self._tell(msgspec.structs.replace(alarm, version=alarm.version + 1, sounding=False))

    def set_level(self, patient: str, metric: str, level: float) -> None:
        """Let *metric* swing around another value from now on; a metric it did not have appears."""
        self._beds[patient].sources.setdefault(metric, _Source(level, 1.2, 1)).level = level

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

    def _open(self, episode: str) -> ShownAlarm:
        if episode not in self._alarms:
            raise NotFoundError(f"there is no open alarm {episode}")
        return self._alarms[episode]

    def _step(self, alarm: ShownAlarm, event: str, **changes: object) -> ShownAlarm:
        phase = PHASES.get((alarm.phase, event), alarm.phase)
        if phase == "ended" and alarm.priority != "high":
            phase = "over"
        changes |= {"version": alarm.version + 1, "phase": phase, "sounding": phase in HEARD}
        return self._tell(msgspec.structs.replace(alarm, **changes))

    def _tell(self, alarm: ShownAlarm) -> ShownAlarm:
        if alarm.phase == "over":
            self._alarms.pop(alarm.episode, None)
        else:
            self._alarms[alarm.episode] = alarm
        alarm = self._with_current(alarm)
        for listener in list(self._listeners):
            listener(alarm)
        return alarm

    def _with_current(self, alarm: ShownAlarm) -> ShownAlarm:
        if not (alarm.patient and alarm.metric):
            return alarm
        shown = self._shown(alarm.metric, self._beds[alarm.patient].sources[alarm.metric])
        return msgspec.structs.replace(alarm, current=shown.value)

    def _tile(self, position: int, bed: _Bed) -> Tile:
        shown = {metric: self._shown(metric, source) for metric, source in bed.sources.items()}
        return Tile(
            position=position,
            status=self._status(shown) if bed.plan else "no_plan",
            shown=shown,
            battery=bed.battery,
            **msgspec.structs.asdict(bed.person),
        )

    def _shown(self, metric: str, source: _Source) -> Shown:
        now = self._clock.monotonic_ms()
        if not source.silent and source.missing is None:
            source.last_ms = now
        code = CODES[BY_LABEL[metric]]
        missing = "never" if source.last_ms is None and not source.missing else source.missing
        value = None if missing or source.last_ms is None else round(source.value(source.last_ms), 1)
        if value is not None:
            value = min(value, code.high)
        return Shown(
            metric=metric,
            display=code.display,
            unit=code.ucum,
            value=value,
            missing=missing,
            age_s=None if source.last_ms is None else (now - source.last_ms) / 1000,
            observed_at=None if source.last_ms is None else iso(self._clock.utc_ms() - (now - source.last_ms)),
            sensor=f"F0:00:00:00:00:{'01' if metric == 'heart_rate' else '02'}",
            limits=LIMITS_OF.get(metric, ()),
        )

    def _status(self, shown: dict[str, Shown]) -> str:
        if not shown or all(one.missing == "never" for one in shown.values()):
            return "no_data"
        if any(one.missing == "sensor_off" for one in shown.values()):
            return "sensor_off"
        age = max(math.inf if one.age_s is None else one.age_s for one in shown.values())
        if age >= self._delays.not_monitored_shown_s:
            return "not_monitored"
        return "stale" if age >= self._delays.age_shown_s else "monitored"


def _message(metric: str | None, value: float | None, limit: float | None) -> str:
    if metric is None or value is None or limit is None:
        return ""
    sign = "<" if value < limit else ">"
    return f"{CODES[BY_LABEL[metric]].display} {value:g} {sign} {limit:g}"


def stage(ward: RehearsalWard) -> dict[str, ShownAlarm]:
    """Put every state of the wall on *ward*, which needs 12 patients or more; the alarms by what they show.

    The first three places stay as they are: somebody must be well.
    """
    _, _, _, high, medium, taken, ended, off, old, gone, never, empty, *_ = ward.patients
    alarms = {
        "high": ward.raise_alarm(high, "high", metric="spo2", value=84, limit=85),
        "medium": ward.raise_alarm(medium, "medium", metric="heart_rate", value=128, limit=120),
        "acknowledged": ward.raise_alarm(taken, "high", metric="heart_rate", value=146, limit=140),
        "ended": ward.raise_alarm(ended, "high", metric="spo2", value=82, limit=85),
        "low": ward.raise_alarm(off, "low", condition="sensor_off", message="Sensor off the finger"),
        "not_monitored": ward.raise_alarm(gone, "medium", condition="not_monitored", message="Not monitored for 2 min"),
    }
    ward.end(alarms["ended"].episode, 96)
    ward.take_off(off, "spo2")
    ward.fall_silent(old, 12)
    ward.fall_silent(gone, 41)
    ward.fall_silent(never, 480)
    ward.fall_silent(empty, None)
    return alarms
