"""The Bluetooth radio behind a small interface: one that bluetoothd owns, or a socket to a virtual controller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vitals_gateway.radio.base import Radio


@asynccontextmanager
async def open_radio(kind: str, *, adapter: str = "", transport: str = "", slots: int = 32) -> AsyncIterator[Radio]:
    """The radio that the configuration chooses: *kind* is ``bluez`` (*adapter*) or ``bumble`` (*transport*).

    Raises:
        ConfigurationError: no such kind, a missing transport, or bumble is not installed.
    """
    raise NotImplementedError
    yield
