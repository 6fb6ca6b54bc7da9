"""A bar for who waits at a terminal longer than two seconds."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from vitals.clock import SystemClock

PATIENCE_MS: Final = 2000


class Waiting:
    """Shows nothing for two seconds, then how far it is; never into a file or a pipe."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._clock = SystemClock()
        self._began_ms = self._clock.monotonic_ms()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __call__(self, share: float) -> None:
        """*share* of the work is done."""
        if self._bar is None:
            if self._clock.monotonic_ms() - self._began_ms < PATIENCE_MS or not sys.stderr.isatty():
                return
            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=1.0)
        self._bar.update(self._task, completed=share)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def waiting(what: str) -> Iterator[Waiting]:
    """The bar, taken away at the end."""
    bar = Waiting(what)
    try:
        yield bar
    finally:
        bar.end()
