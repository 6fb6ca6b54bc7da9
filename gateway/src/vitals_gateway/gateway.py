"""The gateway as a whole: radio, recorder, spool and uplink, started together and ended in order."""

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

from vitals import gatt
from vitals.clock import Clock
from vitals_gateway import batching, sending
from vitals_gateway.config import Config, broker_address
from vitals_gateway.intake import Intake
from vitals_gateway.life import LifeSigns
from vitals_gateway.radio import open_radio
from vitals_gateway.recorder import Recorder
from vitals_gateway.sensors import run_sensors
from vitals_gateway.spool.keeper import Keeper
from vitals_gateway.spool.opening import Identity
from vitals_gateway.spool.rows import Bounds
from vitals_gateway.status import Status
from vitals_gateway.uplink import LAST_WORDS_S, Uplink

_LOG: Final = logging.getLogger(__name__)
_DAY_MS: Final = 86_400_000
_RADIO_OFF_S: Final = 3.0
_STORED_S: Final = 5.0


Sensors = Callable[[Intake, Callable[[], Collection[str]]], Coroutine[Any, Any, None]]
"""Where notifications go, and which sensors are wanted: reads them until cancelled."""


async def run(config: Config, clock: Clock, stop: asyncio.Event, sensors_of: Sensors | None = None) -> None:
    """Run until *stop* is set; then store, send and say goodbye within a few seconds.

    *sensors_of* reads the sensors; by default those of the radio that the configuration names.

    Raises:
        ConfigurationError: the spool or the radio cannot be used as configured.
        StoreError: the spool can neither be opened nor begun.
    """
    sensors_of = sensors_of or partial(read_sensors, config, clock)
    scale = config.time_scale
    mode = config.generation_mode
    bounds = Bounds(max_bytes=config.spool.max_bytes, max_age_ms=config.spool.days * _DAY_MS, keep_ms=_DAY_MS * scale)
    identity = Identity(gateway=config.gateway, mode=mode, boot=clock.boot(), bounds=bounds)
    status = Status(mode, clock.boot())
    sender = sending.Sender(sending.Pace().scaled(scale), random.SystemRandom().random)
    keeper = Keeper(Path(config.spool.path), identity, gatt.read, clock)
    life = LifeSigns(Path(config.spool.path), keeper, status, clock, scale=scale)
    uplink = Uplink(config.gateway, broker_address(config.broker.url), keeper, status, sender, life, clock, scale=scale)
    async with keeper:
        pace = batching.Pace(batch_ms=config.spool.batch_ms).scaled(scale)
        recorder = Recorder(keeper, clock, status, uplink.hearing, pace=pace, scale=scale)
        _LOG.info("gateway %s started", config.gateway)

        def wanted() -> Collection[str]:
            return uplink.commands.sensors or config.sensors

        async with asyncio.TaskGroup() as group:
            reading = group.create_task(sensors_of(recorder, wanted), name="sensors")
            recording = group.create_task(recorder.run(), name="recorder")
            linked = group.create_task(uplink.run(), name="uplink")
            living = group.create_task(life.watch(), name="life")
            await stop.wait()
            reading.cancel()
            await asyncio.wait([reading], timeout=_RADIO_OFF_S)
            recorder.end()
            await asyncio.wait([recording], timeout=_STORED_S)
            uplink.close()
            await asyncio.wait([linked], timeout=2 * LAST_WORDS_S)
            for task in (recording, linked, living):
                task.cancel()
    _LOG.info("gateway %s stopped", config.gateway)


async def read_sensors(config: Config, clock: Clock, intake: Intake, wanted: Callable[[], Collection[str]]) -> None:
    """Read the sensors in reach of the configured radio."""
    radio = config.radio
    async with open_radio(radio.kind, adapter=radio.adapter, transport=radio.transport, slots=radio.slots) as opened:
        await run_sensors(opened, intake, clock, wanted=wanted, time_scale=config.time_scale)
