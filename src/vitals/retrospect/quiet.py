"""A stretch in which nothing can happen: most of them, so that a month need not be stepped through value by value.

The columnar screen of protocol.md over minutes: while no condition is under way and every value lies within the quiet
band of whatever limits are in force, no value changes anything but when its metric was last heard.
"""

from collections.abc import Iterable, Mapping

import msgspec

from vitals.alarms.limits import STAND_INS, Limits
from vitals.alarms.profile import Profile
from vitals.alarms.replay import Recorded, Situation
from vitals.codes import Metric
from vitals.observation import from_raw
from vitals.retrospect.stored import eligible
from vitals.retrospect.stretches import Stretch

_MINUTE_MS = 60_000
_DAY = 24 * 60


class Range(msgspec.Struct):
    """The lowest and highest raw value of a metric that acted, and the moment of the last."""

    low: int
    high: int
    last: Recorded


def ranges(acting: Iterable[Recorded]) -> dict[Metric, Range]:
    """What acted within a stretch, by metric."""
    found: dict[Metric, Range] = {}
    for moment in acting:
        for observation in moment.observations:
            if eligible(observation):
                of = found.get(observation.metric)
                if of is None:
                    found[observation.metric] = Range(observation.raw, observation.raw, moment)
                    continue
                of.low = min(of.low, observation.raw)
                of.high = max(of.high, observation.raw)
                of.last = moment
    return found


def quiet(situation: Situation, profile: Profile, stretch: Stretch, of: Mapping[Metric, Range]) -> bool:
    """Whether nothing in *stretch* can change anything under *profile*."""
    if situation.courses:
        return False
    first, last = (at_ms + stretch.offset_ms for at_ms in (stretch.within.from_ms, stretch.within.to_ms - 1))
    minutes = range(first // _MINUTE_MS, last // _MINUTE_MS + 1)
    limits = profile.at(minutes[0] % _DAY)
    if any(profile.at(minute % _DAY) is not limits for minute in minutes[1:]):
        return False
    return all(_within(metric, each, of) for metric, each in limits.items())


def newest(of: Mapping[Metric, Range]) -> list[Recorded]:
    """The moments at which each metric was last heard, in order."""
    return list({moment.at_ms: moment for moment in sorted((each.last for each in of.values()), key=_at)}.values())


def _within(metric: Metric, limits: Limits, of: Mapping[Metric, Range]) -> bool:
    if limits.needs_every_sample:
        return False
    low, high = limits.quiet_band()
    acting = [(each, of[each]) for each in (metric, *STAND_INS.get(metric, ())) if each in of]
    return all(low <= from_raw(each, found.low) and from_raw(each, found.high) <= high for each, found in acting)


def _at(moment: Recorded) -> int:
    return moment.at_ms
