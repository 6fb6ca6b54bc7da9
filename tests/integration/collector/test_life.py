"""Signs of life over real brokers: closed by a page, told to their gateway with what is durable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.batches import BOOT, EPOCH, data, header
from tests.brokers import Broker
from tests.desks import KeepingDesk
from tests.integration.collector.peers import TIME_SCALE, ClientGateway, answered, gateway, server_config, until

from vitals.clock import SystemClock
from vitals.collector.app import run_collector
from vitals.collector.lifeline import Lifeline
from vitals.observation import GenerationMode
from vitals.series.base import Series
from vitals.series.memory import MemorySeries
from vitals.series.sqlite import SqliteSeries
from vitals.wire import bodies, topics
from vitals.wire.bodies import Life

DEMO = GenerationMode.DEMO


def sign(number: int, *, seq: int = 0, mode: GenerationMode = DEMO) -> bytes:
    return bodies.encode(Life(mode, BOOT, number, EPOCH, seq))


@asynccontextmanager
async def living(broker: Broker, store: Series | None = None) -> AsyncIterator[Lifeline]:
    """A collector on *broker*, whose page draws whatever it is sent."""
    life, desk = Lifeline(SystemClock(), TIME_SCALE), KeepingDesk()

    async def page() -> None:
        while True:
            lap = life.fed(needed=True)
            if lap is not None:
                life.drawn(lap)
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(
            run_collector(server_config(broker), desk, store or MemorySeries(), SystemClock(), life)
        )
        drawing = tasks.create_task(page())
        try:
            await until(lambda: bool(desk.ticks) and not desk.holds("broker_lost"), "the collector connects")
            await answered(broker, desk)
            yield life
        finally:
            drawing.cancel()
            running.cancel()


def came_back(peer: ClientGateway) -> Callable[[int], bool]:
    return lambda number: any(message.round_ms == number for message in peer.committed)


async def test_a_sign_comes_back_once_its_row_is_durable_and_a_page_drew_it(broker: Broker) -> None:
    async with living(broker) as life, gateway(broker) as peer:
        await peer.publish(topics.life("gw-1"), sign(5000))
        await until(lambda: came_back(peer)(5000), "a sign of a gateway that stored nothing yet")
        assert all(not message.ranges for message in peer.committed)
        await peer.publish(topics.life("gw-1"), sign(6000, seq=1))
        await until(lambda: life.report().checked_s is not None, "a round")
        await peer.publish(topics.life("gw-1"), sign(6000, mode=GenerationMode.REAL))
        await peer.publish(topics.life("gw-1"), b"\xc1 no sign")
        assert life.closed("gw-1") == 5000
        assert not came_back(peer)(6000)
        await peer.send(header(1))
        await until(lambda: came_back(peer)(6000), "the sign whose row is durable now")
        assert peer.holds(EPOCH, 1)
        assert life.report().whole


async def test_a_broker_that_is_gone_breaks_the_path_and_its_return_mends_it(nats: Broker) -> None:
    async with living(nats) as life:
        async with gateway(nats) as peer:
            await peer.publish(topics.life("gw-1"), sign(5000))
            await until(lambda: life.report().whole, "a whole path")
        nats.kill()
        await until(lambda: life.report().status == "broker: no connection to the broker", "the broken leg is named")
        nats.start()
        await until(lambda: life.report().whole, "a whole path again")


async def test_a_disk_without_room_breaks_the_path_and_room_mends_it(nats: Broker, tmp_path: Path) -> None:
    store = SqliteSeries(tmp_path / "series.db", DEMO)
    try:
        async with living(nats, store) as life, gateway(nats) as peer:
            await peer.insist(1)
            await until(lambda: life.report().whole, "a whole path")
            store.limit(1)  # no further than it is
            await peer.send(header(2), bodies.encode(data([97.0] * 900)))
            await until(
                lambda: life.report().status == "commits: nothing, or not everything, is being recorded", "it is named"
            )
            store.limit(None)
            await until(lambda: life.report().whole, "a whole path again")
    finally:
        store.close()
