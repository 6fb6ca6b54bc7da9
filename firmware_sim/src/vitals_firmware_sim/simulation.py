"""A simulation: sensors on the air, gateways at the sockets, time that passes, and an orderly end."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

import msgspec

from vitals.clock import Clock
from vitals.errors import VitalsError
from vitals_firmware_sim.air import Air
from vitals_firmware_sim.ledger import Ledger
from vitals_firmware_sim.listener import Endpoint, listening
from vitals_firmware_sim.peripherals.oximeter import Oximeter
from vitals_firmware_sim.peripherals.peripheral import Peripheral
from vitals_firmware_sim.peripherals.services import Identity
from vitals_firmware_sim.peripherals.strap import Strap
from vitals_firmware_sim.physiology import person_seed
from vitals_firmware_sim.replay import Series
from vitals_firmware_sim.scenarios import Scenario
from vitals_firmware_sim.script import live

REPLAYED_PERSON: Final = 1
"""The person whose oximeter plays a recording."""

_LOG: Final = logging.getLogger(__name__)
_LINKS_END_WITHIN_S: Final = 1.0
_SETTLE_S: Final = 0.05
"""What the virtual radio needs to tell the gateways that their links have ended."""
_REPLAY_BATTERY: Final = 97


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulation runs with. *stop_after_s* counts from the first subscription, in seconds of the script."""

    endpoints: tuple[Endpoint, ...]
    people: tuple[tuple[int, Scenario], ...] = ()
    recording: Series | None = None
    seed: int = 7
    time_scale: float = 1.0
    garbage: int | None = None
    stop_after_s: float | None = None


class Begin:
    """The beginning of a script: the first subscription."""

    def __init__(self, *, also: Callable[[], None] | None = None) -> None:
        self._event = asyncio.Event()
        self._also = also

    def mark(self) -> None:
        """A characteristic was subscribed."""
        self._event.set()
        if self._also is not None:
            self._also()

    async def wait(self) -> None:
        """Wait for it."""
        await self._event.wait()


class Pace:
    """Seconds of a script as they pass, from now on."""

    def __init__(self, clock: Clock, time_scale: float) -> None:
        self._clock = clock
        self._scale_ms = 1000 * time_scale
        self._start_ms = clock.monotonic_ms()

    async def until(self, at_s: float) -> None:
        """Wait until a second of the script; one that has passed still lets others run."""
        left_ms = self._start_ms + at_s * self._scale_ms - self._clock.monotonic_ms()
        await asyncio.sleep(max(0.0, left_ms) / 1000)


class Simulation:
    """The sensors of a simulation and their scripts, running in *tasks*."""

    def __init__(self, settings: Settings, ledger: Ledger, clock: Clock, tasks: asyncio.TaskGroup) -> None:
        self.air = Air()
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._tasks = tasks
        self._begin = Begin()
        self._sensors: list[Peripheral] = []
        self._running: list[asyncio.Task[None]] = []
        self._stopped = False

    async def start(self) -> None:
        """Put every sensor on the air."""
        for number, scenario in self._settings.people:
            await self._add_person(number, scenario)
        if self._settings.recording is not None:
            await self._add_recording(self._settings.recording)
        if self._settings.stop_after_s is not None:
            self._tasks.create_task(self._stop_after(self._settings.stop_after_s), name="stop after")

    async def stop(self) -> None:
        """Stop sending, drop every link and stay off the air. A second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        for script in self._running:
            script.cancel()
        for sensor in self._sensors:
            sensor.set_on_air(False)
        self._ledger.happened("stopped")
        try:
            async with asyncio.timeout(_LINKS_END_WITHIN_S):
                while any(sensor.linked for sensor in self._sensors):  # noqa: ASYNC110 - bounded, and the end
                    await asyncio.sleep(0.01)
                await asyncio.sleep(_SETTLE_S)
        except TimeoutError:
            _LOG.warning("a link did not end in time")

    async def _add_person(self, number: int, scenario: Scenario) -> None:
        begin = Begin(also=self._begin.mark)
        strap = Strap(
            strap_identity(number),
            air=self.air,
            ledger=self._ledger,
            begun=begin.mark,
            garbage=self._settings.garbage,
            battery=scenario.battery_percent,
        )
        oximeter = Oximeter(
            oximeter_identity(number),
            air=self.air,
            ledger=self._ledger,
            begun=begin.mark,
            battery=scenario.battery_percent,
        )
        await self._power_on(strap.peripheral, oximeter.peripheral)
        seed = person_seed(self._settings.seed, number)
        script = self._live(begin, strap, oximeter, scenario, seed)
        self._running.append(self._tasks.create_task(script, name=f"person {number}"))

    async def _add_recording(self, series: Series) -> None:
        begin = Begin(also=self._begin.mark)
        identity = oximeter_identity(REPLAYED_PERSON)
        oximeter = Oximeter(identity, air=self.air, ledger=self._ledger, begun=begin.mark)
        await self._power_on(oximeter.peripheral)
        self._running.append(self._tasks.create_task(self._play(begin, oximeter, series), name="recording"))

    async def _power_on(self, *sensors: Peripheral) -> None:
        for sensor in sensors:
            await sensor.power_on(self._tasks)
            self._sensors.append(sensor)

    async def _live(self, begin: Begin, strap: Strap, oximeter: Oximeter, scenario: Scenario, seed: int) -> None:
        await begin.wait()
        pace = Pace(self._clock, self._settings.time_scale)
        for moment in live(scenario, seed):
            await pace.until(moment.at_s)
            for sensor in (strap.peripheral, oximeter.peripheral):
                sensor.set_on_air(moment.link_up)
                if not moment.present:
                    sensor.vanish()
            await strap.measure(moment)
            await oximeter.measure(moment)

    async def _play(self, begin: Begin, oximeter: Oximeter, series: Series) -> None:
        await begin.wait()
        pace = Pace(self._clock, self._settings.time_scale)
        for row in series.rows:
            await pace.until(row.at_s)
            await oximeter.show(row.measurement, at_s=row.at_s, battery=_REPLAY_BATTERY)
        self._ledger.happened("ended", oximeter.peripheral.address)
        oximeter.peripheral.set_on_air(False)
        _LOG.info("the recording has ended")

    async def _stop_after(self, after_s: float) -> None:
        await self._begin.wait()
        await asyncio.sleep(after_s * self._settings.time_scale)
        await self.stop()


async def simulate(
    settings: Settings,
    ledger: Ledger,
    clock: Clock,
    *,
    ready: Callable[[], None],
    until: Callable[[], Awaitable[object]],
) -> None:
    """Run a simulation: call *ready* when every sensor advertises, end when *until* returns.

    Raises:
        LinkError: an address cannot be listened on.
        StoreError: the ledger cannot be written.
    """
    try:
        async with asyncio.TaskGroup() as tasks, contextlib.AsyncExitStack() as stack:
            simulation = Simulation(settings, ledger, clock, tasks)
            for index, endpoint in enumerate(settings.endpoints):
                await stack.enter_async_context(listening(endpoint, index, simulation.air))
            await simulation.start()
            ready()
            await until()
            await simulation.stop()
            _end()
    except* _Ended:
        pass
    except* VitalsError as errors:
        raise _first(errors) from None


class _Ended(Exception):
    """Makes a task group cancel what still runs in it."""


def _end() -> NoReturn:
    raise _Ended


def _first(errors: BaseExceptionGroup[VitalsError]) -> VitalsError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, VitalsError)
    return error


def strap_identity(number: int) -> Identity:
    """The strap of person *number*."""
    return Identity(
        address=f"F0:00:00:00:{number:02X}:01",
        name=f"SIM strap {number}",
        model="SIM-HRS",
        serial=f"SIM-{number:04d}-HRS",
    )


def oximeter_identity(number: int) -> Identity:
    """The oximeter of person *number*."""
    return Identity(
        address=f"F0:00:00:00:{number:02X}:02",
        name=f"SIM oximeter {number}",
        model="SIM-PLX",
        serial=f"SIM-{number:04d}-PLX",
    )
