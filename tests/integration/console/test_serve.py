"""The console on a real socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.browser.consoles import serving

from vitals.cli.demo.observer import acknowledge, hear_alarm
from vitals.clock import SystemClock
from vitals.console.feed import PERIOD_MS
from vitals.console.rehearsal import RehearsalWard
from vitals.console.serve import listen, serve_console
from vitals.errors import ConfigurationError, VitalsError

PATIENCE_S = 20


@pytest.fixture
def ward() -> RehearsalWard:
    return RehearsalWard(SystemClock(), 3)


@asynccontextmanager
async def events(url: str) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, object]]]]:
    """Name and data of every event of an open stream."""

    async def read(response: httpx.Response) -> AsyncIterator[tuple[str, dict[str, object]]]:
        name = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))

    async with (
        httpx.AsyncClient(timeout=PATIENCE_S) as client,
        client.stream("GET", f"{url}/api/v1/stream") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        yield read(response)


async def test_a_stream_begins_whole_goes_on_and_tells_alarms_at_once(ward: RehearsalWard) -> None:
    async with serving(ward) as console, events(console.url) as stream:
        assert [(await anext(stream))[0] for _ in range(2)] == ["beat", "snapshot"]
        alarm = ward.raise_alarm(ward.patients[1], "high", metric="spo2", value=84, limit=85)
        seen = [await anext(stream) for _ in range(4)]
        told = next(data for name, data in seen if name == "alarm")
        assert told["episode"] == alarm.episode
        assert "snapshot" in [name for name, _ in seen]
        async with httpx.AsyncClient() as client:
            health = await client.get(f"{console.url}/healthz")
        assert (health.status_code, health.json()["streams"]) == (200, 1)


async def test_a_client_without_a_screen_hears_and_acknowledges(ward: RehearsalWard) -> None:
    clock = SystemClock()
    async with serving(ward) as console:
        hearing = asyncio.to_thread(hear_alarm, console.url, condition="spo2.low", priority="high", clock=clock)
        raised = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85, condition="spo2.low")
        heard, at_ms = await asyncio.wait_for(hearing, PATIENCE_S)
        answer = await asyncio.to_thread(acknowledge, console.url, heard)
        assert heard["episode"] == raised.episode
        assert at_ms <= clock.monotonic_ms()
        assert (answer["phase"], answer["acknowledged_by"]) == ("acknowledged", "demo")


async def test_an_open_stream_cannot_keep_the_server_alive(ward: RehearsalWard) -> None:
    async with serving(ward) as console, events(console.url) as stream:
        await anext(stream)
        await asyncio.wait_for(console.stop(), PATIENCE_S)
        assert [name async for name, _ in stream][-1:] in ([], ["snapshot"])  # it ends, and is not cut in an event
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient() as client:
                await client.get(console.url)


async def test_it_comes_back_on_the_same_port(ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        before = console.url
        await console.stop()
        await console.start()
        assert console.url == before
        async with events(console.url) as stream:
            assert (await anext(stream))[0] == "beat"


async def test_a_client_that_reads_nothing_holds_nobody_up() -> None:
    ward = RehearsalWard(SystemClock(), 200)
    async with serving(ward) as console, events(console.url) as stream:
        port = int(console.url.rpartition(":")[2])
        _, deaf = await asyncio.open_connection("127.0.0.1", port)
        deaf.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await deaf.drain()
        for _ in range(40):  # more than its queue and the socket's buffers take
            patient = ward.patients[0]
            ward.end(ward.raise_alarm(patient, "medium", metric="spo2", value=89, limit=90).episode)
        names = [(await asyncio.wait_for(anext(stream), PATIENCE_S))[0] for _ in range(8)]
        assert "snapshot" in names
        deaf.close()
        await asyncio.wait_for(console.stop(), PATIENCE_S)


async def test_a_client_that_leaves_is_forgotten(ward: RehearsalWard) -> None:
    async with serving(ward) as console, httpx.AsyncClient() as client:
        async with events(console.url) as stream:
            await anext(stream)
        async with asyncio.timeout(PATIENCE_S):
            while (await client.get(f"{console.url}/healthz")).json()["streams"]:
                await asyncio.sleep(PERIOD_MS / 10_000)


async def test_a_port_already_taken_is_one_clear_line(ward: RehearsalWard) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(VitalsError, match=f"^port {port} on 127.0.0.1 is taken; [^\n]+$"):
            await serve_console(ward, port=port, clock=SystemClock())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "ward.example"])
def test_it_listens_for_this_machine_alone(host: str) -> None:
    with pytest.raises(ConfigurationError, match="no sign-in"):
        listen(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.9"])
def test_its_own_addresses_are_taken(host: str) -> None:
    with listen(host, 0) as listening:
        assert listening.getsockname()[1] > 0


def test_a_port_that_cannot_be_is_one_clear_line() -> None:
    with pytest.raises(VitalsError, match=r"cannot listen on 127\.0\.0\.1 port 70000"):
        listen("127.0.0.1", 70000)
