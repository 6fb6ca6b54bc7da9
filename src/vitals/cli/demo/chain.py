"""The chain: broker, server, simulator and gateway, their files in one folder, each a process that can be killed."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from vitals.cli.demo.folder import SOCKET
from vitals.cli.demo.people import Person
from vitals.cli.demo.processes import Part, listening, nats_server, ready

GATEWAY = "gw-demo"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: *broker_url* empty runs the embedded broker on *broker_port*."""

    folder: Path
    console_port: int
    broker_port: int
    people: tuple[Person, ...]
    mode: str = "demo"
    time_scale: float = 1.0
    seed: int = 7
    simulator_options: tuple[str, ...] = ()
    broker_url: str = ""
    spool_max_bytes: int = 268_435_456

    @property
    def console_url(self) -> str:
        """Address of the page."""
        return f"http://localhost:{self.console_port}"

    @property
    def ledger(self) -> Path:
        """What the simulator says it sent."""
        return self.folder / "ledger.jsonl"

    @property
    def series(self) -> Path:
        """The series store."""
        return self.folder / "series.db"

    @property
    def registry(self) -> Path:
        """The registry."""
        return self.folder / "registry.db"

    @property
    def spool(self) -> Path:
        """The gateway's spool."""
        return self.folder / "spool.db"

    @property
    def socket(self) -> Path:
        """The virtual Bluetooth controller."""
        return self.folder / SOCKET


class Chain:
    """The four parts, not yet started; ``broker`` is None where the plan names one that runs already."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        write_configuration(plan)
        folder = plan.folder
        self.broker = None if plan.broker_url else Part("broker", _broker_command(folder), folder)
        self.server = Part("server", _python("vitals.cli", "serve", "--config", str(folder / "server.toml")), folder)
        self.simulator = Part("simulator", _simulator_command(plan), folder)
        self.gateway = Part(
            "gateway", _python("vitals_gateway", "run", "--config", str(folder / "gateway.toml")), folder
        )

    @property
    def parts(self) -> Sequence[Part]:
        """Every part, in the order of starting."""
        return [part for part in (self.broker, self.simulator, self.gateway, self.server) if part is not None]

    @contextlib.asynccontextmanager
    async def running(self, prepare: Callable[[], None] | None = None) -> AsyncIterator["Chain"]:
        """Start all at once; stop the sensors first, so that what they sent drains before what receives it ends.

        *prepare* runs in a thread before the server starts, while the others do: they need no registry.
        """
        async with AsyncExitStack() as stack:
            for part in self.parts:
                if part is self.server and prepare is not None:
                    await asyncio.to_thread(prepare)
                stack.push_async_callback(part.stop)
                await part.start()
            stack.push_async_callback(self.gateway.stop)
            stack.push_async_callback(self.simulator.stop)
            if self.broker is not None:
                await ready(self.broker, self.broker_ready, within_s=20)
            await ready(self.simulator, self.simulator_ready, within_s=30)
            await ready(self.server, self.server_ready, within_s=30)
            yield self

    async def broker_ready(self) -> bool:
        """Whether the broker accepts connections."""
        return await listening(self.plan.broker_port)

    async def server_ready(self) -> bool:
        """Whether the console answers."""
        return await listening(self.plan.console_port)

    async def simulator_ready(self) -> bool:
        """Whether the sensors advertise."""
        return "ready" in self.simulator.said().split()


def write_configuration(plan: Plan) -> None:
    """Write the parts' configuration files into the plan's folder."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    quoted = json.dumps
    url = plan.broker_url or f"mqtt://127.0.0.1:{plan.broker_port}"
    (plan.folder / "server.toml").write_text(
        f"mode = {quoted(plan.mode)}\ntime_scale = {plan.time_scale:g}\n\n"
        f"[broker]\nurl = {quoted(url)}\n\n"
        f"[store]\nseries = {quoted(str(plan.series))}\nregistry = {quoted(str(plan.registry))}\n\n"
        f'[console]\nhost = "127.0.0.1"\nport = {plan.console_port}\n\n[alarms]\nprofile = "adult"\n'
    )
    (plan.folder / "gateway.toml").write_text(
        f"gateway = {quoted(GATEWAY)}\nmode = {quoted(plan.mode)}\ntime_scale = {plan.time_scale:g}\n\n"
        f"[broker]\nurl = {quoted(url)}\n\n"
        f"[spool]\npath = {quoted(str(plan.spool))}\n"
        f"max_bytes = {plan.spool_max_bytes}\n\n"
        f'[radio]\nkind = "bumble"\ntransport = {quoted(f"unix-client:{plan.socket}")}\n'
    )
    (plan.folder / "nats.conf").write_text(
        f"server_name: demo\nlisten: 127.0.0.1:-1\n"
        f"jetstream {{ store_dir: {quoted(str(plan.folder / 'nats'))} }}\n"
        f"mqtt {{ listen: 127.0.0.1:{plan.broker_port} }}\n"
    )


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _broker_command(folder: Path) -> list[str]:
    return [nats_server(), "-c", str(folder / "nats.conf")]


def _simulator_command(plan: Plan) -> list[str]:
    people = [f"{person.number}={person.scenario}" for person in plan.people]
    return _python(
        "vitals_firmware_sim",
        "run",
        "--listen",
        f"unix-server:{plan.socket}",
        "--ledger",
        str(plan.ledger),
        "--seed",
        str(plan.seed),
        "--time-scale",
        f"{plan.time_scale:g}",
        *(word for person in people for word in ("--person", person)),
        *plan.simulator_options,
    )
