"""A bleak backend on bumble: the radio is whatever HCI transport bumble opens, a virtual controller for one.

With station.py the only module that imports bumble, which comes with the extra ``sim``.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble import att, core, gatt_client
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Connection, Device
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR

from vitals_gateway.radio.central import Backend
from vitals_gateway.radio.station import CANCEL_S, Station, advice, opened, powered_on

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override  # bleak brings it where Python has none

_LOG: Final = logging.getLogger(__name__)
_MTU: Final = 247

_SERVICE_LISTS: Final = {
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.INCOMPLETE_LIST_OF_32_BIT_SERVICE_CLASS_UUIDS: 4,
    AdvertisingData.COMPLETE_LIST_OF_32_BIT_SERVICE_CLASS_UUIDS: 4,
    AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
}
_NAMES: Final = (AdvertisingData.SHORTENED_LOCAL_NAME, AdvertisingData.COMPLETE_LOCAL_NAME)


@asynccontextmanager
async def powered(spec: str, within_s: float = 5.0) -> AsyncIterator[Backend]:
    """Open the transport that *spec* names in bumble's terms, for example ``unix-client:/run/hci.sock``.

    *within_s* bounds each of the two steps: to reach the controller, and to start it.

    Raises:
        AdapterGone: nothing answers there.
        ConfigurationError: bumble does not know such a transport.
    """
    logging.getLogger("bumble.host").setLevel(logging.CRITICAL)  # it logs, with a traceback, what it raises as well
    transport = await opened(spec, within_s)
    try:
        station = await powered_on(transport, spec, within_s)
        transport.source.terminated.add_done_callback(lambda _: station.end(f"{spec} was closed"))
        yield Backend(
            BumbleScanner,
            BumbleClient,
            {"station": station},
            gone=station.gone,
            connected=_none,
            advice=lambda _: advice(spec),
        )
    finally:
        await transport.close()


async def _none() -> list[BLEDevice]:
    """A transport that was just opened has no links."""
    return []


class BumbleScanner(BaseBleakScanner):
    """Scanning with a station."""

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        *,
        station: Station,
        **_others: object,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"
        self._station = station

    @override
    async def start(self) -> None:
        self.seen_devices = {}
        device = self._station.device
        device.on(Device.EVENT_ADVERTISEMENT, self._advertised)
        async with self._station.commanding("scan"):
            await device.start_scanning(active=self._active, filter_duplicates=False)

    @override
    async def stop(self) -> None:
        device = self._station.device
        device.remove_listener(Device.EVENT_ADVERTISEMENT, self._advertised)
        if not self._station.is_gone:
            async with self._station.asking():
                await device.stop_scanning()

    def _advertised(self, advertisement: Advertisement) -> None:
        address = advertisement.address.to_string(with_type_qualifier=False)
        known = self.seen_devices.get(address)
        data = _advertised(advertisement, known[1] if known else None)
        if self.is_allowed_uuid(data.service_uuids):
            device = self.create_or_update_device(address, address, data.local_name, advertisement.address, data)
            self.call_detection_callbacks(device, data)


class BumbleClient(BaseBleakClient):
    """A connection with a station. Pairing comes when the gateway does."""

    def __init__(self, address_or_ble_device: BLEDevice | str, *, station: Station, **others: Any) -> None:  # noqa: ANN401 - bleak's signature
        super().__init__(
            address_or_ble_device,
            disconnected_callback=others["disconnected_callback"],
            timeout=others["timeout"],
        )
        if not isinstance(address_or_ble_device, BLEDevice):
            raise BleakError("a sensor has to be sighted before it can be connected to")
        self._device = address_or_ble_device
        self._station = station
        self._connection: Connection | None = None
        self._subscribed: set[int] = set()

    @property
    @override
    def name(self) -> str:
        return self._device.name or self.address.replace(":", "-")

    @property
    @override
    def mtu_size(self) -> int:
        return self._connection.att_mtu if self._connection else att.ATT_DEFAULT_MTU

    @property
    @override
    def is_connected(self) -> bool:
        return self._connection is not None

    @override
    async def connect(self, pair: bool, **kwargs: Any) -> None:
        if pair:
            raise BleakError("this radio cannot pair yet")
        async with self._station.asking():
            connection = await self._station.connect(self._device.details, self._timeout)
        self._connection = connection
        self._station.clients.add(self)
        connection.on(Connection.EVENT_DISCONNECTION, self.ended)
        if self._station.device.connections.get(connection.handle) is not connection:
            self.ended()  # between its event and this line
        try:
            async with asyncio.timeout(self._timeout):
                self.services = await self._discovered()
        except BaseException:
            await self._abandon()
            raise

    async def _abandon(self) -> None:
        """End a link that is of no use; a sensor that does not answer even that is left alone."""
        try:
            async with asyncio.timeout(CANCEL_S):
                await self.disconnect()
        except (BleakError, TimeoutError) as error:
            _LOG.debug("%s was not disconnected: %s", self.address, error)

    async def _discovered(self) -> BleakGATTServiceCollection:
        client = self._reach()
        try:
            async with self._station.asking():
                await client.request_mtu(_MTU)
        except BleakGATTProtocolError:
            _LOG.debug("%s keeps its small packets", self.address)
        collection = BleakGATTServiceCollection()
        async with self._station.asking():
            for service in await client.discover_services():
                found = BleakGATTService(service, service.handle, _uuid(service.uuid))
                collection.add_service(found)
                for characteristic in await client.discover_characteristics((), service):
                    collection.add_characteristic(
                        BleakGATTCharacteristic(
                            characteristic,
                            characteristic.handle,
                            _uuid(characteristic.uuid),
                            list(gatt_char_props_to_strs(int(characteristic.properties))),
                            lambda: self.mtu_size - 3,
                            found,
                        )
                    )
        return collection

    def ended(self, _reason: int = 0) -> None:
        """The link is down; called by whoever notices first, and harmless after that."""
        if self._connection is None:
            return
        self._connection = None
        self.services = None
        self._subscribed.clear()
        self._station.clients.discard(self)
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    @override
    async def disconnect(self) -> None:
        if self._connection is None or self._station.is_gone:
            return
        await self._station.disconnect(self._connection)

    @override
    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise BleakError("this radio cannot pair yet")

    @override
    async def unpair(self) -> None:
        raise BleakError("this radio cannot pair yet")

    @override
    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        async with self._station.asking():
            return bytearray(await self._reach().read_value(characteristic.handle))

    @override
    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        async with self._station.asking():
            return bytearray(await self._reach().read_value(descriptor.handle))

    @override
    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        async with self._station.asking():
            await self._reach().write_value(characteristic.handle, bytes(data), with_response=response)

    @override
    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        async with self._station.asking():
            await self._reach().write_value(descriptor.handle, bytes(data), with_response=True)

    @override
    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: Callable[[bytearray], None], **kwargs: Any
    ) -> None:
        client = self._reach()
        if characteristic.handle in self._subscribed:
            raise BleakError(f"{characteristic.uuid} is subscribed already")
        proxy: gatt_client.CharacteristicProxy[bytes] = characteristic.obj
        async with self._station.asking():
            await proxy.discover_descriptors()
            # bumble would only log that the sensor has no such descriptor, and nothing would ever arrive.
            if proxy.get_descriptor(GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR) is None:
                raise BleakGATTProtocolError(att.ATT_ATTRIBUTE_NOT_FOUND_ERROR)
            proxy.descriptors_discovered = True
            self._subscribed.add(characteristic.handle)
            await client.subscribe(proxy, lambda value: callback(bytearray(value)))

    @override
    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        async with self._station.asking():
            await self._reach().unsubscribe(characteristic.obj)
        self._subscribed.discard(characteristic.handle)

    def _reach(self) -> gatt_client.Client:
        if self._connection is None:
            raise BleakError("not connected")
        return self._connection.gatt_client


def _advertised(advertisement: Advertisement, known: AdvertisementData | None) -> AdvertisementData:
    """What a sensor advertises, with what earlier packets of it said: a name often comes in the scan response."""
    name = known.local_name if known else None
    uuids = list(known.service_uuids) if known else []
    manufacturer = dict(known.manufacturer_data) if known else {}
    for kind, value in advertisement.data.ad_structures:
        if kind in _NAMES:
            name = value.decode(errors="replace")
        elif kind == AdvertisingData.MANUFACTURER_SPECIFIC_DATA:
            manufacturer[int.from_bytes(value[:2], "little")] = value[2:]
        elif size := _SERVICE_LISTS.get(kind, 0):
            listed = [core.UUID.from_bytes(value[at : at + size]) for at in range(0, len(value) - size + 1, size)]
            uuids += [text for text in map(_uuid, listed) if text not in uuids]
    return AdvertisementData(name, manufacturer, {}, uuids, None, advertisement.rssi, (advertisement,))


def _uuid(uuid: core.UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-").lower())
