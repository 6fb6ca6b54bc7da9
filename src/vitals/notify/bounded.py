"""Calls that block, on threads of their own, for as long as the caller is willing to wait.

The event loop's own threads belong to what must not wait, the registry above all; a service that hangs may not hold
them. These threads are daemons: one that hangs for good does not keep the process from ending either.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T], within_s: float, *, name: str, done: Callable[[], None] | None = None) -> T:
    """What *call* returns or raises.

    *done* is called on the loop when the thread ends, however late.

    Raises:
        TimeoutError: not within *within_s*; the thread goes on alone and what it returns is lost.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(settling: Callable[[], None]) -> None:
        if done is not None:
            done()
        if not future.done():
            settling()

    def run() -> None:
        settling: Callable[[], None]
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - the boundary: it is raised where the caller waits
            raised = error
            settling = lambda: future.set_exception(raised)  # noqa: E731 - one of two
        else:
            settling = lambda: future.set_result(result)  # noqa: E731 - the other
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, settling)

    threading.Thread(target=run, name=name, daemon=True).start()
    async with asyncio.timeout(within_s):
        return await future
