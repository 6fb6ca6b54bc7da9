"""Atrial fibrillation from a strap: off unless prescribed, decided by the detector, ended by another rhythm."""

import random
from collections.abc import Callable, Iterator

import pytest
from tests.desk_scene import HEART, STRAP, Scene

from vitals.alarms import profile as profiles
from vitals.codes import Metric
from vitals.collector import base
from vitals.errors import ConfigurationError
from vitals.registry import Plan

MakeScene = Callable[..., Scene]
PRESCRIBED = """
[rhythm.atrial_fibrillation]
priority = "medium"
"""


def prescribed(make_scene: MakeScene, limits: str = PRESCRIBED) -> Scene:
    plan = Plan(prescribed={"heart_rate": []}, responsible_nurse="nurse-1", cover="nurse-2", limits=limits)
    return make_scene(plan=plan, sensors=(STRAP,))


def beat(scene: Scene, rr_ms: int) -> None:
    """One notification a beat."""
    scene.clock.advance(rr_ms)
    arrival = scene.arrival(STRAP, HEART, {Metric.HEART_RATE: 80, Metric.RR_INTERVAL: rr_ms})
    scene.desk.observe(arrival, base.heard(arrival))
    scene.gateway_online()
    scene.tick()


def sinus(beats: int) -> Iterator[int]:
    return (800 + 3 * (number % 5) for number in range(beats))


def irregular(beats: int) -> Iterator[int]:
    rng = random.Random(7)
    return (rng.randint(450, 1150) for _ in range(beats))


def test_fibrillation_that_lasts_alarms_and_another_rhythm_ends_it(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    for rr_ms in sinus(60):
        beat(scene, rr_ms)
    assert scene.told == []
    for rr_ms in irregular(150):
        beat(scene, rr_ms)
    alarm = scene.only("rhythm.atrial_fibrillation")
    assert (alarm.kind, alarm.priority, alarm.message) == ("physiological", "medium", "Atrial fibrillation suspected")
    assert (alarm.patient, alarm.sounding) == ("p-1", True)
    for rr_ms in sinus(120):
        beat(scene, rr_ms)
    assert scene.open() == []


def test_nothing_is_said_of_the_rhythm_unless_it_is_prescribed(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene, limits="")
    for rr_ms in irregular(200):
        beat(scene, rr_ms)
    assert scene.told == []


async def test_it_stays_over_a_restart_and_ends_when_it_is_prescribed_no_more(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    for rr_ms in irregular(200):
        beat(scene, rr_ms)
    episode = scene.only("rhythm.atrial_fibrillation").episode
    await scene.desk.persist()
    scene.start()
    assert scene.only("rhythm.atrial_fibrillation").episode == episode
    plan = Plan(prescribed={"heart_rate": []}, responsible_nurse="nurse-1", cover="nurse-2")
    scene.registry.prescribe("p-1", plan, at_utc_ms=scene.clock.utc_ms())
    await scene.desk.refresh()
    assert scene.open() == []


async def test_s15_nor_while_monitoring_is_suspended(make_scene: MakeScene) -> None:
    scene = prescribed(make_scene)
    await scene.desk.suspend("p-1", reason="clinic", minutes=60, actor="nurse-1", key="k1")
    for rr_ms in irregular(200):
        beat(scene, rr_ms)
    assert scene.told == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[rhythm.atrial_fibrillation]\npriority = "high"', "not medium or low"),
        ('[rhythm.atrial_fibrillation]\npriority = "low"\nafter = 3', "no key"),
        ("[rhythm.flutter]", "no key"),
        ('[rhythm.atrial_fibrillation]\npriority = "low"\nafter_s = -1', "no number"),
    ],
)
def test_what_cannot_be_prescribed_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        profiles.prescribe(profiles.built_in("adult"), text)


def test_the_delay_is_scaled_and_the_shipped_profile_has_none() -> None:
    adult = profiles.built_in("adult")
    assert not adult.rhythm.any
    made = profiles.prescribe(adult, PRESCRIBED).scaled(0.1).rhythm.fibrillation
    assert made is not None
    assert made.after_s == 3
