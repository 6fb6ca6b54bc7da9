"""An alarm that nobody acknowledges reaches a person away from the console, through the real server."""

import asyncio
import json
from pathlib import Path

from tests.brokers import KINDS, Broker
from tests.system import chains

from vitals.cli.demo.chain import Chain


async def test_an_unacknowledged_high_is_told_to_its_owner(tmp_path: Path) -> None:
    told: list[bytes] = []

    async def sink(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        told.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(sink, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with Broker(KINDS[0], tmp_path) as broker:
        chain = Chain(chains.plan_for(tmp_path / "s", broker.url))
        config = chain.plan.folder / "server.toml"
        config.write_text(
            config.read_text() + f'\n[notify]\ntime_zone = "UTC"\nself_test_at = ""\n'
            f'[notify.recipients.demo]\nchannels = ["json://127.0.0.1:{port}"]\n'
            '[notify.teams.ward-a]\nmembers = ["demo"]\n'
        )
        async with server, chain.running():
            await chains.until(lambda: chains.spo2_alarm(chain), within_s=60, what="the alarm")
            await chains.until(lambda: any(b"igh" in message for message in told), within_s=30, what="a message")
    texts = [json.loads(message) for message in told]
    assert all("Halvorsen" not in json.dumps(text) and "SpO2" not in json.dumps(text) for text in texts)
    assert any("TEST" in json.dumps(text) for text in texts)
