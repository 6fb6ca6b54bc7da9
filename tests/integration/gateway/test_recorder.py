"""From the intake to the spool's file: order, times, batches, and a disk that takes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.integration.gateway.disks import fill, small
from tests.spools import GATEWAY, OXIMETER, STRAP, beats, gaps, opened, voids

from vitals import gatt
from vitals.clock import ManualClock
from vitals.observation import GenerationMode
from vitals_gateway.batching import Hearing, Pace
from vitals_gateway.recorder import PENDING_ITEMS, Recorder
from vitals_gateway.spool.keeper import Keeper
from vitals_gateway.spool.opening import Identity
from vitals_gateway.spool.rows import Bounds, Change
from vitals_gateway.status import Status

WITHIN_S = 20.0
UTC_MS = 1_800_000_000_000


class Rig:
    """A recorder on a clock that the test moves."""

    def __init__(self, keeper: Keeper, clock: ManualClock) -> None:
        self.clock = clock
        self.keeper = keeper
        self.status = Status(GenerationMode.TEST, 1)
        self.changes: list[Change] = []
        keeper.told = self.changes.append
        self.recorder = Recorder(keeper, clock, self.status, Hearing, pace=Pace(), scale=0.01)

    @property
    def rows(self) -> int:
        return sum(len(change.added) for change in self.changes)

    async def until(self, holds: Callable[[], object]) -> None:
        """Let time pass until *holds*."""
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                self.clock.advance(10)
                self.recorder._wake.set()
                await asyncio.sleep(0.002)


@asynccontextmanager
async def recording(path: Path, bounds: Bounds | None = None) -> AsyncIterator[Rig]:
    """A recorder until the end of the block, where it closes its last batch."""
    clock = ManualClock(monotonic_ms=1000, utc_ms=UTC_MS)
    identity = Identity(gateway=GATEWAY, mode=GenerationMode.TEST, boot=1, bounds=bounds or Bounds())
    async with Keeper(path, identity, gatt.read, clock) as keeper:
        rig = Rig(keeper, clock)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(rig.recorder.run())
            yield rig
            rig.recorder.end()
            await asyncio.wait([running], timeout=WITHIN_S)


async def test_what_arrives_is_spooled_in_order_and_the_rest_at_the_end(tmp_path: Path) -> None:
    async with recording(tmp_path / "spool.db") as rig:
        rig.recorder.subscribed(STRAP, "2A37", 900)
        for at_ms in range(1000, 1500):
            rig.recorder.notified(STRAP, "2A37", at_ms, bytes([0, at_ms % 200 + 30]))
        await rig.until(lambda: rig.rows)
        rig.recorder.notified(STRAP, "2A37", 2000, bytes([0, 99]))
    spool = opened(tmp_path / "spool.db")
    assert [at_ms for _, at_ms, _ in beats(spool)] == [*range(1000, 1500), 2000]
    spool.close()


async def test_times_increase_strictly_for_each_characteristic(tmp_path: Path) -> None:
    async with recording(tmp_path / "spool.db") as rig:
        for at_ms in (1000, 1000, 999, 1001, 2000):
            rig.recorder.notified(STRAP, "2A37", at_ms, b"\x00\x50")
            rig.recorder.notified(OXIMETER, "2A37", at_ms + 5, b"\x00\x51")
    async with recording(tmp_path / "spool.db") as rig:  # and over a restart on the same boot
        rig.recorder.notified(STRAP, "2A37", 1500, b"\x00\x52")
    spool = opened(tmp_path / "spool.db")
    found = beats(spool)
    assert [at_ms for _, at_ms, rate in found if rate == 0x50] == [1000, 1001, 1002, 1003, 2000]
    assert [at_ms for _, at_ms, rate in found if rate == 0x51] == [1005, 1006, 1007, 1008, 2005]
    assert [at_ms for _, at_ms, rate in found if rate == 0x52] == [2001]
    spool.close()


async def test_a_clock_step_is_noticed_by_itself(tmp_path: Path) -> None:
    async with recording(tmp_path / "spool.db") as rig:
        await rig.until(lambda: rig.clock.monotonic_ms() > 1100)
        rows = rig.rows
        rig.clock.step_utc(-3_600_000)
        await rig.until(lambda: rig.rows > rows)


async def test_more_than_fits_at_once_is_stored_or_declared(folder: Path) -> None:
    async with recording(folder / "spool.db", Bounds(max_bytes=262_144)) as rig:
        beats_with_intervals = bytes([0x10, 70]) + bytes([0, 4] * 100)
        for at_ms in range(1000, 2200):
            rig.recorder.notified(STRAP, "2A37", at_ms, beats_with_intervals)
        await rig.until(lambda: any(change.dropped for change in rig.changes))
        rig.recorder.notified(STRAP, "2A37", 9000, bytes([0, 71]))
    spool = opened(folder / "spool.db", bounds=Bounds(max_bytes=262_144))
    times = {at_ms for _, at_ms, _ in beats(spool)}
    dropped = voids(spool)
    missing = set(range(1000, 2200)) - times
    assert 9000 in times
    assert missing
    assert all(any(body.from_ms <= at_ms <= body.to_ms for body in dropped) for at_ms in missing)
    assert sum(body.counts[f"{STRAP}/heart_rate"] for body in dropped) == len(missing)
    spool.close()


async def test_a_disk_that_takes_nothing_loses_the_oldest_and_declares_a_gap(tmp_path: Path) -> None:
    with small(tmp_path / "disk") as disk:
        path = disk / "spool.db"
        async with recording(path) as rig:
            rig.recorder.subscribed(STRAP, "2A37", 1000)
            rig.recorder.notified(STRAP, "2A37", 1500, b"\x00\x50")
            await rig.until(lambda: rig.rows)
            (disk / "spool.db.reserve").unlink()
            fill(disk)
            first, last = 2000, 2000 + PENDING_ITEMS + 20_000
            for at_ms in range(first, last):
                rig.recorder.notified(STRAP, "2A37", at_ms, b"\x00\x51" + bytes(300))
                if at_ms % 500 == 0:
                    await asyncio.sleep(0)
            await rig.until(lambda: any("no room" in text for text in rig.status.problems))
            (disk / "ballast").unlink()
            (disk / "spool.db.reserve").unlink(missing_ok=True)
            await rig.until(lambda: not rig.recorder._pending)
            rig.recorder.notified(STRAP, "2A37", last, b"\x00\x52")
        spool = opened(path)
        times = sorted(at_ms for _, at_ms, _ in beats(spool))
        declared = [(gap.from_ms, gap.to_ms) for gap in gaps(spool) if gap.reason == "spool_full"]
        dropped = [(body.from_ms - 1, body.to_ms + 1) for body in voids(spool)]
        spool.close()
    assert times[-1] == last
    missing = set(range(first, last)) - set(times)
    assert missing
    assert declared
    assert all(any(early < at_ms < late for early, late in declared + dropped) for at_ms in missing)


async def test_a_file_damaged_while_running_is_replaced_and_nothing_that_arrives_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    aside: list[Path] = []
    async with recording(path) as rig:
        rig.keeper.replaced = aside.append
        for at_ms in range(1000, 1400):
            rig.recorder.notified(STRAP, "2A37", at_ms, b"\x00\x50")
        await rig.until(lambda: rig.rows)
        for pragma in ("wal_checkpoint(TRUNCATE)", "cache_size=0"):
            await rig.keeper._call(lambda spool, _now, name=pragma: spool._open.execute(f"PRAGMA {name}"))  # type: ignore[misc]
        path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
        for at_ms in range(2000, 2100):
            rig.recorder.notified(STRAP, "2A37", at_ms, b"\x00\x51")
        await rig.until(lambda: aside)
    spool = opened(path)
    assert [at_ms for _, at_ms, rate in beats(spool) if rate == 0x51] == list(range(2000, 2100))
    assert aside == [tmp_path / "spool.db.corrupt-1"]
    spool.close()


@pytest.mark.parametrize("count", [1, 200])
async def test_the_intake_never_waits(tmp_path: Path, count: int) -> None:
    """Its methods are plain functions that only queue: none of them touches the file."""
    async with recording(tmp_path / "spool.db") as rig:
        for at_ms in range(count):
            rig.recorder.notified(STRAP, "2A37", 1000 + at_ms, b"\x00\x50")
        assert len(rig.recorder._pending) == count
