"""Silence is an event: not monitored, sensor off, sensor silent, gateway offline."""

from collections.abc import Callable

import pytest
from tests.desk_scene import HEART, OXIMETER, OXIMETRY, STRAP, Scene, new_registry

from vitals.codes import Metric
from vitals.observation import Missing, Validity
from vitals.registry import Patient, Plan, Sensor
from vitals.ward import ShownAlarm

MakeScene = Callable[..., Scene]


def told(scene: Scene, condition: str) -> list[ShownAlarm]:
    return [alarm for alarm in scene.told if alarm.condition == condition]


def status(scene: Scene) -> str:
    return scene.desk.snapshot().tiles[0].status


def test_s1_not_monitored_shows_at_thirty_seconds_and_alarms_the_nurse_at_two_minutes(scene: Scene) -> None:
    scene.seconds(5, spo2=97, heart=70)
    scene.seconds(29, heart=70)
    assert status(scene) == "stale"
    scene.second(heart=70)
    assert status(scene) == "not_monitored"
    scene.seconds(89, heart=70)
    assert told(scene, "not_monitored") == []
    scene.second(heart=70)
    (alarm,) = told(scene, "not_monitored")
    assert (alarm.priority, alarm.kind, alarm.patient, alarm.metric) == ("medium", "technical", "p-1", "spo2")
    assert alarm.message == "SpO2 not monitored"


@pytest.mark.parametrize("spo2", [91.9, 89.0])
def test_s1_a_value_that_was_nearing_or_beyond_a_limit_alarms_high_at_thirty_seconds(scene: Scene, spo2: float) -> None:
    scene.seconds(5, spo2=97, heart=70)
    scene.seconds(2, spo2=spo2, heart=70)
    scene.seconds(29, heart=70)
    assert told(scene, "not_monitored") == []
    scene.second(heart=70)
    (alarm,) = told(scene, "not_monitored")
    assert alarm.priority == "high"


def test_s1_two_minutes_after_it_was_nearing_that_is_forgotten(scene: Scene) -> None:
    scene.seconds(2, spo2=91, heart=70)
    scene.seconds(121, spo2=97, heart=70)
    scene.seconds(119, heart=70)
    assert told(scene, "not_monitored") == []
    scene.second(heart=70)
    assert told(scene, "not_monitored")[0].priority == "medium"


@pytest.mark.parametrize(
    ("value", "options"),
    [
        (Missing.NAN, {}),
        (Missing.SENSOR_OFF, {}),
        (97.0, {"validity": Validity.QUESTIONABLE}),
        (97.0, {"backlog": True, "age_ms": 31_000}),
        (97.0, {"age_ms": 31_000}),
        (400.0, {}),
    ],
)
def test_s1_whatever_the_reason(scene: Scene, value: float | Missing, options: dict[str, object]) -> None:
    scene.seconds(5, spo2=97, heart=70)
    for _ in range(120):
        scene.second(heart=70)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: value}, **options)
    assert [alarm.priority for alarm in told(scene, "not_monitored")] == ["medium"]


def test_s1_it_ends_with_the_next_value_that_may_alarm(scene: Scene) -> None:
    scene.seconds(5, spo2=97, heart=70)
    scene.seconds(130, heart=70)
    scene.second(spo2=97, heart=70)
    assert told(scene, "not_monitored")[-1].phase == "over"
    assert status(scene) == "monitored"
    scene.seconds(120, heart=70)
    assert [alarm.phase for alarm in told(scene, "not_monitored")] == ["active", "over", "active"]


async def test_s14_a_high_that_was_not_monitored_latches_too(scene: Scene) -> None:
    scene.seconds(5, spo2=91, heart=70)
    scene.seconds(31, heart=70)
    scene.second(spo2=97, heart=70)
    alarm = scene.only("not_monitored")
    assert (alarm.phase, alarm.sounding, alarm.current) == ("ended", True, 97)
    assert (await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k")).phase == "over"


def test_s12_a_bound_sensor_never_seen_alarms_too(scene: Scene) -> None:
    scene.seconds(29, heart=70)
    assert told(scene, "sensor_silent") == []
    assert status(scene) == "no_data"
    scene.second(heart=70)
    (alarm,) = told(scene, "sensor_silent")
    assert (alarm.message, alarm.priority) == (f"No signal from sensor {OXIMETER}", "low")
    assert status(scene) == "not_monitored"
    scene.seconds(90, heart=70)
    assert len(told(scene, "not_monitored")) == 1


async def test_s12_silence_is_timed_from_the_binding(scene: Scene) -> None:
    scene.seconds(100, spo2=97, heart=70)
    third = Sensor(id="F0:00:00:00:01:03")
    scene.registry.bind(third, "p-1", at_utc_ms=scene.clock.utc_ms(), by="tests")
    await scene.desk.refresh()
    scene.seconds(29, spo2=97, heart=70)
    assert scene.told == []
    scene.seconds(1, spo2=97, heart=70)
    assert [alarm.condition for alarm in scene.told] == ["sensor_silent"]
    scene.registry.unbind(third.id, at_utc_ms=scene.clock.utc_ms(), by="tests")
    await scene.desk.refresh()
    assert [alarm.phase for alarm in scene.told] == ["active", "over"]


def test_a_silent_sensor_that_speaks_again_ends_it_at_once(scene: Scene) -> None:
    scene.seconds(2, spo2=97, heart=70)
    scene.seconds(30, heart=70)
    assert [alarm.phase for alarm in told(scene, "sensor_silent")] == ["active"]
    scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: Missing.NAN})
    assert [alarm.phase for alarm in told(scene, "sensor_silent")] == ["active", "over"]


def test_a_sensor_off_shows_at_once_and_alarms_after_thirty_seconds(scene: Scene) -> None:
    scene.seconds(2, spo2=97, heart=70)
    scene.second(spo2=Missing.SENSOR_OFF, heart=70)
    assert status(scene) == "sensor_off"
    scene.seconds(29, spo2=Missing.SENSOR_OFF, heart=70)
    assert told(scene, "sensor_off") == []
    scene.second(spo2=Missing.SENSOR_OFF, heart=70)
    (alarm,) = told(scene, "sensor_off")
    assert (alarm.message, alarm.priority, alarm.kind) == ("Sensor off finger", "low", "technical")
    scene.second(spo2=97, heart=70)
    assert told(scene, "sensor_off")[-1].phase == "over"
    assert status(scene) == "monitored"


def test_a_strap_without_contact_is_off_the_skin_though_it_counts_intervals(scene: Scene) -> None:
    for _ in range(32):
        scene.second(spo2=97)
        scene.hear(STRAP, HEART, {Metric.HEART_RATE: Missing.SENSOR_OFF, Metric.RR_INTERVAL: 800})
    assert [alarm.message for alarm in told(scene, "sensor_off")] == ["Sensor off skin"]


def test_another_characteristic_does_not_put_a_sensor_back_on(scene: Scene) -> None:
    for _ in range(32):
        scene.second(heart=70, spo2=Missing.SENSOR_OFF)
        scene.hear(OXIMETER, "2A19", {Metric.BATTERY: 80})
    assert [alarm.phase for alarm in told(scene, "sensor_off")] == ["active"]
    assert scene.desk.snapshot().tiles[0].battery == 80


def silent_gateway(scene: Scene, seconds: int) -> None:
    for _ in range(seconds):
        scene.clock.advance(1000)
        scene.tick()


def test_a_gateway_without_a_sign_of_life_is_offline_after_45_seconds(scene: Scene) -> None:
    scene.seconds(5, spo2=97, heart=70)
    silent_gateway(scene, 44)
    assert told(scene, "gateway_offline") == []
    silent_gateway(scene, 1)
    (alarm,) = told(scene, "gateway_offline")
    assert (alarm.message, alarm.patient, alarm.kind) == ("Gateway gw-1 offline", None, "technical")
    scene.gateway_online()
    assert told(scene, "gateway_offline")[-1].phase == "over"


def test_a_gateway_is_offline_at_its_last_will_whatever_the_broker_still_delivers(scene: Scene) -> None:
    scene.seconds(5, spo2=97, heart=70)
    scene.gateway_online(online=False)
    assert [alarm.phase for alarm in told(scene, "gateway_offline")] == ["active"]
    scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97})
    assert [alarm.phase for alarm in told(scene, "gateway_offline")] == ["active"]
    scene.gateway_online()
    assert [alarm.phase for alarm in told(scene, "gateway_offline")] == ["active", "over"]


def test_a_gateway_that_was_added_and_never_came_is_offline_too(scene: Scene) -> None:
    scene.registry.add_gateway("gw-2", at_utc_ms=scene.clock.utc_ms())
    scene.start()
    scene.seconds(45, spo2=97, heart=70)
    assert [alarm.message for alarm in told(scene, "gateway_offline")] == ["Gateway gw-2 offline"]


def test_s12_gateway_offline_inhibits_its_sensors_sounds_and_never_patient_states(scene: Scene) -> None:
    scene.seconds(5, spo2=91, heart=70)
    scene.gateway_online(online=False)
    silent_gateway(scene, 130)
    sounding = {alarm.condition: alarm.sounding for alarm in scene.open()}
    assert sounding == {"gateway_offline": True, "sensor_silent": False, "not_monitored": True}
    assert not any(alarm.sounding for alarm in told(scene, "sensor_silent"))
    assert {alarm.priority for alarm in told(scene, "not_monitored")} == {"high", "medium"}


def test_s12_sounds_that_were_heard_before_the_gateway_was_missed_fall_silent(scene: Scene) -> None:
    scene.seconds(5, spo2=97, heart=70)
    silent_gateway(scene, 30)
    assert [alarm.sounding for alarm in told(scene, "sensor_silent")] == [True, True]
    silent_gateway(scene, 15)
    assert [alarm.sounding for alarm in told(scene, "sensor_silent")] == [True, True, False, False]


async def test_the_gateways_alarm_can_be_acknowledged(scene: Scene) -> None:
    scene.gateway_online(online=False)
    alarm = scene.only("gateway_offline")
    answer = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="technician", key="k")
    assert (answer.phase, answer.sounding) == ("acknowledged", False)
    scene.gateway_online()
    assert scene.open("gateway_offline") == []


def test_no_plan_no_green(make_scene: MakeScene) -> None:
    scene = make_scene(enrolled=False)
    scene.registry.enrol(
        patient=make_patient(), at_utc_ms=scene.clock.utc_ms(), by="tests", sensors=[Sensor(id=OXIMETER)]
    )
    scene.start()
    scene.seconds(3, spo2=97)
    assert status(scene) == "no_plan"
    scene.seconds(6, spo2=84)
    assert [alarm.condition for alarm in scene.told] == ["spo2.low"]  # the server's limits act all the same


def make_patient() -> Patient:
    return Patient(id="p-9", family="Novák", given="Jana", birth_date="1957-09-08", record_number="R-9")


def test_notices_of_the_pipeline_are_shown_until_they_end(scene: Scene) -> None:
    scene.desk.notice("not_recording", "the disk is full")
    assert scene.desk.snapshot().notices == ("the disk is full",)
    scene.desk.notice("not_recording", None)
    assert scene.desk.snapshot().notices == ()


def test_ages_are_by_receipt(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    scene.clock.advance(4000)
    assert status(scene) == "monitored"
    scene.clock.advance(1000)
    assert status(scene) == "stale"
    assert scene.desk.snapshot().tiles[0].shown["spo2"].age_s == 5


async def test_what_is_missing_since_the_same_moment_as_before_is_another_episode(scene: Scene) -> None:
    """Each is recorded: a name that came twice would keep the registry from taking anything more."""
    scene.seconds(3, spo2=97, heart=70)
    scene.seconds(125, spo2=Missing.SENSOR_OFF, heart=70)
    off = scene.only("sensor_off")
    await scene.desk.inactivate(off.episode, off.version, reason="known", minutes=1, actor="nurse-1", key="k")
    await scene.desk.persist()
    scene.seconds(62, spo2=Missing.SENSOR_OFF, heart=70)
    again = scene.only("sensor_off")
    await scene.desk.persist()
    assert again.episode != off.episode
    assert [event.change for event in scene.recorded("sensor_off:" + OXIMETER)][-1] == "raised"


async def test_a_patient_whose_sensor_is_given_away_again_is_told_of_again(scene: Scene) -> None:
    scene.enrol("p-2", (), Plan(prescribed={"spo2": []}, responsible_nurse="nurse-1", cover="nurse-2"))
    named = []
    for lacks, gets in (("p-2", "p-2"), ("p-1", "p-1"), ("p-2", "p-2")):
        await scene.desk.refresh()
        scene.seconds(130, spo2=97, heart=70)
        (alarm,) = [one for one in scene.open("not_monitored") if one.metric == "spo2"]
        assert alarm.patient == lacks
        named.append(alarm.episode)
        await scene.desk.persist()
        utc_ms = scene.clock.utc_ms()
        scene.registry.unbind(OXIMETER, at_utc_ms=utc_ms, by="tests")
        scene.registry.bind(Sensor(id=OXIMETER), gets, at_utc_ms=utc_ms, by="tests")
    assert len(set(named)) == 3


async def test_s1_a_sensor_that_is_taken_off_leaves_its_metric_heard_till_its_last_value(scene: Scene) -> None:
    scene.seconds(125, heart=70)
    first = scene.only("not_monitored")
    scene.seconds(5, heart=70, spo2=97)
    scene.registry.unbind(OXIMETER, at_utc_ms=scene.clock.utc_ms(), by="tests")
    await scene.desk.refresh()
    scene.seconds(100, heart=70)
    assert scene.open("not_monitored") == []
    scene.seconds(25, heart=70)
    assert scene.only("not_monitored").episode != first.episode
    await scene.desk.persist()


async def test_s1_what_was_left_is_known_after_a_restart(make_scene: MakeScene) -> None:
    place = new_registry()
    scene = make_scene(place=place)
    scene.seconds(125, heart=70)
    first = scene.only("not_monitored")
    scene.seconds(5, heart=70, spo2=97)
    scene.registry.unbind(OXIMETER, at_utc_ms=scene.clock.utc_ms(), by="tests")
    await scene.desk.refresh()
    scene.seconds(15, heart=70)
    await scene.desk.persist()
    again = make_scene(place=place, series=scene.series, clock=scene.clock, enrolled=False)
    again.seconds(95, heart=70)
    assert again.open("not_monitored") == []
    again.seconds(20, heart=70)
    assert again.only("not_monitored").episode != first.episode
