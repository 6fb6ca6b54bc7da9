"""What a streamed value counts with in a score: the median of the last while, not one beat.

Sampled at a bounded pace, whatever the sensor's. The window lies before the newest sample, not before now: what a
sensor said just before it fell silent does not outweigh what it had said all along.
"""

from collections import deque
from typing import Final

SETTLING: Final = "settling"
"""Why a window has no median yet."""

_SETTLED: Final = 0.5  # of the window: for so long something must have been heard before it counts


class Window:
    """Samples of one metric; *span_ms* is how far back the median looks."""

    def __init__(self, span_ms: float) -> None:
        self._span_ms = span_ms
        self._samples: deque[tuple[int, float]] = deque()
        self._since_ms = 0

    @property
    def newest_ms(self) -> int | None:
        """When the newest sample was received; None where there is none."""
        return self._samples[-1][0] if self._samples else None

    def add(self, at_ms: int, value: float) -> None:
        """Take in a value received at *at_ms*; one that was taken in already changes nothing."""
        newest_ms = self.newest_ms
        if newest_ms is not None and at_ms <= newest_ms:
            return
        if newest_ms is None or at_ms - newest_ms > self._span_ms:
            self._samples.clear()
            self._since_ms = at_ms
        self._samples.append((at_ms, value))
        while at_ms - self._samples[0][0] > self._span_ms:
            self._samples.popleft()

    def median(self, at_ms: int) -> float | None:
        """The median; None while too little was heard to tell."""
        if not self._samples or at_ms - self._since_ms < self._span_ms * _SETTLED:
            return None
        values = sorted(value for _, value in self._samples)
        return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
