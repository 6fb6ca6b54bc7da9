"""The whole chain as processes, for tests that watch it or kill a part of it."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from vitals.cli.demo.accounting import Account
from vitals.cli.demo.chain import GATEWAY, Chain, Plan
from vitals.cli.demo.outcome import account_for
from vitals.cli.demo.people import PEOPLE, Person, enrol
from vitals.cli.demo.processes import free_port
from vitals.cli.remote import get
from vitals.errors import LinkError

T = TypeVar("T")

SCALE = 0.1
"""Ten times faster: a 5 s delay takes half a second, a sensor notifies every 100 ms."""


def plan_for(folder: Path, broker_url: str, *, people: tuple[Person, ...] = PEOPLE[:2], **options: Any) -> Plan:
    """A plan on free ports, with the people enrolled."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        folder=folder,
        console_port=free_port(),
        broker_port=free_port(),
        broker_url=broker_url,
        people=people,
        mode="test",
        **{"time_scale": SCALE, **options},
    )
    enrol(plan.registry, people, GATEWAY)
    return plan


async def until(look: Callable[[], T | None], *, within_s: float, what: str) -> T:
    """The first answer of *look* that is not None or False; fails with *what* when it takes too long."""
    end = time.monotonic() + within_s  # noqa: TID251 - a bound on a test's wait
    while time.monotonic() < end:  # noqa: TID251 - a bound on a test's wait
        try:
            answer = await asyncio.to_thread(look)
        except LinkError:
            answer = None
        if answer:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {within_s:g} s: {what}")


def snapshot(chain: Chain) -> dict[str, Any]:
    """What the console shows now."""
    shown: dict[str, Any] = get(chain.plan.console_url, "/api/v1/snapshot")
    return shown


def values_shown(chain: Chain) -> bool:
    """Whether every patient's SpO2 has a value on the wall."""
    tiles = snapshot(chain)["tiles"]
    return bool(tiles) and all(tile["shown"].get("spo2", {}).get("value") is not None for tile in tiles)


def spo2_alarm(chain: Chain) -> dict[str, Any] | None:
    """The high SpO2 alarm, if it is there."""
    alarms = snapshot(chain)["alarms"]
    return next((a for a in alarms if a["condition"] == "spo2.low" and a["priority"] == "high"), None)


async def drained_account(chain: Chain) -> Account:
    """Stop the sensors, let the chain drain, and balance the books."""
    return await account_for(chain)
