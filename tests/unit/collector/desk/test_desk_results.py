"""Results that are measured now and then: they alarm at once, also when they come late (S6)."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from tests.desk_scene import NOON, OXIMETER, OXIMETRY, STRAP, Scene

from vitals.alarms import profile as profiles
from vitals.codes import Metric
from vitals.collector import base
from vitals.observation import Validity, observe
from vitals.registry import Plan
from vitals.series.base import Arrival
from vitals.ward import ShownAlarm
from vitals.wire import bodies, columns

MakeScene = Callable[..., Scene]
SPOT_CHECK = "2A5E"
MINUTE_MS = 60_000
LOW = "result.spo2.low"


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    """A patient of whom nothing is streamed, an hour after the server began."""
    scene = make_scene(plan=Plan(prescribed={}, responsible_nurse="nurse-1", cover="nurse-2"), utc_ms=NOON)
    scene.clock.advance(60 * MINUTE_MS)
    scene.tick()
    return scene


def spot(scene: Scene, spo2: float, minutes: float = 0, pulse: float = 70, **options: object) -> Arrival:
    """A spot-check that the gateway heard *minutes* ago."""
    scene.clock.advance(1000)
    values = {Metric.SPO2: spo2, Metric.PULSE_RATE: pulse}
    arrival = scene.hear(OXIMETER, SPOT_CHECK, values, age_ms=round(minutes * MINUTE_MS), **options)
    scene.tick()
    return arrival


def stored(scene: Scene, spo2: float, minutes: float | None, boot: int = 77) -> None:
    """A result from the device's storage, measured *minutes* ago by its clock; None: its clock is not set."""
    scene.clock.advance(1000)
    arrival = scene.arrival(OXIMETER, SPOT_CHECK, {Metric.SPO2: spo2}, boot=boot)
    (heard,) = base.heard(arrival)
    (row,) = heard.rows
    at = None
    if minutes is not None:
        seconds = (scene.clock.utc_ms() - minutes * MINUTE_MS) // 1000
        at = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()
    reading = msgspec.structs.replace(
        row.reading, device_time=at, observations=(observe(Metric.SPO2, spo2, Validity.STORED),)
    )
    block = columns.pack(OXIMETER, SPOT_CHECK, [columns.Row(row.at_ms, reading)])
    data = bodies.Data(heard.utc_offset_ms, bodies.ClockState.SYNCHRONISED, [block])
    arrival = msgspec.structs.replace(arrival, body=bodies.encode(data))
    scene.desk.observe(arrival, base.heard(arrival))


def high(scene: Scene) -> ShownAlarm:
    return scene.only(LOW)


def alarms(scene: Scene) -> list[str]:
    """What alarms but for the strap that nobody wears, and for what is listed as missed."""
    return [alarm.condition for alarm in scene.open() if alarm.condition not in {"sensor_silent", "missed"}]


def missed(scene: Scene) -> list[tuple[str, float]]:
    return [(event.priority, event.worst) for event in scene.desk.snapshot().missed]


@pytest.mark.parametrize(("spo2", "priority"), [(89, "medium"), (84, "high"), (79, "high")])
def test_s6_a_single_result_beyond_a_limit_alarms_at_once(scene: Scene, spo2: float, priority: str) -> None:
    spot(scene, spo2)
    alarm = high(scene)
    assert (alarm.priority, alarm.sounding, alarm.value, alarm.current) == (priority, True, spo2, spo2)


@pytest.mark.parametrize(("minutes", "live"), [(1, True), (29.9, True), (30, False), (45, False)])
def test_s6_a_late_result_alarms_live_under_thirty_minutes_and_is_missed_after(
    scene: Scene,
    minutes: float,
    live: bool,  # noqa: FBT001
) -> None:
    spot(scene, 84, minutes, backlog=True)
    assert (len(scene.open(LOW)), missed(scene)) == ((1, []) if live else (0, [("high", 84.0)]))
    if live:
        assert high(scene).observed_at is not None
    else:
        assert scene.only("missed").priority == "medium"  # owned until somebody reviews it


def test_s6_what_is_streamed_and_late_never_alarms_live(scene: Scene) -> None:
    for _ in range(20):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 84}, age_ms=5 * MINUTE_MS, backlog=True)
    scene.tick()
    assert alarms(scene) == []
    assert missed(scene) == [("high", 84.0)]


def test_s6_only_the_newest_result_alarms_live(scene: Scene) -> None:
    spot(scene, 97)
    spot(scene, 84, 10, backlog=True)
    assert scene.open(LOW) == []
    assert missed(scene) == [("high", 84.0)]


def test_s6_a_newer_result_within_the_limits_ends_it(scene: Scene) -> None:
    spot(scene, 89)
    spot(scene, 90)  # on the limit: it is not beyond
    assert alarms(scene) == []
    spot(scene, 84)
    spot(scene, 97)
    assert high(scene).phase == "ended"  # a high stays until somebody has seen it (S14)


async def test_s6_acknowledged_and_resolved_it_is_over(scene: Scene) -> None:
    spot(scene, 84)
    alarm = high(scene)
    taken = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k1")
    assert high(scene).phase == "acknowledged"
    over = await scene.desk.resolve(taken.episode, taken.version, outcome="spoke", note="", actor="nurse-1", key="k2")
    assert over.phase == "over"
    assert alarms(scene) == []


async def test_s6_no_answer_leaves_it_and_it_sounds_again_after_ten_minutes(scene: Scene) -> None:
    spot(scene, 84)
    alarm = high(scene)
    await scene.desk.resolve(alarm.episode, alarm.version, outcome="no_answer", note="", actor="nurse-1", key="k1")
    assert high(scene).phase == "acknowledged"
    scene.clock.advance(10 * MINUTE_MS)
    scene.tick()
    assert high(scene).sounding


def test_s6_after_four_hours_a_result_says_nothing_of_the_present(scene: Scene) -> None:
    spot(scene, 89)
    scene.clock.advance(4 * 60 * MINUTE_MS - 1)
    scene.tick()
    assert high(scene).priority == "medium"
    scene.clock.advance(1)
    scene.tick()
    assert scene.open(LOW) == []


def test_s6_a_result_from_the_device_s_storage_alarms_by_the_device_s_time(scene: Scene) -> None:
    stored(scene, 84, 20)
    assert high(scene).value == 84
    stored(scene, 83, 40)
    assert missed(scene) == [("high", 83.0)]
    stored(scene, 82, None)  # nobody knows when
    stored(scene, 81, -30)  # measured in half an hour, says its clock
    assert [worst for _, worst in missed(scene)] == [83.0, 82.0, 81.0]
    assert high(scene).value == 84


async def test_s6_the_same_result_again_does_nothing(scene: Scene) -> None:
    again = spot(scene, 84)
    stored(scene, 83, 40)
    alarm = high(scene)
    await scene.desk.resolve(alarm.episode, alarm.version, outcome="spoke", note="", actor="n", key="k")
    (event,) = scene.desk.snapshot().missed
    await scene.desk.review(event.id, event.version, actor="n", key="r")
    scene.clock.advance(-1000)
    stored(scene, 83, 40, boot=78)  # the device's storage is read once more
    scene.desk.observe(again, base.heard(again))
    assert alarms(scene) == []
    assert missed(scene) == []


async def test_s6_a_result_and_its_alarm_survive_a_restart(scene: Scene) -> None:
    again = spot(scene, 84)
    before = high(scene)
    await scene.desk.persist()
    scene.start()
    assert (high(scene).episode, high(scene).current) == (before.episode, 84)
    scene.desk.observe(again, base.heard(again))
    assert high(scene).version == before.version
    spot(scene, 97)
    assert high(scene).phase == "ended"
    await scene.desk.persist()
    assert [event.change for event in scene.recorded(LOW)] == ["raised", "ended"]


def test_s6_a_kill_before_anything_was_written_finds_the_result_in_the_log(scene: Scene) -> None:
    scene.desk.committed(scene.series.commit([spot(scene, 84)]))
    scene.start()
    assert high(scene).value == 84


def test_a_sensor_that_gives_results_alone_is_not_silent_between_them(scene: Scene) -> None:
    spot(scene, 97)
    scene.clock.advance(60 * MINUTE_MS)
    scene.tick()
    assert {alarm.episode.split(":")[2] for alarm in scene.open("sensor_silent")} == {STRAP.split(":")[0]}
    assert len(scene.open("sensor_silent")) == 1


def test_s1_a_spot_check_is_no_monitoring(make_scene: MakeScene) -> None:
    scene = make_scene(plan=Plan(prescribed={"spo2": []}, responsible_nurse="n", cover="c"))
    for _ in range(121):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, SPOT_CHECK, {Metric.SPO2: 97})
        scene.tick()
    assert scene.only("not_monitored").priority == "medium"
    assert scene.desk.snapshot().tiles[0].shown["spo2"].value == 97


def test_s1_a_spot_check_of_a_sensor_that_also_streams_is_a_result_all_the_same(make_scene: MakeScene) -> None:
    scene = make_scene()
    scene.seconds(3, spo2=97, heart=70)
    spot(scene, 89)
    assert high(scene).priority == "medium"
    spot(scene, 96)
    assert scene.open() == []
    for _ in range(118):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, SPOT_CHECK, {Metric.SPO2: 97, Metric.PULSE_RATE: 70})
        scene.hear(STRAP, "2A37", {Metric.HEART_RATE: 70})
        scene.tick()
    assert scene.only("not_monitored").metric == "spo2"


def test_a_pulse_acts_on_the_limits_of_the_heart_while_that_is_not_measured(scene: Scene) -> None:
    spot(scene, 97, pulse=150)
    assert scene.only("result.heart_rate.high").value == 150
    spot(scene, 97, pulse=70)
    scene.hear(STRAP, "2A37", {Metric.HEART_RATE: 70})
    spot(scene, 97, pulse=150)
    assert scene.only("result.heart_rate.high").phase == "ended"


def test_s6_every_episodic_metric_alarms_by_the_limits_prescribed(make_scene: MakeScene) -> None:
    fever = '[temperature]\nlimits = [{ above = 39.5, delay_s = 60, priority = "medium" }]'
    profile = profiles.prescribe(profiles.built_in("adult"), fever)
    scene = make_scene(profile=profile)
    scene.hear(OXIMETER, "2A1C", {Metric.TEMPERATURE: 39.9})
    alarm = scene.only("result.temperature.high")
    assert (alarm.priority, alarm.value, alarm.limit) == ("medium", 39.9, 39.5)
    assert scene.desk.snapshot().tiles[0].shown["temperature"].value == 39.9
    assert scene.open("temperature.high") == []


async def test_s15_a_result_while_suspended_is_shown_and_raises_nothing(scene: Scene) -> None:
    await scene.desk.suspend("p-1", reason="clinic", minutes=60, actor="nurse-1", key="k")
    spot(scene, 84)
    assert alarms(scene) == []
    assert missed(scene) == []
    assert scene.desk.snapshot().tiles[0].shown["spo2"].value == 84


def test_s5_a_result_of_nobody_is_set_aside(scene: Scene) -> None:
    scene.hear("F0:00:00:00:09:09", SPOT_CHECK, {Metric.SPO2: 84}, age_ms=5 * MINUTE_MS)
    assert alarms(scene) == []
    assert any("F0:00:00:00:09:09" in notice for notice in scene.desk.snapshot().notices)
