"""A sensor's radio: advertising, one link, subscriptions, and the ledger line before every notification."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bumble.core import AdvertisingData, BaseBumbleError
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, Service
from bumble.hci import Address, OwnAddressType
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink

from vitals.errors import StoreError
from vitals_firmware_sim.air import Air, SensorController
from vitals_firmware_sim.ledger import Ledger
from vitals_firmware_sim.peripherals.services import Identity, name_of

_LOG: Final = logging.getLogger(__name__)
_ADVERTISING_MS: Final = 60.0
_FLAGS: Final = b"\x06"  # general discoverable, no BR/EDR


class Peripheral:
    """One sensor on the air.

    Its characteristics are known by their 16-bit names. *begun* is called whenever one is subscribed.
    """

    def __init__(
        self, identity: Identity, services: Sequence[Service], *, air: Air, ledger: Ledger, begun: Callable[[], None]
    ) -> None:
        self.address = identity.address
        self._ledger = ledger
        self._begun = begun
        self._controller = SensorController(identity.name, air)
        self._device = _device(identity, self._controller)
        self._device.add_services(list(services))
        self._streams = _streams(services)
        self._advertised = _advertisement(identity, services)
        self._connection: Connection | None = None
        self._on_air = False
        self._changed = asyncio.Event()
        self._due_s: dict[str, float] = {}
        self._failure: StoreError | None = None
        self._indication: asyncio.Task[None] | None = None
        self._device.on(Device.EVENT_CONNECTION, self._connected)
        for characteristic in self._streams.values():
            self._listen(characteristic)

    @property
    def linked(self) -> bool:
        """Whether there is a link that the sensor can end: one that has vanished ends none."""
        return self._connection is not None and not self._controller.silent

    async def power_on(self, tasks: asyncio.TaskGroup) -> None:
        """Start the radio and advertise; what the sensor does from itself runs in *tasks*."""
        self._tasks = tasks
        await self._device.power_on()
        self._on_air = True
        await self._advertise()
        tasks.create_task(self._follow(), name=f"link of {self.address}")

    def set_on_air(self, on_air: bool) -> None:  # noqa: FBT001 - a setter
        """Have a link and advertise, or drop the link and be quiet."""
        if on_air != self._on_air:
            self._on_air = on_air
            self._changed.set()

    def vanish(self) -> None:
        """Fall silent for ever, without a word to the gateway."""
        if not self._controller.silent:
            self._controller.silent = True
            self._controller.le_legacy_advertiser.stop()
            self._ledger.happened("vanished", self.address)

    def subscribed(self, name: str) -> bool:
        """Whether a gateway is connected, has subscribed *name*, and can be told anything."""
        connection = self._connection
        if connection is None or not self._on_air or self._controller.silent:
            return False
        subscriptions = self._device.gatt_server.subscribers.get(connection, {})
        return any(subscriptions.get(self._streams[name].handle, b""))

    def due(self, name: str, at_s: float, *, every_s: float, first_after_s: float = 0.0) -> bool:
        """Whether *name* is to be told at *at_s*: *first_after_s* after its subscription, then every *every_s*."""
        if not self.subscribed(name):
            self._due_s.pop(name, None)
            return False
        due_s = self._due_s.setdefault(name, at_s + first_after_s)
        if at_s < due_s:
            return False
        self._due_s[name] = due_s + every_s
        return True

    async def notify(self, name: str, payload: bytes) -> None:
        """Notify *payload*, if it is subscribed; the ledger has it first.

        Raises:
            StoreError: the ledger cannot be written; nothing was sent.
        """
        if self._connection is None or not self.subscribed(name):
            return
        self._ledger.notified(self.address, name, payload)
        await self._device.notify_subscriber(self._connection, self._streams[name], payload)

    def indicate(self, name: str, payload: bytes) -> None:
        """Indicate *payload*, if it is subscribed and the last indication was confirmed; the ledger has it first.

        Raises:
            StoreError: the ledger cannot be written; nothing was sent.
        """
        if (
            self._connection is None
            or not self.subscribed(name)
            or not (self._indication is None or self._indication.done())
        ):
            return
        self._ledger.notified(self.address, name, payload)
        self._indication = self._tasks.create_task(self._indicate(self._connection, name, payload))

    async def _indicate(self, connection: Connection, name: str, payload: bytes) -> None:
        try:
            await self._device.indicate_subscriber(connection, self._streams[name], payload)
        except (TimeoutError, BaseBumbleError) as error:
            _LOG.warning("%s: %s was not confirmed: %r", self.address, name, error)

    async def _follow(self) -> None:
        """Let link and advertising follow what is wanted; end with the ledger that cannot be written."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._failure is not None:
                raise self._failure
            try:
                await self._adjust()
            except BaseBumbleError as error:  # the link ended by itself meanwhile: that changes things again
                _LOG.info("%s: %r", self.address, error)

    async def _adjust(self) -> None:
        if self._controller.silent:
            return
        if self._on_air and self._connection is None:
            if not self._controller.is_advertising:
                await self._advertise()
        elif not self._on_air:
            await self._device.stop_advertising()
            if self._connection is not None:
                await self._connection.disconnect()

    async def _advertise(self) -> None:
        await self._device.start_advertising(
            own_address_type=OwnAddressType.RANDOM,
            advertising_data=self._advertised,
            scan_response_data=b"",
            advertising_interval_min=_ADVERTISING_MS,
            advertising_interval_max=_ADVERTISING_MS,
        )

    def _connected(self, connection: Connection) -> None:
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._disconnected)
        self._record("connected")
        self._changed.set()

    def _disconnected(self, reason: int) -> None:
        self._connection = None
        self._due_s.clear()
        if self._indication is not None:
            self._indication.cancel()  # nobody is left to confirm it
        self._record("disconnected", reason=f"0x{reason:02X}")
        self._changed.set()

    def _record(self, event: str, characteristic: str = "", reason: str = "") -> None:
        """Write an event down from one of bumble's callbacks, which swallow what is raised in them."""
        try:
            self._ledger.happened(event, self.address, characteristic, reason)
        except StoreError as error:
            self._failure = error
            self._changed.set()

    def _listen(self, characteristic: Characteristic[bytes]) -> None:
        name = name_of(characteristic)

        def on_subscription(_connection: Connection, notify: bool, indicate: bool) -> None:  # noqa: FBT001 - bumble's
            subscribed = notify or indicate
            self._due_s.pop(name, None)
            self._record("subscribed" if subscribed else "unsubscribed", name)
            if subscribed:
                self._begun()

        characteristic.on(Characteristic.EVENT_SUBSCRIPTION, on_subscription)


def _device(identity: Identity, controller: SensorController) -> Device:
    config = DeviceConfiguration(name=identity.name, address=Address(identity.address))
    return Device(config=config, host=Host(controller, AsyncPipeSink(controller)))


def _streams(services: Sequence[Service]) -> Mapping[str, Characteristic[bytes]]:
    streaming = Characteristic.Properties.NOTIFY | Characteristic.Properties.INDICATE
    return {
        name_of(characteristic): characteristic
        for service in services
        for characteristic in service.characteristics
        if characteristic.properties & streaming
    }


def _advertisement(identity: Identity, services: Sequence[Service]) -> bytes:
    uuids = b"".join(service.uuid.to_bytes() for service in services)
    return bytes(
        AdvertisingData(
            [
                (AdvertisingData.FLAGS, _FLAGS),
                (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, uuids),
                (AdvertisingData.COMPLETE_LOCAL_NAME, identity.name.encode()),
            ]
        )
    )
