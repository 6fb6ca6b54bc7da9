"""Run the collector: the stages of the pipeline under one task group."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from vitals.clock import Clock
from vitals.collector.acknowledgement import CREDIT_BYTES, INTERVAL_MS, Acknowledgements
from vitals.collector.base import Condition, Desk
from vitals.collector.committing import Committer
from vitals.collector.config import ServerConfig
from vitals.collector.intake import Intake
from vitals.collector.lateness import Lateness
from vitals.collector.lifeline import Lifeline
from vitals.collector.link import Link
from vitals.collector.parts import GuardedDesk, Parts
from vitals.collector.pending import Pending
from vitals.collector.sealing import Sealing
from vitals.errors import StoreError
from vitals.series.base import Series

_log = logging.getLogger(__name__)

TICK_S: Final = 0.25
LAG_MS: Final = 1000
"""Architecture, rule 8: an event loop that is held up longer is a technical condition."""
LAG_SHOWN_MS: Final = 10_000
PERSIST_RETRY_S: Final = 2.0
RECALLED: Final = 5000
"""Log rows that are looked at for the clocks of gateways that were heard before a restart."""


async def run_collector(
    config: ServerConfig,
    desk: Desk,
    store: Series,
    clock: Clock,
    life: Lifeline | None = None,
    consumed: Callable[[], int] = lambda: 0,
) -> None:
    """Receive, alarm, record, acknowledge and seal until cancelled. The caller opened *store* and closes it.

    Args:
        config: the server's configuration.
        desk: restored from the log before this is called.
        store: of the same generation mode as *config*.
        clock: time.
        life: where the console says what came to it; without one no round is ever closed.
        consumed: how far every consumer has come in the log; it may block. Nothing beyond is sealed.
    """
    parts = assemble(config, desk, store, clock, life)
    link = Link(config.broker, parts)
    intake = Intake(parts, link.introduce)
    recall(parts, intake)
    committer = Committer(parts)
    sealing = Sealing(store, consumed, clock=clock, retention=config.retention, time_scale=config.time_scale)
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="series") as worker:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(link.receive(intake), name="receive")
                tasks.create_task(link.publish(), name="publish")
                tasks.create_task(committer.run(worker), name="commit")
                tasks.create_task(sealing.run(worker), name="seal")
                tasks.create_task(_tick(parts, link), name="tick")
                tasks.create_task(_persist(parts), name="persist")
    finally:
        try:
            await parts.desk.persist()
        except StoreError as error:
            _log.error("alarms were not recorded at the end: %s", error)


def assemble(config: ServerConfig, desk: Desk, store: Series, clock: Clock, life: Lifeline | None = None) -> Parts:
    """What the stages share."""
    parts = Parts(
        desk=GuardedDesk(desk, clock, config.time_scale),
        store=store,
        clock=clock,
        mode=config.mode,
        time_scale=config.time_scale,
        pending=Pending(),
        acknowledgements=Acknowledgements(round(INTERVAL_MS * config.time_scale), CREDIT_BYTES),
        lateness=Lateness(),
        wake=asyncio.Event(),
        life=life or Lifeline(clock, config.time_scale),
    )
    parts.life.closing = parts.rounds_closed
    return parts


def recall(parts: Parts, intake: Intake) -> None:
    """Take up what the store knows: its gateways, how their clocks stood, and what waits in quarantine."""
    counts = parts.store.counts()
    for logged in parts.store.replay(max(0, counts.rows - RECALLED)):
        parts.lateness.restore(logged, parts.clock.boot())
    intake.know(parts.store.gateways())
    if counts.quarantined_batches:
        waiting = f"{counts.quarantined_batches} messages wait in quarantine"
        parts.notices.begin(Condition.QUARANTINED, waiting)


async def _tick(parts: Parts, link: Link) -> None:
    period_s = TICK_S * parts.time_scale
    now_ms = parts.clock.monotonic_ms()
    while True:
        due_ms = now_ms + period_s * 1000
        await asyncio.sleep(period_s)
        now_ms = parts.clock.monotonic_ms()
        if now_ms - due_ms > LAG_MS:
            shown_ms = now_ms + round(LAG_SHOWN_MS * parts.time_scale)
            parts.notices.begin(Condition.COLLECTOR_SLOW, "the collector was held up for over a second", shown_ms)
        parts.notices.tick(now_ms)
        parts.desk.tick(now_ms)
        parts.life.turn(
            now_ms,
            linked=link.connected,
            waiting_ms=parts.pending.oldest_ms,
            holds=parts.notices.holds,
            durable=lambda gateway, epoch, seq: parts.store.around(gateway, epoch, seq) is not None,
        )


async def _persist(parts: Parts) -> None:
    while True:
        await asyncio.sleep(TICK_S * parts.time_scale)
        try:
            await parts.desk.persist()
        except StoreError as error:
            parts.notices.begin(Condition.ALARMS_NOT_RECORDED, f"alarms are not being recorded: {error}")
            await asyncio.sleep(PERSIST_RETRY_S * parts.time_scale)
        else:
            parts.notices.end(Condition.ALARMS_NOT_RECORDED)
