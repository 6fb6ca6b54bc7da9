"""The adapter that bluetoothd owns: bleak's own backend on Linux."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bleak import BleakAdapter
from bleak.args.bluez import BlueZAdapterArgs
from bleak.backends.device import BLEDevice

from vitals_gateway.radio.central import Backend

_ADVICE: Final = (
    ("no such file", "is D-Bus running? Install and start dbus and bluez"),
    ("connection refused", "is D-Bus running? Install and start dbus and bluez"),
    ("serviceunknown", "is bluetoothd running? systemctl start bluetooth"),
    ("namehasnoowner", "is bluetoothd running? systemctl start bluetooth"),
    ("error.spawn", "is bluetoothd running? systemctl start bluetooth"),
    ("noreply", "does bluetoothd hang? systemctl restart bluetooth"),
    ("accessdenied", "may this user use Bluetooth? Add it to the group bluetooth"),
    ("powered", "switch it on: bluetoothctl power on"),
    ("notready", "switch it on: bluetoothctl power on"),
)


@asynccontextmanager
async def powered(adapter: str) -> AsyncIterator[Backend]:
    """Nothing to open: bleak finds bluetoothd on D-Bus when it starts to scan.

    Bluetoothd does not say when it goes; a connect that fails for it does, and the silence of the air.
    """
    arguments: BlueZAdapterArgs = {"adapter": adapter} if adapter else {}

    async def connected() -> list[BLEDevice]:
        found = await BleakAdapter.get(bluez=arguments)
        return await found.get_connected_devices()

    yield Backend(None, None, {"bluez": arguments}, gone=_never, connected=connected, advice=advice)


def advice(text: str) -> str:
    """What to do about an error of bluetoothd or D-Bus."""
    lowered = text.lower()
    for word, fix in _ADVICE:
        if word in lowered:
            return fix
    return "bluetoothctl list shows the adapters that there are; [radio] adapter names the one to use"


async def _never() -> str:
    await asyncio.Event().wait()
    return ""
