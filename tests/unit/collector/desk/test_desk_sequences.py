"""No sequence of what people do, of gaps and of restarts hides a high (S2, S8, S14)."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.desk_scene import Scene

from vitals.errors import VitalsError

DEEDS = st.lists(
    st.sampled_from(["low", "well", "silent", "acknowledge", "pause", "resume", "resolve", "restart"]),
    min_size=3,
    max_size=14,
)


@settings(max_examples=15, deadline=None)
@given(DEEDS)
def test_s2_whoever_does_what_a_high_sounds_unless_somebody_has_it_in_hand(deeds: list[str]) -> None:
    scene = Scene()
    try:
        asyncio.run(_play(scene, deeds))
    finally:
        scene.close()


async def _play(scene: Scene, deeds: list[str]) -> None:
    for number, deed in enumerate(deeds):
        if deed == "restart":
            await scene.desk.persist()
            scene.start()
        elif deed in {"low", "well"}:
            scene.seconds(8, spo2=83 if deed == "low" else 97, heart=70)
        elif deed == "silent":
            scene.seconds(20, heart=70)
        else:
            await _do(scene, deed, f"k{number}")
        _is_in_hand_or_heard(scene)
    scene.seconds(8, spo2=83, heart=70)
    assert scene.only("spo2.low").priority == "high"
    for alarm in scene.open("spo2.low"):
        if alarm.phase != "acknowledged":
            scene.seconds(120, spo2=83, heart=70)
            assert scene.only("spo2.low").sounding  # no pause outlasts two minutes


def _is_in_hand_or_heard(scene: Scene) -> None:
    for alarm in scene.open("spo2.low"):
        assert alarm.sounding or alarm.acknowledged_by or alarm.paused_until
        assert not (alarm.sounding and alarm.paused_until)


async def _do(scene: Scene, deed: str, key: str) -> None:
    for alarm in scene.open("spo2.low"):
        desk, named = scene.desk, (alarm.episode, alarm.version)
        try:
            if deed == "acknowledge":
                await desk.acknowledge(*named, actor="nurse-1", key=key)
            elif deed == "pause":
                await desk.pause_audio(*named, actor="nurse-1", key=key)
            elif deed == "resume":
                await desk.resume_audio(*named, actor="nurse-1", key=key)
            else:
                await desk.resolve(*named, outcome="spoke", note="", actor="nurse-1", key=key)
        except VitalsError:
            assert scene.only("spo2.low") == alarm  # what is refused changes nothing
