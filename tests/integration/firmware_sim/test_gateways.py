"""Gateways that come, vanish, come again, hang, talk nonsense, or are two."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from bumble.core import TimeoutError as BumbleTimeoutError
from tests.brokers import free_port
from tests.integration.firmware_sim.central import plugged_in
from tests.integration.firmware_sim.simulator import PATIENCE_S, Simulator, eventually, on_air

STRAP, OXIMETER = "F0:00:00:00:01:01", "F0:00:00:00:01:02"
SOURCES = (STRAP, "2A37"), (OXIMETER, "2A5F")
RESET = b"\x01\x03\x0c\x00"


async def hear_some(simulator: Simulator, *, vanish: bool) -> None:
    """Connect to both sensors, hear each, and leave: by closing the socket, or as a killed process does."""
    before = [len(simulator.said(*source)) for source in SOURCES]
    async with plugged_in(simulator.dial) as central:
        beats = await (await central.connect(STRAP)).subscribe("2A37")
        pulse = await (await central.connect(OXIMETER)).subscribe("2A5F")
        await eventually(lambda: min(len(beats), len(pulse)) >= 4)
        if vanish:
            central.vanish()
    for heard, source, earlier in zip((beats, pulse), SOURCES, before, strict=True):
        told = simulator.said(*source)[earlier:]  # its end is missed: a gateway that leaves misses what was on its way
        assert any(told[start : start + len(heard)] == heard for start in range(len(told))), (heard, told)


@pytest.mark.parametrize("vanish", [False, True], ids=["closed", "aborted"])
async def test_a_socket_closed_and_reopened_five_times(tmp_path: Path, *, vanish: bool) -> None:
    async with on_air(tmp_path, "stable") as simulator:
        for _ in range(5):
            await hear_some(simulator, vanish=vanish)
        await eventually(lambda: simulator.events(STRAP).count("disconnected") == 5)
        assert simulator.events(OXIMETER) == ["connected", "subscribed", "disconnected"] * 5


async def test_sensors_are_told_at_once_when_the_socket_closes(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable", time_scale=0.01) as simulator:
        async with plugged_in(simulator.dial) as central:
            beats = await (await central.connect(STRAP)).subscribe("2A37")
            await eventually(lambda: len(beats) >= 20)
            central.vanish()
        await eventually(lambda: "disconnected" in simulator.events(STRAP))
        sent = len(simulator.ledger.notifications)
        assert simulator.ledger.events[-1].reason == "0x08"
        async with plugged_in(simulator.dial) as central:
            await central.scan()
            await eventually(lambda: {STRAP, OXIMETER} <= central.advertised.keys())
        assert len(simulator.ledger.notifications) == sent


async def test_half_a_packet_of_a_killed_gateway_harms_nobody(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator:
        for half in (b"\x01", b"\x01\x05\x20\x06", b"\x02\x01\x00\x1b\x00\x17\x00"):
            async with plugged_in(simulator.dial) as central:
                central.send_raw(half)
        await hear_some(simulator, vanish=False)


async def test_who_talks_nonsense_is_disconnected(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with on_air(tmp_path, "stable") as simulator:
        reader, writer = await asyncio.open_unix_connection(str(simulator.socket_path))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
        writer.close()
        await hear_some(simulator, vanish=False)
    assert "the gateway does not speak HCI" in caplog.text


async def test_who_does_not_read_is_disconnected(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with on_air(tmp_path, "stable") as simulator:
        _, writer = await asyncio.open_unix_connection(str(simulator.socket_path))
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        supported_commands = b"\x01\x02\x10\x00" * 400

        async def ask() -> None:
            while "the gateway does not read" not in caplog.text:
                writer.write(supported_commands)
                await writer.drain()
                await asyncio.sleep(0)

        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(ask(), PATIENCE_S)
        writer.close()
        assert "the gateway does not read" in caplog.text
        await hear_some(simulator, vanish=False)


async def test_a_newer_connection_replaces_an_older_one(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator, plugged_in(simulator.dial) as hung:
        sensor = await hung.connect(STRAP)
        await sensor.subscribe("2A37")
        await hear_some(simulator, vanish=False)
        assert simulator.events(STRAP)[:4] == ["connected", "subscribed", "disconnected", "connected"]


async def test_a_reset_ends_the_links(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator, plugged_in(simulator.dial) as central:
        await central.connect(STRAP)
        central.send_raw(RESET)
        await eventually(lambda: simulator.events(STRAP) == ["connected", "disconnected"])


async def test_an_attempt_that_is_given_up_does_not_block_the_next(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator, plugged_in(simulator.dial) as central:
        for _ in range(2):
            with pytest.raises(BumbleTimeoutError):
                await central.connect("F0:00:00:00:77:01", timeout_s=0.2)
        assert await (await central.connect(STRAP)).read("2A38") == b"\x01"


async def test_a_central_disconnects_and_connects_again(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator, plugged_in(simulator.dial) as central:
        for _ in range(5):
            sensor = await central.connect(STRAP)
            beats = await sensor.subscribe("2A37")
            await eventually(lambda beats=beats: len(beats) >= 2)  # type: ignore[misc]
            await sensor.connection.disconnect()
        assert simulator.events(STRAP) == ["connected", "subscribed", "disconnected"] * 5


async def test_two_gateways_of_one_address_share_the_sensors_and_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    async with (
        on_air(tmp_path, "stable", also=(f"tcp-server:127.0.0.1:{port}",)) as simulator,
        plugged_in(simulator.dial) as one,
        plugged_in(f"tcp-client:127.0.0.1:{port}") as other,
    ):
        beats = await (await one.connect(STRAP)).subscribe("2A37")
        pulse = await (await other.connect(OXIMETER)).subscribe("2A5F")
        await eventually(lambda: min(len(beats), len(pulse)) >= 5)
        assert beats == simulator.said(STRAP, "2A37")[: len(beats)]
        assert pulse == simulator.said(OXIMETER, "2A5F")[: len(pulse)]
        with pytest.raises(BumbleTimeoutError):
            await other.connect(STRAP, timeout_s=0.3)
        one.vanish()
        await other.connect(STRAP)
        assert simulator.events(STRAP) == ["connected", "subscribed", "disconnected", "connected"]


async def test_only_one_of_two_gateways_gets_a_sensor(tmp_path: Path) -> None:
    port = free_port()
    async with (
        on_air(tmp_path, "stable", also=(f"tcp-server:127.0.0.1:{port}",)) as simulator,
        plugged_in(simulator.dial) as one,
        plugged_in(f"tcp-client:127.0.0.1:{port}", "C0:00:00:00:00:02") as other,
    ):
        attempts = [asyncio.ensure_future(central.connect(STRAP, timeout_s=1.0)) for central in (one, other)]
        done = await asyncio.wait(attempts, timeout=PATIENCE_S)
        assert not done[1]
        assert sorted(type(attempt.exception()).__name__ for attempt in attempts) == ["NoneType", "TimeoutError"]
        assert simulator.events(STRAP) == ["connected"]
