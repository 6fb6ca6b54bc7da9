"""Sensors that do what a test tells them, on the simulator's air, and the socket at which a gateway finds them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, Characteristic, Descriptor, Service
from bumble.hci import Address, OwnAddressType
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink
from bumble.utils import AsyncRunner

from vitals.gatt import battery_level, device_information
from vitals_firmware_sim.air import Air, SensorController
from vitals_firmware_sim.listener import listening, parse_endpoint

Properties = Characteristic.Properties


def characteristic(
    name: str, properties: Properties, value: bytes = b"", descriptors: Sequence[Descriptor] = ()
) -> Characteristic[bytes]:
    return Characteristic(UUID.from_16_bits(int(name, 16)), properties, Characteristic.READABLE, value, descriptors)


def service(name: str, *characteristics: Characteristic[bytes]) -> Service:
    return Service(UUID.from_16_bits(int(name, 16)), list(characteristics))


def identity() -> Service:
    return service(
        "180A",
        characteristic("2A24", Properties.READ, device_information.encode("Model X\0")),
        characteristic("2A25", Properties.READ, device_information.encode("S-17")),
        characteristic("2A26", Properties.READ, device_information.encode("1.2.3")),
    )


def battery(percent: int, *, notifies: bool) -> Service:
    properties = Properties.READ | Properties.NOTIFY if notifies else Properties.READ
    return service("180F", characteristic("2A19", properties, battery_level.encode(percent)))


def refusing() -> Descriptor:
    """A configuration descriptor that refuses to be written: a sensor that wants to be paired first, for example."""
    return Descriptor(
        GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
        Descriptor.READABLE | Descriptor.WRITEABLE | Descriptor.Permissions.WRITE_REQUIRES_AUTHENTICATION,
        b"\0\0",
    )


class Peripheral:
    """One sensor. *subscriptions* counts how often each characteristic was subscribed, *links* its connections."""

    def __init__(self, air: Air, address: str, name: str, services: Sequence[Service]) -> None:
        self.address = address
        self.name = name
        self.subscriptions: Counter[str] = Counter()
        self.links = 0
        self._stays = True
        self.connection: Connection | None = None
        self.controller = SensorController(name, air)
        config = DeviceConfiguration(name=name, address=Address(address))
        self.device = Device(config=config, host=Host(self.controller, AsyncPipeSink(self.controller)))
        self.device.add_services(list(services))
        self.device.on(Device.EVENT_CONNECTION, self._connected)
        self._services = services
        self._characteristics = {
            item.uuid.to_hex_str().upper(): item for each in services for item in each.characteristics
        }
        for label, item in self._characteristics.items():
            item.on(Characteristic.EVENT_SUBSCRIPTION, self._counts(label))

    async def advertise(self) -> None:
        uuids = b"".join(each.uuid.to_bytes() for each in self._services)
        data = AdvertisingData(
            [
                (AdvertisingData.FLAGS, b"\x06"),
                (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, uuids),
                (AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode()),
            ]
        )
        await self.device.start_advertising(
            own_address_type=OwnAddressType.RANDOM,
            advertising_data=bytes(data),
            scan_response_data=b"",
            advertising_interval_min=30.0,
            advertising_interval_max=30.0,
        )

    def is_subscribed(self, name: str) -> bool:
        if self.connection is None:
            return False
        subscribed = self.device.gatt_server.subscribers.get(self.connection, {})
        return any(subscribed.get(self._characteristics[name].handle, b""))

    async def notify(self, name: str, payload: bytes) -> None:
        await self.device.notify_subscribers(self._characteristics[name], payload)

    async def indicate(self, name: str, payload: bytes) -> None:
        await self.device.indicate_subscribers(self._characteristics[name], payload)

    async def drop(self) -> None:
        """End the link, as a sensor that switches itself off does."""
        assert self.connection is not None
        await self.connection.disconnect()

    async def leave(self) -> None:
        """End the link and advertise no more."""
        self._stays = False
        await self.drop()

    def vanish(self) -> None:
        """Say and hear nothing any more, the link untouched."""
        self._stays = False
        self.controller.silent = True
        self.controller.le_legacy_advertiser.stop()

    def _connected(self, connection: Connection) -> None:
        self.connection = connection
        self.links += 1
        connection.on(Connection.EVENT_DISCONNECTION, self._disconnected)

    def _disconnected(self, _reason: int) -> None:
        self.connection = None
        if self._stays:
            AsyncRunner.spawn(self.advertise())  # type: ignore[no-untyped-call]

    def _counts(self, name: str) -> Callable[[Connection, bool, bool], None]:
        def subscribed(_connection: Connection, notify: bool, indicate: bool) -> None:  # noqa: FBT001 - bumble's
            if notify or indicate:
                self.subscriptions[name] += 1

        return subscribed


class Bench:
    """An air with sensors on it, and the socket to it."""

    def __init__(self, path: Path) -> None:
        self.air = Air()
        self.path = path

    @property
    def transport(self) -> str:
        return f"unix-client:{self.path}"

    @asynccontextmanager
    async def plugged(self) -> AsyncIterator[None]:
        """The adapter can be reached for as long as this lasts."""
        async with listening(parse_endpoint(f"unix-server:{self.path}"), 1, self.air):
            yield
        await asyncio.sleep(0)

    async def put(self, number: int, name: str, *services: Service) -> Peripheral:
        peripheral = Peripheral(self.air, f"F0:00:00:00:00:{number:02X}", name, services)
        await peripheral.device.power_on()
        await peripheral.advertise()
        return peripheral

    async def strap(self, number: int = 1) -> Peripheral:
        heart_rate = service("180D", characteristic("2A37", Properties.NOTIFY))
        return await self.put(number, "Strap", heart_rate, battery(97, notifies=True), identity())

    async def oximeter(self, number: int = 2) -> Peripheral:
        plx = service("1822", characteristic("2A5F", Properties.NOTIFY), characteristic("2A5E", Properties.INDICATE))
        return await self.put(number, "Oximeter", plx, battery(55, notifies=False), identity())
