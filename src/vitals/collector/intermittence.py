"""Intermittent monitoring (S12): gaps that are each too short to alarm, and together too long to rely on."""

import math
from collections import deque
from typing import Final

OVER: Final = 0.2
"""Share of the window without values beyond which monitoring is intermittent."""
ENDS: Final = 0.1
"""Share at which it is so no longer."""


class Gaps:
    """The gaps of one metric within a window, by the time of receipt in milliseconds.

    A gap is longer than *shortest_ms*. One of *longest_ms* or more has been told by itself and counts here no more.
    """

    def __init__(self, shortest_ms: float, longest_ms: float, window_ms: float) -> None:
        self._shortest_ms = shortest_ms
        self._longest_ms = longest_ms
        self._window_ms = window_ms
        self._past: deque[tuple[int, int]] = deque()
        self._since_ms: int | None = None

    def clear(self) -> None:
        """Begin anew."""
        self._past.clear()
        self._since_ms = None

    def none(self, newest_ms: int, now_ms: int) -> bool:
        """Whether there is nothing to add up: no gap lately, and none now."""
        return not self._past and self._since_ms is None and now_ms - newest_ms <= self._shortest_ms

    def due_ms(self, newest_ms: int) -> float:
        """Until when there is :meth:`none`, should no value come."""
        return -math.inf if self._past or self._since_ms is not None else newest_ms + self._shortest_ms

    def share(self, newest_ms: int, now_ms: int) -> float:
        """The share of the window that lacks values, when the newest came at *newest_ms*."""
        if self._since_ms is not None and newest_ms > self._since_ms:
            self._close(newest_ms)
        if now_ms - newest_ms > self._shortest_ms:
            self._since_ms = newest_ms
        begins_ms = now_ms - self._window_ms
        while self._past and self._past[0][1] <= begins_ms:
            self._past.popleft()
        missing_ms = sum(until_ms - max(since_ms, begins_ms) for since_ms, until_ms in self._past)
        if self._since_ms is not None and now_ms - self._since_ms < self._longest_ms:
            missing_ms += now_ms - self._since_ms
        return missing_ms / self._window_ms

    def _close(self, until_ms: int) -> None:
        assert self._since_ms is not None
        if until_ms - self._since_ms < self._longest_ms:
            self._past.append((self._since_ms, until_ms))
        self._since_ms = None
