"""The broker: connect, subscribe, hand every message on; publish what gateways are to be told."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, cast

import aiomqtt

from vitals.collector.base import Condition
from vitals.collector.cancellation import honour_cancellation
from vitals.collector.config import Broker
from vitals.collector.intake import Intake
from vitals.collector.parts import Parts
from vitals.errors import BrokerUnavailable
from vitals.wire import bodies, topics
from vitals.wire.bodies import Committed, Configuration, Ranges

_log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 0.5
LAST_RETRY_S: Final = 15.0
KEEPALIVE_S: Final = 10
REFUSED: Final = 128
FILTERS: Final = (
    topics.UNKNOWN_VERSION_FILTER,
    topics.UNKNOWN_VERSION_ALARM_FILTER,
    topics.STATE_FILTER,
    topics.LIFE_FILTER,
)
"""Disjoint: of overlapping filters a broker may send a copy each. The first two hold version 1 too."""


class _Straight:
    """In place of a queue: every message is taken as it comes.

    A task and a wait for each, which the client's own queue takes, would cost as much as all that is done with it.
    """

    def __init__(self, take: Callable[[aiomqtt.Message], None], maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self.put_nowait = take

    async def get(self) -> aiomqtt.Message:
        never: asyncio.Future[aiomqtt.Message] = asyncio.get_running_loop().create_future()
        return await never

    def qsize(self) -> int:
        return 0


class Link:
    """A connection that comes back. What cannot be sent is not kept: its gateway asks for it again."""

    def __init__(self, broker: Broker, parts: Parts) -> None:
        self._broker = broker
        self._parts = parts
        self._client: aiomqtt.Client | None = None
        self._failure: Exception | None = None
        self._gateways: list[str] = []
        self._configured = 0

    @property
    def connected(self) -> bool:
        """Whether a connection stands and is subscribed."""
        return self._client is not None

    def introduce(self, gateway: str) -> None:
        """A gateway is heard for the first time: it is told the store's name."""
        self._gateways.append(gateway)
        self._parts.wake.set()

    async def receive(self, intake: Intake) -> None:
        """Hand messages to *intake* until cancelled, over as many connections as it takes."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                async with self._subscribed(intake) as client:
                    retry_s = FIRST_RETRY_S
                    async for _ in client.messages:
                        raise AssertionError("messages go straight to the intake")
            except (aiomqtt.MqttError, BrokerUnavailable, OSError) as error:
                if self._failure is not None:
                    raise self._failure from None
                _log.debug("broker %s: %s", self._broker.address, error)
                self._parts.notices.begin(Condition.BROKER_LOST, f"no connection to the broker {self._broker.address}")
            honour_cancellation()
            await asyncio.sleep(retry_s * self._parts.time_scale * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    async def publish(self) -> None:
        """Tell gateways what is durable, when it is due, until cancelled."""
        while True:
            await self._due()
            client = self._client
            if client is None:
                continue
            try:
                await self._configure(client)
                await self._acknowledge(client)
                honour_cancellation()
            except (aiomqtt.MqttError, OSError) as error:
                _log.debug("a gateway was not told: %s", error)  # receive says aloud that the broker is gone
                honour_cancellation()
                await asyncio.sleep(FIRST_RETRY_S * self._parts.time_scale)

    @asynccontextmanager
    async def _subscribed(self, intake: Intake) -> AsyncIterator[aiomqtt.Client]:
        def take(message: aiomqtt.Message) -> None:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            try:
                intake.message(message.topic.value, payload, retained=message.retain)
            except Exception as failure:
                self._failure = failure  # the client takes it for the end of the connection
                raise

        # One name a store: after a crash the broker ends the session that the dead collector left behind.
        client = aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            identifier=f"collector-{self._parts.store.store:016x}",
            clean_session=True,
            keepalive=KEEPALIVE_S,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", partial(_Straight, take)),
        )
        async with client:
            granted = await client.subscribe([(each, 1) for each in FILTERS])
            honour_cancellation()
            if any((code if isinstance(code, int) else code.value) >= REFUSED for code in granted):
                raise BrokerUnavailable("the broker refuses a subscription: what may this user read?")
            self._client, self._configured = client, 0
            self._parts.notices.end(Condition.BROKER_LOST)
            self._parts.wake.set()
            _log.info("connected to the broker %s", self._broker.address)
            try:
                yield client
            finally:
                self._client = None

    async def _due(self) -> None:
        """Return when something is to be published."""
        self._parts.wake.clear()
        if self._client is None:
            await self._parts.wake.wait()
            return
        if self._configured < len(self._gateways):
            return
        due_ms = self._parts.acknowledgements.next_ms()
        wait_s = None if due_ms is None else max(0, due_ms - self._parts.clock.monotonic_ms()) / 1000
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._parts.wake.wait()

    async def _configure(self, client: aiomqtt.Client) -> None:
        payload = bodies.encode(Configuration(store=self._parts.store.store))
        while self._configured < len(self._gateways):
            gateway = self._gateways[self._configured]
            await client.publish(topics.config(gateway), payload, qos=1, retain=True)
            honour_cancellation()
            self._configured += 1

    async def _acknowledge(self, client: aiomqtt.Client) -> None:
        while (told := self._parts.acknowledgements.take(self._parts.clock.monotonic_ms())) is not None:
            gateway, rows = told
            message = Committed(
                store=self._parts.store.store,
                ranges=self._ranges(gateway, rows),
                credit=self._parts.credit,
                round_ms=self._parts.life.closed(gateway),
            )
            await client.publish(topics.committed(gateway), bodies.encode(message), qos=0)
            honour_cancellation()

    def _ranges(self, gateway: str, rows: list[tuple[int, int]]) -> Ranges:
        """The merged ranges around *rows*: they repeat what an acknowledgement that was lost had said."""
        ranges: dict[int, set[tuple[int, int]]] = {}
        for epoch, seq in rows:
            around = self._parts.store.around(gateway, epoch, seq)
            if around is not None:
                ranges.setdefault(epoch, set()).add(around)
        return {epoch: sorted(found) for epoch, found in ranges.items()}
