"""A simulation of a test, as a process or within the test's own loop, and how the test learns what it does."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from vitals.clock import SystemClock
from vitals_firmware_sim import ledger
from vitals_firmware_sim.ledger import Contents, Ledger
from vitals_firmware_sim.listener import parse_endpoint
from vitals_firmware_sim.scenarios import named
from vitals_firmware_sim.simulation import Settings, simulate

PATIENCE_S = 60.0


class Simulator:
    """Where a simulation listens and what it has written."""

    def __init__(self, folder: Path) -> None:
        self.ledger_path = folder / "ledger.jsonl"
        self.socket_path = folder / "hci.sock"
        self.errors_path = folder / "simulator.err"

    @property
    def listen(self) -> str:
        return f"unix-server:{self.socket_path}"

    @property
    def dial(self) -> str:
        return f"unix-client:{self.socket_path}"

    @property
    def ledger(self) -> Contents:
        return ledger.read(self.ledger_path)

    @property
    def errors(self) -> str:
        return self.errors_path.read_text()

    def said(self, sensor: str, characteristic: str) -> list[bytes]:
        """Payloads in the ledger, in order."""
        return [
            bytes.fromhex(line.payload)
            for line in self.ledger.notifications
            if (line.sensor, line.characteristic) == (sensor, characteristic)
        ]

    def events(self, sensor: str) -> list[str]:
        return [line.event for line in self.ledger.events if line.sensor == sensor]


class SimulatorProcess(Simulator):
    """``vitals-sim`` as a user starts it."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        super().__init__(folder)
        self.process = process

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it and wait for its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


@contextlib.asynccontextmanager
async def started(folder: Path, command: str, *options: str) -> AsyncIterator[SimulatorProcess]:
    """Run ``vitals-sim`` until the end of the context, ready at its beginning."""
    place = Simulator(folder)
    with place.errors_path.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "vitals_firmware_sim", command, *options),
            *("--listen", place.listen, "--ledger", str(place.ledger_path)),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        simulator = SimulatorProcess(folder, process)
        try:
            assert process.stdout is not None
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
            assert line == b"ready\n", simulator.errors
            yield simulator
        finally:
            await simulator.end()


@contextlib.asynccontextmanager
async def on_air(folder: Path, *people: str, also: tuple[str, ...] = (), **options: Any) -> AsyncIterator[Simulator]:
    """A simulation in this loop, persons 1, 2, ... in the given scenarios, behind a real socket all the same."""
    simulator = Simulator(folder)
    settings = Settings(
        endpoints=tuple(parse_endpoint(text) for text in (simulator.listen, *also)),
        people=tuple((number, named(name)) for number, name in enumerate(people, start=1)),
        **{"time_scale": 0.02, **options},
    )
    clock, ready, enough = SystemClock(), asyncio.Event(), asyncio.Event()
    with Ledger(simulator.ledger_path, clock) as book:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(simulate(settings, book, clock, ready=ready.set, until=enough.wait))
            await asyncio.wait_for(ready.wait(), PATIENCE_S)
            try:
                yield simulator
            finally:
                enough.set()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds, for a bounded time."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)
