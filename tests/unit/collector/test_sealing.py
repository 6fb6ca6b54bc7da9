"""When the log is sealed, and what is dropped for its age."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.batches import SENSOR, UTC_OFFSET_MS, arrival, data
from typing_extensions import override

from vitals.clock import ManualClock
from vitals.collector.sealing import DAY_MS, Retention, Sealing
from vitals.errors import StoreError
from vitals.series.memory import MemorySeries

ALWAYS = (-(2**50), 2**50)


class Faltering(MemorySeries):
    """A store whose disk fails the first time that something is to be sealed."""

    failures = 0

    @override
    def seal(self, upto: int) -> Iterator[int]:
        if upto and not self.failures:
            self.failures += 1
            raise StoreError("no room left")
        return super().seal(upto)


async def run_until(sealing: Sealing, condition: Callable[[], bool]) -> None:
    with ThreadPoolExecutor(1) as worker:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(sealing.run(worker))
            while not condition():
                await asyncio.sleep(0.002)
            running.cancel()


def sealing(
    store: MemorySeries,
    consumed: Callable[[], int],
    *,
    utc_ms: int = UTC_OFFSET_MS,
    retention: Retention | None = None,
) -> Sealing:
    clock = ManualClock(monotonic_ms=0, utc_ms=utc_ms, boot=1)
    return Sealing(store, consumed, clock=clock, retention=retention or Retention(), time_scale=0.0001)


async def test_what_every_consumer_has_gone_beyond_leaves_the_log() -> None:
    store = MemorySeries()
    store.commit([arrival(seq) for seq in (1, 2, 3)])
    await run_until(sealing(store, lambda: 2), lambda: len(list(store.replay(0))) == 1)
    assert [entry.log_seq for entry in store.replay(0)] == [3]
    assert len(store.points(SENSOR, "spo2", *ALWAYS)) == 3


async def test_what_has_just_come_stays_for_a_period() -> None:
    store, asked = MemorySeries(), 0

    def consumed() -> int:
        nonlocal asked
        asked += 1
        if asked == 1:
            assert len(list(store.replay(0))) == 1
        return 1

    store.commit([arrival(1)])
    await run_until(sealing(store, consumed), lambda: not list(store.replay(0)))
    assert asked >= 1


async def test_a_disk_that_fails_is_tried_again() -> None:
    store = Faltering()
    store.commit([arrival(1)])
    await run_until(sealing(store, lambda: 1), lambda: not list(store.replay(0)))
    assert store.failures == 1


async def test_what_is_older_than_it_is_to_be_kept_is_dropped() -> None:
    store = MemorySeries()
    store.commit([arrival(1, data([97.0], at_ms=0)), arrival(2, data([96.0], at_ms=3 * DAY_MS))])
    now = UTC_OFFSET_MS + 3 * DAY_MS
    keeper = sealing(store, lambda: 2, utc_ms=now, retention=Retention(numerics_days=2))
    await run_until(keeper, lambda: len(store.points(SENSOR, "spo2", *ALWAYS)) == 1)
    assert [point.value for point in store.points(SENSOR, "spo2", *ALWAYS)] == [96.0]
