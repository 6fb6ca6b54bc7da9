"""From the radio into the spool: what arrives is stored at once, and batches close when they are due."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from vitals.clock import Clock
from vitals.errors import StoreError
from vitals.wire.bodies import SensorState
from vitals_gateway.batching import Hearing, Pace, close_after_ms, estimated_bytes
from vitals_gateway.spool.keeper import Keeper
from vitals_gateway.spool.rows import Item, Lost, Notification, Subscribed
from vitals_gateway.status import Status

PENDING_ITEMS: Final = 8192
"""What waits in memory for a disk that does not take it: about an hour of two sensors."""
_ITEMS_AT_ONCE: Final = 128
_GIVEN_UP: Final = 256
_RETRY_MS: Final = 1000
_CLOCK_MS: Final = 1000
_EXPIRY_MS: Final = 60_000


class Recorder:
    """The gateway's :class:`~vitals_gateway.intake.Intake`. Its methods only queue; :meth:`run` does the work."""

    def __init__(
        self, keeper: Keeper, clock: Clock, status: Status, hearing: Callable[[], Hearing], *, pace: Pace, scale: float
    ) -> None:
        self._keeper = keeper
        self._clock = clock
        self._status = status
        self._hearing = hearing
        self._pace = pace
        self._scale = scale
        self._last_ms = dict(keeper.last_times)
        self._pending: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._ending = False
        self._lossy: set[tuple[str, str]] = set()
        self._opened_ms: int | None = None
        self._open_bytes = 0
        self._retry_ms = 0.0
        self._clock_ms = 0.0
        self._expiry_ms = 0.0

    def notified(self, sensor: str, characteristic: str, at_ms: int, payload: bytes) -> None:
        """Queue a notification, later than the one before it of the same characteristic by at least 1 ms."""
        stream = (sensor, characteristic)
        at_ms = max(at_ms, self._last_ms.get(stream, -1) + 1)
        self._last_ms[stream] = at_ms
        after_loss = stream in self._lossy
        self._lossy.discard(stream)
        self._queue(Notification(sensor, characteristic, at_ms, payload, after_loss))
        self._status.heard = (sensor, at_ms)

    def subscribed(self, sensor: str, characteristic: str, at_ms: int) -> None:
        """Queue the end of a gap."""
        self._queue(Subscribed(sensor, characteristic, at_ms))

    def lost(self, sensor: str, characteristic: str, at_ms: int, reason: str) -> None:
        """Queue the beginning of a gap."""
        self._queue(Lost(sensor, characteristic, at_ms, reason))

    def sensor_changed(self, state: SensorState) -> None:
        """Show a sensor's new state."""
        self._status.sensor_changed(state)

    async def run(self) -> None:
        """Store, close batches, watch the clock; after :meth:`end` close the last batch and return."""
        while not self._ending:
            self._wake.clear()
            now_ms = self._clock.monotonic_ms()
            due_ms = await self._step(now_ms)
            if due_ms > now_ms:
                try:
                    async with asyncio.timeout((due_ms - now_ms) / 1000):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        while self._pending and await self._store():
            await self._close()
        await self._close()

    def end(self) -> None:
        """Nothing more arrives."""
        self._ending = True
        self._wake.set()

    async def _step(self, now_ms: int) -> float:
        """Do what is most urgent; returns when the next thing is due, *now_ms* if something may be due already."""
        if now_ms < self._retry_ms:
            return self._retry_ms
        if (close_ms := self._close_due_ms()) <= now_ms:
            await self._close()
        elif self._pending:
            await self._store()
        elif now_ms >= self._clock_ms:
            self._clock_ms = now_ms + _CLOCK_MS * self._scale
            await self._try(self._keeper.note_clock)
        elif now_ms >= self._expiry_ms:
            self._expiry_ms = now_ms + _EXPIRY_MS * self._scale
            await self._try(self._keeper.expire)
        else:
            return min(close_ms, self._clock_ms, self._expiry_ms)
        return now_ms

    def _close_due_ms(self) -> float:
        if self._opened_ms is None:
            return float("inf")
        if self._open_bytes >= self._pace.full_bytes:
            return self._opened_ms
        return self._opened_ms + close_after_ms(self._pace, self._hearing())

    async def _store(self) -> bool:
        items = [self._pending.popleft() for _ in range(min(len(self._pending), _ITEMS_AT_ONCE))]
        if not await self._try(lambda: self._keeper.record(items)):
            self._pending.extendleft(reversed(items))
            self._give_up()
            return False
        for item in items:
            if isinstance(item, Notification):
                self._open_bytes += estimated_bytes(item.payload)
                if self._opened_ms is None:
                    self._opened_ms = self._clock.monotonic_ms()
        return True

    async def _close(self) -> None:
        if await self._try(self._keeper.close_batch):
            self._opened_ms = None
            self._open_bytes = 0

    async def _try(self, write: Callable[[], Awaitable[None]]) -> bool:
        """Whether the spool took it; if not, it is tried again after a while."""
        try:
            await write()
        except StoreError as error:
            self._retry_ms = self._clock.monotonic_ms() + _RETRY_MS * self._scale
            self._status.problem("spool", str(error))
            return False
        self._status.solved("spool")
        return True

    def _queue(self, item: Item) -> None:
        self._pending.append(item)
        self._give_up()
        self._wake.set()

    def _give_up(self) -> None:
        """Bound what waits in memory: forget the oldest notifications, and remember of which streams."""
        if len(self._pending) <= PENDING_ITEMS:
            return
        given_up = 0
        kept: deque[Item] = deque()
        for item in self._pending:
            if not isinstance(item, Notification):
                kept.append(item)
            elif given_up < _GIVEN_UP:
                given_up += 1
                self._lossy.add((item.sensor, item.characteristic))
            else:
                kept.append(self._marked(item))
        self._pending = kept
        self._status.problem("memory", "the spool takes nothing: notifications are being lost, to be declared as gaps")

    def _marked(self, item: Notification) -> Notification:
        """The first notification of a stream after a loss says so."""
        stream = (item.sensor, item.characteristic)
        if stream not in self._lossy:
            return item
        self._lossy.discard(stream)
        return msgspec.structs.replace(item, after_loss=True)
