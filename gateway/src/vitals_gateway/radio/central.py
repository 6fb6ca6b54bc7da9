"""The radio of the gateway as bleak drives it, whatever backend is under bleak.

The only module that imports bleak's own interface; bluez and bumble say what is under it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Final, NamedTuple

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakCharacteristicNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from vitals.errors import AdapterGone, LinkLost, OutOfSlots, RadioError, SensorRefused
from vitals_gateway.radio.base import Adapter, Link, Sighting

_LOG: Final = logging.getLogger(__name__)
_STOP_S: Final = 0.5
_GRACE_S: Final = 5.0
_BASE_UUID: Final = "-0000-1000-8000-00805f9b34fb"

# What tells a failure's kind: the exception's class, or a word of its text (bluetoothd and HCI have their own names).
_KINDS: Final = (
    (
        AdapterGone,
        (BleakBluetoothNotAvailableError, FileNotFoundError, ConnectionRefusedError),
        (
            *("dbus.error.serviceunknown", "dbus.error.namehasnoowner", "dbus.error.spawn", "dbus.error.noreply"),
            *("bluez.error.notready", "adapter-not-powered"),
        ),
    ),
    (OutOfSlots, (), ("concurrent-connection-limit", "connection_limit_exceeded", "limited_resources")),
    (
        SensorRefused,
        (BleakGATTProtocolError, BleakCharacteristicNotFoundError),
        ("bluez.error.notpermitted", "bluez.error.notsupported", "bluez.error.notauthorized"),
    ),
)


class Backend(NamedTuple):
    """What is under bleak: its classes (None for the platform's own) and their arguments.

    *gone* waits for its end, *connected* tells which sensors it is still connected to from before, *advice* what to
    do about an error.
    """

    scanner: type[BaseBleakScanner] | None
    client: type[BaseBleakClient] | None
    arguments: dict[str, Any]
    gone: Callable[[], Awaitable[str]]
    connected: Callable[[], Awaitable[list[BLEDevice]]]
    advice: Callable[[str], str]


class BleakRadio:
    """A Radio; *powered* opens what is under bleak."""

    def __init__(self, powered: Callable[[], AbstractAsyncContextManager[Backend]], slots: int) -> None:
        self._powered = powered
        self._slots = slots

    @asynccontextmanager
    async def opened(self, sighted: Callable[[Sighting], None]) -> AsyncIterator[Adapter]:
        """Scan for as long as the context lasts; see Radio.opened."""
        async with self._powered() as backend:
            central = Central(backend, self._slots, sighted)
            scanner = BleakScanner(central.detected, backend=backend.scanner, **backend.arguments)
            try:
                await scanner.start()
                left = await backend.connected()
            except Exception as error:
                text = _described(error)
                raise AdapterGone(f"cannot scan: {text}; {backend.advice(text)}") from error
            for device in left:
                central.left(device)
            try:
                yield central
            finally:
                await _stopped(scanner)


class Central:
    """An Adapter."""

    def __init__(self, backend: Backend, slots: int, sighted: Callable[[Sighting], None]) -> None:
        self._backend = backend
        self._slots = slots
        self._sighted = sighted
        self._devices: dict[str, BLEDevice] = {}
        self._links: set[BleakLink] = set()

    def detected(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """Pass an advertisement on; the device stands for it when it is connected to."""
        address = device.address.upper()
        self._devices[address] = device
        self._sighted(
            Sighting(
                address=address,
                name=advertisement.local_name or device.name or "",
                rssi=advertisement.rssi if -127 < advertisement.rssi < 127 else None,
                services=frozenset(map(short, advertisement.service_uuids)),
            )
        )

    def left(self, device: BLEDevice) -> None:
        """Take note of a sensor whose link an earlier process left up: such a sensor does not advertise."""
        uuids = device.details["props"].get("UUIDs", [])
        self.detected(device, AdvertisementData(device.name, {}, {}, uuids, None, -127, ()))

    async def connect(self, address: str, ended: Callable[[], None], timeout_s: float) -> Link:
        """Connect and discover; see Adapter.connect."""
        if len(self._links) >= self._slots:
            raise OutOfSlots(f"all {self._slots} connection slots are in use; see [radio] slots")
        device = self._devices.get(address)
        if device is None:
            raise RadioError(f"{address} was not sighted")
        link = BleakLink(ended, self._links.discard)
        client = BleakClient(
            device, link.ended, timeout=timeout_s, backend=self._backend.client, **self._backend.arguments
        )
        with _classified(RadioError, f"cannot connect to {address}"):
            # bleak keeps the time itself; the grace is for a peer that does not even answer a cancellation.
            async with asyncio.timeout(timeout_s + _GRACE_S):
                await client.connect()
        link.established(client)
        self._links.add(link)
        return link

    async def gone(self) -> str:
        """See Adapter.gone."""
        return await self._backend.gone()


class BleakLink:
    """A Link."""

    def __init__(self, ended: Callable[[], None], released: Callable[["BleakLink"], None]) -> None:
        self._ended = ended
        self._released = released
        self._client: BleakClient | None = None
        self._up = False
        self._found: dict[str, BleakGATTCharacteristic] = {}

    def established(self, client: BleakClient) -> None:
        """Take over the client that has just connected.

        Raises:
            LinkLost: the link has ended again already.
        """
        if not client.is_connected:
            raise LinkLost(f"{client.address} ended the link at once")
        self._client = client
        self._up = True
        for service in client.services:
            for characteristic in service.characteristics:
                # A sensor with two batteries has 2A19 twice: the first one is the sensor's.
                self._found.setdefault(short(characteristic.uuid), characteristic)

    def ended(self, _client: BleakClient) -> None:
        """Bleak says that the link is down; it may say so more than once, and for a connect that failed."""
        if self._up:
            self._up = False
            self._released(self)
            self._ended()

    @property
    def characteristics(self) -> Mapping[str, frozenset[str]]:
        """See Link.characteristics."""
        return {name: frozenset(found.properties) for name, found in self._found.items()}

    async def subscribe(self, characteristic: str, arrived: Callable[[bytes], None]) -> None:
        """See Link.subscribe. A coroutine as callback would lose the order of arrival: this one is a function."""
        client, found = self._reach(characteristic)

        def notified(_sender: BleakGATTCharacteristic, payload: bytearray) -> None:
            arrived(bytes(payload))

        with _classified(LinkLost, f"{client.address}: {characteristic} cannot be subscribed"):
            await client.start_notify(found, notified)

    async def read(self, characteristic: str) -> bytes:
        """See Link.read."""
        client, found = self._reach(characteristic)
        with _classified(LinkLost, f"{client.address}: {characteristic} cannot be read"):
            return bytes(await client.read_gatt_char(found))

    async def disconnect(self) -> None:
        """See Link.disconnect.

        A link that has ended by itself is disconnected all the same: bleak keeps its D-Bus connection until then, and
        bluetoothd goes on notifying it, so that after n reconnects every notification would come n + 1 times. Once
        this has returned, or was cancelled, the slot is free.
        """
        client, self._client = self._client, None
        if client is None:
            return
        try:
            with _classified(LinkLost, f"{client.address} cannot be disconnected"):
                await client.disconnect()
        except RadioError as error:
            _LOG.debug("%s", error)
        finally:
            self.ended(client)

    def _reach(self, characteristic: str) -> tuple[BleakClient, BleakGATTCharacteristic]:
        if self._client is None or not self._up:
            raise LinkLost("the link has ended")
        found = self._found.get(characteristic)
        if found is None:
            raise SensorRefused(f"{self._client.address} has no {characteristic}")
        return self._client, found


def short(uuid: str) -> str:
    """The 16-bit name of a UUID of the Bluetooth SIG, ``2A37``; any other UUID as it is, in lower case."""
    lowered = uuid.lower()
    if lowered.startswith("0000") and lowered.endswith(_BASE_UUID):
        return lowered[4:8].upper()
    return lowered


def classify(error: Exception, otherwise: type[RadioError], what: str) -> RadioError:
    """What bleak raised, in the gateway's own terms; *otherwise* where nothing tells more."""
    if isinstance(error, RadioError):
        return error
    text = _described(error)
    lowered = text.lower()
    for kind, classes, words in _KINDS:
        if isinstance(error, classes) or any(word in lowered for word in words):
            return kind(f"{what}: {text}")
    return otherwise(f"{what}: {text}")


@contextmanager
def _classified(otherwise: type[RadioError], what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # bleak and D-Bus raise what they like: KeyError, EOFError, AssertionError
        if not isinstance(error, BleakError | RadioError | TimeoutError | OSError):
            _LOG.warning("%s: %s", what, _described(error), exc_info=error)
        raise classify(error, otherwise, what) from error


def _described(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, BleakBluetoothNotAvailableError):
        return str(error.args[0])
    if isinstance(error, BleakGATTProtocolError):
        return str(error.args[1])
    return " ".join(str(error).split()) or type(error).__name__


async def _stopped(scanner: BleakScanner) -> None:
    try:
        async with asyncio.timeout(_STOP_S):
            await scanner.stop()
    except Exception as error:  # noqa: BLE001 - the adapter may be what has gone; nothing is left to be stopped then
        _LOG.debug("scanning did not stop: %s", _described(error))
