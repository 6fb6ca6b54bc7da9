"""``vitals watchdog`` against a health address and a channel on loopback (S4)."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.integration.notify.sinks import HttpSink, http_sink, listening

from vitals.cli.app import app
from vitals.cli.entry import Exit, run
from vitals.cli.watching import Watching, parse_address
from vitals.errors import ConfigurationError, VitalsError

ROOT = Path(__file__).parents[3]
WITHIN_S = 6.0
PATIENCE_S = 60.0


class Health:
    """A server's health address: answers with *status* and a word, or takes the request and never answers."""

    def __init__(self) -> None:
        self.port = 0
        self.status = 200
        self.hanging = False
        self.asked = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.hanging:
            await reader.read()
        body = json.dumps({"status": "ok" if self.status == 200 else "no snapshot", "name": "Halvorsen"}).encode()
        head = b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (self.status, len(body))
        writer.write(head + body)
        await writer.drain()


@asynccontextmanager
async def health(port: int = 0) -> AsyncIterator[Health]:
    sink = Health()
    async with listening(sink.handle, port) as sink.port:
        yield sink


async def until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():
            await asyncio.sleep(0.02)


def texts(sink: HttpSink) -> list[str]:
    return [str(request.body["message"]) for request in sink.requests]


@asynccontextmanager
async def watching(url: str, *channels: HttpSink | int) -> AsyncIterator[None]:
    ports = [channel if isinstance(channel, int) else channel.port for channel in channels]
    dog = Watching(url, [f"json://127.0.0.1:{port}/" for port in ports], within_s=WITHIN_S, life_s=0)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(dog.run())
        try:
            yield
        finally:
            task.cancel()


@pytest.mark.parametrize("how", ["503", "hanging"])
async def test_s4_a_failure_of_the_path_is_paged_in_time_and_so_is_its_recovery(how: str) -> None:
    async with health() as path, http_sink() as pager:
        url = f"http://127.0.0.1:{path.port}/healthz"
        async with watching(url, pager):
            await until(lambda: path.asked >= 2)
            assert texts(pager) == []
            path.status, path.hanging = 503, how == "hanging"
            await until(lambda: pager.requests)
            said = texts(pager)[0]
            assert said.startswith(f"Path failure: {url}: ")
            assert ("503 no snapshot" if how == "503" else "no answer within") in said
            assert "Halvorsen" not in said
            path.status, path.hanging = 200, False
            await until(lambda: texts(pager)[-1].startswith(f"Path healthy again: {url}: 200 ok; it was not for "))


async def test_s4_nobody_listens_and_later_somebody_does_again() -> None:
    async with health() as path:
        port = path.port
    url = f"http://127.0.0.1:{port}/healthz"
    async with http_sink() as pager, watching(url, pager):
        await until(lambda: pager.requests)
        assert "no answer: " in texts(pager)[0]
        async with health(port):
            await until(lambda: "healthy again" in texts(pager)[-1])


async def test_a_page_is_tried_until_one_channel_takes_it() -> None:
    async with http_sink() as gone:
        dead = gone.port
    async with http_sink() as pager:
        pager.status = 500
        async with watching("http://127.0.0.1:9/healthz", dead, pager):
            await until(lambda: pager.asked >= 2)
            pager.status = 200
            await until(lambda: pager.requests)
            assert texts(pager)[0].startswith("Path failure: http://127.0.0.1:9/healthz: ")


async def command(*arguments: str) -> tuple[int | None, list[dict[str, object]]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "vitals.cli",
        "watchdog",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate()
    return process.returncode, [json.loads(line) for line in out.splitlines()]


async def test_once_says_by_its_exit_code_how_the_path_is() -> None:
    async with health() as path, http_sink() as pager, http_sink() as gone:
        dead = gone.port
        url = f"http://127.0.0.1:{path.port}/healthz"
        once = Watching(url, [f"json://127.0.0.1:{pager.port}/"])
        assert (await once.once(), texts(pager)) == (Exit.DONE, [])
        path.status = 503
        code, lines = await command("--url", url, "--once", "--json", "--channel", f"json://127.0.0.1:{pager.port}/")
        assert (code, lines[0]["saw"], lines[1]["outcome"]) == (Exit.NOT_MET, "503 no snapshot", "sent")
        assert len(texts(pager)) == 1
    with pytest.raises(VitalsError, match="no channel took the page"):
        await Watching(url, [f"json://127.0.0.1:{dead}/"]).once()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "ward:8470", "--channel", "json://h/"], "--url must have the form"),
        (["--url", "http://me:secret@ward/healthz", "--channel", "json://h/"], "--url must have the form"),
        (["--url", "http://ward/healthz", "--channel", "nonsense"], "no service for the address of watchdog/1"),
        (["--url", "http://ward/healthz", "--channel", ""], "a watchdog that can page nobody"),
        (["--url", "http://ward/healthz"], "channel"),
        (["--url", "http://ward/healthz", "--channel", "json://h/", "--within-s", "0"], "must lie above 0"),
    ],
)
def test_used_wrongly(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["watchdog", *arguments]) == Exit.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert said.lower() in line.lower()
    assert "secret" not in line


async def test_it_ends_with_nothing_amiss_on_sigterm() -> None:
    async with health() as path, http_sink() as pager:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "vitals.cli", "watchdog", "--url", f"http://127.0.0.1:{path.port}/healthz"),
            *("--channel", f"json://127.0.0.1:{pager.port}/"),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        await until(lambda: pager.requests)
        assert texts(pager) == [f"The watchdog has begun to watch http://127.0.0.1:{path.port}/healthz: 200 ok."]
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            await process.communicate()
        assert process.returncode == 0


@pytest.mark.parametrize("url", ["http://[::1", "https://", "ftp://host/", "http://host:99999/"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_address(url)


def test_an_address_is_shown_without_its_query() -> None:
    address = parse_address("https://[fd00::7]:8443/healthz?token=x")
    assert (address.port, address.target) == (8443, "/healthz?token=x")
    assert "token" not in address.place
    assert parse_address("http://ward").target == "/"
