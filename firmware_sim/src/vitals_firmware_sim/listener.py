"""Where gateways plug in: HCI (H4 framing) over a unix or TCP socket, one adapter per listening address.

bumble's own socket servers keep one parser and one controller for all connections: half a packet of a killed gateway
corrupts the next one's first command, its links stay up, and a second connection takes over the answers of the first.
Here every connection has a controller of its own, which goes with it. A gateway that connects while another one is
connected replaces it: it is the restarted one, and the old connection a remnant.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec
from bumble.core import InvalidPacketError
from bumble.transport.common import PacketParser
from typing_extensions import override

from vitals.errors import ConfigurationError, LinkError
from vitals_firmware_sim.air import Air, GatewayController

_LOG: Final = logging.getLogger(__name__)
_BUFFER_LIMIT: Final = 1 << 20
"""Bytes that wait for a gateway that does not read; beyond, it counts as gone."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A listening address: a unix socket's *path*, or *host* and *port*."""

    text: str
    path: str = ""
    host: str = ""
    port: int = 0


def parse_endpoint(text: str) -> Endpoint:
    """Read ``unix-server:PATH`` or ``tcp-server:HOST:PORT``, bumble's names.

    Raises:
        ConfigurationError: it is neither.
    """
    kind, _, rest = text.partition(":")
    host, _, port = rest.rpartition(":")
    if kind == "unix-server" and rest:
        return Endpoint(text=text, path=rest)
    if kind == "tcp-server" and host and port.isdecimal() and 0 < int(port) < 1 << 16:
        return Endpoint(text=text, host=host, port=int(port))
    raise ConfigurationError(f"cannot listen on {text!r}; use unix-server:PATH or tcp-server:HOST:PORT")


class Port:
    """One listening address and the gateway that is connected to it, if any."""

    def __init__(self, endpoint: Endpoint, index: int, air: Air) -> None:
        self.endpoint = endpoint
        self.air = air
        self.public_address = f"00:00:5E:00:53:{index:02X}/P"
        self._current: GatewaySocket | None = None

    def taken_by(self, newcomer: "GatewaySocket") -> None:
        """Let *newcomer* have the port."""
        if self._current is not None:
            _LOG.warning("%s: a newer connection replaces the gateway", self.endpoint.text)
            self._current.close()
        self._current = newcomer
        _LOG.info("%s: gateway connected", self.endpoint.text)

    def left_by(self, leaver: "GatewaySocket") -> None:
        """Free the port, if *leaver* is the one that holds it."""
        if self._current is leaver:
            self._current = None
            _LOG.info("%s: gateway gone", self.endpoint.text)

    def close(self) -> None:
        """Close the connection; what was written to it still arrives."""
        if self._current is not None:
            self._current.close()


class GatewaySocket(asyncio.Protocol):
    """One connection of a gateway, from its first byte to its last."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._controller: GatewayController | None = None
        self._parser = PacketParser()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put a fresh controller on the air."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._port.taken_by(self)
        self._controller = GatewayController(self._port.endpoint.text, self._port.air, self, self._port.public_address)
        self._parser.set_packet_sink(self._controller)

    @override
    def data_received(self, data: bytes) -> None:
        """Hand whole packets to the controller."""
        try:
            self._parser.feed_data(data)
        except InvalidPacketError as error:
            _LOG.warning("%s: the gateway does not speak HCI (%s); disconnected", self._port.endpoint.text, error)
            self._abort()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Take the controller off the air, and with it every link."""
        self._unplug()
        self._port.left_by(self)

    def on_packet(self, packet: bytes) -> None:
        """Send one packet of the controller to the gateway."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(packet)
        if self._transport.get_write_buffer_size() > _BUFFER_LIMIT:
            _LOG.warning("%s: the gateway does not read; disconnected", self._port.endpoint.text)
            self._abort()

    def close(self) -> None:
        """Leave the air and close, after what was written."""
        self._unplug()
        if self._transport is not None:
            self._transport.close()

    def _abort(self) -> None:
        self._unplug()
        if self._transport is not None:
            self._transport.abort()

    def _unplug(self) -> None:
        controller, self._controller = self._controller, None
        if controller is not None:
            self._parser.sink = None
            controller.unplug()


@contextlib.asynccontextmanager
async def listening(endpoint: Endpoint, index: int, air: Air) -> AsyncIterator[None]:
    """Listen until the end of the context; gateways that are connected then are disconnected.

    Raises:
        LinkError: the address cannot be listened on.
    """
    port = Port(endpoint, index, air)
    server = await _serve(endpoint, port)
    try:
        yield
    finally:
        server.close()
        port.close()
        _remove(endpoint)


async def _serve(endpoint: Endpoint, port: Port) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        if endpoint.path:
            _refuse_taken(endpoint)
            return await loop.create_unix_server(lambda: GatewaySocket(port), endpoint.path)
        return await loop.create_server(lambda: GatewaySocket(port), endpoint.host, endpoint.port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LinkError(f"cannot listen on {endpoint.text}: {reason}; choose another address") from error


def _remove(endpoint: Endpoint) -> None:
    if endpoint.path:
        Path(endpoint.path).unlink(missing_ok=True)


def _refuse_taken(endpoint: Endpoint) -> None:
    """A socket file on which somebody answers is taken; any other is a remnant, which asyncio removes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(endpoint.path) == 0:
            raise LinkError(
                f"cannot listen on {endpoint.text}: another simulator is there; stop it or choose another path"
            )
