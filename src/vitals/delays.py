"""The default delays of the safety requirements, and the one time scale that multiplies them all.

Seconds. Numbers and the requirement each belongs to: docs/hazards.md. The scale exists so that two minutes take
seconds in a test or a demonstration; a server or gateway in real mode refuses any scale but 1.
"""

import msgspec

from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode


class Delays(msgspec.Struct, frozen=True, kw_only=True):
    """Every default delay, in seconds."""

    age_shown_s: float = 5.0
    not_monitored_shown_s: float = 30.0
    number_hidden_s: float = 60.0
    not_monitored_alarm_s: float = 120.0
    sensor_off_s: float = 30.0
    sensor_silent_s: float = 30.0
    gateway_offline_s: float = 45.0
    late_s: float = 30.0
    gap_held_s: float = 15.0
    console_greyed_s: float = 5.0
    console_sounds_s: float = 15.0
    realarm_s: float = 600.0
    audio_pause_s: float = 120.0
    nearing_window_s: float = 120.0
    intermittent_window_s: float = 600.0
    clock_unusable_s: float = 120.0
    poor_signal_s: float = 60.0
    result_live_s: float = 1800.0
    result_holds_s: float = 14_400.0
    score_pace_s: float = 5.0

    def scaled(self, scale: float) -> "Delays":
        """The same delays multiplied by *scale*."""
        return Delays(**{name: getattr(self, name) * scale for name in self.__struct_fields__})


def require_time_scale(mode: GenerationMode, scale: float) -> float:
    """The scale, if *mode* may use it.

    Raises:
        ConfigurationError: it is not a positive number, or not 1 in real mode.
    """
    if not 0 < scale <= 100:
        raise ConfigurationError(f"time_scale must lie between 0 and 100, not {scale:g}")
    if mode is GenerationMode.REAL and scale != 1:
        raise ConfigurationError(f"time_scale {scale:g} is refused in real mode; remove it")
    return scale
