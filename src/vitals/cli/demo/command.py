"""``vitals demo``: the whole chain on one machine, with simulated sensors."""

import asyncio
import json as json_module
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vitals.cli.demo import observer, outcome
from vitals.cli.demo.chain import GATEWAY, Chain, Plan
from vitals.cli.demo.folder import state_folder
from vitals.cli.demo.people import PEOPLE, enrol
from vitals.cli.demo.processes import free_port, require_free_port
from vitals.cli.entry import Exit
from vitals.cli.remote import get
from vitals.clock import SystemClock, parse_iso
from vitals.delays import require_time_scale
from vitals.errors import ConfigurationError, VitalsError
from vitals.observation import GenerationMode

ALARM_WITHIN_S = 120.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def demo(
    *,
    until_alarm: bool = False,
    headless: bool = False,
    json: bool = False,
    port: int = 8470,
    state: Path | None = None,
    time_scale: float = 1.0,
    seed: int = 7,
) -> int:
    """Run simulated sensors, gateway, broker, collector and console, and print the address of the page.

    Everything in it is invented, and every screen says DEMO. Ctrl-C ends every process.

    Args:
        until_alarm: end by itself after the desaturation alarm was raised, delivered, acknowledged and accounted for.
        headless: choose a free port and expect no person.
        json: print one JSON object at the end of --until-alarm.
        port: where the console listens.
        state: folder for databases, ledger and logs; by default a temporary one that is removed.
        time_scale: multiplies every delay: 0.1 runs ten times faster.
        seed: of the simulated people.
    """
    require_time_scale(GenerationMode.DEMO, time_scale)
    if headless:
        port = free_port()
    require_free_port("127.0.0.1", port)
    with state_folder(state) as folder:
        plan = Plan(
            folder=folder,
            console_port=port,
            broker_port=free_port(),
            people=PEOPLE,
            time_scale=time_scale,
            seed=seed,
        )
        if until_alarm and plan.ledger.exists():
            raise ConfigurationError(f"--until-alarm counts from the start: {folder} holds an earlier demonstration")
        return asyncio.run(_run(plan, until_alarm=until_alarm, as_json=json))


async def _run(plan: Plan, *, until_alarm: bool, as_json: bool) -> int:
    chain = Chain(plan)
    with _cancelled_by_signals():
        try:
            async with chain.running(prepare=lambda: enrol(plan.registry, plan.people, GATEWAY)):
                if until_alarm:
                    return await _until_alarm(chain, as_json=as_json)
                print(f"DEMO with simulated sensors: open {plan.console_url}  (Ctrl-C ends it)", flush=True)
                await _until_interrupted(chain)
        except asyncio.CancelledError:
            print("every process has ended", file=sys.stderr)
    return Exit.INTERRUPTED if until_alarm else Exit.DONE


async def _until_alarm(chain: Chain, *, as_json: bool) -> int:
    clock = SystemClock()
    within_s = ALARM_WITHIN_S * max(1.0, chain.plan.time_scale)
    try:
        async with asyncio.timeout(within_s):
            alarm, heard_ms = await asyncio.to_thread(
                observer.hear_alarm, chain.plan.console_url, condition="spo2.low", priority="high", clock=clock
            )
    except TimeoutError:
        print(f"vitals: no high SpO2 alarm within {within_s:g} s; --state FOLDER keeps the logs", file=sys.stderr)
        return Exit.NOT_MET
    heard_utc_ms = clock.utc_ms() - (clock.monotonic_ms() - heard_ms)
    acknowledged = await asyncio.to_thread(observer.acknowledge, chain.plan.console_url, alarm)
    account = await outcome.account_for(chain, clock)
    status = await asyncio.to_thread(get, chain.plan.console_url, "/api/v1/status")
    on_the_way_ms = float(heard_utc_ms - parse_iso(alarm["raised_at"]))
    latency_ms = {
        "notification_to_commit": status["latency_ms"]["notification_to_commit"],
        "condition_to_console": {"p50": on_the_way_ms, "p99": on_the_way_ms},
    }
    result = outcome.report(chain, account, [acknowledged], latency_ms)
    print(json_module.dumps(result) if as_json else _sentence(result), flush=True)
    return Exit.DONE if account.unexplained == 0 and account.doubled == 0 else Exit.NOT_MET


def _sentence(result: dict[str, Any]) -> str:
    alarm = result["alarms"][0]
    return (
        f"SpO2 {alarm['value']:g} % < {alarm['limit']:g} %: raised {alarm['raised_at']}, "
        f"acknowledged {alarm['acknowledged_at']}\n"
        f"{result['observations_sent']} observations sent = {result['observations_committed']} committed "
        f"+ {result['dropped']} dropped + {result['quarantined']} quarantined "
        f"+ {result['unexplained']} unexplained; {result['doubled']} doubled"
    )


async def _until_interrupted(chain: Chain) -> None:
    """Watch over the parts until a signal cancels this."""
    while True:
        for part in chain.parts:
            if not part.running:
                raise VitalsError(f"{part.ended()}: {part.last_words()}")
        await asyncio.sleep(0.5)


@contextmanager
def _cancelled_by_signals() -> Iterator[None]:
    """Ctrl-C or SIGTERM cancels this task, once: a second one must not break the orderly end of the parts."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for number in _SIGNALS:
        loop.add_signal_handler(number, _cancel_once, task)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def _cancel_once(task: asyncio.Task[object]) -> None:
    if not task.cancelling():
        task.cancel()
