"""An alarm desk with one or more patients and a clock that moves when told to."""

import atexit
import functools
import itertools
import shutil
import tempfile
from pathlib import Path

from vitals.alarms import profile as profiles
from vitals.alarms.profile import Profile
from vitals.clock import ManualClock
from vitals.codes import Metric
from vitals.collector import base
from vitals.collector.desk import AlarmDesk
from vitals.observation import GenerationMode, Missing, Observation, Reading, Validity, absent, observe
from vitals.registry import Event, Patient, Plan, Registry, Sensor, open_registry
from vitals.scores.table import Table
from vitals.series.base import Arrival, Series
from vitals.series.memory import MemorySeries
from vitals.ward import ShownAlarm
from vitals.wire import bodies, columns
from vitals.wire.bodies import ClockState, Data, GatewayState
from vitals.wire.header import Header, Kind

NOON = 1_800_014_400_000
"""A UTC moment at 12:00."""
STRAP = "F0:00:00:00:01:01"
OXIMETER = "F0:00:00:00:01:02"
HEART, OXIMETRY = "2A37", "2A5F"

_FOLDER = Path(tempfile.mkdtemp(prefix="desk-scene-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
_NUMBERS = itertools.count()

Values = dict[Metric, float | Missing]


class Scene:
    """One gateway, one desk; everything it told is in *told*."""

    def __init__(
        self,
        *,
        place: Path | None = None,
        series: Series | None = None,
        profile: Profile | None = None,
        plan: Plan | None = None,
        time_scale: float = 1.0,
        utc_ms: int = NOON,
        clock: ManualClock | None = None,
        sensors: tuple[str, ...] = (STRAP, OXIMETER),
        enrolled: bool = True,
        time_zone: str = "UTC",
        confirm_s: float = 0,
        tables: dict[str, Table] | None = None,
    ) -> None:
        self.confirm_s = confirm_s
        self.tables = tables
        self.clock = clock or ManualClock(monotonic_ms=1_000_000, utc_ms=utc_ms)
        self.registry: Registry = open_registry(place or new_registry())
        self.series: Series = series or MemorySeries()
        self.profile = profile or profiles.built_in("adult")
        self.time_scale = time_scale
        if enrolled:
            self.enrol("p-1", sensors, plan, time_zone)
        self.told: list[ShownAlarm] = []
        self.seq = 0
        self.desk = self.start()

    def close(self) -> None:
        """Give the registry back."""
        self.registry.close()

    def enrol(self, patient: str, sensors: tuple[str, ...], plan: Plan | None = None, time_zone: str = "UTC") -> None:
        """Enrol somebody; call ``desk.refresh`` where the desk runs already."""
        self.registry.enrol(
            Patient(
                id=patient,
                family="Halvorsen",
                given="Ingrid",
                birth_date="1951-03-14",
                record_number=f"R-{patient}",
                time_zone=time_zone,
            ),
            at_utc_ms=self.clock.utc_ms(),
            by="tests",
            sensors=[Sensor(id=sensor) for sensor in sensors],
            plan=plan or Plan(prescribed={"spo2": [], "heart_rate": []}, responsible_nurse="nurse-1", cover="nurse-2"),
        )

    def start(self) -> AlarmDesk:
        """A desk as a new process would have it, on the same registry and log."""
        self.desk = AlarmDesk(
            self.registry,
            mode=GenerationMode.TEST,
            profile=self.profile,
            clock=self.clock,
            time_scale=self.time_scale,
            confirm_s=self.confirm_s,
            tables=self.tables,
        )
        self.desk.listen(self.told.append)
        self.desk.start(self.series)
        return self.desk

    def arrival(
        self,
        sensor: str,
        characteristic: str,
        values: Values,
        *,
        age_ms: int = 0,
        backlog: bool = False,
        boot: int = 77,
        gateway: str = "gw-1",
        validity: Validity = Validity.VALID,
        ahead_ms: int = 5_000_000,
    ) -> Arrival:
        """A batch of one notification, as if it came now; the gateway's clock is *ahead_ms* of the collector's."""
        self.seq += 1
        now_ms = self.clock.monotonic_ms() + ahead_ms
        row = columns.Row(
            now_ms - age_ms,
            Reading(tuple(_observation(metric, value, validity) for metric, value in values.items())),
        )
        block = columns.pack(sensor, characteristic, [row])
        data = Data(self.clock.utc_ms() - now_ms, ClockState.SYNCHRONISED, [block])
        return Arrival(
            gateway=gateway,
            header=Header(
                mode=GenerationMode.TEST,
                kind=Kind.DATA,
                epoch=9,
                seq=self.seq,
                boot=boot,
                published_ms=now_ms,
                backlog=backlog,
            ),
            body=bodies.encode(data),
            received_ms=self.clock.monotonic_ms(),
            received_utc_ms=self.clock.utc_ms(),
            receiver_boot=self.clock.boot(),
            queued_ms=0,
        )

    def hear(self, sensor: str, characteristic: str, values: Values, **options: object) -> Arrival:
        """Let the desk observe one notification."""
        arrival = self.arrival(sensor, characteristic, values, **options)  # type: ignore[arg-type]
        self.desk.observe(arrival, base.heard(arrival))
        return arrival

    def second(self, *, spo2: float | Missing | None = None, heart: float | Missing | None = None) -> None:
        """One second passes: each sensor that has something to say says it, the desk ticks."""
        self.clock.advance(1000)
        if heart is not None:
            self.hear(STRAP, HEART, {Metric.HEART_RATE: heart})
        if spo2 is not None:
            pulse: float | Missing = 70 if not isinstance(spo2, Missing) else spo2
            self.hear(OXIMETER, OXIMETRY, {Metric.SPO2: spo2, Metric.PULSE_RATE: pulse})
        self.gateway_online()
        self.tick()

    def seconds(self, count: int, **values: float | Missing | None) -> None:
        """So many seconds pass alike."""
        for _ in range(count):
            self.second(**values)

    def tick(self) -> None:
        """The desk hears that time passed."""
        self.desk.tick(self.clock.monotonic_ms())

    def gateway_online(self, *, online: bool = True, gateway: str = "gw-1") -> None:
        """A gateway's state, or its last will."""
        state = GatewayState(session=1, online=online, mode=GenerationMode.TEST)
        self.desk.gateway_state(gateway, state, self.clock.monotonic_ms())

    def open(self, condition: str | None = None) -> list[ShownAlarm]:
        """Alarms that the wall shows."""
        alarms = self.desk.snapshot().alarms
        return [alarm for alarm in alarms if condition is None or alarm.condition == condition]

    def only(self, condition: str) -> ShownAlarm:
        """The one alarm of *condition* that the wall shows."""
        (alarm,) = self.open(condition)
        return alarm

    def recorded(self, condition: str) -> list[Event]:
        """What the registry has of *condition*; await ``desk.persist`` before."""
        return [event for event in self.registry.events() if event.condition == condition]


def _observation(metric: Metric, value: float | Missing, validity: Validity) -> Observation:
    return absent(metric, value) if isinstance(value, Missing) else observe(metric, value, validity)


def new_registry() -> Path:
    """A registry that nobody is in yet; the schema was made once."""
    place = _FOLDER / f"{next(_NUMBERS)}.db"
    shutil.copy(_empty(), place)
    return place


@functools.cache
def _empty() -> Path:
    place = _FOLDER / "empty.db"
    open_registry(place).close()
    return place
