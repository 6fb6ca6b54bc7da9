"""A bumble central over a socket: what a gateway's radio is, without a gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from bumble.core import UUID
from bumble.device import Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import Address
from bumble.transport import open_transport
from bumble.transport.common import StreamPacketSink, Transport

PATIENCE_S = 20.0


class Sensor:
    """One connected sensor: its characteristics by name, and what it notified."""

    def __init__(self, connection: Connection, peer: Peer) -> None:
        self.connection = connection
        self.received: dict[str, list[bytes]] = {}
        self.ended = asyncio.Event()
        connection.on(Connection.EVENT_DISCONNECTION, lambda _reason: self.ended.set())
        self._peer = peer

    def characteristic(self, name: str) -> CharacteristicProxy[bytes]:
        found = self._peer.get_characteristics_by_uuid(UUID.from_16_bits(int(name, 16)))
        assert len(found) == 1
        return found[0]

    async def read(self, name: str) -> bytes:
        return bytes(await self.characteristic(name).read_value())

    async def write(self, name: str, payload: bytes) -> None:
        await self.characteristic(name).write_value(payload, with_response=True)

    async def subscribe(self, name: str) -> list[bytes]:
        """The list that notifications of *name* are appended to."""
        received = self.received.setdefault(name, [])
        await self.characteristic(name).subscribe(received.append)
        return received


class Central:
    def __init__(self, device: Device, transport: Transport) -> None:
        self.device = device
        self.advertised: dict[str, bytes] = {}
        self._transport = transport
        device.on(Device.EVENT_ADVERTISEMENT, self._heard)

    def _heard(self, advertisement: object) -> None:
        address = str(getattr(advertisement, "address", "")).partition("/")[0]
        self.advertised[address] = bytes(getattr(advertisement, "data_bytes", b""))

    async def scan(self) -> None:
        await self.device.start_scanning(legacy=True, active=False)

    async def link(self, address: str, timeout_s: float = PATIENCE_S) -> Connection:
        async with asyncio.timeout(timeout_s + PATIENCE_S):
            return await self.device.connect(Address(address), timeout=timeout_s)

    async def connect(self, address: str, timeout_s: float = PATIENCE_S) -> Sensor:
        """Link and discover."""
        connection = await self.link(address, timeout_s)
        peer = Peer(connection)
        await peer.discover_all()  # type: ignore[no-untyped-call]
        return Sensor(connection, peer)

    def vanish(self) -> None:
        """Close the socket as the kernel does for a killed process: at once, with no word over HCI."""
        sink = self._transport.sink
        assert isinstance(sink, StreamPacketSink)
        sink.transport.abort()

    def send_raw(self, data: bytes) -> None:
        sink = self._transport.sink
        assert isinstance(sink, StreamPacketSink)
        sink.transport.write(data)


@contextlib.asynccontextmanager
async def plugged_in(transport_name: str, address: str = "C0:00:00:00:00:01") -> AsyncIterator[Central]:
    transport = await open_transport(transport_name)
    async with transport:
        device = Device.with_hci("test central", Address(address), transport.source, transport.sink)
        await asyncio.wait_for(device.power_on(), PATIENCE_S)
        yield Central(device, transport)
