"""The connection to the broker: publishes what the sender decides, hears what the collector holds.

A new client for each connection, MQTT 3.1.1, a clean session, QoS 1; no broker is trusted with data. Each connection
has a session id of its own, which its state and its last will carry: the will of an older session is ignored by the
collector and overwritten here.
"""

import asyncio
import logging
import secrets
import ssl
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from typing import Final, NoReturn

import aiomqtt
import msgspec

from vitals.clock import Clock
from vitals.errors import DecodeError, StoreError
from vitals.wire import bodies, header, topics
from vitals.wire.header import Kind
from vitals_gateway.batching import Hearing
from vitals_gateway.commands import Commands
from vitals_gateway.config import Address
from vitals_gateway.life import LifeSigns
from vitals_gateway.sending import PAGE_ROWS, Load, Send, Sender, Wait
from vitals_gateway.spool.keeper import Keeper
from vitals_gateway.spool.rows import Change
from vitals_gateway.status import Status

_LOG: Final = logging.getLogger(__name__)
_MQTT_LOG: Final = logging.getLogger(f"{__name__}.mqtt")
_MQTT_LOG.setLevel(logging.CRITICAL)  # what it has to say about a connection is in the one line of ours
_JITTER: Final = SystemRandom()
KEEPALIVE_S: Final = 15
STATE_S: Final = 10.0
STATE_CHANGED_S: Final = 1.0
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 30.0
STEADY_S: Final = 5.0
LAST_WORDS_S: Final = 1.0
_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 20.0
_HEARD_OUT_S: Final = 0.1
_BACKLOG_PUBLISHES: Final = 8
_LARGEST_CREDIT: Final = 2**24


class Closed(Exception):
    """The gateway ends."""


class Uplink:
    """Keeps a connection, and both lanes moving on it. :meth:`run` ends after :meth:`close`.

    Args:
        gateway: its name.
        address: the broker's.
        keeper: the spool; this sets what it tells.
        status: what is published as state.
        sender: decides what is sent.
        life: gives signs of life, and hears which came back.
        clock: stamps transmissions.
        scale: the time scale.
    """

    def __init__(
        self,
        gateway: str,
        address: Address,
        keeper: Keeper,
        status: Status,
        sender: Sender,
        life: LifeSigns,
        clock: Clock,
        *,
        scale: float,
    ) -> None:
        self.gateway = gateway
        self.keeper = keeper
        self.status = status
        self.sender = sender
        self.life = life
        self.clock = clock
        self.scale = scale
        self.wake = asyncio.Event()
        self.closing = asyncio.Event()
        self.commands = Commands(keeper, status, self._acknowledged, self._taken_back, life.rounds.close)
        self._address = address
        self._reachable: bool | None = None
        keeper.told = self._told
        keeper.replaced = self._replaced

    def hearing(self) -> Hearing:
        """How well this gateway is heard."""
        return self.sender.hearing(self.clock.monotonic_ms())

    def close(self) -> None:
        """Send what fits into a second, say goodbye, and let :meth:`run` end."""
        self.closing.set()

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, until closed."""
        retry_s = FIRST_RETRY_S
        while not self.closing.is_set():
            since_ms = self.clock.monotonic_ms()
            try:
                await self._connect()
            except* Closed:
                pass
            except* (aiomqtt.MqttError, OSError) as errors:
                self._unreachable(_reason(errors))
            except* StoreError as errors:
                self.status.problem("spool", _reason(errors))
            honour_cancellation()
            if self.closing.is_set():
                return
            steady = self.clock.monotonic_ms() - since_ms > STEADY_S * 1000 * self.scale
            retry_s = FIRST_RETRY_S if steady else min(2 * retry_s, LONGEST_RETRY_S)
            try:
                async with asyncio.timeout(retry_s * self.scale * (1 + _JITTER.random()) / 2):
                    await self.closing.wait()
            except TimeoutError:
                continue

    async def _connect(self) -> None:
        session = secrets.randbits(64)
        offline = bodies.encode(self.status.offline(session))
        client = aiomqtt.Client(
            self._address.host,
            self._address.port,
            username=self._address.username,
            password=self._address.password,
            identifier=self.gateway,
            clean_session=True,
            will=aiomqtt.Will(topics.state(self.gateway), offline, qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            timeout=_CONNECT_S,
            max_inflight_messages=64,
            tls_context=ssl.create_default_context() if self._address.tls else None,
            logger=_MQTT_LOG,
        )
        client.pending_calls_threshold = 1000
        async with client:
            try:
                await Connection(self, client, session).run()
            except* aiomqtt.MqttError:
                await hear_out(client)
                raise
            finally:
                self.sender.disconnected(self.clock.monotonic_ms())

    async def reached(self) -> None:
        """A connection stands and is subscribed. Raises StoreError."""
        self.sender.connected(await self.keeper.newest(), self.clock.monotonic_ms())
        if self._reachable is not True:
            _LOG.info("broker %s reached", self._address.shown)
        self._reachable = True

    def _unreachable(self, reason: str) -> None:
        if self._reachable is not False:
            _LOG.warning("broker %s is not reachable: %s; retrying", self._address.shown, reason)
        self._reachable = False

    def _told(self, change: Change) -> None:
        now_ms = self.clock.monotonic_ms()
        self.sender.gone(change.gone)
        self.sender.added(change.added, now_ms)
        if change.dropped:
            self.status.problem("room", "the spool is full: the oldest measurements are dropped, and declared")
        if change.rotten:
            self.status.problem("rotten", "rows of the spool could not be read back; they are declared as lost")
        if change.added or change.gone:
            self.wake.set()

    def _replaced(self, aside: Path) -> None:
        self.sender.reset()
        self.status.problem("corrupt", f"the spool was damaged and set aside as {aside.name}; a new one was begun")
        self.wake.set()

    def _acknowledged(self, rows: list[int], credit: int) -> None:
        self.sender.credit = min(max(credit, 0), _LARGEST_CREDIT)
        self.sender.acknowledged(rows, self.clock.monotonic_ms())
        self.wake.set()

    def _taken_back(self) -> None:
        self.sender.reset()
        self.wake.set()


class Connection:
    """One connection from its subscriptions to its end."""

    def __init__(self, uplink: Uplink, client: aiomqtt.Client, session: int) -> None:
        self._uplink = uplink
        self._client = client
        self._session = session
        self._slots = asyncio.Semaphore(_BACKLOG_PUBLISHES)
        self._publishing = 0
        self._landed = asyncio.Event()

    async def run(self) -> NoReturn:
        """Serve it until it breaks (MqttError) or the gateway ends (Closed)."""
        name = self._uplink.gateway
        async with asyncio.TaskGroup() as group:
            # first of all: it alone notices a broken connection, every other call waits for its answer
            group.create_task(self._listen(), name="listen")
            await self._client.subscribe(
                [(topics.committed(name), 1), (topics.config(name), 1), (topics.state(name), 1)]
            )
            honour_cancellation()
            await self._uplink.reached()
            report = group.create_task(self._report(), name="report")
            group.create_task(self._uplink.life.give(self._publish_life), name="life")
            group.create_task(self._live(group), name="live")
            group.create_task(self._backlog(group), name="backlog")
            await self._uplink.closing.wait()
            report.cancel()
            await asyncio.wait([report])  # or it might have the last word
            await self._say_goodbye()
            raise Closed

    async def _listen(self) -> None:
        name = self._uplink.gateway
        heard = {
            topics.committed(name): self._uplink.commands.committed,
            topics.config(name): self._uplink.commands.configured,
            topics.state(name): self._own_state,
        }
        async for message in self._client.messages:
            hear = heard.get(str(message.topic))
            if hear is None or not isinstance(message.payload, bytes):
                continue
            try:
                await hear(message.payload)
            except StoreError as error:  # it is sent, and acknowledged, again
                self._uplink.status.problem("spool", str(error))

    async def _own_state(self, payload: bytes) -> None:
        """The will of an earlier session must not have the last word while this one lives."""
        with suppress(DecodeError):
            state = bodies.decode_state(payload)
            if not state.online and state.session != self._session:
                self._uplink.status.changed.set()

    async def _report(self) -> NoReturn:
        status, scale = self._uplink.status, self._uplink.scale
        while True:
            status.changed.clear()
            await self._publish_state()
            honour_cancellation()
            await asyncio.sleep(STATE_CHANGED_S * scale)
            with suppress(TimeoutError):
                async with asyncio.timeout((STATE_S - STATE_CHANGED_S) * scale):
                    await status.changed.wait()

    async def _publish_state(self) -> None:
        uplink = self._uplink
        try:
            depth = await uplink.keeper.depth()
        except StoreError as error:
            uplink.status.problem("spool", str(error))
            return
        if depth.rows == 0:
            uplink.status.solved("room")
        state = uplink.status.online(self._session, depth, uplink.keeper.now())
        await self._client.publish(
            topics.state(uplink.gateway), bodies.encode(state), qos=1, retain=True, timeout=_ANSWER_S
        )

    async def _publish_life(self, life: bodies.Life) -> None:
        await self._client.publish(topics.life(self._uplink.gateway), bodies.encode(life), timeout=_ANSWER_S)

    async def _live(self, group: asyncio.TaskGroup) -> NoReturn:
        while True:
            self._uplink.wake.clear()
            order = self._uplink.sender.live(self._uplink.clock.monotonic_ms())
            if isinstance(order, Wait):
                await self._rest(order)
                continue
            self._publishing += 1
            group.create_task(self._publish(order))

    async def _backlog(self, group: asyncio.TaskGroup) -> NoReturn:
        while True:
            await self._slots.acquire()  # a slow broker holds up the backlog, never the live lane
            launched = False
            try:
                launched = await self._backlog_step(group)
            except StoreError as error:
                self._uplink.status.problem("spool", str(error))
                await asyncio.sleep(FIRST_RETRY_S * self._uplink.scale)
            finally:
                if not launched:
                    self._slots.release()

    async def _backlog_step(self, group: asyncio.TaskGroup) -> bool:
        """Do what the backlog wants; True where a publication holds the slot until it has landed."""
        uplink = self._uplink
        uplink.wake.clear()
        order = uplink.sender.backlog(uplink.clock.monotonic_ms())
        if isinstance(order, Send):
            self._publishing += 1
            group.create_task(self._publish(order)).add_done_callback(lambda _: self._slots.release())
            return True
        if isinstance(order, Load):
            uplink.sender.loaded(await uplink.keeper.waiting(order.after, PAGE_ROWS))
        else:
            await self._rest(order)
        return False

    async def _rest(self, order: Wait) -> None:
        now_ms = self._uplink.clock.monotonic_ms()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if order.until_ms is None else max(0.0, order.until_ms - now_ms) / 1000):
                await self._uplink.wake.wait()

    async def _publish(self, order: Send) -> None:
        uplink = self._uplink
        try:
            frame = order.entry.frame or await uplink.keeper.frame(order.entry.row)
            if frame is None:
                uplink.sender.gone([order.entry.row])
                uplink.wake.set()
                return
            topic, payload = stamped(uplink.gateway, frame, uplink.clock.monotonic_ms(), backlog=order.backlog)
            await self._client.publish(topic, payload, qos=1, timeout=_ANSWER_S)
        except StoreError as error:
            uplink.status.problem("spool", str(error))
        finally:
            self._publishing -= 1
            self._landed.set()

    async def _say_goodbye(self) -> None:
        """What is live goes out, then the retained state says offline; all of it within a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                self._uplink.wake.set()
                while self._publishing or self._uplink.sender.queued:
                    self._landed.clear()
                    await self._landed.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                offline = bodies.encode(self._uplink.status.offline(self._session))
                await self._client.publish(topics.state(self._uplink.gateway), offline, qos=1, retain=True)


def stamped(gateway: str, frame: bytes, now_ms: int, *, backlog: bool) -> tuple[str, bytes]:
    """The topic and the bytes of one transmission of *frame*: its publish time and its lane, all else as it was."""
    message = header.decode(gateway, frame)
    identity = msgspec.structs.replace(message.header, published_ms=now_ms, backlog=backlog)
    topic = topics.alarm(gateway) if identity.kind == Kind.ALARM else topics.vitals(gateway)
    return topic, header.encode(gateway, identity, message.body)


def honour_cancellation() -> None:
    """Before Python 3.12 ``asyncio.wait_for``, and with it every call of aiomqtt, can swallow a cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def hear_out(client: aiomqtt.Client) -> None:
    """Ask a broken client why: it complains in the log of a reason that nobody asked for."""
    with suppress(aiomqtt.MqttError, TimeoutError):
        async with asyncio.timeout(_HEARD_OUT_S):
            async for _ in client.messages:
                pass


def _reason(errors: BaseExceptionGroup[BaseException]) -> str:
    """The first cause in a group, in one line."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if str(error) == "Disconnected during message iteration":
        return "the connection broke"
    return " ".join(str(error).split()) or type(error).__name__
