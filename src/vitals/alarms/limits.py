"""Alarm limits: what a value must not pass, for how long, and how urgent it is when it does.

A limit acts on a single value, on the mean of the last seconds where a metric is averaged, or on how far the value fell
or rose within some seconds (a rate of change). ``Rule.acting`` says which.
"""

import math
from enum import IntEnum, StrEnum
from typing import Final

import msgspec

from vitals.alarms.recent import Recent
from vitals.codes import Metric


class Priority(IntEnum):
    """Urgency of an alarm condition (IEC 60601-1-8); higher numbers are more urgent."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        """``low``, ``medium`` or ``high``."""
        return self.name.lower()


class Side(StrEnum):
    """Which side of the range a limit guards, or which way a value must not move fast."""

    LOW = "low"
    HIGH = "high"
    FALLS = "falls"
    RISES = "rises"

    @property
    def rate(self) -> bool:
        """Whether its limits act on a change rather than on a value."""
        return self in RATES


LEVELS: Final = (Side.LOW, Side.HIGH)
"""The sides of the range."""

RATES: Final = (Side.FALLS, Side.RISES)
"""The ways to move."""

RATE_ENDS: Final = 0.5
"""A rate of change is over when the change within the same time is back to this share of what it may be."""


WORSENING: Final[dict[Metric, float]] = {Metric.SPO2: 3.0, Metric.HEART_RATE: 15.0, Metric.PULSE_RATE: 15.0}
"""How much further than when it was acknowledged re-raises an alarm (S8), in the metric's unit."""

STAND_INS: Final[dict[Metric, tuple[Metric, ...]]] = {Metric.HEART_RATE: (Metric.PULSE_RATE,)}
"""Metrics on which the limits of another act while that one is not being measured (safety.md)."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit. It is due after *delay_s* seconds beyond it, or after *samples* eligible values in a row.

    Of a rate of change, *value* is how far the value may nearly fall or rise within *within_s* seconds.
    """

    side: Side
    value: float
    priority: Priority
    delay_s: float | None = None
    samples: int | None = None
    within_s: float | None = None

    @property
    def slot(self) -> str:
        """What another limit must share to replace this one, within a metric: ``low.high.samples``."""
        return f"{self.side.value}.{self.priority.label}.{'samples' if self.delay_s is None else 'delay'}"

    @property
    def depth(self) -> tuple[int, float]:
        """Orders limits of one side: the more urgent, then the further out."""
        return (self.priority, -self.value if self.side is Side.LOW else self.value)

    def beyond(self, value: float) -> bool:
        """Whether *value* lies past the limit; a value on it does not, a change that reaches it does."""
        if self.within_s is not None:
            return value >= self.value
        return value < self.value if self.side is Side.LOW else value > self.value

    def scaled(self, scale: float) -> "Limit":
        """The same limit with its times multiplied by *scale*."""
        return msgspec.structs.replace(
            self,
            delay_s=None if self.delay_s is None else self.delay_s * scale,
            within_s=None if self.within_s is None else self.within_s * scale,
        )


class Limits(msgspec.Struct, frozen=True):
    """All limits of one metric that are in force at one time; *hysteresis* in the metric's unit.

    Delayed limits act on the mean of the last *average_s* seconds; None or 0: on every value.
    """

    hysteresis: float = 0.0
    limits: tuple[Limit, ...] = ()
    average_s: float | None = None

    def side(self, side: Side) -> tuple[Limit, ...]:
        """The limits of one side, the deepest first."""
        chosen = [limit for limit in self.limits if limit.side is side]
        return tuple(sorted(chosen, key=lambda limit: limit.depth, reverse=True))

    @property
    def needs_every_sample(self) -> bool:
        """Whether a value within the quiet band matters too: a mean or a rate of change is taken over it."""
        return bool(self.average_s) or any(limit.within_s is not None for limit in self.limits)

    def quiet_band(self) -> tuple[float, float]:
        """Lowest and highest value that is neither beyond nor nearing (within the hysteresis of) any limit.

        A value within it can change nothing while nothing is pending, unless :attr:`needs_every_sample`.
        """
        low = max((limit.value for limit in self.limits if limit.side is Side.LOW), default=-math.inf)
        high = min((limit.value for limit in self.limits if limit.side is Side.HIGH), default=math.inf)
        return low + self.hysteresis, high - self.hysteresis

    def scaled(self, scale: float) -> "Limits":
        """The same limits with every time multiplied by *scale*."""
        average_s = None if self.average_s is None else self.average_s * scale
        return Limits(self.hysteresis, tuple(limit.scaled(scale) for limit in self.limits), average_s)


class Rule(msgspec.Struct, frozen=True):
    """What one limit condition (``spo2.low``) is judged by: the limits of one side, deepest first, and how.

    A value ends the condition at or past *clear*. *held_ms* is the longest gap that holds a delay (S12). *worse_by*
    is None where no further worsening re-raises. *average_ms* is the time that delayed limits take the mean of, and
    *span_ms* the longest time that any limit looks back; 0 where each value is judged by itself.
    """

    side: Side
    limits: tuple[Limit, ...]
    outermost: float
    clear: float
    held_ms: float
    worse_by: float | None = None
    average_ms: float = 0.0
    span_ms: float = 0.0

    def within(self, value: float) -> bool:
        """Whether no limit of this side is passed by a value judged by itself."""
        return value >= self.outermost if self.side is Side.LOW else value <= self.outermost

    def acting(self, limit: Limit, value: float, recent: Recent) -> float:
        """What *limit* acts on: the change within its time, the mean, or *value* itself.

        A limit that counts samples always acts on the value: a deep desaturation is not averaged away.
        """
        if limit.within_s is not None:
            return self._change(limit.within_s * 1000, recent)
        if self.average_ms and limit.samples is None:
            return recent.mean(self.average_ms)
        return value

    def passed(self, value: float, recent: Recent) -> list[Limit]:
        """The limits that *value*, its mean or its change is beyond, deepest first."""
        if not self.span_ms:
            return [limit for limit in self.limits if limit.beyond(value)]
        return [limit for limit in self.limits if limit.beyond(self.acting(limit, value, recent))]

    def over_s(self, limit: Limit) -> float | None:
        """The seconds that what *limit* acts on is a change or a mean of; None for a single value."""
        if limit.within_s is not None:
            return limit.within_s
        return self.average_ms / 1000 if self.average_ms and limit.samples is None else None

    def measure(self, value: float, recent: Recent) -> tuple[float, float | None]:
        """How far out it is as one number, and the seconds that a change is of.

        The value itself, averaged or not; of a rate of change the largest, which is that of the longest time.
        """
        if self.side.rate:
            return self._change(self.span_ms, recent), self.span_ms / 1000
        return value, None

    def cleared(self, value: float, recent: Recent) -> bool:
        """Whether *value*, and the mean where one acts, are back by the hysteresis; or the change by half."""
        if self.side.rate:
            ends = (self.acting(limit, value, recent) <= limit.value * RATE_ENDS for limit in self.limits)
            return recent.settled and all(ends)
        if self.average_ms and not self._back(recent.mean(self.average_ms)):
            return False
        return self._back(value)

    def worse(self, measure: float, than: float) -> bool:
        """Whether it is so much further out than *than* that an acknowledged alarm must sound again (S8)."""
        if self.worse_by is None:
            return False
        return measure <= than - self.worse_by if self.side is Side.LOW else measure >= than + self.worse_by

    def _back(self, value: float) -> bool:
        return value >= self.clear if self.side is Side.LOW else value <= self.clear

    def _change(self, within_ms: float, recent: Recent) -> float:
        return recent.fall(within_ms) if self.side is Side.FALLS else recent.rise(within_ms)


def rule(metric: Metric, limits: Limits, side: Side, *, held_s: float) -> Rule | None:
    """The rule for one side of *metric*; None where nothing guards that side."""
    chosen = limits.side(side)
    if not chosen:
        return None
    values = [limit.value for limit in chosen]
    low = side is Side.LOW
    outermost = max(values) if low else min(values)
    average_ms = 0.0 if side.rate else (limits.average_s or 0.0) * 1000
    return Rule(
        side=side,
        limits=chosen,
        outermost=outermost,
        clear=outermost + limits.hysteresis if low else outermost - limits.hysteresis,
        held_ms=held_s * 1000,
        worse_by=WORSENING.get(metric),
        average_ms=average_ms,
        span_ms=max([average_ms, *(limit.within_s * 1000 for limit in chosen if limit.within_s is not None)]),
    )
