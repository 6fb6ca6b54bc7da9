"""What people do with alarms: pause the sound, say what came of it."""

import json
from collections.abc import Callable

import pytest
from tests.desk_scene import STRAP, Scene

from vitals.codes import Metric
from vitals.errors import ConflictError, NotFoundError
from vitals.ward import ShownAlarm


def raise_high(scene: Scene) -> ShownAlarm:
    """SpO2 84 % until the high alarm sounds."""
    scene.seconds(7, spo2=84, heart=70)
    return scene.only("spo2.low")


async def paused(scene: Scene, alarm: ShownAlarm, key: str = "k1") -> ShownAlarm:
    return await scene.desk.pause_audio(alarm.episode, alarm.version, actor="nurse-1", key=key)


async def test_s2_a_pause_is_counted_down_two_minutes_and_over_by_itself(scene: Scene) -> None:
    answer = await paused(scene, raise_high(scene))
    assert (answer.phase, answer.sounding, answer.acknowledged_at) == ("active", False, None)
    assert answer.paused_until == "2027-01-15T12:02:07.000Z"
    scene.seconds(119, spo2=84, heart=70)
    assert not scene.only("spo2.low").sounding
    scene.second(spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    assert (alarm.sounding, alarm.paused_until) == (True, None)
    await scene.desk.persist()
    assert [event.change for event in scene.recorded("spo2.low")][-2:] == ["audio_paused", "audio_resumed"]


async def test_s2_another_condition_and_another_patient_sound_at_once(scene: Scene) -> None:
    scene.enrol("p-2", ("F0:00:00:00:02:01",))
    await scene.desk.refresh()
    await paused(scene, raise_high(scene))
    for _ in range(7):
        scene.hear("F0:00:00:00:02:01", "2A37", {Metric.HEART_RATE: 150})
        scene.second(spo2=84, heart=150)
    assert [alarm.sounding for alarm in scene.open("heart_rate.high")] == [True, True]
    assert not scene.only("spo2.low").sounding


async def test_s2_a_higher_priority_of_the_same_condition_ends_the_pause(scene: Scene) -> None:
    scene.seconds(17, spo2=88, heart=70)
    medium = scene.only("spo2.low")
    assert medium.priority == "medium"
    await paused(scene, medium)
    scene.seconds(7, spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    assert (alarm.priority, alarm.sounding, alarm.paused_until) == ("high", True, None)


async def test_s2_a_further_worsening_ends_the_pause(scene: Scene) -> None:
    await paused(scene, raise_high(scene))
    scene.second(spo2=81, heart=70)
    assert scene.only("spo2.low").sounding


async def test_s2_an_end_is_heard_and_a_person_may_resume(scene: Scene) -> None:
    answer = await paused(scene, raise_high(scene))
    resumed = await scene.desk.resume_audio(answer.episode, answer.version, actor="nurse-1", key="k2")
    assert resumed.sounding
    await paused(scene, resumed, "k3")
    scene.second(spo2=96, heart=70)
    alarm = scene.only("spo2.low")
    assert (alarm.phase, alarm.sounding, alarm.paused_until) == ("ended", True, None)
    with pytest.raises(ConflictError, match="acknowledge it"):
        await paused(scene, alarm, "k4")


async def test_s2_a_pause_survives_a_restart(scene: Scene) -> None:
    await paused(scene, raise_high(scene))
    await scene.desk.persist()
    scene.start()
    scene.second(spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    assert (alarm.sounding, alarm.paused_until) == (False, "2027-01-15T12:02:07.000Z")
    scene.seconds(120, spo2=84, heart=70)
    assert scene.only("spo2.low").sounding


async def test_s9_a_pause_names_the_version_and_its_key_answers_alike(scene: Scene) -> None:
    alarm = raise_high(scene)
    with pytest.raises(ConflictError, match="changed"):
        await scene.desk.pause_audio(alarm.episode, alarm.version - 1, actor="nurse-1", key="k0")
    answer = await paused(scene, alarm)
    assert await paused(scene, alarm) == answer
    with pytest.raises(ConflictError, match="something else"):
        await scene.desk.acknowledge(alarm.episode, answer.version, actor="nurse-1", key="k1")
    with pytest.raises(ConflictError, match="already"):
        await paused(scene, answer, "k5")


async def test_s14_an_outcome_is_recorded_with_who_and_when_and_acknowledges(scene: Scene) -> None:
    alarm = raise_high(scene)
    answer = await scene.desk.resolve(
        alarm.episode, alarm.version, outcome="no_answer", note="rang twice", actor="nurse-1", key="k1"
    )
    assert (answer.phase, answer.acknowledged_by, answer.sounding) == ("acknowledged", "nurse-1", False)
    await scene.desk.persist()
    (action,) = scene.registry.actions(since_utc_ms=0)
    assert (action.action, action.actor, action.at_utc_ms) == ("resolve", "nurse-1", scene.clock.utc_ms())
    assert json.loads(action.detail) == {"outcome": "no_answer", "note": "rang twice"}
    assert scene.recorded("spo2.low")[-1].change == "resolved"
    with pytest.raises(ConflictError, match="outcome"):
        await scene.desk.resolve(alarm.episode, 2, outcome="fine", note="", actor="nurse-1", key="k2")


async def test_s14_an_outcome_can_follow_an_alarm_that_is_over(scene: Scene) -> None:
    alarm = raise_high(scene)
    taken = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k1")
    scene.second(spo2=96, heart=70)
    assert scene.open() == []
    over = await scene.desk.resolve(
        alarm.episode, taken.version + 1, outcome="spoke", note="", actor="nurse-1", key="k2"
    )
    assert over.phase == "over"
    with pytest.raises(NotFoundError):
        await scene.desk.resolve("p-1:spo2.low:none", 1, outcome="spoke", note="", actor="nurse-1", key="k3")


async def test_s2_a_technical_alarm_can_be_paused_too(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene(sensors=(STRAP,))
    scene.seconds(121)
    alarm = next(alarm for alarm in scene.open("not_monitored") if alarm.sounding)
    await paused(scene, alarm)
    silent = [one.sounding for one in scene.open("not_monitored") if one.episode == alarm.episode]
    assert silent == [False]
