"""An intake that keeps what it is told, and what a test asks of that."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from vitals.clock import SystemClock
from vitals.wire.bodies import SensorState
from vitals_gateway.radio import open_radio
from vitals_gateway.sensors import run_sensors
from vitals_gateway.session import Pace

PATIENCE_S = 60.0


class Recorder:
    """Everything in order: ("notified" | "subscribed" | "lost", sensor, characteristic, what)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str, bytes | str]] = []
        self.times: list[int] = []
        self.states: dict[str, list[SensorState]] = {}

    def notified(self, sensor: str, characteristic: str, at_ms: int, payload: bytes) -> None:
        self._keep("notified", sensor, characteristic, at_ms, payload)

    def subscribed(self, sensor: str, characteristic: str, at_ms: int) -> None:
        self._keep("subscribed", sensor, characteristic, at_ms, "")

    def lost(self, sensor: str, characteristic: str, at_ms: int, reason: str) -> None:
        self._keep("lost", sensor, characteristic, at_ms, reason)

    def sensor_changed(self, state: SensorState) -> None:
        self.states.setdefault(state.sensor, []).append(state)

    def payloads(self, sensor: str, characteristic: str) -> list[bytes]:
        return [
            what
            for kind, who, which, what in self.calls
            if (kind, who, which) == ("notified", sensor, characteristic) and isinstance(what, bytes)
        ]

    def happened(self, kind: str, sensor: str, characteristic: str) -> list[str]:
        return [
            str(what) for done, who, which, what in self.calls if (done, who, which) == (kind, sensor, characteristic)
        ]

    def state(self, sensor: str) -> SensorState | None:
        states = self.states.get(sensor)
        return states[-1] if states else None

    def check_order(self) -> None:
        """Notifications lie between a subscription and a loss, and these two take turns."""
        open_now: set[tuple[str, str]] = set()
        for kind, sensor, characteristic, what in self.calls:
            key = (sensor, characteristic)
            if kind == "subscribed":
                assert key not in open_now, f"{key} was subscribed twice"
                open_now.add(key)
            elif kind == "lost" and what in {"link_lost", "gateway_down"}:
                assert key in open_now, f"{key} was lost twice"
                open_now.discard(key)
            elif kind == "notified" and characteristic != "2A19":  # a battery may be read instead
                assert key in open_now, f"{key} was notified while it was not subscribed"

    def _keep(self, kind: str, sensor: str, characteristic: str, at_ms: int, what: bytes | str) -> None:
        self.calls.append((kind, sensor, characteristic, what))
        self.times.append(at_ms)


async def until(condition: Callable[[], bool], what: str = "") -> None:
    """Wait for a condition, with patience for a busy machine."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never happened: {what or condition}") from None


@asynccontextmanager
async def gateway(
    transport: str,
    recorder: Recorder,
    *,
    wanted: Callable[[], Collection[str]] = frozenset,
    slots: int = 32,
    time_scale: float = 0.1,
    pace: Pace | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """The radio side of a gateway, running."""
    async with open_radio("bumble", transport=transport, slots=slots) as radio, asyncio.TaskGroup() as group:
        running = group.create_task(
            run_sensors(radio, recorder, SystemClock(), wanted=wanted, time_scale=time_scale, pace=pace)
        )
        yield running
        running.cancel()
