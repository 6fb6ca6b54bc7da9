"""A person's life in a scenario, one moment a second: pure, endless, the same for the same seed."""

from collections.abc import Iterator
from itertools import count
from typing import Final

import msgspec

from vitals_firmware_sim import physiology, scenarios
from vitals_firmware_sim.physiology import Vitals
from vitals_firmware_sim.scenarios import Scenario

RATE_S: Final = 1.0
"""Strap and oximeter measure once in this time, in seconds of the script."""
_SETTLING_S: Final = 3.0
"""How long an oximeter's values are early estimates after the finger is back."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What the sensors of a person go by at one moment, *at_s* seconds into the script."""

    at_s: float
    vitals: Vitals
    finger_on: bool = True
    settling: bool = False
    strap_on: bool = True
    link_up: bool = True
    present: bool = True
    battery: int = 97


def live(scenario: Scenario, seed: int) -> Iterator[Moment]:
    """Every moment of a script, beginning at second 0."""
    resting = physiology.resting_heart_rate(seed)
    body = physiology.begin(seed, scenarios.target(scenario, resting, 0.0))
    for tick in count():
        at_s = tick * RATE_S
        body, vitals = physiology.advance(body, scenarios.target(scenario, resting, at_s), at_s)
        yield _moment(scenario, at_s, vitals)


def _moment(scenario: Scenario, at_s: float, vitals: Vitals) -> Moment:
    in_script_s = scenarios.in_period(scenario, at_s)
    returned = [(end_s, end_s + _SETTLING_S) for _, end_s in scenario.finger_off]
    return Moment(
        at_s=at_s,
        vitals=vitals,
        finger_on=not scenarios.within(scenario.finger_off, in_script_s),
        settling=scenarios.within(returned, in_script_s),
        strap_on=not scenarios.within(scenario.strap_off, in_script_s),
        link_up=not scenarios.within(scenario.link_down, in_script_s),
        present=scenario.vanishes_s is None or at_s < scenario.vanishes_s,
        battery=scenarios.battery_percent(scenario, at_s),
    )
