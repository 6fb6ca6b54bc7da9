"""The course as a picture needs it: the lowest and highest value of every short time, whatever its length.

An episode is never smoothed away (S17): one low value among a thousand is the lowest of its column.
"""

from typing import Final

import msgspec

from vitals.alarms.replay import Recorded
from vitals.codes import Metric
from vitals.retrospect.period import Period
from vitals.retrospect.stored import eligible

COLUMNS: Final = 1600
_SHORTEST_MS: Final = 5000
"""From 5 s without a value on there is a gap to be seen; a shorter column would show one where none is."""


class Band(msgspec.Struct):
    """Lowest and highest value by column, None where there was none that could alarm."""

    low: list[float | None]
    high: list[float | None]


class Envelope:
    """Values that acted, by column of *width_ms* from the beginning of *within* on."""

    def __init__(self, within: Period, shortest_ms: int = _SHORTEST_MS) -> None:
        self.within = within
        self.width_ms = max(shortest_ms, -(-within.length_ms // COLUMNS))
        self.columns = max(1, -(-within.length_ms // self.width_ms))
        self.bands: dict[Metric, Band] = {}

    def take(self, moment: Recorded) -> None:
        """Add what was observed at one moment."""
        column = (moment.at_ms - self.within.from_ms) // self.width_ms
        if not 0 <= column < self.columns:
            return
        for observation in moment.observations:
            value = observation.value
            if value is None or not eligible(observation):
                continue
            band = self.bands.get(observation.metric)
            if band is None:
                band = self.bands[observation.metric] = Band([None] * self.columns, [None] * self.columns)
            low, high = band.low[column], band.high[column]
            if low is None or value < low:
                band.low[column] = value
            if high is None or value > high:
                band.high[column] = value
