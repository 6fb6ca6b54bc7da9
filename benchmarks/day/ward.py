"""One ward's day: patients at home, their gateways, one server, its staff; what was told and recorded of it."""

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from benchmarks.day.loop import SimulatedLoop
from benchmarks.day.script import BEGINS_AT_HOUR, Person, person
from benchmarks.day.staff import Nurse
from benchmarks.day.uplink import Uplink, told_of
from benchmarks.day.wall import Pager, Told, Wall

from vitals.alarms.profile import Profile
from vitals.clock import ManualClock
from vitals.collector.base import Heard
from vitals.collector.desk import AlarmDesk
from vitals.errors import VitalsError
from vitals.notify import config
from vitals.notify.base import Message
from vitals.notify.config import Settings
from vitals.notify.message import REFERENCE
from vitals.notify.notifier import Notifier, run_notifier
from vitals.observation import GenerationMode
from vitals.registry import Event, Missed, Notification, Patient, Plan, Registry, Sensor, open_registry
from vitals.series.base import Arrival
from vitals.series.sqlite import SqliteSeries
from vitals.ward import ShownAlarm

SHIFTS: Final = {"day": (7, 15), "evening": (15, 23), "night": (23, 7)}
ZONE: Final = "Europe/Oslo"
BEGINS_UTC_MS: Final = 1_800_000_000_000 - 1_800_000_000_000 % 86_400_000 + (BEGINS_AT_HOUR - 1) * 3_600_000
"""Seven in the morning of a winter's day in Oslo."""
TICK_S: Final = 4
"""How often the desk is told that time passes: real servers do so four times a second."""
COMMIT_S: Final = 4
"""How often the log is written: real servers do without a pause, and it takes longest here."""
PATIENTS_OF_A_NURSE: Final = 25
RECORD_S: Final = 20
"""How often the desk is let record while nothing changes; on a change it is at once."""
LOWER: Final = """
[spo2]
hysteresis = 2
limits = [{ below = 86, delay_s = 15, priority = "medium" }, { below = 81, delay_s = 5, priority = "high" },
          { below = 76, samples = 3, priority = "high" }]
"""
"""What is prescribed for patients who live lower."""
KILLS: Final = ((0.21, 8), (0.47, 40), (0.78, 200))
"""When in the day the server is killed, and for how many seconds it is away."""
DEAF: Final = ((0.33, 120), (0.66, 600))
"""When no station can be heard, and for how many seconds."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a day is made of."""

    seed: int
    ward: int
    patients: int
    hours: float
    profile: Profile
    lower: str = LOWER
    every_second: bool = False
    busy: float = 1.0

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return round(self.hours * 3600)

    @property
    def nurses(self) -> int:
        """How many are on duty at a time."""
        return -(-self.patients // PATIENTS_OF_A_NURSE)


class Happened(msgspec.Struct, kw_only=True):
    """All that is known of a ward's day afterwards."""

    setting: Setting
    people: list[Person]
    told: list[Told]
    open: list[ShownAlarm]
    events: list[Event]
    missed: list[Missed]
    messages: list[Notification]
    attempts: int
    done: dict[str, int]
    suspended: list[tuple[str, float, float]]
    away: list[tuple[float, float]]
    observations: int


def live(setting: Setting) -> Happened:
    """Let a ward live its day."""
    clock = ManualClock(monotonic_ms=5_000_000, utc_ms=BEGINS_UTC_MS)
    with _folder() as folder, _quiet():
        ward = Ward(setting, clock, folder)
        with asyncio.Runner(loop_factory=lambda: SimulatedLoop(clock)) as runner:
            return runner.run(ward.live())


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """In memory where that is possible: processes are killed here, machines are not."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it has a name of its own
    with tempfile.TemporaryDirectory(prefix="day-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


class Ward:
    """The whole of it; :meth:`live` runs it once."""

    def __init__(self, setting: Setting, clock: ManualClock, folder: Path) -> None:
        seed = (setting.seed, setting.ward)
        self._setting = setting
        self._clock = clock
        self._registry: Registry = open_registry(folder / "registry.db")
        self._series = SqliteSeries(folder / "series.db", GenerationMode.TEST)
        self._people = [person(number, setting.seconds, seed, setting.busy) for number in range(setting.patients)]
        self._uplinks = [Uplink(one, told_of(one, every_second=setting.every_second), clock) for one in self._people]
        self._wall = Wall(clock)
        places = range(1, setting.nurses + 1)
        hours = {f"{shift}-{place}": between for shift, between in SHIFTS.items() for place in places}
        everybody = hours | dict.fromkeys(("charge", "phone"))
        self._staff = {name: Nurse(name, between, self._wall, seed) for name, between in everybody.items()}
        self._settings = _staffed(everybody)
        self._notifying: asyncio.Task[None] | None = None
        self._suspended: list[tuple[str, float, float]] = []
        self._away: list[tuple[float, float]] = []
        self._observations = 0
        self._arrived: list[Arrival] = []
        self._draw = np.random.default_rng([*seed, 77])

    async def live(self) -> Happened:
        """From the first second to the last."""
        self._enrol()
        async with asyncio.TaskGroup() as tasks:
            self._start(tasks)
            work = [tasks.create_task(nurse.work(self._hour), name=nurse.name) for nurse in self._staff.values()]
            for second in range(self._setting.seconds):
                await self._second(second, tasks)
            for task in [*work, self._notifying]:
                if task is not None:
                    task.cancel()
        if self._wall.desk is not None:
            await self._wall.desk.persist()
        return self._happened()

    def _hour(self) -> float:
        return (BEGINS_AT_HOUR + self._wall.now_s / 3600) % 24

    def _enrol(self) -> None:
        for number, (one, uplink) in enumerate(zip(self._people, self._uplinks, strict=True)):
            place = number // PATIENTS_OF_A_NURSE + 1
            self._registry.enrol(
                Patient(
                    id=one.id,
                    family=f"Simulated {one.id}",
                    given="Nobody",
                    birth_date="1950-01-01",
                    record_number=f"R-{one.id}",
                    time_zone=ZONE,
                ),
                at_utc_ms=self._clock.utc_ms(),
                by="the day",
                sensors=[Sensor(id=uplink.strap), Sensor(id=uplink.oximeter)],
                plan=Plan(
                    prescribed={"spo2": [], "heart_rate": []},
                    limits=self._setting.lower if one.lower_limits else "",
                    responsible_nurse=f"day-{place}",
                    cover=f"evening-{place}",
                ),
            )
            self._registry.add_gateway(uplink.gateway, at_utc_ms=self._clock.utc_ms())

    # The server

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        """A server as a new process has it, on the same files."""
        desk = AlarmDesk(self._registry, mode=GenerationMode.TEST, profile=self._setting.profile, clock=self._clock)
        desk.listen(self._wall.hear)
        desk.start(self._series)
        notifier = Notifier(
            self._settings,
            desk,
            self._registry,
            mode=GenerationMode.TEST,
            clock=self._clock,
            notice=desk.notice,
            realarm=desk.realarm,
        )
        for recipient, channels in notifier.channels.items():
            assert isinstance(channels, list)
            channels[:] = [Pager(recipient, self._ring, 1.0 + len(recipient) / 4)]
        self._notifying = tasks.create_task(run_notifier(notifier), name="notify")
        self._wall.reconnect(desk)

    def _kill(self) -> None:
        """As by kill -9: what it had not written is gone."""
        assert self._notifying is not None
        self._notifying.cancel()
        self._wall.desk = None
        self._arrived = []
        for uplink in self._uplinks:
            uplink.unanswered()

    def _ring(self, recipient: str, message: Message) -> None:
        """Somebody's telephone rang: what the message names, by its word or by a combined one's, is theirs to see."""
        named = REFERENCE.search(message.title)
        if named is None:
            return
        outbox = self._registry.outbox
        references = outbox.combined_references(named.group()) or [named.group()]
        for episode in filter(None, map(outbox.episode, references)):
            self._staff[recipient].page(episode)

    # A second

    async def _second(self, second: int, tasks: asyncio.TaskGroup) -> None:
        due_ms = self._clock.monotonic_ms() - round(self._wall.now_s * 1000) + 1000 * second
        wait_ms = due_ms - self._clock.monotonic_ms()
        if wait_ms > 0:
            await asyncio.sleep(wait_ms / 1000)
        self._befall(second, tasks)
        desk = self._wall.desk
        self._exchange(second, desk)
        if desk is None:
            return
        if second % TICK_S == 0:
            desk.tick(self._clock.monotonic_ms())
        if self._wall.dirty or second % RECORD_S == 0:
            self._wall.dirty = False
            await desk.persist()

    def _exchange(self, second: int, desk: AlarmDesk | None) -> None:
        for uplink in self._uplinks:
            batches, state = uplink.turn(second, served=desk is not None)
            if desk is None:
                continue
            if state is not None:
                desk.gateway_state(uplink.gateway, state, self._clock.monotonic_ms())
            for arrival, heard in batches:
                self._observations += sum(_observations(block) for block in heard)
                desk.observe(arrival, heard)
                self._arrived.append(arrival)
        if desk is not None and second % COMMIT_S == 0:
            desk.committed(self._series.commit(self._arrived))
            self._arrived = []
            for uplink in self._uplinks:
                uplink.committed()

    def _befall(self, second: int, tasks: asyncio.TaskGroup) -> None:
        """Showers, kills and deaf stations that begin or end now."""
        for one in self._people:
            for start, until in one.showers:
                if second == start:
                    tasks.create_task(self._suspend(one.id, until - start), name=f"shower of {one.id}")
        for share, lasts_s in KILLS:
            at = round(share * self._setting.seconds)
            if second == at:
                self._kill()
                self._away.append((at, at + lasts_s))
            elif second == at + lasts_s:
                self._start(tasks)
        self._wall.audible = not any(0 <= second - share * self._setting.seconds < lasts for share, lasts in DEAF)
        if second % 3600 == 0:
            self._wall.wake()  # shifts begin

    async def _suspend(self, patient: str, seconds: int) -> None:
        await asyncio.sleep(float(self._draw.uniform(1, 25)))
        desk = self._wall.desk
        if desk is None:
            return
        at_s, minutes = self._wall.now_s, max(1, seconds // 60)
        with contextlib.suppress(VitalsError):
            await desk.suspend(patient, reason="shower", minutes=minutes, actor="day-1", key=f"s/{patient}/{at_s}")
            self._suspended.append((patient, at_s, at_s + 60 * minutes))

    def _happened(self) -> Happened:
        outbox = self._registry.outbox
        desk = self._wall.desk
        done: dict[str, int] = {}
        for nurse in self._staff.values():
            for deed, count in nurse.done.items():
                done[deed] = done.get(deed, 0) + count
        happened = Happened(
            setting=self._setting,
            people=self._people,
            told=self._wall.told,
            open=list(desk.snapshot().alarms) if desk is not None else [],
            events=self._registry.events(),
            missed=self._registry.missed(open_only=False),
            messages=outbox.notifications(since_utc_ms=0),
            attempts=len(outbox.attempts(since_utc_ms=0)),
            done=done,
            suspended=self._suspended,
            away=self._away,
            observations=self._observations,
        )
        self._series.close()
        self._registry.close()
        return happened


def _observations(heard: Heard) -> int:
    assert heard.block is not None
    return len(heard.block.metrics) * (len(heard.block.deltas) // 4)


def _staffed(people: dict[str, tuple[int, int] | None]) -> Settings:
    """Everybody has one telephone; nurses have hours, the charge nurse and the phone are always there."""

    def recipient(hours: tuple[int, int] | None) -> dict[str, Any]:
        found: dict[str, Any] = {"channels": ["memory://telephone"]}
        if hours is not None:
            found["hours"] = [{"between": [f"{hour:02}:00" for hour in hours]}]
        return found

    settings = config.read(
        {
            "time_zone": ZONE,
            "recipients": {name: recipient(hours) for name, hours in people.items()},
            "default_team": "ward",
            "teams": {
                "ward": {
                    "members": [name for name, hours in people.items() if hours is not None],
                    "duties": {"charge_nurse": {"people": ["charge"]}, "phone": {"people": ["phone"]}},
                }
            },
        }
    )
    assert settings is not None
    return settings
