"""The server: one process that collects, alarms and shows. This is where collector and console meet."""

import asyncio
import gc
import logging
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from vitals.clock import Clock, SystemClock
from vitals.collector.app import run_collector
from vitals.collector.config import ServerConfig, load
from vitals.collector.desk import CURSOR, AlarmDesk
from vitals.collector.lifeline import Lifeline
from vitals.collector.profiles import load_profile
from vitals.collector.scoretables import load_tables, require_scores
from vitals.collector.statusboard import StatusBoard
from vitals.console.replays import Replays
from vitals.console.serve import serve_console
from vitals.errors import StoreError, VitalsError
from vitals.notify.config import read
from vitals.notify.frontdesk import FrontDesk
from vitals.notify.notifier import UNREACHED, Notifier, run_notifier
from vitals.notify.push_keys import load as load_push_key
from vitals.observation import GenerationMode
from vitals.registry import Registry, open_registry
from vitals.series.sqlite import SqliteSeries

_log = logging.getLogger(__name__)

FOLLOW_S: Final = 10.0
"""How long a change of the registry by another process goes unnoticed at most."""


async def run(path: Path) -> None:
    """Serve what the configuration at *path* says until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: something in the file cannot be used.
        VitalsError: a store cannot be opened, the console's port is taken, or another server notifies.
    """
    config = load(path)
    profile, tables = load_profile(config.profile), load_tables(config.scores)
    require_scores(profile, tables)
    clock = SystemClock()
    with ExitStack() as open_stores:
        registry = open_registry(config.registry)
        open_stores.callback(registry.close)
        store = SqliteSeries(config.series, config.mode)
        open_stores.callback(store.close)
        cursor = registry.cursor(CURSOR)
        if cursor is not None and store.renew_if_set_back(cursor.store, cursor.log_seq):
            _log.warning(
                "%s is an older copy: a new name for it, so that gateways send again what they keep", config.series
            )
        desk = AlarmDesk(
            registry, mode=config.mode, profile=profile, clock=clock, time_scale=config.time_scale, tables=tables
        )
        life = Lifeline(clock, config.time_scale, config.path, desk)
        notifying = _notifying(path, config, desk, registry, clock, life)  # a second server on this registry ends here
        desk.start(store)
        gc.collect()
        gc.freeze()  # a ward is many objects that stay: looking for cycles among them took 175 ms with 1,000 patients
        replays = Replays([sys.executable, "-m", "vitals.cli.replay_worker", "--config", str(path)], clock)
        try:
            await _until_told(config, desk, store, clock, life, notifying, registry, replays)
        except* VitalsError as group:
            raise _first(group) from None


def _notifying(
    path: Path, config: ServerConfig, desk: AlarmDesk, registry: Registry, clock: Clock, life: Lifeline
) -> tuple[Notifier, FrontDesk] | tuple[None, None]:
    """Who tells people who are not at a console, and what the console asks of that.

    Without a ``[notify]`` section nobody does, and real mode says so.
    """
    settings = read(config.notify, path.parent)
    if settings is None:
        if config.mode is GenerationMode.REAL:
            desk.notice(
                "nobody_notified", "nobody is notified away from the consoles: no [notify] in the configuration"
            )
        return None, None

    def notice(code: str, text: str | None) -> None:
        desk.notice(code, text)
        if code == UNREACHED:
            life.untold(text and "there are alarms of which nobody can be told")

    notifier = Notifier(
        settings,
        desk,
        registry,
        mode=config.mode,
        clock=clock,
        notice=notice,
        time_scale=config.time_scale,
        realarm=desk.realarm,
    )
    notifier.claim()
    life.notifying = lambda: notifier.idle_ms
    key = "" if settings.push is None else load_push_key(settings.push.key).public
    return notifier, FrontDesk(settings, registry, notifier, clock, push_key=key)


async def _until_told(
    config: ServerConfig,
    desk: AlarmDesk,
    store: SqliteSeries,
    clock: Clock,
    life: Lifeline,
    notifying: tuple[Notifier, FrontDesk] | tuple[None, None],
    registry: Registry,
    replays: Replays,
) -> None:
    notifier, front_desk = notifying
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    board = StatusBoard(desk, clock)

    def consumed() -> int:
        """How far every consumer of the log has come: today the alarms alone."""
        cursor = registry.cursor(CURSOR)
        return cursor.log_seq if cursor is not None and cursor.store == store.store else 0

    async with asyncio.TaskGroup() as tasks:
        parts = [
            tasks.create_task(run_collector(config, board, store, clock, life, consumed), name="collector"),
            tasks.create_task(_follow(desk, registry, FOLLOW_S * config.time_scale), name="registry"),
            tasks.create_task(
                serve_console(
                    desk,
                    config.console.host,
                    config.console.port,
                    clock=clock,
                    status=lambda: board.report(desk.snapshot(), config.mode, store.counts(), life.report()),
                    path=life,
                    replays=replays,
                    front_desk=front_desk,
                    ready=lambda address: _log.info("the console is at %s", address),
                ),
                name="console",
            ),
        ]
        if notifier is not None:
            parts.append(tasks.create_task(run_notifier(notifier), name="notify"))
        await told.wait()
        for part in parts:
            part.cancel()


async def _follow(desk: AlarmDesk, registry: Registry, period_s: float) -> None:
    """Take up what others write into the registry: people, bindings, plans, gateways."""
    taken = None
    while True:
        await asyncio.sleep(period_s)
        try:
            found = await asyncio.to_thread(registry.revision)
            if found != taken:
                await desk.refresh()
                taken = found
        except StoreError as error:
            desk.notice("registry_unread", f"changes of people, sensors and plans are not taken up: {error}")
        else:
            desk.notice("registry_unread", None)


def _first(group: BaseExceptionGroup[VitalsError]) -> VitalsError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, VitalsError)
    return error
