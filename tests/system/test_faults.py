"""What goes wrong says so once, and nothing goes unexplained."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from tests.brokers import KINDS, Broker
from tests.system import chains

from vitals.cli.demo.chain import Chain
from vitals.cli.demo.people import PEOPLE
from vitals.cli.remote import get


async def test_unreadable_notifications_are_set_aside_and_counted(tmp_path: Path) -> None:
    with Broker(KINDS[0], tmp_path) as broker:
        chain = Chain(chains.plan_for(tmp_path / "s", broker.url, simulator_options=("--garbage", "4")))
        async with chain.running():
            await chains.until(lambda: _quarantined(chain) > 5, within_s=60, what="something in quarantine")
            account = await chains.drained_account(chain)
    assert account.quarantined > 5
    assert account.unexplained_sent == []
    assert account.doubled_stored == []
    assert account.observations_sent == account.observations_committed + account.quarantined


async def test_a_broker_that_is_not_there_is_one_line_and_costs_nothing(tmp_path: Path) -> None:
    broker = Broker(KINDS[0], tmp_path)
    chain = Chain(chains.plan_for(tmp_path / "s", broker.url))
    try:
        async with chain.running():
            await chains.until(lambda: "link up" in chain.gateway.log.read_text(), within_s=40, what="a sensor")
            await asyncio.sleep(3)
            said = [line for line in chain.gateway.log.read_text().splitlines() if "not reachable" in line]
            assert len(said) == 1
            assert broker.url in said[0]
            assert any("broker" in notice for notice in get(chain.plan.console_url, "/api/v1/status")["notices"])
            await asyncio.to_thread(broker.start)
            await chains.until(lambda: chains.values_shown(chain), within_s=60, what="values")
            account = await chains.drained_account(chain)
    finally:
        broker.stop()
    assert account.unexplained_sent == []
    assert account.doubled_stored == []
    assert account.dropped == 0


async def test_a_full_spool_drops_the_oldest_and_says_so(tmp_path: Path) -> None:
    """The line is cut until the spool's bound is reached: what it had to drop is declared, all the rest arrives."""
    with Broker(KINDS[0], tmp_path) as broker:
        plan = chains.plan_for(tmp_path / "s", broker.url, people=PEOPLE, spool_max_bytes=262_144, time_scale=0.05)
        chain = Chain(plan)
        async with chain.running():
            await chains.until(lambda: chains.values_shown(chain), within_s=60, what="values")
            await asyncio.to_thread(broker.stop)
            await chains.until(lambda: "spool" in _said(chain, "full"), within_s=90, what="the full spool is said")
            await asyncio.to_thread(broker.start)
            account = await chains.drained_account(chain)
    assert account.dropped_by.get("full", 0) > 0
    assert set(account.dropped_by) <= {"full", "link_lost"}
    assert account.unexplained_sent == []
    assert account.doubled_stored == []


async def test_a_radio_that_stalls_loses_nothing_unexplained(tmp_path: Path) -> None:
    """The controller stops answering, then goes on as if nothing had been: every sensor is read again."""
    with Broker(KINDS[0], tmp_path) as broker:
        chain = Chain(chains.plan_for(tmp_path / "s", broker.url))
        everyone = 2 * len(chain.plan.people)
        async with chain.running():
            await chains.until(lambda: chains.values_shown(chain), within_s=60, what="values")
            os.kill(chain.simulator.pid, signal.SIGSTOP)
            try:
                await chains.until(lambda: _said(chain, "radio lost"), within_s=60, what="the lost radio is said")
                await chains.until(lambda: len(_lost(chain)) == everyone, within_s=60, what="problems")
            finally:
                os.kill(chain.simulator.pid, signal.SIGCONT)
            await chains.until(lambda: _connected(chain) == everyone, within_s=60, what="all sensors")
            await chains.until(lambda: not _lost(chain), within_s=60, what="no problem")
            await chains.until(lambda: chains.values_shown(chain), within_s=60, what="values again")
            account = await chains.drained_account(chain)
    assert account.unexplained_sent == []
    assert account.doubled_stored == []
    assert set(account.dropped_by) <= {"link_lost"}
    assert account.observations_sent == account.observations_committed + account.dropped


def _gateway(chain: Chain) -> dict[str, Any]:
    gateways: list[dict[str, Any]] = get(chain.plan.console_url, "/api/v1/status")["gateways"]
    return gateways[0]


def _connected(chain: Chain) -> int:
    counted: int = _gateway(chain)["connected"]
    return counted


def _lost(chain: Chain) -> list[str]:
    return [problem for problem in _gateway(chain)["problems"] if "F0:00:00" in problem]


def _quarantined(chain: Chain) -> int:
    counted: int = get(chain.plan.console_url, "/api/v1/status")["series"]["quarantined"]
    return counted


def _said(chain: Chain, word: str) -> str:
    return "\n".join(line for line in chain.gateway.log.read_text().splitlines() if word in line)
