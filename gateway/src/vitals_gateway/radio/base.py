"""What the gateway needs of a Bluetooth radio, and nothing more.

A characteristic or service is named by its 16-bit hexadecimal number in upper case (``2A37``) where it is one of
the Bluetooth SIG's, otherwise by its 128-bit UUID in lower case. A sensor is named by its address in upper case
with colons.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec


class Sighting(msgspec.Struct, frozen=True):
    """One advertisement: *rssi* in dBm, *services* as far as the advertisement names them."""

    address: str
    name: str = ""
    rssi: int | None = None
    services: frozenset[str] = frozenset()


class Link(Protocol):
    """One connection to one sensor, its services discovered. It ends once and is never used again."""

    @property
    def characteristics(self) -> Mapping[str, frozenset[str]]:
        """What the sensor has: name to properties (``read``, ``notify``, ``indicate``)."""

    async def subscribe(self, characteristic: str, arrived: Callable[[bytes], None]) -> None:
        """Let notifications flow; *arrived* is called from the event loop, in the order of arrival.

        Raises:
            RadioError: the sensor refused (SensorRefused) or the link ended (LinkLost).
        """

    async def read(self, characteristic: str) -> bytes:
        """The characteristic's value. Raises RadioError."""

    async def disconnect(self) -> None:
        """End the link and free what it held, also if it has ended by itself. Never raises."""


class Adapter(Protocol):
    """A radio that is on and scanning."""

    async def connect(self, address: str, ended: Callable[[], None], timeout_s: float) -> Link:
        """Connect to a sensor that was sighted, and discover its services.

        *ended* is called once when the link ends, for whatever reason, own disconnect included; never before this
        returns a link. Adapters make one connection at a time: the caller sees to that.

        Raises:
            RadioError: no link came about; OutOfSlots and AdapterGone where that is the reason.
        """

    async def gone(self) -> str:
        """Wait until the adapter itself goes away, and say why. All its links have ended then."""


class Radio(Protocol):
    """A radio as the configuration names it; it may be off, unplugged or not there yet."""

    def opened(self, sighted: Callable[[Sighting], None]) -> AbstractAsyncContextManager[Adapter]:
        """Switch on and scan for as long as the context lasts; *sighted* is called for each advertisement.

        Entering raises AdapterGone with the cause and the fix where there is no such adapter.
        """
