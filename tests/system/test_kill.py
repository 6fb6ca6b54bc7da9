"""Kill the gateway, the broker and the collector in mid-stream: nothing unexplained, nothing doubled, still alarmed."""

import asyncio
import random
from pathlib import Path

import pytest
from tests.brokers import KINDS, Broker
from tests.counts import count
from tests.system import chains

from vitals.cli.demo.chain import Chain

KILLS = count(short=3, long=30)


class Victim:
    """What is killed: a part of the chain, or the broker beside it."""

    def __init__(self, name: str, chain: Chain, broker: Broker) -> None:
        self.name = name
        self._chain = chain
        self._broker = broker

    async def kill_and_restart(self, pause_s: float) -> None:
        if self.name == "broker":
            await asyncio.to_thread(self._broker.kill)
            await asyncio.sleep(pause_s)
            await asyncio.to_thread(self._broker.start)
            return
        part = {"gateway": self._chain.gateway, "collector": self._chain.server}[self.name]
        await part.kill()
        await asyncio.sleep(pause_s)
        await part.start()


@pytest.mark.parametrize("name", ["gateway", "broker", "collector"])
@pytest.mark.parametrize("kind", KINDS if KILLS > 3 else KINDS[:1])
async def test_nothing_unexplained_after_kills(kind: str, name: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    moments = random.Random(seed)
    with Broker(kind, tmp_path) as broker:
        chain = Chain(chains.plan_for(tmp_path / "s", broker.url))
        async with chain.running():
            await chains.until(lambda: chains.values_shown(chain), within_s=40, what="values on the wall")
            victim = Victim(name, chain, broker)
            for _ in range(KILLS):
                await asyncio.sleep(moments.uniform(0.2, 2.5))
                await victim.kill_and_restart(moments.uniform(0.0, 1.0))
                await chains.until(lambda: chains.values_shown(chain), within_s=40, what=f"values again (seed {seed})")
            alarm = await chains.until(lambda: chains.spo2_alarm(chain), within_s=60, what=f"the alarm (seed {seed})")
            account = await chains.drained_account(chain)
    assert alarm["value"] < 85
    assert account.observations_sent > 0
    assert account.unexplained_sent == [], f"seed {seed}"
    assert account.doubled_stored == [], f"seed {seed}"
    assert set(account.dropped_by) <= ({"gateway_down"} if name == "gateway" else set()), f"seed {seed}"
    assert account.observations_sent == account.observations_committed + account.dropped
