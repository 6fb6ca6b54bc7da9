"""Technical conditions beside silence: gaps, batteries, clocks, lost data, nobody responsible, the collector away."""

from collections.abc import Callable

import msgspec
import pytest
from tests.desk_scene import HEART, OXIMETER, OXIMETRY, STRAP, Scene

from vitals.alarms.limits import Priority
from vitals.codes import Metric
from vitals.collector.battery import MARGIN, Discharge, urgency
from vitals.collector.gatewaywatch import GatewayKept
from vitals.observation import GenerationMode
from vitals.registry import Plan
from vitals.wire.bodies import ClockState, GatewayState

MakeScene = Callable[..., Scene]


def gaps(scene: Scene, count: int, silent_s: int, heard_s: int) -> None:
    for _ in range(count):
        scene.seconds(silent_s, heart=70)
        scene.seconds(heard_s, spo2=97, heart=70)


def test_s12_a_fifth_missing_in_ten_minutes_is_told_to_the_nurse(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    gaps(scene, 5, 20, 40)
    assert scene.open("intermittent") == []
    gaps(scene, 1, 20, 40)
    alarm = scene.only("intermittent")
    assert (alarm.priority, alarm.metric, alarm.message) == ("medium", "spo2", "SpO2 monitored with gaps")
    scene.seconds(460, spo2=97, heart=70)
    assert scene.open("intermittent") == []


def test_s12_short_gaps_and_one_that_was_told_are_not_intermittent(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    gaps(scene, 100, 4, 2)
    scene.seconds(150, heart=70)
    assert len(scene.open("not_monitored")) == 1
    scene.seconds(60, spo2=97, heart=70)
    assert scene.open("intermittent") == []


async def test_s12_an_intermittent_alarm_survives_a_restart(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    gaps(scene, 6, 21, 39)
    await scene.desk.persist()
    before = scene.only("intermittent").episode
    scene.start()
    assert scene.only("intermittent").episode == before


def battery(scene: Scene, level: float) -> None:
    scene.clock.advance(1000)
    scene.hear(OXIMETER, "2A19", {Metric.BATTERY: level})
    scene.tick()


async def test_a_battery_alarms_by_its_percentage_while_its_rate_is_unknown(scene: Scene) -> None:
    battery(scene, 21)
    assert scene.open("battery") == []
    battery(scene, 20)
    low = scene.only("battery")
    assert (low.priority, low.message) == ("low", f"Battery of sensor {OXIMETER} at 20 %")
    battery(scene, 22)
    assert scene.only("battery").episode == low.episode
    battery(scene, 4)
    assert scene.only("battery").priority == "medium"
    await scene.desk.persist()
    scene.start()
    assert scene.only("battery").message.endswith("at 4 %")
    battery(scene, 95)
    assert scene.open("battery") == []


def test_a_battery_alarms_by_the_hours_left_where_its_rate_is_known(scene: Scene) -> None:
    battery(scene, 90)
    scene.clock.advance(4 * 3_600_000)
    battery(scene, 70)
    alarm = scene.only("battery")
    assert (alarm.priority, alarm.message) == ("low", f"Battery of sensor {OXIMETER} at 70 %, about 14 h left")


@pytest.mark.parametrize(
    ("level", "hours", "priority"),
    [
        (50, 3.9, Priority.MEDIUM),
        (50, 47, Priority.LOW),
        (10, 49, None),
        (5, 49, Priority.LOW),
        (5, None, Priority.MEDIUM),
        (21, None, None),
    ],
)
def test_how_urgent_a_battery_is(level: float, hours: float | None, priority: Priority | None) -> None:
    assert urgency(level, hours) is priority


def test_a_rate_needs_an_hour_and_three_percent() -> None:
    full = Discharge().followed(100, 0)
    assert full.hours_left(98, 7_200_000) is None
    assert full.hours_left(90, 3_500_000) is None
    assert full.hours_left(90, 3_600_000) == 9
    assert full.followed(90, 1).at_ms == 0
    assert full.followed(90, 1).followed(100.5, 2).at_ms == 2
    assert urgency(20, None, MARGIN) is Priority.LOW


def state(scene: Scene, clock: ClockState, ahead_ms: int = 0) -> None:
    monotonic_ms = scene.clock.monotonic_ms()
    online = GatewayState(
        session=1,
        online=True,
        mode=GenerationMode.TEST,
        published_ms=monotonic_ms,
        utc_offset_ms=scene.clock.utc_ms() - monotonic_ms + ahead_ms,
        clock=clock,
    )
    scene.desk.gateway_state("gw-1", online, monotonic_ms)
    scene.tick()


@pytest.mark.parametrize(("clock", "ahead_ms"), [(ClockState.UNSET, 0), (ClockState.SYNCHRONISED, -61_000)])
def test_s5_a_clock_that_cannot_date_anything_is_told(scene: Scene, clock: ClockState, ahead_ms: int) -> None:
    state(scene, clock, ahead_ms)
    scene.clock.advance(119_000)
    state(scene, clock, ahead_ms)
    assert scene.open("clock_unusable") == []
    scene.clock.advance(1000)
    state(scene, clock, ahead_ms)
    assert scene.only("clock_unusable").message == "Clock of gateway gw-1 unusable"
    state(scene, ClockState.HOLDOVER, 59_000)
    assert scene.open("clock_unusable") == []


async def test_s7_lost_data_is_an_alarm_that_a_person_can_take_on(scene: Scene) -> None:
    scene.desk.notice("data_lost:gw-1", "3 messages of gw-1 are neither there nor here")
    alarm = scene.only("data_lost")
    assert (alarm.priority, alarm.message) == ("low", "Data lost: 3 messages of gw-1 are neither there nor here")
    taken = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k1")
    assert taken.acknowledged_by == "nurse-1"
    await scene.desk.persist()
    scene.start()  # what the pipeline does not tell anew is over
    assert scene.open("data_lost") == []


async def test_s16_a_patient_without_a_responsible_nurse_alarms(make_scene: MakeScene) -> None:
    scene = make_scene(plan=Plan(prescribed={"spo2": []}))
    scene.second(spo2=97)
    assert (scene.only("unassigned").priority, scene.only("unassigned").patient) == ("medium", "p-1")
    plan = Plan(prescribed={"spo2": []}, responsible_nurse="nurse-1", cover="nurse-2")
    scene.registry.prescribe("p-1", plan, at_utc_ms=scene.clock.utc_ms())
    await scene.desk.refresh()
    scene.second(spo2=97)
    assert scene.open("unassigned") == []


@pytest.mark.parametrize(("away_s", "priority"), [(28, None), (31, "low"), (121, "medium")])
async def test_a_collector_that_was_away_says_for_how_long(scene: Scene, away_s: int, priority: str | None) -> None:
    scene.second(spo2=97, heart=70)
    await scene.desk.persist()
    scene.clock.advance(away_s * 1000)
    scene.start()
    assert [alarm.priority for alarm in scene.open("restarted")] == ([priority] if priority else [])


async def test_s5_the_gap_of_a_restart_is_evaluated_from_what_comes_late(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    await scene.desk.persist()  # nothing to tell: the last sign of life is that of the start, a second ago
    scene.clock.advance(240_000)
    scene.start()
    alarm = scene.only("restarted")
    assert alarm.message == "Collector was away for 4 min 1 s: nothing alarmed meanwhile"
    for age_s in range(80, 60, -1):
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 84, Metric.PULSE_RATE: 70}, age_ms=age_s * 1000, backlog=True)
    assert [event.priority for event in scene.desk.snapshot().missed] == ["high"]
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k1")
    scene.hear(STRAP, HEART, {Metric.HEART_RATE: 70})
    scene.tick()
    assert scene.open("restarted") == []
    await scene.desk.persist()
    assert [event.change for event in scene.recorded("restarted")] == ["raised", "acknowledged", "ended"]


def test_what_is_kept_of_a_gateway_reads_what_older_releases_kept() -> None:
    old = msgspec.msgpack.encode({"contact_ms": 5, "left_ms": 6})
    assert msgspec.msgpack.decode(old, type=GatewayKept) == GatewayKept(5, 6)
