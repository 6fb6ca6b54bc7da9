"""A collector in this process and a gateway that is a plain MQTT client, for tests on real brokers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
from tests.batches import data, header
from tests.brokers import Broker
from tests.desks import KeepingDesk

from vitals.clock import SystemClock
from vitals.collector import config
from vitals.collector.app import run_collector
from vitals.observation import GenerationMode
from vitals.series.base import Series
from vitals.wire import bodies, topics
from vitals.wire import header as frames
from vitals.wire.bodies import Committed, Ranges
from vitals.wire.header import Header

WITHIN_S = 20.0
TIME_SCALE = 0.1


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until *holds*, within a generous bound."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


def server_config(broker: Broker) -> config.ServerConfig:
    """A demo server that listens to *broker*, ten times as fast."""
    return config.ServerConfig(
        mode=GenerationMode.DEMO,
        time_scale=TIME_SCALE,
        broker=config.parse_broker(broker.url),
        series=Path("not opened here"),
    )


@asynccontextmanager
async def running(broker: Broker, store: Series, desk: KeepingDesk) -> AsyncIterator[None]:
    """A collector that runs for as long as this lasts."""
    async with asyncio.TaskGroup() as tasks:
        collector = tasks.create_task(run_collector(server_config(broker), desk, store, SystemClock()))
        try:
            yield
        finally:
            collector.cancel()


@asynccontextmanager
async def collecting(broker: Broker, store: Series) -> AsyncIterator[KeepingDesk]:
    """A collector that is connected, and its desk."""
    desk = KeepingDesk()
    async with running(broker, store, desk):
        await until(lambda: bool(desk.ticks) and not desk.holds("broker_lost"), "the collector connects")
        await answered(broker, desk)
        yield desk


async def answered(broker: Broker, desk: KeepingDesk) -> None:
    """Return once the collector hears what is published: a broker's SUBACK may come before that."""
    before = len(desk.notices)
    async with asyncio.timeout(WITHIN_S), aiomqtt.Client("127.0.0.1", broker.port) as client:
        while len(desk.notices) == before:
            await client.publish(topics.vitals("probe"), b"not a frame", qos=1)
            await asyncio.sleep(0.05)


class ClientGateway:
    """A gateway with nothing behind it: it publishes what it is told to and keeps what it is answered."""

    def __init__(self, client: aiomqtt.Client, name: str) -> None:
        self._client = client
        self.name = name
        self.stores: list[int] = []
        self.committed: list[Committed] = []

    def holds(self, epoch: int, seq: int) -> bool:
        """Whether row *seq* was acknowledged."""
        return any(low <= seq <= high for low, high in self.ranges.get(epoch, []))

    @property
    def ranges(self) -> Ranges:
        """Everything acknowledged so far."""
        merged: Ranges = {}
        for message in self.committed:
            for epoch, ranges in message.ranges.items():
                merged.setdefault(epoch, []).extend(ranges)
        return merged

    async def send(self, head: Header, body: bytes | None = None, *, topic: str | None = None) -> None:
        """Publish one row; a batch of one value unless *body* is given."""
        if body is None:
            body = bodies.encode(data([97.0], at_ms=1000 * head.seq))
        await self.publish(topic or topics.vitals(self.name), frames.encode(self.name, head, body))

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish anything."""
        await self._client.publish(topic, payload, qos=1, retain=retain)

    async def insist(self, seq: int, head: Header | None = None) -> None:
        """Send row *seq* until it is acknowledged, as a gateway does."""
        head = head or header(seq)
        async with asyncio.timeout(WITHIN_S):
            while not self.holds(head.epoch, seq):
                await self.send(head)
                for _ in range(50):
                    if not self.holds(head.epoch, seq):
                        await asyncio.sleep(0.02)

    async def listen(self) -> None:
        """Keep what the collector says, until cancelled."""
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            leaf = topics.parse(message.topic.value)[2]
            if leaf == "config":
                self.stores.append(bodies.decode_configuration(message.payload).store)
            elif leaf == "committed":
                assert not message.retain
                self.committed.append(bodies.decode_committed(message.payload))


@asynccontextmanager
async def gateway(broker: Broker, name: str = "gw-1") -> AsyncIterator[ClientGateway]:
    """A connected gateway that listens to its commands."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(f"cmd/{name}/#", qos=1)
        peer = ClientGateway(client, name)
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(peer.listen())
            try:
                yield peer
            finally:
                listening.cancel()
