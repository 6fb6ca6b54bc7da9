"""An alarm that nobody acknowledges reaches people away from the console, through the real server, kills or not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.brokers import KINDS, Broker
from tests.system import chains

from vitals.cli.demo.chain import Chain
from vitals.cli.demo.processes import free_port
from vitals.registry import Attempt, Notification, open_registry

PATIENCE_S = 60.0


class Sink:
    """A webhook that keeps what it takes; while *deaf* it takes it and never answers."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.deaf = False
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            self.told.append(json.loads(await reader.readexactly(length)))
            if self.deaf:
                await reader.read()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def titles(self, priority: str) -> list[str]:
        return [said["title"] for said in self.told if f"{priority} priority" in said["message"]]


@asynccontextmanager
async def chain_with(sink: Sink, folder: Path) -> AsyncIterator[Chain]:
    """The whole chain, whose server tells the one nurse over *sink*."""
    server = await asyncio.start_server(sink.handle, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    with Broker(KINDS[0], folder) as broker:
        chain = Chain(chains.plan_for(folder / "s", broker.url))
        config = chain.plan.folder / "server.toml"
        config.write_text(
            config.read_text() + f'\n[notify]\ntime_zone = "UTC"\nself_test_at = ""\n'
            f'[notify.recipients.demo]\nchannels = ["json://127.0.0.1:{sink.port}"]\n'
            '[notify.teams.ward-a]\nmembers = ["demo"]\n'
        )
        async with server, chain.running():
            yield chain


def recorded(chain: Chain) -> tuple[list[Notification], list[Attempt]]:
    registry = open_registry(chain.plan.registry)
    try:
        return registry.outbox.notifications(), registry.outbox.attempts()
    finally:
        registry.close()


async def refused(chain: Chain) -> str:
    """What a second server on the same registry says as it ends."""
    other = chain.plan.folder / "other.toml"
    text = (chain.plan.folder / "server.toml").read_text()
    text = text.replace(str(chain.plan.series), str(chain.plan.folder / "other.db"))
    other.write_text(text.replace(f"port = {chain.plan.console_port}", f"port = {free_port()}"))
    command = [*chain.server.command[:-1], str(other)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(PATIENCE_S):
        _, said = await process.communicate()
    assert process.returncode == 1
    return said.decode().splitlines()[-1]


def nobody_hears(chain: Chain) -> bool:
    """Whether somebody was told that no console can be heard."""
    return any("stations_silent" in row.episode and row.state in {"sent", "combined"} for row in recorded(chain)[0])


async def test_s3_s19_people_are_told_across_a_kill_and_what_nobody_knows_of_says_so(tmp_path: Path) -> None:
    sink = Sink()
    sink.deaf = True
    async with chain_with(sink, tmp_path) as chain:
        await chains.until(lambda: sink.titles("High"), within_s=PATIENCE_S, what="a message of the high")
        reference, _, number = sink.titles("High")[0].split()[-1].partition("-")
        taken = len(sink.told)
        await chain.server.kill()  # it was taken, and that is not recorded
        sink.deaf = False
        await chain.server.start()
        await chains.until(
            lambda: any(f" {reference}-" in said["title"] for said in sink.told[taken:]),
            within_s=PATIENCE_S,
            what="a message of the same alarm",
        )
        assert "another server notifies on this registry" in await refused(chain)
        await chains.until(lambda: nobody_hears(chain), within_s=PATIENCE_S, what="a message that nobody would hear")
        (alarm,) = [one for one in chains.snapshot(chain)["alarms"] if one["condition"] == "stations_silent"]
    assert (alarm["priority"], alarm["kind"]) == ("medium", "technical")  # no console is open
    notifications, attempts = recorded(chain)
    said = json.dumps(sink.told)
    assert "Halvorsen" not in said
    assert "SpO2" not in said
    assert all(one["message"].startswith("TEST, no real patient: ") for one in sink.told)
    keys = [row.key for row in notifications if (row.reference, str(row.number)) == (reference, number)]
    first = next(row for row in attempts if row.key in keys)
    assert (first.outcome, first.receipt) == ("begun", "unknown")
    for row in notifications:  # what came more often than it was answered has an attempt that says so
        theirs = [attempt for attempt in attempts if attempt.key == row.key]
        came = sum(f"{row.reference}-{row.number}" == one["title"].split()[-1] for one in sink.told)
        assert came <= len(theirs), row
        assert sum(attempt.outcome == "sent" for attempt in theirs) <= 1, row
        assert row.state != "sent" or came >= 1, row
