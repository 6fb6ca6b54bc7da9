"""Make arrivals durable, then tell everybody: the gateway may release them, the desk's cursor may follow."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from vitals.collector.base import Condition
from vitals.collector.parts import Parts
from vitals.errors import StoreError
from vitals.series.base import Arrival, Logged
from vitals.wire.header import Kind

FIRST_RETRY_S: Final = 0.5
LAST_RETRY_S: Final = 15.0


class Committer:
    """Group commit in the store's thread: a commit takes all that arrived during the one before, without waiting."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def run(self, worker: ThreadPoolExecutor) -> None:
        """Commit until cancelled; a commit that runs then is waited for by the worker's owner."""
        while True:
            await self._parts.pending.wait()
            await self._commit_oldest(worker)

    async def _commit_oldest(self, worker: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        retry_s = FIRST_RETRY_S
        while True:
            arrivals = self._parts.pending.oldest()
            try:
                logged = await loop.run_in_executor(worker, self._parts.store.commit, arrivals)
            except StoreError as error:
                self._parts.notices.begin(Condition.NOT_RECORDING, f"nothing is being recorded: {error}")
                await asyncio.sleep(retry_s * self._parts.time_scale)
                retry_s = min(retry_s * 2, LAST_RETRY_S)
                continue
            self._parts.notices.end(Condition.NOT_RECORDING)
            self.settle(arrivals, logged)
            return

    def settle(self, arrivals: list[Arrival], logged: list[Logged]) -> None:
        """The oldest *arrivals* are durable; *logged* are those of them that are new in the log."""
        self._parts.pending.settled(arrivals)
        self._parts.desk.committed(logged)
        for arrival in arrivals:
            header = arrival.header
            urgent = header.kind == Kind.ALARM
            self._parts.settled(arrival.gateway, header.epoch, header.seq, len(arrival.body), urgent=urgent)
