"""A console that a test starts, stops and starts again on one port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from vitals.clock import SystemClock
from vitals.console.replays import Replays
from vitals.console.serve import serve_console
from vitals.notify.frontdesk import FrontDesk
from vitals.ward import Ward


class RunningConsole:
    """A served ward; its own server ends with the test."""

    def __init__(
        self, ward: Ward, tasks: asyncio.TaskGroup, replays: Replays | None = None, front_desk: FrontDesk | None = None
    ) -> None:
        self.url = ""
        self._ward = ward
        self._replays = replays
        self._front_desk = front_desk
        self._tasks = tasks
        self._port = 0
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve, on the port of the first time."""
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = serve_console(
            self._ward,
            port=self._port,
            clock=SystemClock(),
            replays=self._replays,
            front_desk=self._front_desk,
            ready=ready.set_result,
        )
        self._serving = self._tasks.create_task(serving)
        self.url = await asyncio.wait_for(ready, 10)
        self._port = int(self.url.rpartition(":")[2])

    async def stop(self) -> None:
        """End the server, and wait until it is gone."""
        if self._serving:
            self._serving.cancel()
            with suppress(asyncio.CancelledError):
                await self._serving
            self._serving = None


@asynccontextmanager
async def serving(
    ward: Ward, *, replays: Replays | None = None, front_desk: FrontDesk | None = None
) -> AsyncIterator[RunningConsole]:
    """A console of *ward* on a free port."""
    async with asyncio.TaskGroup() as tasks:
        console = RunningConsole(ward, tasks, replays, front_desk)
        await console.start()
        try:
            yield console
        finally:
            await console.stop()
