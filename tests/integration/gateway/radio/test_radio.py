"""Radios that are not there, and a controller that misbehaves."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bleak.exc import BleakError
from bumble.controller import Controller
from bumble.device import Device
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink
from tests.integration.gateway.radio.peripheral import Bench
from typing_extensions import override

from vitals.errors import AdapterGone, ConfigurationError, LinkLost, OutOfSlots, RadioError, SensorRefused
from vitals_gateway.radio import Adapter, Sighting, open_radio
from vitals_gateway.radio.bumble import BumbleClient, powered
from vitals_gateway.radio.central import Backend, BleakRadio
from vitals_gateway.radio.station import Station


def nobody() -> None:
    """Nothing to do when the link ends."""


async def test_an_adapter_that_bluetoothd_does_not_have_is_one_clear_line() -> None:
    async with open_radio("bluez", adapter="hci99") as radio:
        with pytest.raises(AdapterGone, match=r"^cannot scan: .+; .+") as said:
            async with radio.opened(lambda _: None):
                pass
    assert "\n" not in str(said.value)


async def test_a_socket_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "nothing.sock"
    async with open_radio("bumble", transport=f"unix-client:{path}") as radio:
        with pytest.raises(AdapterGone, match=r"nothing\.sock: No such file or directory; is the simulator running"):
            async with radio.opened(lambda _: None):
                pass


async def test_a_socket_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(str(path))
        mute.listen()
        with pytest.raises(AdapterGone, match=r"does not start: no answer"):
            async with powered(f"unix-client:{path}", within_s=0.2):
                pass


async def test_a_transport_that_nobody_knows_is_a_mistake_in_the_configuration() -> None:
    async with open_radio("bumble", transport="pigeon:/dev/loft") as radio:
        with pytest.raises(ConfigurationError, match="pigeon:/dev/loft"):
            async with radio.opened(lambda _: None):
                pass


async def test_a_controller_that_neither_connects_nor_cancels_is_given_up() -> None:
    controller = Controller("stock", link=LocalLink())  # type: ignore[no-untyped-call]
    # bumble's own: it answers the cancellation, and never ends the attempt
    device = Device(
        name="gateway", address=Address("C0:00:00:00:00:01"), host=Host(controller, AsyncPipeSink(controller))
    )
    await device.power_on()
    station = Station(device)
    with pytest.raises(BleakError, match="stuck"):
        await station.connect(Address("F0:00:00:00:00:99"), 0.05)
    assert "stuck" in await station.gone()
    with pytest.raises(BleakError, match="stuck"):
        async with station.asking():
            pass


async def test_a_command_that_is_given_up_unanswered_ends_the_station(bench: Bench) -> None:
    strap = await bench.strap()
    station = Station(strap.device)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), station.commanding("disconnect"):
            await asyncio.Event().wait()
    assert await station.gone() == "the controller is stuck: it does not disconnect"
    with pytest.raises(BleakError, match="stuck"):
        async with station.commanding("scan"):
            pass


@asynccontextmanager
async def on(bench: Bench, seen: dict[str, Sighting], slots: int) -> AsyncIterator[Adapter]:
    async with (
        bench.plugged(),
        open_radio("bumble", transport=bench.transport, slots=slots) as radio,
        radio.opened(lambda sighting: seen.update({sighting.address: sighting})) as adapter,
    ):
        yield adapter


class Counting(BumbleClient):
    """A client that counts how often bleak is told to let go of it."""

    released = 0

    @override
    async def disconnect(self) -> None:
        Counting.released += 1
        await super().disconnect()


async def test_a_link_that_ended_by_itself_is_let_go_of_all_the_same(bench: Bench) -> None:
    @asynccontextmanager
    async def counted() -> AsyncIterator[Backend]:
        async with powered(bench.transport) as backend:
            yield backend._replace(client=Counting)

    strap = await bench.strap()
    seen, ended = asyncio.Event(), asyncio.Event()
    async with bench.plugged(), BleakRadio(counted, 1).opened(lambda _: seen.set()) as adapter:
        await seen.wait()
        link = await adapter.connect(strap.address, ended.set, 5)
        await strap.drop()
        await ended.wait()
        assert Counting.released == 0
        await link.disconnect()
        await link.disconnect()
        assert Counting.released == 1


async def test_what_a_link_can_and_cannot_do(bench: Bench) -> None:
    strap = await bench.strap()
    seen: dict[str, Sighting] = {}
    heard: list[bytes] = []
    ended = asyncio.Event()
    async with on(bench, seen, slots=1) as adapter:
        unknown = adapter.connect("F0:00:00:00:00:99", nobody, 1)
        with pytest.raises(RadioError, match="was not sighted"):
            await unknown
        while strap.address not in seen:
            await asyncio.sleep(0.01)
        assert seen[strap.address] == Sighting(strap.address, "Strap", -50, frozenset({"180D", "180F", "180A"}))
        link = await adapter.connect(strap.address, ended.set, 5)
        assert link.characteristics["2A37"] == {"notify"}
        assert link.characteristics["2A19"] == {"read", "notify"}
        assert await link.read("2A25") == b"S-17"
        with pytest.raises(SensorRefused, match="has no 2A5F"):
            await link.read("2A5F")
        await link.subscribe("2A37", heard.append)
        with pytest.raises(LinkLost, match="subscribed already"):
            await link.subscribe("2A37", heard.append)
        with pytest.raises(OutOfSlots):
            await adapter.connect(strap.address, nobody, 1)
        await strap.notify("2A37", b"\x00\x40")
        await strap.notify("2A37", b"\x00\x41")
        await link.read("2A25")  # answered after what was sent before
        assert heard == [b"\x00\x40", b"\x00\x41"]
        assert not ended.is_set()
        await link.disconnect()
        assert ended.is_set()
        with pytest.raises(LinkLost):
            await link.read("2A25")
        await link.disconnect()
