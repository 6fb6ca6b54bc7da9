"""Values to alarms at the desk: who acts, what counts, what is told."""

import random
from collections.abc import Callable

import pytest
from tests.desk_scene import HEART, NOON, OXIMETER, OXIMETRY, STRAP, Scene

from vitals.codes import Metric
from vitals.collector import base
from vitals.errors import ConflictError, NotFoundError
from vitals.observation import Missing, Validity
from vitals.registry import Plan, Sensor
from vitals.ward import ShownAlarm

MakeScene = Callable[..., Scene]
SECOND_OXIMETER = "F0:00:00:00:01:03"


def told(scene: Scene, condition: str) -> list[ShownAlarm]:
    return [alarm for alarm in scene.told if alarm.condition == condition]


def test_a_desaturation_is_told_with_value_limit_and_two_identifiers(scene: Scene) -> None:
    """S10: full name, birth date and record number stand with every alarm."""
    scene.seconds(5, spo2=97, heart=70)
    scene.seconds(6, spo2=84, heart=70)
    (alarm,) = scene.told
    assert alarm.message == "SpO2 84 % < 85 %"
    assert (alarm.priority, alarm.phase, alarm.sounding, alarm.kind) == ("high", "active", True, "physiological")
    assert (alarm.name, alarm.birth_date, alarm.record_number) == ("Halvorsen, Ingrid", "1951-03-14", "R-p-1")
    assert (alarm.metric, alarm.value, alarm.limit, alarm.unit, alarm.current) == ("spo2", 84, 85, "%", 84)
    assert alarm.observed_at == alarm.raised_at == "2027-01-15T12:00:11.000Z"
    assert scene.open() == [alarm]


def test_a_high_rate_is_told_the_other_way_round(scene: Scene) -> None:
    scene.seconds(6, spo2=97, heart=150)
    assert scene.told[0].message == "Heart rate 150 /min > 140 /min"


def test_latency_is_kept_from_observation_to_console(scene: Scene) -> None:
    for _ in range(6):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 84}, age_ms=400)
    (latency,) = scene.desk.latencies
    assert latency.observed_ms == latency.received_ms - 400
    assert latency.raised_ms == latency.received_ms


@pytest.mark.parametrize(
    "validity", [Validity.QUESTIONABLE, Validity.STORED, Validity.EARLY_ESTIMATE, Validity.SIMULATED]
)
def test_a_value_of_doubtful_validity_raises_nothing_and_is_not_shown(scene: Scene, validity: Validity) -> None:
    for _ in range(20):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70}, validity=validity)
        scene.tick()
    assert [alarm.condition for alarm in scene.told if alarm.kind == "physiological"] == []
    shown = scene.desk.snapshot().tiles[0].shown["spo2"]
    assert (shown.value, shown.missing) == (None, "questionable")


def test_s5_an_old_backlog_raises_nothing_live_and_shows_nothing(scene: Scene) -> None:
    for _ in range(20):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70}, backlog=True, age_ms=30_001)
    assert scene.told == []
    assert scene.desk.snapshot().tiles[0].shown["spo2"].missing == "never"
    assert scene.desk.late == 20


def test_s5_a_backlog_that_is_young_alarms_live(scene: Scene) -> None:
    """A collector that was away for seconds gets what it missed as a backlog; the lane alone makes nothing late."""
    for _ in range(3):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70}, backlog=True, age_ms=4_000)
    assert len(scene.told) == 1
    assert scene.desk.late == 0


def test_s5_late_rows_raise_nothing_live(scene: Scene) -> None:
    for _ in range(20):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70}, age_ms=30_001)
    assert scene.told == []
    for _ in range(3):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70}, age_ms=30_000)
    assert len(scene.told) == 1


def test_s5_a_backward_step_of_the_wall_clock_discards_nothing(scene: Scene) -> None:
    scene.seconds(3, spo2=84, heart=70)
    scene.clock.step_utc(-3_600_000)
    scene.seconds(3, spo2=84, heart=70)
    assert [alarm.message for alarm in scene.told] == ["SpO2 84 % < 85 %"]


def test_s5_live_data_alarms_for_the_patient_bound_at_receipt(scene: Scene) -> None:
    scene.enrol("p-2", ("F0:00:00:00:02:02",))
    scene.seconds(5, spo2=84, heart=70)
    assert [alarm.patient for alarm in scene.told] == []
    scene.seconds(1, spo2=84, heart=70)
    assert [alarm.patient for alarm in scene.told] == ["p-1"]


async def test_a_sensor_that_changes_hands_takes_no_value_along(scene: Scene) -> None:
    scene.enrol("p-2", ())
    await scene.desk.refresh()
    scene.seconds(10, spo2=84, heart=70)
    before = scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 84})
    scene.registry.unbind(OXIMETER, at_utc_ms=scene.clock.utc_ms(), by="tests")
    scene.registry.bind(Sensor(id=OXIMETER), "p-2", at_utc_ms=scene.clock.utc_ms(), by="tests")
    await scene.desk.refresh()
    first, second = scene.desk.snapshot().tiles
    assert first.shown["spo2"].missing == "never"
    assert second.shown["spo2"].missing == "never"
    scene.desk.observe(before, base.heard(before))  # once more: it was evaluated for whoever wore the sensor then
    assert scene.desk.snapshot().tiles[1].shown["spo2"].missing == "never"
    scene.seconds(3, spo2=88, heart=70)
    first, second = scene.desk.snapshot().tiles
    assert (second.shown["spo2"].value, first.shown["spo2"].value) == (88, None)
    assert {alarm.patient for alarm in told(scene, "spo2.low")} == {"p-1"}


def test_an_unbound_sensor_is_named_in_a_notice(scene: Scene) -> None:
    scene.hear("F0:00:00:00:09:09", OXIMETRY, {Metric.SPO2: 70})
    scene.tick()
    assert scene.desk.snapshot().notices == ("sensors on no patient: F0:00:00:00:09:09",)
    scene.clock.advance(60_000)
    scene.tick()
    assert scene.desk.snapshot().notices == ()


def test_older_and_equal_observations_change_nothing(scene: Scene) -> None:
    """Every arrival once more, in any order, also while an alarm stands: nothing is told, nothing moves."""
    arrivals = []
    for value in (97, 84, 84, 84, 84, 84, 84, 97, 89):
        scene.clock.advance(1000)
        arrivals.append(scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: value, Metric.PULSE_RATE: 70}))
    before = scene.desk.snapshot()
    heard = list(scene.told)
    random.Random(5).shuffle(arrivals)
    for arrival in arrivals:
        scene.desk.observe(arrival, base.heard(arrival))
    after = scene.desk.snapshot()
    assert (after.tiles, after.alarms, scene.told) == (before.tiles, before.alarms, heard)


def test_the_boot_before_raises_nothing_live_once_a_newer_one_was_heard(scene: Scene) -> None:
    for _ in range(3):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97}, boot=1)
    for _ in range(3):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97}, boot=2)
    for _ in range(9):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70}, boot=1)
    assert [alarm.condition for alarm in scene.told] == ["missed"]  # judged as what came too late


def test_a_gateway_that_reboots_goes_on_with_a_delay(scene: Scene) -> None:
    for boot in (1, 1, 1, 2, 2, 2):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 84}, boot=boot, ahead_ms=-990_000 * boot)
    assert [alarm.message for alarm in scene.told] == ["SpO2 84 % < 85 %"]


def test_pulse_rate_acts_while_no_heart_rate_is_measured(scene: Scene) -> None:
    scene.seconds(30, heart=70)
    for _ in range(30):  # the strap measures: the oximeter's pulse counts for nothing
        scene.clock.advance(1000)
        scene.hear(STRAP, HEART, {Metric.HEART_RATE: 70})
        scene.hear(OXIMETER, OXIMETRY, {Metric.PULSE_RATE: 150})
        scene.tick()
    assert told(scene, "heart_rate.high") == []
    assert scene.desk.snapshot().tiles[0].shown["pulse_rate"].limits == ()
    for _ in range(22):  # 15 s without the strap, then the delay of 5 s
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.PULSE_RATE: 150})
        scene.tick()
    (alarm,) = told(scene, "heart_rate.high")
    assert alarm.message == "Pulse rate 150 /min > 140 /min"
    assert alarm.metric == "pulse_rate"
    assert len(scene.desk.snapshot().tiles[0].shown["pulse_rate"].limits) == 4
    scene.clock.advance(1000)
    scene.hear(STRAP, HEART, {Metric.HEART_RATE: 70})  # measured again, and it is well
    assert told(scene, "heart_rate.high")[-1].phase == "ended"


def test_of_two_sensors_the_plan_decides_which_alarms(make_scene: MakeScene) -> None:
    plan = Plan(prescribed={"spo2": [SECOND_OXIMETER, OXIMETER]}, responsible_nurse="n", cover="c")
    scene = make_scene(sensors=(OXIMETER, SECOND_OXIMETER), plan=plan)
    for _ in range(20):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70})
        scene.hear(SECOND_OXIMETER, OXIMETRY, {Metric.SPO2: 97})
    assert scene.told == []
    assert scene.desk.snapshot().tiles[0].shown["spo2"].sensor == SECOND_OXIMETER
    for _ in range(19):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 70})
    assert [alarm.value for alarm in scene.told] == [70]


def test_s17_every_limit_that_can_alarm_is_shown(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    shown = scene.desk.snapshot().tiles[0].shown
    limits = [(limit.side, limit.value, limit.priority) for limit in shown["spo2"].limits]
    assert limits == [("low", 90, "medium"), ("low", 85, "high"), ("low", 80, "high")]
    assert [limit.value for limit in shown["heart_rate"].limits] == [50, 120, 40, 140]


@pytest.mark.parametrize(("time_zone", "limit"), [("UTC", 50), ("Asia/Tokyo", 45), ("America/New_York", 50)])
def test_limits_are_those_of_the_local_time_of_day(make_scene: MakeScene, time_zone: str, limit: float) -> None:
    scene = make_scene(time_zone=time_zone, utc_ms=NOON + 90 * 60_000)  # 13:30 UTC, 22:30 in Tokyo
    scene.second(heart=70)
    assert scene.desk.snapshot().tiles[0].shown["heart_rate"].limits[0].value in {limit, 120}
    assert limit in {shown.value for shown in scene.desk.snapshot().tiles[0].shown["heart_rate"].limits}


def test_limits_change_with_the_hour(make_scene: MakeScene) -> None:
    scene = make_scene(utc_ms=NOON + 10 * 3_600_000 - 30_000)  # half a minute before the night begins
    scene.seconds(20, spo2=97, heart=47)
    assert [alarm.limit for alarm in told(scene, "heart_rate.low")] == [50]
    scene.seconds(40, spo2=97, heart=47)  # 47 is within the night's band by no hysteresis, so it goes on
    assert scene.only("heart_rate.low").phase == "active"
    scene.seconds(1, spo2=97, heart=48)
    assert scene.open("heart_rate.low") == []


def test_limits_prescribed_for_a_patient_hold_for_that_patient(make_scene: MakeScene) -> None:
    scene = make_scene(
        plan=Plan(
            prescribed={"spo2": []},
            limits='[spo2]\nlimits = [{below = 88, delay_s = 10, priority = "medium"}]',
            responsible_nurse="n",
            cover="c",
        )
    )
    scene.seconds(30, spo2=89, heart=70)
    assert told(scene, "spo2.low") == []
    scene.seconds(11, spo2=87, heart=70)
    assert [alarm.limit for alarm in told(scene, "spo2.low")] == [88]


def test_a_time_scale_shortens_every_delay(make_scene: MakeScene) -> None:
    scene = make_scene(time_scale=0.1)
    for _ in range(6):
        scene.clock.advance(100)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 84})
    assert len(scene.told) == 1


async def test_s9_an_acknowledgement_of_what_changed_is_refused(scene: Scene) -> None:
    scene.seconds(16, spo2=86, heart=70)
    medium = scene.only("spo2.low")
    scene.seconds(6, spo2=84, heart=70)
    with pytest.raises(ConflictError, match="changed"):
        await scene.desk.acknowledge(medium.episode, medium.version, actor="nurse-1", key="k-1")
    assert scene.only("spo2.low").phase == "active"
    with pytest.raises(NotFoundError):
        await scene.desk.acknowledge("nothing", 1, actor="nurse-1", key="k-2")


async def test_s9_the_same_key_gives_the_same_answer(scene: Scene) -> None:
    scene.seconds(6, spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    answer = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k-1")
    assert (answer.phase, answer.version, answer.acknowledged_by, answer.sounding) == (
        "acknowledged",
        2,
        "nurse-1",
        False,
    )
    assert await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k-1") == answer
    assert len(told(scene, "spo2.low")) == 2
    with pytest.raises(ConflictError, match="another alarm"):
        await scene.desk.acknowledge("other", 1, actor="nurse-1", key="k-1")
    with pytest.raises(ConflictError, match="already"):
        await scene.desk.acknowledge(alarm.episode, 2, actor="nurse-2", key="k-2")


async def test_s14_ended_high_latches(scene: Scene) -> None:
    scene.seconds(6, spo2=84, heart=70)
    scene.seconds(30, spo2=96, heart=70)
    alarm = scene.only("spo2.low")
    assert (alarm.phase, alarm.sounding, alarm.current, alarm.value) == ("ended", True, 96, 84)
    assert alarm.ended_at is not None
    over = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k-1")
    assert (over.phase, scene.open()) == ("over", [])


def test_s14_an_ended_medium_is_told_a_last_time_and_silent(scene: Scene) -> None:
    scene.seconds(16, spo2=88, heart=70)
    scene.seconds(1, spo2=96, heart=70)
    assert (scene.told[-1].phase, scene.told[-1].sounding, scene.open()) == ("over", False, [])
    assert scene.told[-1].acknowledged_at is None


async def test_s8_an_acknowledged_high_comes_back_after_ten_minutes(scene: Scene) -> None:
    scene.seconds(6, spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k-1")
    scene.seconds(599, spo2=84, heart=70)
    assert scene.only("spo2.low").phase == "acknowledged"
    scene.seconds(1, spo2=84, heart=70)
    again = scene.only("spo2.low")
    assert (again.phase, again.sounding, again.version, again.acknowledged_by) == ("active", True, 3, None)


def test_a_listener_that_fails_stops_no_alarm(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: ShownAlarm) -> None:
        raise RuntimeError("the screen is gone")

    scene.desk.listen(fail)
    heard: list[ShownAlarm] = []
    stop = scene.desk.listen(heard.append)
    scene.seconds(6, spo2=84, heart=70)
    assert len(heard) == 1
    assert "a listener failed" in caplog.text
    stop()
    scene.seconds(1, spo2=97, heart=70)
    assert len(heard) == 1


def test_a_missing_value_is_shown_with_its_reason(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    scene.second(spo2=Missing.NAN, heart=70)
    shown = scene.desk.snapshot().tiles[0].shown["spo2"]
    assert (shown.value, shown.missing, shown.age_s) == (None, "nan", 1.0)
    scene.second(spo2=96, heart=70)
    shown = scene.desk.snapshot().tiles[0].shown["spo2"]
    assert (shown.value, shown.missing, shown.age_s) == (96, None, 0)
