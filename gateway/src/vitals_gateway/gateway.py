"""The gateway as a whole: radio, recorder, spool and uplink, started together and ended in order."""

import asyncio
import logging
import random
from collections.abc import Collection
from pathlib import Path
from typing import Final

from vitals import gatt
from vitals.clock import Clock
from vitals_gateway import batching, sending
from vitals_gateway.config import Config, broker_address
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


async def run(config: Config, clock: Clock, stop: asyncio.Event) -> None:
    """Run until *stop* is set; then store, send and say goodbye within a few seconds.

    Raises:
        ConfigurationError: the spool or the radio cannot be used as configured.
        StoreError: the spool can neither be opened nor begun.
    """
    scale = config.time_scale
    mode = config.generation_mode
    bounds = Bounds(max_bytes=config.spool.max_bytes, max_age_ms=config.spool.days * _DAY_MS, keep_ms=_DAY_MS * scale)
    identity = Identity(gateway=config.gateway, mode=mode, boot=clock.boot(), bounds=bounds)
    status = Status(mode, clock.boot())
    sender = sending.Sender(sending.Pace().scaled(scale), random.SystemRandom().random)
    keeper = Keeper(Path(config.spool.path), identity, gatt.read, clock)
    uplink = Uplink(config.gateway, broker_address(config.broker.url), keeper, status, sender, clock, scale=scale)
    async with keeper:
        pace = batching.Pace(batch_ms=config.spool.batch_ms).scaled(scale)
        recorder = Recorder(keeper, clock, status, uplink.hearing, pace=pace, scale=scale)
        _LOG.info("gateway %s started", config.gateway)

        def wanted() -> Collection[str]:
            return uplink.commands.sensors or config.sensors

        async def read_sensors() -> None:
            radio = config.radio
            async with open_radio(
                radio.kind, adapter=radio.adapter, transport=radio.transport, slots=radio.slots
            ) as opened:
                await run_sensors(opened, recorder, clock, wanted=wanted, time_scale=scale)

        async with asyncio.TaskGroup() as group:
            sensors = group.create_task(read_sensors(), name="sensors")
            recording = group.create_task(recorder.run(), name="recorder")
            linked = group.create_task(uplink.run(), name="uplink")
            await stop.wait()
            sensors.cancel()
            await asyncio.wait([sensors], timeout=_RADIO_OFF_S)
            recorder.end()
            await asyncio.wait([recording], timeout=_STORED_S)
            uplink.close()
            await asyncio.wait([linked], timeout=2 * LAST_WORDS_S)
            recording.cancel()
            linked.cancel()
    _LOG.info("gateway %s stopped", config.gateway)
