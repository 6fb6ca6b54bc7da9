"""The default delays of the safety requirements, and the scale that multiplies them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.delays import Delays, require_time_scale
from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode

REVIEWED = {
    "age_shown_s": 5,
    "not_monitored_shown_s": 30,
    "number_hidden_s": 60,
    "not_monitored_alarm_s": 120,
    "sensor_off_s": 30,
    "sensor_silent_s": 30,
    "gateway_offline_s": 45,
    "late_s": 30,
    "gap_held_s": 15,
    "console_greyed_s": 5,
    "console_sounds_s": 15,
    "realarm_s": 600,
    "audio_pause_s": 120,
    "nearing_window_s": 120,
    "intermittent_window_s": 600,
    "clock_unusable_s": 120,
    "score_pace_s": 5,
}


def test_the_defaults_are_those_of_the_safety_requirements() -> None:
    found = msgspec.structs.asdict(Delays())
    assert {name: found[name] for name in REVIEWED} == REVIEWED


@given(st.floats(0.001, 100))
def test_the_scale_multiplies_every_delay(scale: float) -> None:
    scaled = msgspec.structs.asdict(Delays().scaled(scale))
    assert scaled == {name: delay * scale for name, delay in msgspec.structs.asdict(Delays()).items()}


@pytest.mark.parametrize("mode", [GenerationMode.TEST, GenerationMode.DEMO])
@pytest.mark.parametrize("scale", [0.05, 1, 100])
def test_a_scale_is_for_tests_and_demonstrations(mode: GenerationMode, scale: float) -> None:
    assert require_time_scale(mode, scale) == scale


@pytest.mark.parametrize("scale", [0.1, 0.999, 2])
def test_real_mode_refuses_any_scale_but_one(scale: float) -> None:
    with pytest.raises(ConfigurationError, match="refused in real mode"):
        require_time_scale(GenerationMode.REAL, scale)
    assert require_time_scale(GenerationMode.REAL, 1) == 1


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("scale", [0, -1, 100.1, float("nan"), float("inf")])
def test_a_scale_that_is_none_is_refused(mode: GenerationMode, scale: float) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 100"):
        require_time_scale(mode, scale)
