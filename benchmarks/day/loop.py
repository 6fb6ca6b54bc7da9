"""An event loop in which waiting takes no time: the clock goes on to the next thing that is due.

What a thread would do is done at once, so that the same seed gives the same day.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

from vitals.clock import ManualClock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Selector(selectors.DefaultSelector):
    """Waits by moving *clock*."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:  # type: ignore[explicit-override]
        if timeout is None:
            raise RuntimeError("nothing is left to wait for")
        if timeout > 0:
            self._clock.advance(max(1, round(timeout * 1000)))
        return super().select(0)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """The time of this loop is that of *clock*."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(_Selector(clock))
        self._told = clock

    def time(self) -> float:  # type: ignore[explicit-override]
        return self._told.monotonic_ms() / 1000

    def run_in_executor(  # type: ignore[explicit-override]
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        assert executor is None, "nothing here brings threads of its own"
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the waiter's to deal with
            future.set_exception(error)
        return future
