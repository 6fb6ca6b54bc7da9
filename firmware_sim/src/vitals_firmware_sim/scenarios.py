"""What can happen to a simulated person, as tables.

Times are seconds of the person's script, which begins when one of the person's sensors is first subscribed, and are
multiplied by the time scale. A scenario with a period starts over after it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

import msgspec

from vitals.errors import ConfigurationError
from vitals_firmware_sim.physiology import Target

Window = tuple[float, float]
"""From this second until before that one."""


class Keyframe(msgspec.Struct, frozen=True, kw_only=True):
    """Where the body is driven to at one moment; *heart_rate* None is the person's own resting rate."""

    at_s: float
    heart_rate: float | None = None
    spo2: float = 97.0
    perfusion_index: float = 2.4
    motion: float = 0.0


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A named course of events.

    *course* is interpolated between its keyframes. *finger_off* and *strap_off*: the sensor is not on the body.
    *link_down*: the sensors drop their link and stay off the air. From *vanishes_s* on they are silent for ever, the
    link still up. The battery starts at *battery_percent* and loses one every *battery_step_s*, down to 1.
    """

    name: str
    summary: str
    course: tuple[Keyframe, ...] = (Keyframe(at_s=0.0),)
    period_s: float | None = None
    fibrillating: tuple[Window, ...] = ()
    finger_off: tuple[Window, ...] = ()
    strap_off: tuple[Window, ...] = ()
    link_down: tuple[Window, ...] = ()
    vanishes_s: float | None = None
    battery_percent: int = 97
    battery_step_s: float = 3600.0


_ROWS: Final = (
    Scenario(
        name="stable",
        summary="healthy at rest, with a moment of motion every five minutes",
        course=(
            Keyframe(at_s=0),
            Keyframe(at_s=180),
            Keyframe(at_s=182, motion=0.7),
            Keyframe(at_s=188, motion=0.7),
            Keyframe(at_s=190),
        ),
        period_s=300,
    ),
    Scenario(
        name="desaturation",
        summary="97 % for 15 s, falls to 82 % within 10 s, stays a minute, recovers; again every five minutes",
        course=(
            Keyframe(at_s=0),
            Keyframe(at_s=15),
            Keyframe(at_s=25, heart_rate=92, spo2=82, perfusion_index=1.5),
            Keyframe(at_s=85, heart_rate=104, spo2=82, perfusion_index=1.2),
            Keyframe(at_s=105, heart_rate=90),
            Keyframe(at_s=150),
        ),
        period_s=300,
    ),
    Scenario(
        name="bradycardia",
        summary="from 15 s on the heart rate falls to 38 /min, stays two minutes, recovers; again every five minutes",
        course=(
            Keyframe(at_s=0),
            Keyframe(at_s=15),
            Keyframe(at_s=27, heart_rate=38, perfusion_index=1.8),
            Keyframe(at_s=150, heart_rate=38, perfusion_index=1.8),
            Keyframe(at_s=170),
        ),
        period_s=300,
    ),
    Scenario(
        name="atrial-fibrillation",
        summary="from 20 s on irregular RR intervals around 96 /min, with a pulse deficit; a pause every 15 minutes",
        course=(
            Keyframe(at_s=0),
            Keyframe(at_s=20),
            Keyframe(at_s=24, heart_rate=96, perfusion_index=1.9),
            Keyframe(at_s=840, heart_rate=96, perfusion_index=1.9),
            Keyframe(at_s=850),
        ),
        period_s=900,
        fibrillating=((20, 840),),
    ),
    Scenario(
        name="finger-off",
        summary="the oximeter is off the finger from 20 s to 80 s; again every four minutes",
        finger_off=((20, 80),),
        period_s=240,
    ),
    Scenario(
        name="strap-off",
        summary="the strap has no skin contact from 20 s to 80 s; again every four minutes",
        strap_off=((20, 80),),
        period_s=240,
    ),
    Scenario(
        name="low-battery",
        summary="the batteries start at 20 % and lose one every 6 s, down to 1 %",
        battery_percent=20,
        battery_step_s=6.0,
    ),
    Scenario(
        name="flapping-link",
        summary="the sensors drop their link every 20 s and stay off the air for 5 s",
        link_down=((20, 25),),
        period_s=25,
    ),
    Scenario(
        name="vanish",
        summary="after 30 s the sensors fall silent for ever: no notification, no disconnection, no advertising",
        vanishes_s=30,
    ),
)

SCENARIOS: Final[dict[str, Scenario]] = {row.name: row for row in _ROWS}


def named(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        return SCENARIOS[name]
    except KeyError:
        raise ConfigurationError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}") from None


def target(scenario: Scenario, resting: float, at_s: float) -> Target:
    """Where *scenario* drives a body whose resting heart rate is *resting*, at a second of its script."""
    moment_s = in_period(scenario, at_s)
    index = bisect_right(scenario.course, moment_s, key=lambda frame: frame.at_s)
    before = scenario.course[index - 1]
    after = scenario.course[min(index, len(scenario.course) - 1)]
    span_s = after.at_s - before.at_s
    share = (moment_s - before.at_s) / span_s if span_s else 0.0
    pulse = [resting if frame.heart_rate is None else frame.heart_rate for frame in (before, after)]
    return Target(
        heart_rate=_between(pulse[0], pulse[1], share),
        spo2=_between(before.spo2, after.spo2, share),
        perfusion_index=_between(before.perfusion_index, after.perfusion_index, share),
        motion=_between(before.motion, after.motion, share),
        fibrillating=within(scenario.fibrillating, moment_s),
    )


def in_period(scenario: Scenario, at_s: float) -> float:
    """The second of the script that *at_s* is, where it starts over."""
    return at_s % scenario.period_s if scenario.period_s else at_s


def within(windows: Iterable[Window], at_s: float) -> bool:
    """Whether *at_s* lies in one of *windows*."""
    return any(begin_s <= at_s < end_s for begin_s, end_s in windows)


def battery_percent(scenario: Scenario, at_s: float) -> int:
    """The charge at a second of the script, whatever its period."""
    return max(1, scenario.battery_percent - int(at_s / scenario.battery_step_s))


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share
