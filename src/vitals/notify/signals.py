"""What the ward says of an alarm, as a chain of escalation hears it."""

from typing import Final

from vitals.alarms.escalation import Chain, Phase, Signal
from vitals.alarms.limits import Priority
from vitals.clock import parse_iso
from vitals.ward import ShownAlarm

PRIORITIES: Final = {priority.label: priority for priority in Priority}
HOUSE_WIDE: Final = frozenset({"stations_silent"})
"""Conditions that concern every patient at once: the nurses' teams are told, not the technicians (S3)."""
SCREENS_ONLY: Final = frozenset({"nobody_told"})
"""Conditions that say that nobody can be told: telling nobody of that, too, would never end."""
_PHASES: Final = {"ended": Signal.ENDED, "acknowledged": Signal.ACKNOWLEDGED, "over": Signal.RESOLVED}


def is_old(shown: ShownAlarm, chain: Chain) -> bool:
    """Whether *chain* has seen this before: what was acknowledged stays so until there is a newer version."""
    if shown.version == chain.version:
        return chain.phase is Phase.ACKNOWLEDGED and shown.phase != "over"
    return shown.version < chain.version


def signal(shown: ShownAlarm, chain: Chain) -> Signal:
    """What the ward's word means to *chain*; an alarm that is active again, or more urgent, is worse."""
    if shown.phase in _PHASES:
        return _PHASES[shown.phase]
    higher = chain.phase is Phase.RUNNING and PRIORITIES[shown.priority] > chain.priority
    if higher or chain.phase is Phase.ACKNOWLEDGED:
        return Signal.WORSENED
    paused = chain.phase is Phase.RUNNING and shown.paused_until is not None
    return Signal.AUDIO_PAUSED if paused else Signal.RAISED


def since_ms(shown: ShownAlarm, at_ms: int, utc_ms: int) -> int | None:
    """When it was raised, on the timeline on which *at_ms* is now; None where that cannot be read."""
    try:
        raised_utc_ms = parse_iso(shown.raised_at)
    except ValueError:
        return None
    return at_ms - max(0, utc_ms - raised_utc_ms)
