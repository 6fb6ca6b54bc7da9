"""Seal what every consumer of the log has gone beyond, and drop what is older than it is to be kept.

On the committer's own thread, a small transaction at a time, so that a commit never waits for more than one of them.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from vitals.clock import Clock
from vitals.errors import StoreError
from vitals.series.base import NUMERICS, WAVEFORMS, Series

PERIOD_S: Final = 60.0
"""What is sealed has been in the log for at least this long: a restart finds in it how gateways' clocks stood."""
DAY_MS: Final = 24 * 3600 * 1000

_log = logging.getLogger(__name__)


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days data is kept, by class; None for ever."""

    numerics_days: int | None = None
    waveforms_days: int | None = 30

    @property
    def by_class(self) -> dict[int, int | None]:
        """The days of each class of a series store."""
        return {NUMERICS: self.numerics_days, WAVEFORMS: self.waveforms_days}


class Sealing:
    """One for each store; *consumed* says how far every consumer has come in the log, and may block."""

    def __init__(
        self, store: Series, consumed: Callable[[], int], *, clock: Clock, retention: Retention, time_scale: float
    ) -> None:
        self._store = store
        self._consumed = consumed
        self._clock = clock
        self._retention = retention
        self._period_s = PERIOD_S * time_scale

    async def run(self, worker: ThreadPoolExecutor) -> None:
        """Seal and drop until cancelled; a step that runs then is waited for by the worker's owner."""
        upto = 0
        while True:
            await asyncio.sleep(self._period_s)
            try:
                await self._seal(worker, upto)
                upto = await asyncio.to_thread(self._consumed)
                await self._expire(worker)
            except StoreError as error:
                _log.warning("the log is not being sealed, and is tried again in a minute: %s", error)

    async def _seal(self, worker: ThreadPoolExecutor, upto: int) -> None:
        loop = asyncio.get_running_loop()
        steps = self._store.seal(upto)
        while await loop.run_in_executor(worker, next, steps, 0):
            pass

    async def _expire(self, worker: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        for kept, days in self._retention.by_class.items():
            if days is not None:
                before_utc_ms = self._clock.utc_ms() - days * DAY_MS
                while await loop.run_in_executor(worker, self._store.expire, kept, before_utc_ms):
                    pass
