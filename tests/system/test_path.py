"""The whole path, from simulated sensors to a page and back, watched while its legs break (S3, S4)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.brokers import KINDS, Broker
from tests.counts import full
from tests.integration.notify.sinks import HttpSink, http_sink
from tests.system import chains
from tests.system.pages import Page, page

from vitals.cli.demo.chain import Chain
from vitals.cli.demo.people import PEOPLE
from vitals.cli.remote import get
from vitals.cli.watching import Watching
from vitals.clock import SystemClock
from vitals.errors import LinkError
from vitals_gateway import life

WITHIN_S = 6.0
PATIENCE_S = 60.0


class Scene:
    """The chain, its page, and what the watchdog paged."""

    def __init__(self, chain: Chain, broker: Broker, shown: Page, pager: HttpSink) -> None:
        self.chain = chain
        self.broker = broker
        self.page = shown
        self.pager = pager

    def health(self) -> dict[str, Any]:
        """What the health address says; empty where it does not answer with health."""
        try:
            health: dict[str, Any] = get(self.chain.plan.console_url, "/healthz")
        except LinkError:
            return {}
        return health

    def texts(self) -> list[str]:
        return [str(request.body["message"]) for request in self.pager.requests]

    async def whole(self) -> None:
        await chains.until(lambda: self.health().get("whole"), within_s=PATIENCE_S, what="a whole path")

    async def paged(self, *said: str) -> None:
        """Wait for a page of a failure that names one of *said*."""
        await chains.until(
            lambda: any("failure" in text and any(word in text for word in said) for text in self.texts()),
            within_s=PATIENCE_S,
            what=f"a page that says {said}; there are {self.texts()}",
        )

    async def recovered(self) -> None:
        await chains.until(lambda: "healthy again" in self.texts()[-1], within_s=PATIENCE_S, what="the recovery")
        self.pager.requests.clear()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def watched(folder: Path, broker: Broker) -> AsyncIterator[Scene]:
    chain = Chain(chains.plan_for(folder / "s", broker.url, people=PEOPLE[:1]))
    async with chain.running(), http_sink() as pager:
        url = chain.plan.console_url
        dog = Watching(f"{url}/healthz", [f"json://127.0.0.1:{pager.port}/"], within_s=WITHIN_S, life_s=0)
        with page(url) as shown:
            scene = Scene(chain, broker, shown, pager)
            await chains.until(lambda: chains.values_shown(chain), within_s=PATIENCE_S, what="values")
            await scene.whole()
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(dog.run())
                try:
                    yield scene
                finally:
                    watching.cancel()


@pytest.mark.parametrize("kind", KINDS if full() else KINDS[:1])
async def test_s4_each_leg_that_breaks_is_paged_and_so_is_its_recovery(kind: str, tmp_path: Path) -> None:
    with Broker(kind, tmp_path) as broker:
        async with watched(tmp_path, broker) as scene:
            await _break_and_mend(scene)


async def _break_and_mend(scene: Scene) -> None:
    chain, broker = scene.chain, scene.broker
    health = scene.health()
    assert "Halvorsen" not in str(health)
    assert "gw-demo" not in str(health)
    await chains.until(
        lambda: life.read(chain.plan.spool, SystemClock())["round_s"] is not None,
        within_s=PATIENCE_S,
        what="the gateway hears of a full round",
    )

    await asyncio.to_thread(broker.pause)
    await scene.paged("503 broker", "503 gateways", "503 round")
    await asyncio.to_thread(broker.resume)
    await scene.recovered()

    await chain.gateway.kill()
    await scene.paged("503 gateways", "503 round")
    await chain.gateway.start()
    await scene.recovered()

    with stopped(chain.server.pid):  # a loop that hangs answers nobody
        await scene.paged("no answer")
    await scene.recovered()


@pytest.mark.skipif(not full(), reason="run by make test-long")
async def test_s3_s4_what_takes_longer_to_break_is_paged_too(tmp_path: Path) -> None:
    with Broker(KINDS[0], tmp_path) as nats:
        async with watched(tmp_path, nats) as scene:
            chain = scene.chain
            scene.page.audible = False
            await scene.paged("503 stations", "503 round")
            alarms = chains.snapshot(chain)["alarms"]
            assert [alarm["priority"] for alarm in alarms if alarm["condition"] == "stations_silent"] == ["medium"]
            assert scene.page.path["broken"]
            scene.page.audible = True
            await scene.recovered()
            await chain.server.kill()
            await scene.paged("no answer")
            await chain.server.start()
            await scene.recovered()
            await asyncio.to_thread(nats.kill)
            await scene.paged("503 broker")
            await asyncio.to_thread(nats.start)
            await scene.recovered()


async def test_a_gateway_says_that_nobody_watches_and_that_somebody_does_again(tmp_path: Path) -> None:
    with Broker(KINDS[0], tmp_path) as broker:
        await _unwatched(Chain(chains.plan_for(tmp_path / "s", broker.url, people=PEOPLE[:1])))


async def _unwatched(chain: Chain) -> None:
    async with chain.running():
        url = chain.plan.console_url

        def problems() -> list[str]:
            return [
                str(problem) for gateway in get(url, "/api/v1/status")["gateways"] for problem in gateway["problems"]
            ]

        unwatched = "nobody watches: no sign of life has come back from a console yet"
        await chains.until(lambda: unwatched in problems(), within_s=PATIENCE_S, what="nobody watches")
        assert unwatched in chain.gateway.log.read_text()
        assert life.read(chain.plan.spool, SystemClock())["unwatched"] == unwatched
        with page(url):
            await chains.until(lambda: unwatched not in problems(), within_s=PATIENCE_S, what="somebody watches")
            await chains.until(
                lambda: life.read(chain.plan.spool, SystemClock())["unwatched"] is None,
                within_s=PATIENCE_S,
                what="the file says so",
            )
