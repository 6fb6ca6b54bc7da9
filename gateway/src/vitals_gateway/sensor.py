"""One sensor's connection: what the table of the session says, done with a radio.

Each state has one activity, which ends with the event that leads to the next state. What arrives from a link is
reported only while that link is the sensor's own: once its end was reported, nothing of it is.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from vitals.clock import Clock
from vitals.errors import AdapterGone, DecodeError, OutOfSlots, RadioError, SensorRefused
from vitals.gatt import battery_level, device_information
from vitals.wire.bodies import SensorState
from vitals_gateway import drivers
from vitals_gateway.cancellation import honour_cancellation
from vitals_gateway.drivers import Plan, Subscription
from vitals_gateway.drivers.battery import LEVEL
from vitals_gateway.intake import Intake
from vitals_gateway.radio.base import Adapter, Link, Sighting
from vitals_gateway.session import BACKOFFS, NOT_WANTED, Event, Pace, Session, State, silent, step

_LOG: Final = logging.getLogger(__name__)
_JITTER: Final = random.SystemRandom()

_LINKS: Final = {
    State.CONNECTING: "connecting",
    State.DISCOVERING: "connecting",
    State.SUBSCRIBING: "connecting",
    State.STREAMING: "connected",
}
_PROBLEMS: Final = {
    Event.UNREACHABLE: "unreachable",
    Event.OUT_OF_SLOTS: "out of slots",
    Event.UNSUPPORTED: "unsupported",
    Event.REFUSED: "subscription refused",
    Event.LINK_LOST: "link lost",
    Event.SILENT: "link silent",
    Event.UNWANTED: NOT_WANTED,
}
_RADIO_LOST: Final = "radio lost"


class Air:
    """A radio while it is open: what its sensors share.

    *turn* lets one sensor connect at a time; *ending* is why links end when their sensors are told to stop.
    """

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.turn = asyncio.Lock()
        self.ending = "gateway_down"


class Connection:
    """One link of a sensor, from its connect to its end.

    *live* until its end was reported; *measures* once a measurement has arrived from it.
    """

    def __init__(self, at_ms: int) -> None:
        self.live = True
        self.ended = asyncio.Event()
        self.plan = Plan()
        self.last_ms: dict[str, int] = {}
        self.heard_ms = at_ms
        self.measures = False

    def heard(self, characteristic: str, at_ms: int) -> None:
        """Something arrived, which shows that the link carries everything sent before it."""
        self.last_ms[characteristic] = at_ms
        self.heard_ms = at_ms


class Sensor:
    """One sensor, for as long as the gateway runs."""

    def __init__(self, address: str, intake: Intake, clock: Clock, pace: Pace, wanted: Callable[[str], bool]) -> None:
        self.address = address
        self._intake = intake
        self._clock = clock
        self._pace = pace
        self._wanted = wanted
        self._session = Session()
        self._state = SensorState(sensor=address, link="lost")
        self._detail = ""
        self._sighting: Sighting | None = None
        self._sighted_ms: int | None = None
        self._seen = asyncio.Event()
        self._link: Link | None = None
        self._connection = Connection(0)
        self._connection.live = False
        self._expected: tuple[str, ...] = ()

    @property
    def is_linked(self) -> bool:
        """Whether it has a link that is up."""
        return self._connection.live

    def missing(self) -> None:
        """Say that it is wanted and was never seen."""
        self._report(problem="never seen")

    def sighted(self, sighting: Sighting) -> None:
        """It advertises: it is there, and not connected."""
        self._sighting = sighting
        self._sighted_ms = self._clock.monotonic_ms()
        self._seen.set()

    async def run(self, air: Air) -> None:
        """Live through the table until cancelled, or until the adapter goes away."""
        activities: dict[State, Callable[[Air], Awaitable[Event]]] = {
            State.IDLE: self._await_sighting,
            State.CONNECTING: self._connect,
            State.DISCOVERING: self._discover,
            State.SUBSCRIBING: self._subscribe,
            State.STREAMING: self._stream,
            State.LOST: self._release,
            State.BACKOFF: self._back_off,
        }
        if self._state.problem == _RADIO_LOST:
            unseen = "not seen since the radio was restored"
            self._report(problem=unseen if self._wanted(self.address) else NOT_WANTED)
        try:
            while True:
                self._advance(await activities[self._session.state](air))
                honour_cancellation()
        finally:
            self._close(air.ending)
            await self._release(air)
            self._session = step(self._session, Event.INTERRUPTED)
            self._sighted_ms = None  # another adapter has to see it for itself
            gone = air.ending == "link_lost" and self._state.problem != NOT_WANTED
            self._report(link="lost", problem=_RADIO_LOST if gone else self._state.problem)

    def _advance(self, event: Event) -> None:
        before, self._session = self._session, step(self._session, event)
        detail, self._detail = self._detail, ""
        if event in BACKOFFS:
            problem = f"{_PROBLEMS[event]}: {detail}" if detail else _PROBLEMS[event]
            news = event is not before.failure or before.failures == 0
            _LOG.log(_level(event) if news else logging.DEBUG, "sensor %s: %s", self.address, problem)
            self._report(link="lost", problem=problem)
        elif event is Event.SUBSCRIBED:
            self._report(link="connected", problem=detail)
        elif event is not Event.ARRIVED:
            self._report(link=_LINKS.get(self._session.state, "lost"))

    # -- the activities, one a state ------------------------------------------------------------------------------

    async def _await_sighting(self, _air: Air) -> Event:
        while not (self._is_fresh() and self._wanted(self.address)):
            self._seen.clear()
            await self._seen.wait()
        return Event.SIGHTED

    async def _connect(self, air: Air) -> Event:
        async with air.turn:
            if not self._is_fresh():
                return Event.STALE
            self._sighted_ms = None  # a sighting is good for one attempt: the next one needs a newer
            connection = Connection(self._clock.monotonic_ms())
            try:
                link = await air.adapter.connect(self.address, lambda: self._ended(connection), self._pace.connect_s)
            except AdapterGone:
                raise
            except OutOfSlots as error:
                self._miss()
                return self._because(error, Event.OUT_OF_SLOTS)
            except RadioError as error:
                return self._because(error, Event.UNREACHABLE)
            self._link, self._connection = link, connection
            self._sighted_ms = None  # what it advertised meanwhile is as old
            return Event.CONNECTED

    async def _discover(self, _air: Air) -> Event:
        connection, link = self._connection, self._required()
        connection.plan = drivers.plan(link.characteristics)
        if not connection.plan.drivers:
            self._detail = "it has no characteristic that a driver reads"
            return Event.UNSUPPORTED
        self._expected = tuple(item.characteristic for item in connection.plan.subscribe)
        return Event.DISCOVERED

    async def _subscribe(self, _air: Air) -> Event:
        connection, refused = self._connection, []
        for subscription in connection.plan.subscribe:
            if not connection.live:
                return Event.LINK_LOST
            try:
                await self._subscribed(connection, subscription)
            except AdapterGone:
                raise
            except SensorRefused as error:
                self._lose(subscription.characteristic, "subscription_failed", self._clock.monotonic_ms())
                if subscription.streams:
                    return self._because(error, Event.REFUSED)
                refused.append(str(error))
            except (RadioError, TimeoutError) as error:
                if connection.live:
                    self._lose(subscription.characteristic, "subscription_failed", self._clock.monotonic_ms())
                return self._because(error, Event.LINK_LOST)
        self._detail = "; ".join(refused)
        return Event.SUBSCRIBED if connection.live else Event.LINK_LOST

    async def _stream(self, _air: Air) -> Event:
        connection = self._connection
        try:
            await self._identify(connection)
        except AdapterGone:
            raise
        except (RadioError, TimeoutError) as error:
            return self._because(error, Event.LINK_LOST)
        honour_cancellation()
        streaming = [item.characteristic for item in connection.plan.subscribe if item.streams]
        while connection.live:
            mute = silent(streaming, connection.last_ms, self._clock.monotonic_ms(), self._pace.silent_s)
            if mute:
                self._detail = ", ".join(mute)
                return Event.SILENT
            if not self._wanted(self.address):
                return Event.UNWANTED
            await _within(connection.ended, min(self._pace.check_s, self._pace.silent_s / 4))
        return Event.LINK_LOST

    async def _release(self, _air: Air) -> Event:
        self._close("link_lost")
        link, self._link = self._link, None
        if link is not None:
            try:
                async with asyncio.timeout(self._pace.disconnect_s):
                    await link.disconnect()
            except TimeoutError:
                _LOG.debug("sensor %s does not answer the disconnect", self.address)
        return Event.RELEASED

    async def _back_off(self, _air: Air) -> Event:
        await asyncio.sleep(self._session.delay_s(_JITTER.random()) * self._pace.backoff_scale)
        return Event.ELAPSED

    # -- what arrives, and what no longer can ---------------------------------------------------------------------

    async def _subscribed(self, connection: Connection, subscription: Subscription) -> None:
        name = subscription.characteristic
        if name in connection.plan.read:  # before it is subscribed: bluetoothd notifies what is read
            await self._read(connection, name)
        async with asyncio.timeout(self._pace.request_s):
            await self._required().subscribe(name, lambda payload: self._arrived(connection, name, payload))
        if connection.live and name not in connection.last_ms:
            self._announce(connection, name, self._clock.monotonic_ms())

    def _announce(self, connection: Connection, characteristic: str, at_ms: int) -> None:
        connection.heard(characteristic, at_ms)
        self._intake.subscribed(self.address, characteristic, at_ms)

    def _arrived(self, connection: Connection, characteristic: str, payload: bytes) -> None:
        at_ms = self._clock.monotonic_ms()
        if not connection.live:
            return
        if characteristic not in connection.last_ms:  # it came before the answer to the subscription did
            self._announce(connection, characteristic, at_ms)
        connection.heard(characteristic, at_ms)
        if not connection.measures and characteristic in connection.plan.vital:
            connection.measures = True
            _LOG.info("sensor %s: link %s", self.address, self._news(connection))
            self._advance(Event.ARRIVED)
        self._intake.notified(self.address, characteristic, at_ms, payload)
        if characteristic == LEVEL:
            self._read_battery(characteristic, payload)

    def _news(self, connection: Connection) -> str:
        found = ", ".join(connection.plan.drivers)
        return f"restored after {_PROBLEMS[self._session.failure]}" if self._session.failure else f"up: {found}"

    def _ended(self, connection: Connection) -> None:
        if connection is self._connection:
            self._close("link_lost")
        connection.live = False
        connection.ended.set()

    def _close(self, reason: str) -> None:
        """Report the end of the sensor's link, once."""
        connection = self._connection
        if not connection.live:
            return
        connection.live = False
        streaming = [item.characteristic for item in connection.plan.subscribe if item.streams]
        mute = silent(streaming, connection.last_ms, self._clock.monotonic_ms(), self._pace.silent_s)
        for name, last_ms in connection.last_ms.items():
            self._lose(name, reason, last_ms if name in mute else connection.heard_ms)

    def _lose(self, characteristic: str, reason: str, at_ms: int) -> None:
        self._intake.lost(self.address, characteristic, at_ms, reason)

    def _miss(self) -> None:
        """Nothing can be heard for want of a slot: say so when that begins, of what the sensor has or should have."""
        if self._session.failure is Event.OUT_OF_SLOTS and self._session.failures:
            return
        services = self._sighting.services if self._sighting else frozenset()
        for name in self._expected or drivers.streaming(services):
            self._lose(name, "out_of_slots", self._clock.monotonic_ms())

    # -- who it is ------------------------------------------------------------------------------------------------

    async def _identify(self, connection: Connection) -> None:
        for name in connection.plan.read:
            if name in connection.last_ms or not connection.live:
                continue
            payload = await self._read(connection, name)
            if payload is not None and name == LEVEL and connection.live:
                # It does not notify: this is how the battery is known at all.
                self._intake.notified(self.address, name, self._clock.monotonic_ms(), payload)

    async def _read(self, connection: Connection, characteristic: str) -> bytes | None:
        """What a sensor says when asked, or None where it refuses."""
        try:
            async with asyncio.timeout(self._pace.request_s):
                payload = await self._required().read(characteristic)
        except SensorRefused as error:
            _LOG.debug("%s", error)
            return None
        if connection.live:
            (self._read_battery if characteristic == LEVEL else self._read_identity)(characteristic, payload)
        return payload

    def _read_identity(self, characteristic: str, payload: bytes) -> None:
        try:
            text = device_information.decode(payload).text
        except DecodeError as error:
            _LOG.debug("sensor %s: %s", self.address, error)
            return
        self._report(**{device_information.FIELDS[characteristic]: text})

    def _read_battery(self, _characteristic: str, payload: bytes) -> None:
        try:
            battery = battery_level.decode(payload).battery
        except DecodeError as error:
            _LOG.debug("sensor %s: %s", self.address, error)
            return
        if battery <= 100:
            self._report(battery=battery)

    def _report(self, **changes: Any) -> None:  # noqa: ANN401 - the fields of SensorState
        changed = msgspec.structs.replace(self._state, **changes)
        if changed == self._state:
            return
        if self._sighting is not None:
            changed = msgspec.structs.replace(
                changed, name=self._sighting.name or changed.name, rssi=self._sighting.rssi
            )
        if self._connection.last_ms:
            changed = msgspec.structs.replace(changed, last_ms=self._connection.heard_ms)
        self._state = changed
        self._intake.sensor_changed(changed)

    def _is_fresh(self) -> bool:
        if self._sighted_ms is None:
            return False
        return self._clock.monotonic_ms() - self._sighted_ms <= self._pace.fresh_s * 1000

    def _because(self, error: Exception, event: Event) -> Event:
        self._detail = str(error) or "no answer in time"
        return event

    def _required(self) -> Link:
        assert self._link is not None, "a connected session has a link"
        return self._link


def _level(failure: Event) -> int:
    return logging.INFO if failure is Event.UNWANTED else logging.WARNING


async def _within(happened: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await happened.wait()
    except TimeoutError:
        return
