"""The broken path as an alarm of the house (S3, S4)."""

from tests.desk_scene import OXIMETER, OXIMETRY, Scene

from vitals.alarms.limits import Priority
from vitals.codes import Metric

TEXT = "Path from sensor to screen broken: no connection to the broker"


def test_s4_a_broken_path_alarms_with_the_next_pass_and_ends_when_it_is_whole(scene: Scene) -> None:
    scene.desk.path_broken(TEXT)
    assert scene.open("path_broken") == []
    scene.tick()
    alarm = scene.only("path_broken")
    assert (alarm.message, alarm.priority, alarm.kind, alarm.sounding) == (TEXT, "medium", "technical", True)
    scene.tick()
    assert scene.only("path_broken") == alarm
    scene.desk.path_broken(None)
    scene.tick()
    assert scene.open("path_broken") == []


def test_another_leg_is_another_episode(scene: Scene) -> None:
    scene.desk.path_broken(TEXT)
    scene.tick()
    first = scene.only("path_broken")
    scene.clock.advance(1000)
    scene.desk.path_broken("Path from sensor to screen broken: 1 of 1 gateways say nothing", Priority.LOW)
    scene.tick()
    second = scene.only("path_broken")
    assert second.episode != first.episode
    assert second.priority == "low"


async def test_after_a_restart_it_lasts_until_the_path_is_judged_anew(scene: Scene) -> None:
    scene.desk.path_broken(TEXT)
    scene.tick()
    await scene.desk.persist()
    scene.start()
    assert scene.only("path_broken").message == TEXT
    scene.desk.path_broken(None)
    scene.tick()
    assert scene.open("path_broken") == []


async def test_gateways_carry_sensors_of_those_who_are_watched(scene: Scene) -> None:
    assert scene.desk.carriers() == set()
    scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97.0, Metric.PULSE_RATE: 70.0}, gateway="gw-9")
    assert scene.desk.carriers() == {"gw-9"}
    await scene.desk.suspend("p-1", reason="shower", minutes=10, actor="nurse", key="k")
    assert scene.desk.carriers() == set()


def test_every_pass_over_the_whole_house_is_counted(scene: Scene) -> None:
    before = scene.desk.passes
    scene.tick()
    assert scene.desk.passes == before + 1
