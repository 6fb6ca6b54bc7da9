"""Every sensor in reach of one radio: found, connected, subscribed, and again when it is lost."""

import asyncio
import logging
import random
from collections.abc import Callable, Collection
from typing import Final, NoReturn

from vitals.clock import Clock
from vitals.errors import AdapterGone
from vitals_gateway import drivers
from vitals_gateway.cancellation import honour_cancellation
from vitals_gateway.intake import Intake
from vitals_gateway.radio.base import Radio, Sighting
from vitals_gateway.sensor import Air, Sensor
from vitals_gateway.session import RADIO_BACKOFF, Pace

_LOG: Final = logging.getLogger(__name__)
_JITTER: Final = random.SystemRandom()


async def run_sensors(
    radio: Radio,
    intake: Intake,
    clock: Clock,
    *,
    wanted: Callable[[], Collection[str]],
    time_scale: float = 1.0,
    pace: Pace | None = None,
) -> NoReturn:
    """Read sensors until cancelled; a radio that is not there is logged and tried again.

    Cancelled, it disconnects every link within two seconds and reports their ends as ``gateway_down``.

    Args:
        radio: what ``open_radio`` yields.
        intake: where notifications and the ends of links go.
        clock: stamps arrivals.
        wanted: the addresses that may be read at this moment; empty means every sensor that has a driver.
        time_scale: multiplies every delay.
        pace: the delays that it multiplies.

    Raises:
        ConfigurationError: the radio cannot exist as it is configured.
    """
    roster = Roster(intake, clock, (pace or Pace()).scaled(time_scale), wanted)
    failures = 0
    while True:
        try:
            async with radio.opened(roster.sighted) as adapter:
                failures = 0
                await roster.serve(Air(adapter))
        except AdapterGone as error:
            failures += 1
            roster.complain(str(error))
            honour_cancellation()
        await asyncio.sleep(RADIO_BACKOFF.delay_s(failures, _JITTER.random()) * time_scale)


class Roster:
    """The sensors that were seen, or are to be."""

    def __init__(self, intake: Intake, clock: Clock, pace: Pace, wanted: Callable[[], Collection[str]]) -> None:
        self._intake = intake
        self._clock = clock
        self._pace = pace
        self._wanted = wanted
        self._sensors: dict[str, Sensor] = {}
        self._new: asyncio.Queue[Sensor] = asyncio.Queue()
        self._heard_ms = 0
        self._complaint = ""

    def is_wanted(self, address: str) -> bool:
        """Whether this sensor may be read at this moment."""
        wanted = self._wanted()
        return not wanted or address in {item.upper() for item in wanted}

    def complain(self, text: str) -> None:
        """Say that the radio is gone: once, not each time that it still is."""
        _LOG.log(logging.DEBUG if text == self._complaint else logging.WARNING, "radio lost: %s", text)
        self._complaint = text

    def sighted(self, sighting: Sighting) -> None:
        """A sensor advertises."""
        self._heard_ms = self._clock.monotonic_ms()
        if self._complaint:
            _LOG.warning("radio restored")
            self._complaint = ""
        sensor = self._sensors.get(sighting.address)
        if sensor is None:
            # A sensor that is named may hide what it is; any other has to advertise something a driver knows.
            if not self.is_wanted(sighting.address) or not (self._wanted() or drivers.known(sighting.services)):
                return
            sensor = self._add(sighting.address)
        sensor.sighted(sighting)

    async def serve(self, air: Air) -> None:
        """Run every sensor with this radio.

        Raises:
            AdapterGone: it went away; every link has ended.
        """
        self._heard_ms = self._clock.monotonic_ms()
        self._new = asyncio.Queue()
        for sensor in self._sensors.values():
            self._new.put_nowait(sensor)
        reasons: list[str] = []
        try:
            async with asyncio.TaskGroup() as group:
                self._expect()
                group.create_task(self._watch(air), name="adapter")
                group.create_task(self._listen(air), name="air")
                while True:
                    sensor = await self._new.get()
                    group.create_task(_run(sensor, air), name=sensor.address)
        except* AdapterGone as gone:
            reasons += [str(error) for error in gone.exceptions]
        raise AdapterGone(reasons[0])

    async def _watch(self, air: Air) -> NoReturn:
        reason = await air.adapter.gone()
        air.ending = "link_lost"
        raise AdapterGone(reason)

    async def _listen(self, air: Air) -> NoReturn:
        """An adapter that hears nothing at all while no link is up may be dead without saying so."""
        while True:
            await asyncio.sleep(self._pace.deaf_s / 4)
            self._expect()
            now_ms = self._clock.monotonic_ms()
            if any(sensor.is_linked for sensor in self._sensors.values()):
                self._heard_ms = now_ms
            elif now_ms - self._heard_ms >= self._pace.deaf_s * 1000:
                air.ending = "link_lost"
                raise AdapterGone(f"nothing was heard for {self._pace.deaf_s:g} s; scanning starts anew")

    def _expect(self) -> None:
        """Show the sensors that are asked for by name and were never seen."""
        for address in self._wanted():
            if address.upper() not in self._sensors:
                self._add(address.upper()).missing()

    def _add(self, address: str) -> Sensor:
        sensor = Sensor(address, self._intake, self._clock, self._pace, self.is_wanted)
        self._sensors[address] = sensor
        self._new.put_nowait(sensor)
        return sensor


async def _run(sensor: Sensor, air: Air) -> None:
    try:
        await sensor.run(air)
    except AdapterGone:
        air.ending = "link_lost"
        raise
