"""Which values of a channel can change nothing, in the raw integers of the wire (``screen``)."""

import math
from collections.abc import Collection
from typing import Final

from vitals.alarms.limits import Side
from vitals.codes import CODES, Metric
from vitals.collector.channel import Channel
from vitals.collector.guard import Guard

EVERY_VALUE: Final = frozenset({Metric.BATTERY})
"""Metrics of which a value within every limit may change something: how fast a battery falls is followed."""

_NOTHING: Final = (math.inf, -math.inf)


def screen(channel: Channel, guards: Collection[Guard], *, there: bool, watched: bool) -> None:
    """Put *channel* as *guards* have it now. *there*: its metric is not missed; *watched*: a value may near a limit."""
    calm = there and all(guard.quiet and not guard.needs_every_sample for guard in guards)
    if not calm or channel.metric in EVERY_VALUE:
        channel.band = channel.low, channel.high = channel.least, channel.most = _NOTHING
        return
    low = max((guard.band[0] for guard in guards), default=-math.inf)
    high = min((guard.band[1] for guard in guards), default=math.inf)
    channel.band = low, high
    code = CODES[channel.metric]
    channel.low, channel.high = low * code.denominator / code.numerator, high * code.denominator / code.numerator
    if not watched:
        channel.least, channel.most = channel.low, channel.high
        return
    rules = [rule for guard in guards for rule, _ in guard.watched]
    least = max((rule.outermost for rule in rules if rule.side is Side.LOW), default=-math.inf)
    most = min((rule.outermost for rule in rules if rule.side is Side.HIGH), default=math.inf)
    channel.least, channel.most = least * code.denominator / code.numerator, most * code.denominator / code.numerator
