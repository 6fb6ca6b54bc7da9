"""Alarm limits: what a value must not pass, for how long, and how urgent it is when it does."""

import math
from enum import IntEnum, StrEnum
from typing import Final

import msgspec

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
    """Which side of the range a limit guards."""

    LOW = "low"
    HIGH = "high"


WORSENING: Final[dict[Metric, float]] = {Metric.SPO2: 3.0, Metric.HEART_RATE: 15.0, Metric.PULSE_RATE: 15.0}
"""How much further than when it was acknowledged re-raises an alarm (S8), in the metric's unit."""

STAND_INS: Final[dict[Metric, tuple[Metric, ...]]] = {Metric.HEART_RATE: (Metric.PULSE_RATE,)}
"""Metrics on which the limits of another act while that one is not being measured (safety.md)."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit. It is due after *delay_s* seconds beyond it, or after *samples* eligible values in a row."""

    side: Side
    value: float
    priority: Priority
    delay_s: float | None = None
    samples: int | None = None

    @property
    def slot(self) -> str:
        """What another limit must share to replace this one, within a metric: ``low.high.samples``."""
        return f"{self.side.value}.{self.priority.label}.{'samples' if self.delay_s is None else 'delay'}"

    @property
    def depth(self) -> tuple[int, float]:
        """Orders limits of one side: the more urgent, then the further out."""
        return (self.priority, -self.value if self.side is Side.LOW else self.value)

    def beyond(self, value: float) -> bool:
        """Whether *value* lies past the limit; a value on it does not."""
        return value < self.value if self.side is Side.LOW else value > self.value

    def scaled(self, scale: float) -> "Limit":
        """The same limit with its delay multiplied by *scale*."""
        if self.delay_s is None:
            return self
        return msgspec.structs.replace(self, delay_s=self.delay_s * scale)


class Limits(msgspec.Struct, frozen=True):
    """All limits of one metric that are in force at one time; *hysteresis* in the metric's unit."""

    hysteresis: float = 0.0
    limits: tuple[Limit, ...] = ()

    def side(self, side: Side) -> tuple[Limit, ...]:
        """The limits of one side, the deepest first."""
        chosen = [limit for limit in self.limits if limit.side is side]
        return tuple(sorted(chosen, key=lambda limit: limit.depth, reverse=True))

    def quiet_band(self) -> tuple[float, float]:
        """Lowest and highest value that is neither beyond nor nearing (within the hysteresis of) any limit."""
        low = max((limit.value for limit in self.limits if limit.side is Side.LOW), default=-math.inf)
        high = min((limit.value for limit in self.limits if limit.side is Side.HIGH), default=math.inf)
        return low + self.hysteresis, high - self.hysteresis


class Rule(msgspec.Struct, frozen=True):
    """What one limit condition (``spo2.low``) is judged by: the limits of one side, deepest first, and how.

    A value ends the condition at or past *clear*. *held_ms* is the longest gap that holds a delay (S12). *worse_by*
    is None where no further worsening re-raises.
    """

    side: Side
    limits: tuple[Limit, ...]
    outermost: float
    clear: float
    held_ms: float
    worse_by: float | None = None

    def within(self, value: float) -> bool:
        """Whether no limit of this side is passed."""
        return value >= self.outermost if self.side is Side.LOW else value <= self.outermost

    def cleared(self, value: float) -> bool:
        """Whether *value* is back by the hysteresis."""
        return value >= self.clear if self.side is Side.LOW else value <= self.clear

    def worse(self, value: float, than: float) -> bool:
        """Whether *value* is so much further out than *than* that an acknowledged alarm must sound again (S8)."""
        if self.worse_by is None:
            return False
        return value <= than - self.worse_by if self.side is Side.LOW else value >= than + self.worse_by


def rule(metric: Metric, limits: Limits, side: Side, *, held_s: float) -> Rule | None:
    """The rule for one side of *metric*; None where nothing guards that side."""
    chosen = limits.side(side)
    if not chosen:
        return None
    values = [limit.value for limit in chosen]
    low = side is Side.LOW
    outermost = max(values) if low else min(values)
    return Rule(
        side=side,
        limits=chosen,
        outermost=outermost,
        clear=outermost + limits.hysteresis if low else outermost - limits.hysteresis,
        held_ms=held_s * 1000,
        worse_by=WORSENING.get(metric),
    )
