"""What another process writes into the registry reaches the wall of a server that runs."""

import asyncio
import sys
from pathlib import Path

from tests.system.chains import until

from vitals.cli.demo.chain import GATEWAY
from vitals.cli.demo.people import PEOPLE, enrol
from vitals.cli.demo.processes import free_port
from vitals.cli.remote import get

PATIENCE_S = 60.0


async def test_who_is_enrolled_while_the_server_runs_is_watched(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    config = tmp_path / "server.toml"
    config.write_text(
        f'mode = "test"\ntime_scale = 0.1\n[broker]\nurl = "mqtt://127.0.0.1:{free_port()}"\n[console]\nport = {port}\n'
    )
    registry = tmp_path / "registry.db"
    await asyncio.to_thread(enrol, registry, PEOPLE[:1], GATEWAY)
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "vitals.cli", "serve", "--config", str(config))
    try:
        names = await until(lambda: _names(url), within_s=PATIENCE_S, what="a wall")
        assert len(names) == 1
        await asyncio.to_thread(enrol, registry, PEOPLE[:2], GATEWAY)
        await until(lambda: len(_names(url)) == 2, within_s=PATIENCE_S, what="the second patient on the wall")
    finally:
        server.terminate()
        assert await asyncio.wait_for(server.wait(), PATIENCE_S) == 0


def _names(url: str) -> list[str]:
    return [tile["name"] for tile in get(url, "/api/v1/snapshot")["tiles"]]
