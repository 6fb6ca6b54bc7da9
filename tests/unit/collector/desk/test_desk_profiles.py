"""Profiles at the desk: averages and rates beside other limits, and never an adult's limits for a child."""

import sqlite3
from collections.abc import Callable

import pytest
from tests.desk_scene import OXIMETER, OXIMETRY, Scene, new_registry

from vitals.codes import Metric
from vitals.observation import Missing
from vitals.registry import Plan
from vitals.ward import ShownLimit

MakeScene = Callable[..., Scene]
CHILD = """
[spo2]
limits = [{ below = 92, delay_s = 5, priority = "high" }]
[heart_rate]
limits = [{ below = 60, delay_s = 10, priority = "high" }, { above = 160, delay_s = 10, priority = "medium" }]
"""
FALLS = '[spo2]\nfalls = [{ by = 4, within_s = 60, priority = "medium" }]\n'
AVERAGED = "[spo2]\naverage_s = 10\n"


def planned(make_scene: MakeScene, limits: str, profile: str = "", **options: object) -> Scene:
    plan = Plan(
        prescribed={"spo2": [], "heart_rate": []}, responsible_nurse="n", cover="c", profile=profile, limits=limits
    )
    return make_scene(plan=plan, **options)


def told(scene: Scene, condition: str) -> list[str]:
    return [alarm.message for alarm in scene.told if alarm.condition == condition]


def test_a_fall_alarms_although_no_limit_is_passed_and_says_by_how_much(make_scene: MakeScene) -> None:
    scene = planned(make_scene, FALLS)
    scene.seconds(20, spo2=98, heart=70)
    scene.seconds(3, spo2=93, heart=70)
    alarm = scene.only("spo2.falls")
    assert (alarm.priority, alarm.kind, alarm.sounding) == ("medium", "physiological", True)
    assert alarm.message == "SpO2 fell by 5 % within 60 s (limit 4 %)"
    assert (alarm.value, alarm.limit, alarm.over_s, alarm.current) == (5, 4, 60, 93)
    assert scene.open("spo2.low") == []
    scene.seconds(60, spo2=93, heart=70)
    assert scene.open("spo2.falls") == []


async def test_a_fall_is_found_across_a_restart_and_recorded(make_scene: MakeScene) -> None:
    scene = planned(make_scene, FALLS)
    scene.seconds(20, spo2=98, heart=70)
    await scene.desk.persist()
    scene.start()
    scene.seconds(3, spo2=93, heart=70)
    await scene.desk.persist()
    episode = scene.only("spo2.falls").episode
    scene.start()
    assert scene.only("spo2.falls").episode == episode
    (event,) = scene.recorded("spo2.falls")
    assert (event.change, event.value, event.limit_value) == ("raised", 5, 4)
    scene.seconds(70, spo2=93, heart=70)
    assert scene.open("spo2.falls") == []


def test_late_rows_make_no_rate_and_what_they_would_have_raised_is_missed(make_scene: MakeScene) -> None:
    scene = planned(make_scene, FALLS)
    scene.clock.advance(200_000)
    for age_s in range(100, 40, -1):
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 98 if age_s > 70 else 92}, age_ms=1000 * age_s)
    assert told(scene, "spo2.falls") == []
    (missed,) = scene.desk.snapshot().missed
    assert (missed.metric, missed.side, missed.worst, missed.limit) == ("spo2", "falls", 6, 4)
    scene.seconds(10, spo2=98)
    assert told(scene, "spo2.falls") == []


def test_two_sensors_that_differ_make_no_rate(make_scene: MakeScene) -> None:
    """The strap says 100, the oximeter's pulse 60; when the strap falls silent the pulse acts, and nothing fell."""
    scene = planned(make_scene, '[heart_rate]\nfalls = [{ by = 30, within_s = 60, priority = "medium" }]')
    scene.seconds(20, spo2=97, heart=110)
    scene.seconds(40, spo2=97)
    assert scene.desk.snapshot().tiles[0].shown["pulse_rate"].value == 70
    assert told(scene, "heart_rate.falls") == []


def test_an_averaged_limit_says_that_it_is_a_mean_and_a_deep_desaturation_does_not_wait(make_scene: MakeScene) -> None:
    scene = planned(make_scene, AVERAGED)
    scene.seconds(20, spo2=97, heart=70)
    scene.seconds(30, spo2=88, heart=70)
    alarm = scene.only("spo2.low")
    assert alarm.message == "SpO2 88 % (mean of 10 s) < 90 %"
    assert (alarm.value, alarm.over_s) == (88, 10)
    scene = planned(make_scene, AVERAGED)
    scene.seconds(20, spo2=97, heart=70)
    scene.seconds(3, spo2=78, heart=70)
    alarm = scene.only("spo2.low")
    assert (alarm.message, alarm.over_s) == ("SpO2 78 % < 80 %", None)


def test_s17_averages_and_rates_stand_beside_the_value(make_scene: MakeScene) -> None:
    scene = planned(make_scene, AVERAGED + FALLS.replace("[spo2]\n", ""), profile="copd")
    scene.second(spo2=91, heart=70)
    assert scene.desk.snapshot().tiles[0].shown["spo2"].limits == (
        ShownLimit("low", 88, "medium", 15, average_s=10),
        ShownLimit("low", 84, "high", 5, average_s=10),
        ShownLimit("low", 80, "high", 0),
        ShownLimit("high", 96, "medium", 60, average_s=10),
        ShownLimit("falls", 4, "medium", 0, within_s=60),
    )


def test_s1_nearing_is_unchanged_by_averages_and_rates(make_scene: MakeScene) -> None:
    """A value near the limit, then silence: high after 30 s, as without them."""
    scene = planned(make_scene, AVERAGED + FALLS.replace("[spo2]\n", ""))
    scene.seconds(30, spo2=97, heart=70)
    scene.second(spo2=91, heart=70)
    scene.seconds(31, spo2=Missing.NAN, heart=70)
    assert scene.only("not_monitored").priority == "high"
    calm = planned(make_scene, AVERAGED + FALLS.replace("[spo2]\n", ""))
    calm.seconds(31, spo2=97, heart=70)
    calm.seconds(31, spo2=Missing.NAN, heart=70)
    assert calm.open("not_monitored") == []


def test_a_copd_patient_alarms_at_the_limits_of_scale_2_and_another_at_the_adults(make_scene: MakeScene) -> None:
    scene = planned(make_scene, "", profile="copd")
    scene.seconds(30, spo2=89, heart=70)
    assert scene.told == []
    scene.seconds(17, spo2=87, heart=70)
    assert scene.only("spo2.low").message == "SpO2 87 % < 88 %"
    scene.seconds(70, spo2=97, heart=70)
    assert scene.only("spo2.high").message == "SpO2 97 % > 96 %"
    scene = planned(make_scene, "", profile="adult")
    scene.seconds(30, spo2=89, heart=70)
    assert scene.only("spo2.low").message == "SpO2 89 % < 90 %"


def test_a_child_alarms_at_the_prescribed_limits_alone(make_scene: MakeScene) -> None:
    scene = planned(make_scene, CHILD, profile="child")
    scene.seconds(20, spo2=97, heart=150)  # an adult's heart rate of 150 would be high
    assert scene.told == []
    scene.seconds(6, spo2=91, heart=150)
    assert [(alarm.message, alarm.priority) for alarm in scene.open()] == [("SpO2 91 % < 92 %", "high")]
    assert scene.desk.snapshot().tiles[0].status == "monitored"


def unprescribed(make_scene: MakeScene, limits: str, profile: str = "child") -> Scene:
    """A plan that the registry would refuse today, as one of an earlier version may stand there."""
    place = new_registry()
    scene = planned(make_scene, CHILD, profile="child", place=place)
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE monitoring_plan SET limits = ?, profile = ?", (limits, profile))
    connection.close()
    scene.start()
    return scene


@pytest.mark.parametrize("limits", ["", "[spo2]\nlimits = 3"])
def test_a_child_without_usable_limits_alarms_and_is_never_green(make_scene: MakeScene, limits: str) -> None:
    scene = unprescribed(make_scene, limits)
    scene.seconds(30, spo2=97, heart=150)
    assert [(alarm.condition, alarm.priority, alarm.sounding) for alarm in scene.open()] == [
        ("limits_unusable", "medium", True)
    ]
    assert scene.only("limits_unusable").message.startswith("Limits not in force: profile")
    tile = scene.desk.snapshot().tiles[0]
    assert tile.status == "limits_unusable"
    assert tile.shown["spo2"].limits == ()
    scene.seconds(30, spo2=70, heart=150)
    assert scene.open("spo2.low") == []


async def test_limits_that_are_prescribed_in_the_end_take_force_and_end_the_alarm(make_scene: MakeScene) -> None:
    scene = unprescribed(make_scene, CHILD.partition("[heart_rate]")[0])
    scene.seconds(10, spo2=91, heart=150)
    assert scene.only("spo2.low").priority == "high"  # what can be used of them is in force
    plan = Plan(
        prescribed={"spo2": [], "heart_rate": []}, responsible_nurse="n", cover="c", profile="child", limits=CHILD
    )
    scene.registry.prescribe("p-1", plan, at_utc_ms=scene.clock.utc_ms())
    await scene.desk.refresh()
    scene.seconds(2, spo2=97, heart=150)
    assert scene.open("limits_unusable") == []
    assert scene.desk.snapshot().tiles[0].status == "monitored"


def test_limits_of_an_adult_that_cannot_be_used_alarm_while_the_servers_act(make_scene: MakeScene) -> None:
    scene = unprescribed(make_scene, "[spo3]", profile="adult")
    scene.seconds(20, spo2=89, heart=70)
    assert scene.open("limits_unusable")[0].message.endswith("profile: spo3 is no metric that limits can act on")
    assert scene.only("spo2.low").message == "SpO2 89 % < 90 %"
