"""A collector for the gateway's tests: hears everything, acknowledges as told, remembers every transmission."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiomqtt
import msgspec

from vitals.wire import bodies, columns, header, topics
from vitals.wire.bodies import Committed, Configuration, Data, Gap, GatewayState
from vitals.wire.header import Message
from vitals_gateway.uplink import hear_out, honour_cancellation

GATEWAY = "gw-1"
WITHIN_S = 40.0


class Transmission(msgspec.Struct, frozen=True):
    """One message as it arrived."""

    message: Message
    topic: str

    @property
    def identity(self) -> tuple[int, int]:
        return self.message.header.epoch, self.message.header.seq


class Collector:
    """Connects on entry; reconnects when the broker comes back."""

    def __init__(self, port: int, *, store: int = 77, answering: bool = True, config: str | None = "v1") -> None:
        self.store = store
        self.answering = answering
        self.config = config
        self.sensors: list[str] = []
        self.heard: list[Transmission] = []
        self.states: list[GatewayState] = []
        self._port = port
        self._client: aiomqtt.Client | None = None
        self._news = asyncio.Event()

    @property
    def state(self) -> GatewayState | None:
        return self.states[-1] if self.states else None

    @property
    def beats(self) -> list[int]:
        """Times of all heart-rate notifications, one for each identity."""
        found = []
        for message in {item.identity: item.message for item in self.heard}.values():
            body = bodies.decode(message.header.kind, message.body)
            if isinstance(body, Data):
                found += [row.at_ms for block in body.blocks for row in columns.unpack(block)]
        return found

    @property
    def gaps(self) -> list[Gap]:
        found = [bodies.decode(item.message.header.kind, item.message.body) for item in self.heard]
        return [body for body in found if isinstance(body, Gap)]

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until *holds*; fails after a bounded time."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not within {WITHIN_S:g} s: {what}; state {self.state}") from None

    async def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        assert self._client is not None
        await self._client.publish(topic, payload, qos=1, retain=retain)

    async def configure(self, store: int, version: str) -> None:
        self.store, self.config = store, version
        message = Configuration(store=store, version=version, sensors=self.sensors)
        await self.say(topics.config(GATEWAY), bodies.encode(message), retain=True)

    async def acknowledge(self, *identities: tuple[int, int], store: int | None = None, credit: int = 65_536) -> None:
        ranges: bodies.Ranges = {}
        for epoch, seq in identities:
            ranges.setdefault(epoch, []).append((seq, seq))
        message = Committed(store=self.store if store is None else store, ranges=ranges, credit=credit)
        await self.say(topics.committed(GATEWAY), bodies.encode(message))

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._task = self._group.create_task(self._run())
        await self.until(lambda: self._client is not None, "a connection")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await self._group.__aexit__(kind, error, trace)

    async def _run(self) -> None:
        while True:
            try:
                async with aiomqtt.Client("127.0.0.1", self._port, timeout=2) as client:
                    try:
                        await self._converse(client)
                    except aiomqtt.MqttError:
                        await hear_out(client)
            except aiomqtt.MqttError:
                pass
            self._client = None
            await asyncio.sleep(0.1)

    async def _converse(self, client: aiomqtt.Client) -> None:
        await client.subscribe([("v1/+/vitals", 1), ("v1/+/state", 1)])
        self._client = client
        if self.config is not None:
            await self.configure(self.store, self.config)
        self._news.set()
        async for message in client.messages:
            await self._hear(str(message.topic), message.payload)
            honour_cancellation()

    async def _hear(self, topic: str, payload: object) -> None:
        assert isinstance(payload, bytes)
        _, gateway, leaf = topics.parse(topic)
        if leaf == "state":
            self.states.append(bodies.decode_state(payload))
        else:
            self.heard.append(Transmission(header.decode(gateway, payload), topic))
            if self.answering:
                await self.acknowledge(self.heard[-1].identity)
        self._news.set()
