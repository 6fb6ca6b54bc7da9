"""Technical conditions that name a cause: poor signal, a sensor's demonstration (S13)."""

import pytest
from tests.desk_scene import OXIMETER, OXIMETRY, Scene

from vitals.codes import Metric
from vitals.observation import Missing, Validity


def doubtful(scene: Scene, seconds: int, validity: Validity = Validity.QUESTIONABLE) -> None:
    """Seconds in which the oximeter's values may not alarm."""
    for _ in range(seconds):
        scene.second(heart=70)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 96, Metric.PULSE_RATE: 70}, validity=validity)
        scene.tick()


@pytest.mark.parametrize("validity", [Validity.QUESTIONABLE, Validity.INVALID, Validity.EARLY_ESTIMATE])
def test_poor_signal_too_long_is_named_and_ends_with_a_good_value(scene: Scene, validity: Validity) -> None:
    scene.seconds(5, spo2=97, heart=70)
    doubtful(scene, 59, validity)
    assert scene.open("poor_signal") == []
    doubtful(scene, 2, validity)
    alarm = scene.only("poor_signal")
    assert (alarm.priority, alarm.kind, alarm.metric) == ("low", "technical", "spo2")
    assert alarm.message == f"SpO2: poor signal ({validity.name.lower().replace('_', ' ')})"
    scene.second(spo2=97, heart=70)
    assert scene.open("poor_signal") == []


def test_s1_the_nurse_is_told_of_poor_signal_all_the_same(scene: Scene) -> None:
    doubtful(scene, 121)
    assert scene.only("not_monitored").priority == "medium"
    assert scene.only("poor_signal").priority == "low"


def test_what_is_off_or_silent_is_no_poor_signal(scene: Scene) -> None:
    scene.seconds(90, spo2=Missing.SENSOR_OFF, heart=70)
    assert scene.open("poor_signal") == []
    scene.seconds(62, spo2=Missing.NO_SIGNAL, heart=70)
    assert scene.only("poor_signal").message == "SpO2: poor signal (no signal)"
    scene.seconds(17, heart=70)  # silence has a name of its own
    assert scene.open("poor_signal") == []


async def test_poor_signal_survives_a_restart(scene: Scene) -> None:
    doubtful(scene, 65)
    before = scene.only("poor_signal")
    await scene.desk.persist()
    scene.start()
    assert scene.only("poor_signal").episode == before.episode
    scene.second(spo2=97, heart=70)
    assert scene.open("poor_signal") == []


def test_s13_a_sensor_s_own_demo_flag_is_a_technical_condition(scene: Scene) -> None:
    scene.seconds(3, spo2=97, heart=70)
    doubtful(scene, 1, Validity.SIMULATED)
    alarm = scene.only("demo_data")
    assert (alarm.priority, alarm.kind) == ("low", "technical")
    assert OXIMETER in alarm.message
    scene.second(spo2=97, heart=70)
    assert scene.open("demo_data") == []
