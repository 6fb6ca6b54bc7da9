"""The Bluetooth radio behind a small interface: one that bluetoothd owns, or a socket to a virtual controller."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from vitals.errors import ConfigurationError
from vitals_gateway.radio.base import Adapter, Link, Radio, Sighting

if TYPE_CHECKING:
    from vitals_gateway.radio.central import Backend

__all__ = ["KINDS", "Adapter", "Link", "Radio", "Sighting", "open_radio"]

KINDS: Final = ("bluez", "bumble")


@asynccontextmanager
async def open_radio(kind: str, *, adapter: str = "", transport: str = "", slots: int = 32) -> AsyncIterator[Radio]:
    """The radio that the configuration chooses: *kind* is ``bluez`` (*adapter*) or ``bumble`` (*transport*).

    It need not be there yet: it is opened, and opened again when it went away, by ``run_sensors``.

    Raises:
        ConfigurationError: no such kind, a missing transport, or bumble is not installed.
    """
    from vitals_gateway.radio.central import BleakRadio  # noqa: PLC0415 - bleak is slow to import

    yield BleakRadio(_backend(kind, adapter, transport), slots)


def _backend(kind: str, adapter: str, transport: str) -> "Callable[[], AbstractAsyncContextManager[Backend]]":
    if kind == "bluez":
        from vitals_gateway.radio import bluez  # noqa: PLC0415 - one of two

        return partial(bluez.powered, adapter)
    if kind != "bumble":
        raise ConfigurationError(f"[radio] kind {kind!r} is unknown; allowed are {', '.join(KINDS)}")
    if not transport:
        raise ConfigurationError('[radio] kind "bumble" needs a transport, for example unix-client:/run/hci.sock')
    try:
        from vitals_gateway.radio import bumble  # noqa: PLC0415 - comes with an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f'[radio] kind "bumble" needs the module {error.name}: pip install "openvitals-gateway[sim]"'
        ) from None
    return partial(bumble.powered, transport)
