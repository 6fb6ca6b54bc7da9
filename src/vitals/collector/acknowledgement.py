"""When which gateway is told what is durable. Sans-IO: moments are collector-monotonic milliseconds.

At most one message per gateway and interval, each gateway in a slot of its own so that they spread; at once when half
the credit became durable since the last one, or an alarm did.
"""

import heapq
import zlib
from typing import Final

import msgspec

from vitals.series.intervals import Intervals

INTERVAL_MS: Final = 2000
CREDIT_BYTES: Final = 65536
MOST_RANGES: Final = 500
"""Ranges in one message; what is beyond goes with the next."""


class _Pending(msgspec.Struct):
    due_ms: int
    epochs: dict[int, Intervals]
    size: int = 0


class Acknowledgements:
    """What every gateway waits to hear."""

    def __init__(self, interval_ms: int = INTERVAL_MS, credit: int = CREDIT_BYTES) -> None:
        self._interval_ms = max(1, interval_ms)
        self._credit = credit
        self._pending: dict[str, _Pending] = {}
        self._queue: list[tuple[int, str]] = []

    def settled(self, gateway: str, epoch: int, seq: int, size: int, now_ms: int, *, urgent: bool = False) -> bool:
        """Row *seq* is durable: it became so, or it was already when it came again. *size* in bytes.

        Returns:
            Whether the next message is due sooner than before.
        """
        before_ms = self.next_ms()
        pending = self._of(gateway, now_ms)
        pending.epochs.setdefault(epoch, Intervals()).add(seq, seq)
        pending.size += size
        if (urgent or pending.size * 2 >= self._credit) and pending.due_ms > now_ms:
            pending.due_ms = now_ms
            heapq.heappush(self._queue, (now_ms, gateway))
        return before_ms is None or self._queue[0][0] < before_ms

    def owe(self, gateway: str, now_ms: int) -> bool:
        """*gateway* is to be told something besides what is durable, in its slot. Returns as :meth:`settled`."""
        before_ms = self.next_ms()
        self._of(gateway, now_ms)
        return before_ms is None or self._queue[0][0] < before_ms

    def next_ms(self) -> int | None:
        """When the next message is due, None while nobody waits."""
        self._forget_stale()
        return self._queue[0][0] if self._queue else None

    def take(self, now_ms: int) -> tuple[str, list[tuple[int, int]]] | None:
        """The next gateway that is due and rows, as (epoch, seq), whose merged ranges it is to be told."""
        due_ms = self.next_ms()
        if due_ms is None or due_ms > now_ms:
            return None
        _, gateway = heapq.heappop(self._queue)
        pending = self._pending.pop(gateway)
        rows = [(epoch, low) for epoch, intervals in pending.epochs.items() for low, _ in intervals]
        if len(rows) > MOST_RANGES:
            self._keep(gateway, pending, rows[MOST_RANGES:], now_ms)
        return gateway, rows[:MOST_RANGES]

    def _of(self, gateway: str, now_ms: int) -> _Pending:
        pending = self._pending.get(gateway)
        if pending is None:
            pending = self._pending[gateway] = _Pending(self._slot(gateway, now_ms), {})
            heapq.heappush(self._queue, (pending.due_ms, gateway))
        return pending

    def _keep(self, gateway: str, pending: _Pending, rows: list[tuple[int, int]], now_ms: int) -> None:
        rest: dict[int, Intervals] = {}
        for epoch, low in rows:
            around = pending.epochs[epoch].around(low)
            assert around is not None
            rest.setdefault(epoch, Intervals()).add(*around)
        self._pending[gateway] = _Pending(self._slot(gateway, now_ms), rest)
        heapq.heappush(self._queue, (self._pending[gateway].due_ms, gateway))

    def _slot(self, gateway: str, now_ms: int) -> int:
        """The first moment after *now_ms* that belongs to *gateway*."""
        phase = zlib.crc32(gateway.encode()) % self._interval_ms
        return now_ms + 1 + (phase - now_ms - 1) % self._interval_ms

    def _forget_stale(self) -> None:
        """Drop entries of the queue that were overtaken: their gateway was told, or is due at another time."""
        while self._queue:
            due_ms, gateway = self._queue[0]
            pending = self._pending.get(gateway)
            if pending is not None and pending.due_ms == due_ms:
                return
            heapq.heappop(self._queue)
