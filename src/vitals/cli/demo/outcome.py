"""What a demonstration came to: the chain drained, the books balanced, one JSON object."""

import asyncio
from typing import Any

from vitals.cli.demo.accounting import Account, Sent, read_store, reconcile
from vitals.cli.demo.chain import Chain
from vitals.cli.remote import get
from vitals.clock import Clock, SystemClock
from vitals.errors import LinkError
from vitals.series.sqlite import open_reader

DRAIN_S = 30.0


async def account_for(chain: Chain, clock: Clock | None = None) -> Account:
    """Stop the sensors, wait until the spool is empty, and balance ledger against store.

    A chain that does not drain in time is accounted for as it stands: what is missing then shows as unexplained.
    """
    clock = clock or SystemClock()
    await chain.simulator.stop()
    await _drained(chain, since_ms=clock.monotonic_ms())
    return await asyncio.to_thread(balance, chain)


def balance(chain: Chain) -> Account:
    """Ledger against store, as both stand."""
    from vitals_firmware_sim.ledger import read  # noqa: PLC0415 - the simulator is an extra

    sent = [
        Sent(entry.sensor, entry.characteristic, entry.at_ms, bytes.fromhex(entry.payload), entry.observations)
        for entry in read(chain.plan.ledger).notifications
    ]
    store = open_reader(chain.plan.series)
    try:
        stored, declared = read_store(store)
        counts = store.counts()
    finally:
        store.close()
    account = reconcile(sent, stored, declared)
    account.redelivered = counts.redelivered
    return account


def report(chain: Chain, account: Account, alarms: list[dict[str, Any]], latency_ms: dict[str, Any]) -> dict[str, Any]:
    """The object that ``vitals demo --json`` prints (ARCHITECTURE: shapes that everything shares)."""
    return {
        "mode": chain.plan.mode,
        "notifications_sent": account.notifications_sent,
        "observations_sent": account.observations_sent,
        "observations_committed": account.observations_committed,
        "dropped": account.dropped,
        "quarantined": account.quarantined,
        "unexplained": account.unexplained,
        "doubled": account.doubled,
        "redelivered": account.redelivered,
        "alarms": [
            {
                "metric": alarm["metric"],
                "value": alarm["value"],
                "limit": alarm["limit"],
                "priority": alarm["priority"],
                "observed_at": alarm["observed_at"],
                "raised_at": alarm["raised_at"],
                "acknowledged_at": alarm["acknowledged_at"],
            }
            for alarm in alarms
        ],
        "latency_ms": latency_ms,
    }


async def _drained(chain: Chain, *, since_ms: int) -> None:
    try:
        async with asyncio.timeout(DRAIN_S):
            while not await asyncio.to_thread(_is_drained, chain, since_ms):
                await asyncio.sleep(0.2)
    except TimeoutError:
        return


def _is_drained(chain: Chain, since_ms: int) -> bool:
    try:
        gateways = get(chain.plan.console_url, "/api/v1/status")["gateways"]
    except LinkError:
        return False
    return bool(gateways) and all(
        gateway["published_ms"] > since_ms and gateway["spool_rows"] == 0 and gateway["connected"] == 0
        for gateway in gateways
    )
