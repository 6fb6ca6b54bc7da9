"""Merged intervals of sequence numbers: what a store holds of one epoch of one gateway."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Intervals:
    """Disjoint inclusive ranges, ascending, never adjacent: ``[1, 3]`` and ``[4, 9]`` are ``[1, 9]``."""

    __slots__ = ("_highs", "_lows")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []
        for low, high in ranges:
            self.add(low, high)

    def add(self, low: int, high: int) -> None:
        """Hold every number from *low* to *high*."""
        first = bisect_left(self._highs, low - 1)
        beyond = bisect_right(self._lows, high + 1)
        if first < beyond:
            low = min(low, self._lows[first])
            high = max(high, self._highs[beyond - 1])
        self._lows[first:beyond] = [low]
        self._highs[first:beyond] = [high]

    def __contains__(self, number: int) -> bool:
        return self.around(number) is not None

    def around(self, number: int) -> tuple[int, int] | None:
        """The range that *number* lies in, None where it is not held."""
        index = bisect_left(self._highs, number)
        if index < len(self._lows) and self._lows[index] <= number:
            return self._lows[index], self._highs[index]
        return None

    def missing(self, low: int, high: int) -> list[tuple[int, int]]:
        """The ranges between *low* and *high* that are not held."""
        holes = []
        index = bisect_left(self._highs, low)
        while low <= high:
            start = self._lows[index] if index < len(self._lows) else high + 1
            if low < start:
                holes.append((low, min(start - 1, high)))
            if start > high:
                break
            low = self._highs[index] + 1
            index += 1
        return holes

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Every range, ascending."""
        return list(zip(self._lows, self._highs, strict=True))

    @property
    def highest(self) -> int | None:
        """The highest number held, None where nothing is."""
        return self._highs[-1] if self._highs else None

    def copy(self) -> "Intervals":
        """Intervals of one's own."""
        twin = Intervals()
        twin._lows = self._lows.copy()
        twin._highs = self._highs.copy()
        return twin

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._lows, self._highs, strict=True)

    def __len__(self) -> int:
        return len(self._lows)
