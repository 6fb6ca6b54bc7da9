"""How long a battery lasts, from the percentages that a sensor tells."""

from typing import Final

import msgspec

from vitals.alarms.limits import Priority

_DROP: Final = 3
_HOUR_MS: Final = 3_600_000
HOURS: Final = ((4.0, Priority.MEDIUM), (48.0, Priority.LOW))
"""Below so many hours left: the nurse is told, a technician is."""
PERCENT: Final = ((5, Priority.MEDIUM), (20, Priority.LOW))
"""The same by the percentage, while nobody knows how fast it falls."""
MARGIN: Final = 1.25
"""So much more than a bound ends what fell below it."""


class Discharge(msgspec.Struct, frozen=True):
    """The percentage at which a battery began to fall, and when; a rise begins anew."""

    level: float = 0
    at_ms: int | None = None

    def followed(self, level: float, at_ms: int) -> "Discharge":
        """The discharge with *level* told at *at_ms*."""
        return Discharge(level, at_ms) if self.at_ms is None or level > self.level else self

    def hours_left(self, level: float, at_ms: int) -> float | None:
        """Hours until it is empty; None before it has fallen by three percent over an hour at least."""
        dropped, elapsed_ms = self.level - level, 0 if self.at_ms is None else at_ms - self.at_ms
        if dropped < _DROP or elapsed_ms < _HOUR_MS:
            return None
        return level * elapsed_ms / dropped / _HOUR_MS


def urgency(level: float, hours: float | None, margin: float = 1.0) -> Priority | None:
    """How urgent it is; None while it is well. An almost empty one is low whatever its rate says."""
    if hours is None:
        return _below(PERCENT, level, margin)
    by_hours = _below(HOURS, hours, margin)
    return by_hours or (Priority.LOW if level <= PERCENT[0][0] * margin else None)


def _below(bounds: tuple[tuple[float, Priority], ...], value: float, margin: float) -> Priority | None:
    return next((priority for bound, priority in bounds if value <= bound * margin), None)
