"""Suspended monitoring (S15): nobody watches for a while, everybody sees that, and it ends by itself."""

from collections.abc import Callable

import pytest
from tests.desk_scene import OXIMETER, STRAP, Scene

from vitals.errors import ConflictError, NotFoundError
from vitals.observation import Missing
from vitals.ward import ShownSuspension, Tile


async def suspend(scene: Scene, minutes: int = 20, key: str = "k1") -> ShownSuspension:
    return await scene.desk.suspend("p-1", reason="shower", minutes=minutes, actor="nurse-1", key=key)


def tile(scene: Scene) -> Tile:
    (found,) = scene.desk.snapshot().tiles
    return found


async def test_s15_it_has_a_reason_an_owner_and_an_end_and_is_seen(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    shown = await suspend(scene)
    assert (shown.reason, shown.owner) == ("shower", "nurse-1")
    assert (shown.since, shown.until) == ("2027-01-15T12:00:01.000Z", "2027-01-15T12:20:01.000Z")
    assert (tile(scene).status, tile(scene).suspended) == ("suspended", shown)


async def test_s15_nothing_alarms_meanwhile_and_values_are_still_taken_in(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    await suspend(scene)
    scene.told.clear()
    scene.seconds(10, spo2=70, heart=180)
    scene.seconds(40, spo2=Missing.SENSOR_OFF, heart=Missing.SENSOR_OFF)
    scene.seconds(400)
    assert scene.told == []
    assert tile(scene).status == "suspended"
    assert tile(scene).shown["heart_rate"].age_s == 440
    scene.second(spo2=71, heart=70)
    assert tile(scene).shown["spo2"].value == 71


async def test_s15_it_resumes_by_itself_and_what_is_wrong_then_alarms(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    await suspend(scene, minutes=5)
    scene.seconds(299)
    assert tile(scene).suspended is not None
    scene.second()
    assert (tile(scene).status, tile(scene).suspended) == ("not_monitored", None)
    scene.seconds(119)
    assert scene.open("not_monitored") == []
    scene.second()
    assert {alarm.metric for alarm in scene.open("not_monitored")} == {"spo2", "heart_rate"}
    scene.seconds(6, spo2=84, heart=70)
    assert scene.only("spo2.low").priority == "high"


async def test_s15_a_person_may_resume_and_both_are_recorded(scene: Scene) -> None:
    await suspend(scene)
    await suspend(scene, minutes=30, key="k2")
    await scene.desk.resume("p-1", actor="nurse-2", key="k3")
    await scene.desk.resume("p-1", actor="nurse-2", key="k3")
    await scene.desk.persist()
    assert [(event.change, event.version, event.actor) for event in scene.recorded("suspended")] == [
        ("suspended", 1, "nurse-1"),
        ("suspended", 2, "nurse-1"),
        ("resumed", 3, "nurse-2"),
    ]
    with pytest.raises(ConflictError, match="not suspended"):
        await scene.desk.resume("p-1", actor="nurse-2", key="k4")


async def test_s15_it_survives_a_restart_with_its_end(scene: Scene) -> None:
    shown = await suspend(scene)
    await scene.desk.persist()
    scene.clock.advance(60_000)
    scene.start()
    assert tile(scene).suspended == shown
    assert await suspend(scene) == shown
    scene.seconds(10, spo2=80, heart=70)
    assert {alarm.condition for alarm in scene.open()} == {"restarted"}
    scene.clock.advance(1_130_000)
    scene.tick()
    assert tile(scene).suspended is None
    scene.start()
    assert tile(scene).suspended is not None  # what nobody wrote down, the next process finds again and ends again
    scene.tick()
    assert tile(scene).suspended is None


async def test_s14_s15_a_high_that_nobody_acknowledged_stays(scene: Scene) -> None:
    scene.seconds(7, spo2=84, heart=70)
    await suspend(scene)
    alarm = scene.only("spo2.low")
    assert (alarm.phase, alarm.sounding) == ("ended", True)
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k2")
    scene.seconds(10, spo2=80, heart=70)
    assert scene.open() == []


@pytest.mark.parametrize(("reason", "minutes"), [("holiday", 20), ("shower", 0), ("shower", 121)])
async def test_s15_neither_without_a_reason_nor_for_longer(scene: Scene, reason: str, minutes: int) -> None:
    with pytest.raises(ConflictError):
        await scene.desk.suspend("p-1", reason=reason, minutes=minutes, actor="nurse-1", key="k1")
    with pytest.raises(NotFoundError):
        await scene.desk.suspend("p-9", reason="shower", minutes=1, actor="nurse-1", key="k1")


async def test_s15_nobody_else_is_suspended(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene(sensors=(STRAP,))
    scene.enrol("p-2", (OXIMETER,))
    await scene.desk.refresh()
    await suspend(scene)
    scene.seconds(7, spo2=84)
    assert scene.only("spo2.low").patient == "p-2"


async def test_s15_what_was_silent_before_and_stays_so_is_a_new_episode_that_can_be_recorded(scene: Scene) -> None:
    scene.second(spo2=97, heart=70)
    scene.seconds(31, heart=70)
    before = scene.only("sensor_silent")
    await suspend(scene, minutes=1)
    scene.seconds(95, heart=70)
    assert scene.only("sensor_silent").episode != before.episode
    await scene.desk.persist()
    assert [event.change for event in scene.recorded(f"sensor_silent:{OXIMETER}")] == ["raised", "ended", "raised"]
