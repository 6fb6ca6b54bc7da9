"""Bradycardia and tachycardia from beats: off unless prescribed, and never beside a heart-rate limit that acts."""

from collections.abc import Callable

import pytest
from tests.desk_scene import HEART, OXIMETER, OXIMETRY, STRAP, Scene, Values

from vitals.alarms.profile import Profile, parse
from vitals.codes import Metric
from vitals.observation import Missing
from vitals.registry import Plan

MakeScene = Callable[..., Scene]
PRESCRIBED = """
[rhythm.bradycardia]
below = 45
priority = "medium"
[rhythm.tachycardia]
above = 130
priority = "low"
after_s = 10
"""
TACHYCARDIA, BRADYCARDIA = "rhythm.tachycardia", "rhythm.bradycardia"


@pytest.fixture
def unlimited() -> Profile:
    """A profile that guards no heart rate."""
    return parse(f'name = "n"\n[spo2]\nlimits = [{{ below = 90, delay_s = 15, priority = "medium" }}]\n{PRESCRIBED}')


def beats(scene: Scene, rr_ms: int, count: int, heart: float | Missing = Missing.NAN, **also: float) -> None:
    """One notification a beat; *also* is a pulse rate from the oximeter with each."""
    for _ in range(count):
        scene.clock.advance(rr_ms)
        values: Values = {Metric.HEART_RATE: heart, Metric.RR_INTERVAL: rr_ms}
        scene.hear(STRAP, HEART, values)
        if "pulse" in also:
            scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97, Metric.PULSE_RATE: also["pulse"]})
        scene.gateway_online()
        scene.tick()


def told(scene: Scene) -> list[str]:
    return [alarm.condition for alarm in scene.told if alarm.kind == "physiological"]


def test_beats_without_a_rate_alarm_after_their_delay_and_end_with_the_hysteresis(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    beats(scene, 800, 40)
    beats(scene, 400, 30)  # the mean of eight passes 130 within eight beats; ten seconds are 25 more
    assert told(scene) == []
    beats(scene, 400, 8)
    alarm = scene.only(TACHYCARDIA)
    assert (alarm.priority, alarm.kind) == ("low", "physiological")
    assert alarm.message == "Tachycardia by the beats: 150 /min > 130 /min"
    beats(scene, 468, 20)  # 128 a minute: not back by the hysteresis
    assert len(scene.open(TACHYCARDIA)) == 1
    beats(scene, 600, 8)
    assert scene.open(TACHYCARDIA) == []
    beats(scene, 1500, 25)
    assert scene.only(BRADYCARDIA).message == "Bradycardia by the beats: 40 /min < 45 /min"


def prescribed(make_scene: MakeScene, limits: str = PRESCRIBED) -> Scene:
    return make_scene(plan=Plan(prescribed={"spo2": []}, responsible_nurse="n", cover="c", limits=limits))


def test_nothing_is_said_unless_it_is_prescribed(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene, limits="")
    beats(scene, 400, 60)
    beats(scene, 1500, 30)
    assert told(scene) == []


def test_one_tachycardia_is_one_alarm_while_the_heart_rate_is_measured(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    beats(scene, 400, 60, heart=150)
    assert told(scene) == ["heart_rate.high"]


def test_one_tachycardia_is_one_alarm_while_the_pulse_stands_in(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    beats(scene, 400, 60, pulse=150)
    assert set(told(scene)) == {"heart_rate.high"}


def test_where_no_limit_guards_the_rate_the_beats_alarm_although_it_is_measured(
    make_scene: MakeScene, unlimited: Profile
) -> None:
    scene = make_scene(profile=unlimited)
    beats(scene, 400, 60, heart=150)
    assert told(scene) == [TACHYCARDIA]


def test_a_limit_that_acts_again_takes_over_also_when_no_more_beats_come(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    beats(scene, 400, 60)
    assert len(scene.open(TACHYCARDIA)) == 1
    for _ in range(8):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97, Metric.PULSE_RATE: 150})
        scene.gateway_online()
        scene.tick()
    assert scene.open(TACHYCARDIA) == []
    assert scene.only("heart_rate.high").message == "Pulse rate 150 /min > 140 /min"


def test_s12_a_gap_begins_the_delay_anew_and_ends_nothing(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    beats(scene, 400, 25)
    scene.clock.advance(20_000)
    beats(scene, 400, 25)
    assert told(scene) == []
    beats(scene, 400, 20)
    assert len(scene.open(TACHYCARDIA)) == 1
    scene.clock.advance(20_000)
    beats(scene, 800, 5)
    assert len(scene.open(TACHYCARDIA)) == 1
    beats(scene, 800, 5)
    assert scene.open(TACHYCARDIA) == []


async def test_it_stays_over_a_restart_and_ends_when_it_is_prescribed_no_more(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    beats(scene, 400, 60)
    alarm = scene.only(TACHYCARDIA)
    await scene.desk.persist()
    scene.start()
    assert scene.only(TACHYCARDIA).episode == alarm.episode
    beats(scene, 400, 20)
    assert scene.only(TACHYCARDIA).message == alarm.message
    plan = Plan(prescribed={"spo2": []}, responsible_nurse="n", cover="c")
    scene.registry.prescribe("p-1", plan, at_utc_ms=scene.clock.utc_ms())
    await scene.desk.refresh()
    assert scene.open(TACHYCARDIA) == []


async def test_s15_nor_while_monitoring_is_suspended(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    await scene.desk.suspend("p-1", reason="clinic", minutes=60, actor="n", key="k")
    beats(scene, 400, 100)
    assert told(scene) == []
