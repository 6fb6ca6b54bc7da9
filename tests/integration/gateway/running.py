"""A whole gateway in this process, with notifications from the test instead of a radio."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from vitals.clock import SystemClock
from vitals.wire.bodies import SensorState
from vitals_gateway import gateway
from vitals_gateway.config import Config, load
from vitals_gateway.intake import Intake

STRAP = "F0:00:00:00:01:01"
SCALE = 0.1


class Strap:
    """A heart-rate strap that the test plays."""

    def __init__(self) -> None:
        self.said: list[int] = []
        self.wanted: Callable[[], Collection[str]] = list
        self._clock = SystemClock()
        self._intake: Intake | None = None
        self._on = asyncio.Event()

    async def read(self, intake: Intake, wanted: Callable[[], Collection[str]]) -> None:
        """What the gateway runs in place of a radio."""
        self._intake, self.wanted = intake, wanted
        intake.subscribed(STRAP, "2A37", self._clock.monotonic_ms())
        intake.sensor_changed(SensorState(STRAP, "connected"))
        self._on.set()
        await asyncio.Event().wait()

    async def beat(self, count: int = 1, every_s: float = 0.01) -> None:
        """Notify; *said* remembers the times that the gateway is to report."""
        await self._on.wait()
        assert self._intake is not None
        for _ in range(count):
            at_ms = max([self._clock.monotonic_ms(), *(last + 1 for last in self.said[-1:])])
            self.said.append(at_ms)
            self._intake.notified(STRAP, "2A37", at_ms, bytes([0, 30 + at_ms % 200]))
            await asyncio.sleep(every_s)

    def change(self, **fields: str) -> None:
        assert self._intake is not None
        self._intake.sensor_changed(SensorState(STRAP, **{"link": "connected", **fields}))  # type: ignore[arg-type]


def configured(folder: Path, url: str, *, scale: float = SCALE, spool: str = "") -> Config:
    path = folder / "gateway.toml"
    path.write_text(
        f'gateway = "gw-1"\nmode = "test"\ntime_scale = {scale}\n[broker]\nurl = "{url}"\n[spool]\n{spool}\n'
        '[radio]\nkind = "bumble"\ntransport = "unix-client:/nowhere"\n',
        encoding="utf-8",
    )
    return load(path)


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Strap]:
    """Run a gateway; on exit it ends in order."""
    strap, stop = Strap(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(gateway.run(config, SystemClock(), stop, strap.read))
        try:
            yield strap
        finally:
            stop.set()
