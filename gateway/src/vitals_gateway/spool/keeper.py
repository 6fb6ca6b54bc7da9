"""The spool on a thread of its own: a slow memory card never holds up the radio.

Calls are carried out one after another in the order in which they were made. A file that turns out damaged is set
aside on the spot, and the call is repeated on the new one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from vitals.clock import Clock
from vitals.errors import CorruptStore
from vitals.wire.bodies import Ranges
from vitals_gateway import wall_clock
from vitals_gateway.spool.assembly import Read
from vitals_gateway.spool.file import Spool
from vitals_gateway.spool.opening import Identity
from vitals_gateway.spool.rows import Change, Depth, Entry, Item, Moment
from vitals_gateway.wall_clock import WallClock

_LOG: Final = logging.getLogger(__name__)
T = TypeVar("T")


class Keeper:
    """Opens the spool on entry and closes it on exit; *told* hears of every change in what is to be sent.

    *replaced* hears that a damaged file was set aside under another name, and that no row number known so far means
    anything any more. Methods raise StoreError (DiskFull among them) where nothing could be written.
    """

    def __init__(self, path: Path, identity: Identity, read: Read, clock: Clock) -> None:
        self.told: Callable[[Change], None] = lambda _change: None
        self.replaced: Callable[[Path], None] = lambda _aside: None
        self.last_times: dict[tuple[str, str], int] = {}
        self._path = path
        self._identity = identity
        self._read = read
        self._clock = clock
        self._damaged = False
        self._noted: WallClock | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")

    async def __aenter__(self) -> Self:
        try:
            now = self.now()
            loop = asyncio.get_running_loop()
            self._spool = await loop.run_in_executor(self._thread, Spool, self._path, self._identity, self._read, now)
            self.last_times = await self._call(lambda spool, _now: spool.last_times())
        except BaseException:
            self._thread.shutdown()
            raise
        if self._spool.aside is not None:
            self.replaced(self._spool.aside)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.submit(self._spool.close)
        self._thread.shutdown()

    def now(self) -> Moment:
        """The present, by both clocks."""
        disciplined = wall_clock.kernel_disciplined()
        return Moment(self._clock.monotonic_ms(), wall_clock.read(self._clock, disciplined=disciplined))

    async def record(self, items: Sequence[Item]) -> None:
        """Store what arrived, in order."""
        self.told(await self._call(lambda spool, now: spool.record(items, now)))

    async def close_batch(self) -> None:
        """Turn the notifications so far into rows to send."""
        self.told(await self._call(lambda spool, now: spool.close_batch(now)))

    async def note_clock(self) -> None:
        """Record the wall clock, if it changed."""
        wall = self.now().wall
        if not wall.differs(self._noted):
            return
        self._noted = wall
        self.told(await self._call(lambda spool, now: spool.note_clock(now)))

    async def expire(self) -> None:
        """Forget what was acknowledged long ago, drop what is too old."""
        self.told(await self._call(lambda spool, now: spool.expire(now)))

    async def acknowledge(self, ranges: Ranges) -> list[int]:
        """Mark rows as held by the collector; returns those that were waiting for it."""
        rows, change = await self._call(lambda spool, now: spool.acknowledge(ranges, now))
        self.told(change)
        return rows

    async def adopt(self, store: int) -> bool:
        """Take *store* for the one that acknowledges; True where all rows wait again because it is another one."""
        return await self._call(lambda spool, now: spool.adopt(store, now))

    async def configure(self, store: int) -> None:
        """Remember the store that the collector's configuration names."""
        await self._call(lambda spool, now: spool.configure(store, now))

    async def setting(self, name: str) -> int | None:
        """The store remembered as ``store`` or ``configured``."""
        return await self._call(lambda spool, _now: spool.setting(name))

    async def stored(self) -> tuple[int, int]:
        """The current epoch and the newest sequence number in it, 0 where there is none yet."""
        return await self._call(lambda spool, _now: spool.stored())

    async def waiting(self, after: int, limit: int) -> list[Entry]:
        """Rows to be acknowledged beyond *after*, oldest first."""
        return await self._call(lambda spool, _now: spool.waiting(after, limit))

    async def newest(self) -> Entry | None:
        """The newest row to be acknowledged."""
        return await self._call(lambda spool, _now: spool.newest())

    async def frame(self, row: int) -> bytes | None:
        """A row's message; None where there is nothing to send any more."""
        frame, change = await self._call(lambda spool, now: spool.frame(row, now))
        self.told(change)
        return frame

    async def depth(self) -> Depth:
        """How much waits."""
        return await self._call(lambda spool, _now: spool.depth())

    async def _call(self, function: Callable[[Spool, Moment], T]) -> T:
        aside = self._spool.aside
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._thread, self._guarded, function, self.now())
        if self._spool.aside is not aside and self._spool.aside is not None:
            self.replaced(self._spool.aside)
        return answer

    def _guarded(self, function: Callable[[Spool, Moment], T], now: Moment) -> T:
        """On the thread: set a damaged file aside and go on with a new one."""
        if self._damaged:
            self._replace(now)
        try:
            return function(self._spool, now)
        except CorruptStore as error:
            _LOG.error("%s; setting it aside", error)
            self._replace(now)
            return function(self._spool, now)

    def _replace(self, now: Moment) -> None:
        self._damaged = True
        self._spool.replace(now)
        self._damaged = False
