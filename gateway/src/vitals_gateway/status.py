"""What the gateway tells of itself on ``v1/{gateway}/state``: its sensors, its spool, its clock, its problems."""

import asyncio
import logging
from importlib.metadata import version
from typing import Final

from vitals.observation import GenerationMode
from vitals.wire.bodies import GatewayState, SensorState
from vitals_gateway.session import NOT_WANTED
from vitals_gateway.spool.rows import Depth, Moment

_LOG: Final = logging.getLogger(__name__)


class Status:
    """Sensors and problems as they stand; *changed* is set whenever one of them changes."""

    def __init__(self, mode: GenerationMode, boot: int) -> None:
        self.changed = asyncio.Event()
        self.configuration = ""
        self.mode = mode
        self.heard: tuple[str, int] | None = None
        """The sensor that was heard last, and when (gateway-monotonic)."""
        self._boot = boot
        self._version = version("openvitals-gateway")
        self._sensors: dict[str, SensorState] = {}
        self._problems: dict[str, str] = {}

    @property
    def problems(self) -> list[str]:
        """One line for each thing that is wrong."""
        return list(self._problems.values())

    def sensor_changed(self, state: SensorState) -> None:
        """A sensor's link, battery or identity changed."""
        if self._sensors.get(state.sensor) != state:
            self._sensors[state.sensor] = state
            self.changed.set()

    def problem(self, name: str, text: str) -> None:
        """Something is wrong: said once, and shown until it is solved."""
        if self._problems.get(name) != text:
            _LOG.warning("%s", text)
            self._problems[name] = text
            self.changed.set()

    def solved(self, name: str) -> None:
        """It is not wrong any more."""
        text = self._problems.pop(name, None)
        if text is not None:
            _LOG.info("over: %s", text)
            self.changed.set()

    def online(self, session: int, depth: Depth, now: Moment) -> GatewayState:
        """The state as it is published while connected."""
        return GatewayState(
            session=session,
            online=True,
            mode=self.mode,
            boot=self._boot,
            published_ms=now.at_ms,
            version=self._version,
            epochs=depth.epochs,
            spool_rows=depth.rows,
            spool_bytes=depth.bytes,
            utc_offset_ms=now.wall.offset_ms,
            clock=now.wall.state,
            sensors=list(self._sensors.values()),
            configuration=self.configuration,
            problems=[*self.problems, *self._unread()],
            life=True,
        )

    def _unread(self) -> list[str]:
        """The sensors that ought to be read and are not: nothing else tells of one that is never seen again."""
        return [
            f"sensor {state.sensor}: {state.problem}"
            for state in self._sensors.values()
            if state.link == "lost" and state.problem not in {"", NOT_WANTED}
        ]

    def offline(self, session: int) -> GatewayState:
        """The last will, and the last word of an orderly end."""
        return GatewayState(session=session, online=False, mode=self.mode, boot=self._boot, version=self._version)
