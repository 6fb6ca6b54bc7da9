"""What people arrange for a patient: requests of the patient (S15), and alarms that a nurse switches off."""

from collections.abc import Callable

import pytest
from tests.desk_scene import STRAP, Scene

from vitals.collector.inactivation import CONDITION
from vitals.errors import ConflictError, NotFoundError
from vitals.observation import Missing
from vitals.registry import Plan
from vitals.ward import ShownAlarm, ShownInactivation, ShownRequest

MakeScene = Callable[..., Scene]


async def asked(scene: Scene, reason: str = "shower", minutes: int = 20, key: str = "ask") -> ShownRequest:
    return await scene.desk.request_suspension("p-1", reason=reason, minutes=minutes, actor="p-1", key=key)


async def test_s15_a_patient_s_request_suppresses_nothing_and_is_listed(scene: Scene) -> None:
    request = await asked(scene)
    assert (request.patient, request.reason, request.minutes, request.by) == ("p-1", "shower", 20, "p-1")
    assert scene.desk.snapshot().requests == (request,)
    scene.seconds(7, spo2=84, heart=70)
    assert scene.only("spo2.low").sounding
    assert scene.desk.snapshot().tiles[0].suspended is None


async def test_s15_a_nurse_accepts_and_owns_the_suspension(scene: Scene) -> None:
    request = await asked(scene)
    shown = await scene.desk.accept_request("p-1", request.version, actor="nurse-1", key="yes")
    assert (shown.owner, shown.reason) == ("nurse-1", "shower")
    assert shown.until == "2027-01-15T12:20:00.000Z"
    assert scene.desk.snapshot().requests == ()
    assert scene.desk.snapshot().tiles[0].status == "suspended"
    with pytest.raises(NotFoundError):
        await scene.desk.accept_request("p-1", request.version, actor="nurse-1", key="twice")


async def test_s15_a_nurse_refuses_and_every_step_is_recorded(scene: Scene) -> None:
    request = await asked(scene)
    again = await asked(scene, "clinic", 60, "more")
    with pytest.raises(ConflictError, match="something else"):
        await scene.desk.refuse_request("p-1", request.version, actor="nurse-1", key="old")
    await scene.desk.refuse_request("p-1", again.version, actor="nurse-1", key="no")
    assert scene.desk.snapshot().requests == ()
    assert scene.desk.snapshot().tiles[0].suspended is None
    await scene.desk.persist()
    said = [(event.change, event.version, event.actor) for event in scene.recorded("suspension_request")]
    assert said == [("requested", 1, "p-1"), ("requested", 2, "p-1"), ("refused", 3, "nurse-1")]
    scene.start()
    await scene.desk.refuse_request("p-1", again.version, actor="nurse-1", key="no")  # the same key, the same answer


async def test_s15_a_request_survives_a_restart_and_expires_by_itself(scene: Scene) -> None:
    request = await asked(scene)
    await scene.desk.persist()
    scene.start()
    assert scene.desk.snapshot().requests == (request,)
    scene.clock.advance(7_200_000)
    scene.tick()
    assert scene.desk.snapshot().requests == ()
    await scene.desk.persist()
    assert scene.recorded("suspension_request")[-1].change == "expired"
    scene.start()
    assert scene.desk.snapshot().requests == ()


@pytest.mark.parametrize(("reason", "minutes"), [("party", 10), ("shower", 0), ("shower", 121)])
async def test_s15_a_request_has_the_bounds_of_a_suspension(scene: Scene, reason: str, minutes: int) -> None:
    with pytest.raises(ConflictError):
        await asked(scene, reason, minutes)


def medium(scene: Scene) -> ShownAlarm:
    """SpO2 88 % until it alarms."""
    scene.seconds(17, spo2=88, heart=70)
    return scene.only("spo2.low")


async def off(
    scene: Scene, alarm: ShownAlarm, minutes: int = 60, reason: str = "known", key: str = "off"
) -> ShownInactivation:
    return await scene.desk.inactivate(
        alarm.episode, alarm.version, reason=reason, minutes=minutes, actor="nurse-1", key=key
    )


def shown(scene: Scene) -> list[ShownInactivation]:
    return list(scene.desk.snapshot().tiles[0].inactivated)


async def test_s2_an_alarm_is_switched_off_with_an_end_and_an_owner_and_is_seen(scene: Scene) -> None:
    made = await off(scene, medium(scene))
    assert (made.condition, made.priority, made.reason, made.owner) == ("spo2.low", "medium", "known", "nurse-1")
    assert made.until == "2027-01-15T13:00:17.000Z"
    assert shown(scene) == [made]
    scene.seconds(60, spo2=88, heart=70)
    assert scene.open() == []
    await scene.desk.persist()
    assert [(event.change, event.actor) for event in scene.recorded("spo2.low")] == [
        ("raised", None), ("acknowledged", "nurse-1"), ("ended", "nurse-1"),
    ]  # fmt: skip
    (begun,) = scene.recorded(CONDITION)
    assert (begun.change, begun.actor, begun.priority) == ("inactivated", "nurse-1", "medium")


async def test_s2_a_more_urgent_level_and_another_condition_alarm_all_the_same(scene: Scene) -> None:
    await off(scene, medium(scene))
    scene.seconds(7, spo2=84, heart=150)
    assert (scene.only("spo2.low").priority, scene.only("spo2.low").sounding) == ("high", True)
    assert scene.only("heart_rate.high").sounding
    scene.second(spo2=89, heart=150)  # the high is over; up to medium nothing is left of it
    assert scene.only("spo2.low").phase == "ended"


async def test_s2_a_high_is_switched_off_for_two_hours_at_most_and_comes_back(scene: Scene) -> None:
    scene.seconds(7, spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    with pytest.raises(ConflictError, match="1 to 120 minutes"):
        await off(scene, alarm, 121)
    await off(scene, alarm, 1)
    scene.seconds(59, spo2=84, heart=70)
    assert scene.open() == []
    scene.seconds(10, spo2=84, heart=70)
    assert shown(scene) == []
    assert scene.only("spo2.low").sounding
    await scene.desk.persist()
    assert [event.change for event in scene.recorded(CONDITION)] == ["inactivated", "reactivated"]


async def test_s2_a_switched_off_alarm_survives_a_restart_with_its_end(scene: Scene) -> None:
    made = await off(scene, medium(scene), 1)
    await scene.desk.persist()
    scene.start()
    assert shown(scene) == [made]
    scene.seconds(50, spo2=88, heart=70)
    assert scene.open() == []
    scene.seconds(30, spo2=88, heart=70)
    assert scene.only("spo2.low").sounding
    await scene.desk.persist()
    scene.start()
    assert shown(scene) == []


async def test_a_person_switches_it_on_again(scene: Scene) -> None:
    await off(scene, medium(scene))
    await scene.desk.reactivate("p-1", "spo2.low", actor="nurse-2", key="on")
    scene.seconds(17, spo2=88, heart=70)
    assert scene.only("spo2.low").sounding
    with pytest.raises(NotFoundError):
        await scene.desk.reactivate("p-1", "spo2.low", actor="nurse-2", key="again")
    await scene.desk.persist()
    assert (scene.recorded(CONDITION)[-1].change, scene.recorded(CONDITION)[-1].actor) == ("reactivated", "nurse-2")


async def test_a_technical_alarm_can_be_switched_off(scene: Scene) -> None:
    scene.seconds(31, spo2=97, heart=Missing.SENSOR_OFF)
    await off(scene, scene.only("sensor_off"), 720)
    scene.seconds(10, spo2=97, heart=Missing.SENSOR_OFF)
    assert scene.open("sensor_off") == []
    assert shown(scene)[0].condition == f"sensor_off:{STRAP}"
    await scene.desk.reactivate("p-1", f"sensor_off:{STRAP}", actor="nurse-1", key="on")
    scene.second(spo2=97, heart=Missing.SENSOR_OFF)
    assert scene.only("sensor_off").sounding
    await scene.desk.persist()  # off all the time, and an episode of its own
    assert len({event.episode for event in scene.recorded(f"sensor_off:{STRAP}")}) == 2


@pytest.mark.parametrize(("minutes", "reason"), [(0, "known"), (721, "known"), (60, "tired")])
async def test_s2_neither_without_a_reason_nor_for_ever(scene: Scene, minutes: int, reason: str) -> None:
    alarm = medium(scene)
    with pytest.raises(ConflictError):
        await off(scene, alarm, minutes, reason)
    assert scene.only("spo2.low").sounding


async def test_s1_nobody_switches_off_that_nobody_watches(scene: Scene) -> None:
    scene.seconds(121, spo2=97)
    with pytest.raises(ConflictError, match="cannot be switched off"):
        await off(scene, scene.only("not_monitored"))


async def test_s9_what_changed_is_not_switched_off(scene: Scene) -> None:
    alarm = medium(scene)
    scene.seconds(7, spo2=84, heart=70)
    with pytest.raises(ConflictError, match="changed"):
        await off(scene, alarm)


@pytest.mark.parametrize("cover", ["", "nurse-1"])
async def test_s16_a_patient_whom_nobody_covers_alarms(make_scene: MakeScene, cover: str) -> None:
    plan = Plan(prescribed={"spo2": []}, responsible_nurse="nurse-1", cover=cover)
    scene = make_scene(plan=plan)
    scene.second(spo2=97)
    assert (scene.only("uncovered").priority, scene.only("uncovered").sounding) == ("medium", True)
    scene.registry.prescribe(
        "p-1",
        Plan(prescribed={"spo2": []}, responsible_nurse="nurse-1", cover="nurse-2"),
        at_utc_ms=scene.clock.utc_ms(),
    )
    await scene.desk.refresh()
    scene.second(spo2=97)
    assert scene.open("uncovered") == []
