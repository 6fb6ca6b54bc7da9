"""How fast batches become durable: ``python -m benchmarks.collector`` prints one JSON object.

No broker: frames go straight into the intake, so this bounds what the pipeline behind the MQTT client can do. The
desk is a silent one, but the rows that a real one would be shown are unpacked. Values are a noisy walk, never
constants, with 20 ms of jitter in their times.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vitals.clock import SystemClock
from vitals.codes import Metric
from vitals.collector.app import assemble
from vitals.collector.base import Heard
from vitals.collector.committing import Committer
from vitals.collector.config import ServerConfig
from vitals.collector.intake import Intake
from vitals.collector.parts import Parts
from vitals.observation import GenerationMode, Reading, observe
from vitals.series.base import Arrival, Logged
from vitals.series.sqlite import SqliteSeries
from vitals.wire import bodies, columns, topics
from vitals.wire import header as frames
from vitals.wire.bodies import ClockState, Data, GatewayState
from vitals.wire.header import Header, Kind

BACKLOG_BATCHES = 200
BACKLOG_ROWS = 1000
LIVE_PER_S = 1000
LIVE_S = 3
EPOCH = 7


class SilentDesk:
    """Implements ``vitals.collector.base.Desk``; notes when what became durable."""

    def __init__(self) -> None:
        self.durable: list[tuple[int, float]] = []
        self._more = asyncio.Event()

    def observe(self, arrival: Arrival, rows: Sequence[Heard]) -> None:
        """Nothing."""

    def gateway_state(self, gateway: str, state: GatewayState, received_ms: int) -> None:
        """Nothing."""

    def notice(self, code: str, text: str | None) -> None:
        """A condition would spoil the figures."""
        raise AssertionError(f"{code}: {text}")

    def committed(self, logged: Sequence[Logged]) -> None:
        """Note the moment."""
        now = time.perf_counter()
        self.durable += [(entry.arrival.header.seq, now) for entry in logged]
        self._more.set()

    async def all_durable(self, count: int) -> None:
        """Return once *count* batches are durable."""
        while len(self.durable) < count:
            self._more.clear()
            await self._more.wait()

    def tick(self, now_ms: int) -> None:
        """Nothing."""

    async def persist(self) -> None:
        """Nothing."""


def batch(chance: random.Random, gateway: str, seq: int, rows: int, *, backlog: bool) -> bytes:
    """One frame: *rows* notifications of an oximeter, two observations each."""
    value, at_ms, notifications = 96.0, 1000 * rows * seq, []
    for _ in range(rows):
        value = min(99.9, max(80.0, value + chance.gauss(0, 0.3)))
        at_ms += 1000 + chance.randint(-20, 20)
        pulse = observe(Metric.PULSE_RATE, round(70 + chance.gauss(0, 3), 1))
        notifications.append(columns.Row(at_ms, Reading((observe(Metric.SPO2, round(value, 1)), pulse))))
    data = Data(1_795_000_000_000, ClockState.SYNCHRONISED, [columns.pack("F0:00:00:00:01:02", "2A5F", notifications)])
    head = Header(
        mode=GenerationMode.DEMO, kind=Kind.DATA, epoch=EPOCH, seq=seq, boot=1, published_ms=at_ms, backlog=backlog
    )
    return frames.encode(gateway, head, bodies.encode(data))


Figures = dict[str, float | int | str]


async def measured() -> Figures:
    """Every figure, from two short runs on new stores."""
    with tempfile.TemporaryDirectory() as folder:
        backlog = await _run(Path(folder) / "backlog.db", _backlog)
        live = await _run(Path(folder) / "live.db", _live)
    return {**backlog, **live, "python": sys.version.split()[0]}


async def _run(path: Path, load: Callable[[Parts, SilentDesk, Path], Awaitable[Figures]]) -> Figures:
    store, desk = SqliteSeries(path, GenerationMode.DEMO), SilentDesk()
    parts = assemble(ServerConfig(mode=GenerationMode.DEMO), desk, store, SystemClock())
    try:
        with ThreadPoolExecutor(1) as worker:
            async with asyncio.TaskGroup() as tasks:
                commits = tasks.create_task(Committer(parts).run(worker))
                figures = await load(parts, desk, path)
                commits.cancel()
    finally:
        store.close()
    return figures


async def _backlog(parts: Parts, desk: SilentDesk, path: Path) -> Figures:
    """8 kB batches as fast as they are taken."""
    chance = random.Random(1)
    payloads = [batch(chance, "gw-1", seq, BACKLOG_ROWS, backlog=True) for seq in range(1, BACKLOG_BATCHES + 1)]
    intake = Intake(parts, lambda _: None)
    wall, cpu = time.perf_counter(), time.process_time()
    for payload in payloads:
        intake.message(topics.vitals("gw-1"), payload)
        await asyncio.sleep(0)
    await desk.all_durable(len(payloads))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    observations = parts.store.counts().observations
    parts.store.close()  # moves the write-ahead log into the file
    return {
        "backlog_bytes_per_batch": round(statistics.mean(len(payload) for payload in payloads)),
        "backlog_observations_per_s": round(observations / wall),
        "backlog_cpu_s_per_million": round(cpu / observations * 1e6, 2),
        "stored_bytes_per_observation": round(path.stat().st_size / observations, 2),  # noqa: ASYNC240 - after the run
    }


async def _live(parts: Parts, desk: SilentDesk, _: Path) -> Figures:
    """One small batch a gateway and second, evenly spaced."""
    chance = random.Random(2)
    count = LIVE_PER_S * LIVE_S
    sent = [(f"gw-{seq % LIVE_PER_S}", seq) for seq in range(1, count + 1)]
    payloads = [(gateway, batch(chance, gateway, seq, 1, backlog=False)) for gateway, seq in sent]
    intake = Intake(parts, lambda _: None)
    received: list[float] = []
    start, cpu = time.perf_counter(), time.process_time()
    for index, (gateway, payload) in enumerate(payloads):
        ahead = start + index / LIVE_PER_S - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        received.append(time.perf_counter())
        intake.message(topics.vitals(gateway), payload)
    await desk.all_durable(count)
    cpu = time.process_time() - cpu
    waits = sorted(1000 * (at - received[seq - 1]) for seq, at in desk.durable)
    return {
        "live_messages_per_s": LIVE_PER_S,
        "live_cpu_us_per_message": round(cpu / count * 1e6),
        "receipt_to_durable_p50_ms": round(waits[len(waits) // 2], 1),
        "receipt_to_durable_p99_ms": round(waits[len(waits) * 99 // 100], 1),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measured()), indent=2))
