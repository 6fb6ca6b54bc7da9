"""Two desks hear the same: one screens columns and visits whom time may change, the other looks at everything.

They tell, show and record the same.
"""

import asyncio
import random
from contextlib import suppress
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.counts import count
from tests.desk_scene import HEART, NOON, OXIMETER, OXIMETRY, STRAP, Scene
from typing_extensions import override

from vitals.clock import ManualClock
from vitals.codes import Metric
from vitals.collector import base
from vitals.collector.agenda import Agenda
from vitals.collector.base import Heard
from vitals.collector.desk import AlarmDesk
from vitals.collector.watch import Watch
from vitals.errors import VitalsError
from vitals.observation import GenerationMode, Missing, Observation, Reading, Validity, absent, observe
from vitals.registry import Plan, Sensor
from vitals.series.base import Arrival
from vitals.ward import ShownAlarm
from vitals.wire import bodies, columns
from vitals.wire.bodies import ClockState, Data
from vitals.wire.header import Header, Kind

AHEAD_MS = 5_000_000
DOINGS = 60
RHYTHM = '[rhythm.atrial_fibrillation]\npriority = "medium"\n'
LIMITS = ("", "[spo2]\nlimits = [{ below = 93, delay_s = 5, priority = 'high' }]\n", RHYTHM)

QUIET = (97.0, 96.0, 95.0)
VALUES: tuple[float | Missing, ...] = (*QUIET * 5, 92.0, 91.99, 90.0, 84.0, 84.0, 79.0, Missing.NAN, Missing.SENSOR_OFF)
PULSES: tuple[float | Missing, ...] = (*[70.0, 71.0] * 8, 119.0, 121.0, 150.0, 48.0, Missing.NO_SIGNAL)
VALIDITIES: tuple[Validity, ...] = (*[Validity.VALID] * 30, Validity.ONGOING, Validity.QUESTIONABLE)
APART_MS = (*[1000] * 12, 0, 20_000)
AGES_MS = (*[0] * 12, 5000, 40_000)
DEEDS = ("wait", "wait", "limits", "rebind", "suspend", "resume", "acknowledge", "restart", "battery")

Notified = tuple[float | Missing, float | Missing, Validity, int]
"""SpO2 or nothing of it, pulse or heart rate, validity, and milliseconds since the one before."""


class Everybody(Agenda):
    """Visits everybody at every tick."""

    @override
    def take(self, at_ms: int, restarted_ms: int) -> list[Watch]:
        self.stir(*self._places)
        return super().take(at_ms, restarted_ms)


class RowByRow(Scene):
    """A scene whose desk never sees a column, and visits everybody at every tick."""

    @override
    def start(self) -> AlarmDesk:
        desk = super().start()
        every = Everybody()
        every.stir(*desk._roster.watches.values())
        desk._agenda = desk._tending._agenda = every
        return desk

    def observe(self, arrival: Arrival) -> None:
        self.desk.observe(arrival, [_listed(heard) for heard in base.heard(arrival)])


class Screened(Scene):
    """A scene whose desk hears what the pipeline hands on."""

    def observe(self, arrival: Arrival) -> None:
        self.desk.observe(arrival, base.heard(arrival))


def _listed(heard: Heard) -> Heard:
    return Heard(
        sensor=heard.sensor,
        characteristic=heard.characteristic,
        utc_offset_ms=heard.utc_offset_ms,
        boot=heard.boot,
        receipt_ms=heard.receipt_ms,
        listed=heard.rows,
    )


@settings(max_examples=count(short=12, long=1000), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.integers(0, 2**32))
def test_what_is_not_looked_at_changes_nothing(seed: int) -> None:
    scenes = [kind(clock=ManualClock(monotonic_ms=1_000_000, utc_ms=NOON)) for kind in (RowByRow, Screened)]
    try:
        plain, screened = (asyncio.run(_play(scene, random.Random(seed))) for scene in scenes)
    finally:
        for scene in scenes:
            scene.close()
    assert screened == plain


async def _play(scene: RowByRow | Screened, chance: random.Random) -> list[Any]:
    """Everything that can be known of a desk in the end."""
    shown: list[Any] = []
    for number in range(DOINGS):
        if chance.random() < 0.85:
            scene.observe(_batch(scene, chance, number))
        else:
            await _do(scene, chance.choice(DEEDS), chance.randrange(130), f"k{number}")
        scene.clock.advance(chance.choice((250, 250, 250, 1000, 5000, 9000)))
        scene.tick()
        shown.append((scene.desk.snapshot().tiles, scene.desk.snapshot().missed, _alarms(scene)))
    scene.clock.advance(60_000)
    scene.tick()
    await scene.desk.persist()
    states = sorted(scene.registry.states(), key=lambda state: (state.subject, state.condition))
    # What changes at one moment is told in an order that a restart does not keep.
    told = sorted(scene.told, key=lambda alarm: alarm.episode)
    events = sorted(scene.registry.events(), key=lambda event: (event.episode, event.version))
    return [told, shown, events, states, scene.registry.missed(open_only=False)]


def _alarms(scene: Scene) -> list[ShownAlarm]:
    """In an order that a restart keeps."""
    return sorted(scene.open(), key=lambda alarm: alarm.episode)


async def _do(scene: Scene, deed: str, amount: int, key: str) -> None:
    if deed == "wait":
        scene.clock.advance(1000 * amount)
    elif deed == "restart":
        await scene.desk.persist()
        scene.start()
    elif deed == "battery":
        scene.hear(STRAP, "2A19", {Metric.BATTERY: amount % 101})
    else:
        with suppress(VitalsError):  # refused by both, or what follows differs
            await _act(scene, deed, amount, key)


async def _act(scene: Scene, deed: str, amount: int, key: str) -> None:
    if deed == "suspend":
        await scene.desk.suspend("p-1", reason="shower", minutes=1 + amount % 3, actor="n", key=key)
    elif deed == "resume":
        await scene.desk.resume("p-1", actor="n", key=key)
    elif deed == "acknowledge":
        for alarm in _alarms(scene):
            await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key=f"{key}{alarm.episode}")
    else:
        await _change(scene, deed, amount)


async def _change(scene: Scene, deed: str, amount: int) -> None:
    """In the registry."""
    utc_ms = scene.clock.utc_ms()
    if deed == "limits":
        plan = Plan(prescribed={"spo2": [], "heart_rate": []}, responsible_nurse="n", limits=LIMITS[amount % 3])
        scene.registry.prescribe("p-1", plan, at_utc_ms=utc_ms)
    else:
        scene.registry.unbind(OXIMETER, at_utc_ms=utc_ms, by="n")
        if amount % 2:
            scene.clock.advance(1000)
            scene.registry.bind(Sensor(id=OXIMETER), "p-1", at_utc_ms=scene.clock.utc_ms(), by="n")
    await scene.desk.refresh()


def _batch(scene: Scene, chance: random.Random, number: int) -> Arrival:
    values, pulses, validities = (VALUES, PULSES, VALIDITIES)
    if chance.random() < 0.6:
        values, pulses, validities = (QUIET, PULSES[:2], VALIDITIES[:1])
    notified = [
        (chance.choice(values), chance.choice(pulses), chance.choice(validities), chance.choice(APART_MS))
        for _ in range(chance.choice((1, 1, 1, 2, 4)))
    ]
    sensor, age_ms = chance.choice((OXIMETER, OXIMETER, STRAP)), chance.choice(AGES_MS)
    return _arrival(scene, number, sensor, notified, age_ms=age_ms, boot=1 + number * 3 // DOINGS)


def _arrival(
    scene: Scene, number: int, sensor: str, notified: list[Notified], *, age_ms: int = 0, boot: int = 1
) -> Arrival:
    now_ms = scene.clock.monotonic_ms()
    published_ms = now_ms + AHEAD_MS * boot
    at_ms = published_ms - age_ms - sum(apart_ms for *_, apart_ms in notified[1:])
    rows = []
    for index, (spo2, pulse, validity, apart_ms) in enumerate(notified):
        at_ms += apart_ms if index else 0
        if sensor == OXIMETER:
            said = [_one(Metric.SPO2, spo2, validity), _one(Metric.PULSE_RATE, pulse, Validity.VALID)]
        else:
            beats = [observe(Metric.RR_INTERVAL, 850 + 10 * beat, validity) for beat in range((number + index) % 3)]
            said = [_one(Metric.HEART_RATE, pulse, validity), *beats]
        rows.append(columns.Row(at_ms, Reading(tuple(said))))
    block = columns.pack(sensor, OXIMETRY if sensor == OXIMETER else HEART, rows)
    return Arrival(
        gateway="gw-1",
        header=Header(
            mode=GenerationMode.TEST, kind=Kind.DATA, epoch=9, seq=number, boot=boot, published_ms=published_ms
        ),
        body=bodies.encode(Data(scene.clock.utc_ms() - published_ms, ClockState.SYNCHRONISED, [block])),
        received_ms=now_ms,
        received_utc_ms=scene.clock.utc_ms(),
        receiver_boot=scene.clock.boot(),
        queued_ms=0,
    )


def _one(metric: Metric, value: float | Missing, validity: Validity) -> Observation:
    return absent(metric, value) if isinstance(value, Missing) else observe(metric, value, validity)


def test_a_quiet_block_is_not_unpacked() -> None:
    scene = Screened()
    quiet: list[Notified] = [(97.0, 70.0, Validity.VALID, 1000)]
    scene.observe(_arrival(scene, 0, OXIMETER, quiet))  # its channels are new
    scene.clock.advance(3000)
    arrival = _arrival(scene, 1, OXIMETER, quiet * 3)
    (heard,) = base.heard(arrival)
    scene.desk.observe(arrival, [heard])
    scene.close()
    assert heard.block is not None
    assert heard.listed is None
