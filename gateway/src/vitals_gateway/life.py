"""Whether anybody watches: signs of life that go out, and how long ago one of them came all the way back.

A sign is closed by a page that can be heard and has drawn what came after it (``vitals.life.rounds``). Where none came
back for a minute, nobody watches as far as this end can tell: that is a problem of its own, in the log, in the state,
and in a file beside the spool that ``vitals-gateway status`` reads.
"""

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from vitals.clock import Clock
from vitals.errors import ConfigurationError, StoreError
from vitals.wire.bodies import Life
from vitals_gateway.cancellation import honour_cancellation
from vitals_gateway.spool.keeper import Keeper
from vitals_gateway.status import Status

_LOG: Final = logging.getLogger(__name__)

EVERY_S: Final = 5.0
UNWATCHED_S: Final = 60.0
LEAST_UNWATCHED_S: Final = 15.0
"""Pages take their time whatever the scale is."""
SIGNS: Final = 64
"""Signs that may still come back."""
UNWATCHED: Final = "unwatched"
_SUFFIX: Final = ".life.json"


class Rounds:
    """The signs that this process gave, and the newest that came back. Sans-IO: gateway-monotonic milliseconds."""

    def __init__(self, began_ms: int, limit_ms: float) -> None:
        self.closed_ms: int | None = None
        self._began_ms = began_ms
        self._limit_ms = limit_ms
        self._given: deque[int] = deque(maxlen=SIGNS)

    def give(self, now_ms: int) -> int:
        """The number of a new sign: its time, and never one twice."""
        number = max([now_ms, *(last + 1 for last in [*self._given][-1:])])
        self._given.append(number)
        return number

    def close(self, number: int) -> None:
        """The collector names a sign that came all the way. One that this process did not give proves nothing."""
        if number in self._given and number > (self.closed_ms or 0):
            self.closed_ms = number

    def age_ms(self, now_ms: int) -> int | None:
        """The age of the last full round; None before the first."""
        return None if self.closed_ms is None else max(0, now_ms - self.closed_ms)

    def unwatched(self, now_ms: int) -> str | None:
        """Why nobody watches, as far as this end can tell."""
        since_ms = self._began_ms if self.closed_ms is None else self.closed_ms
        if now_ms - since_ms <= self._limit_ms:
            return None
        if self.closed_ms is None:
            return "nobody watches: no sign of life has come back from a console yet"
        return "nobody watches: signs of life no longer come back from a console"


class LifeSigns:
    """Gives signs over whatever connection there is, and keeps the problem and the file up to date."""

    def __init__(self, spool: Path, keeper: Keeper, status: Status, clock: Clock, *, scale: float) -> None:
        limit_s = max(UNWATCHED_S * scale, LEAST_UNWATCHED_S)
        self.rounds = Rounds(clock.monotonic_ms(), limit_s * 1000)
        self._file = file_beside(spool)
        self._keeper = keeper
        self._status = status
        self._clock = clock
        self._every_s = EVERY_S * scale

    async def give(self, publish: Callable[[Life], Awaitable[None]]) -> NoReturn:
        """Give a sign every five seconds, scaled, for as long as a connection lasts."""
        while True:
            with contextlib.suppress(StoreError):  # said by whoever stores; without the spool there is no sign
                await publish(await self._sign())
            honour_cancellation()
            await asyncio.sleep(self._every_s)

    async def watch(self) -> NoReturn:
        """Say when nobody watches, connected or not, until cancelled."""
        while True:
            why = self.rounds.unwatched(self._clock.monotonic_ms())
            if why is None:
                self._status.solved(UNWATCHED)
            else:
                self._status.problem(UNWATCHED, why)
            await asyncio.to_thread(self._write, why)
            await asyncio.sleep(self._every_s)

    async def _sign(self) -> Life:
        epoch, seq = await self._keeper.stored()
        sensor, heard_ms = self._status.heard or ("", None)
        return Life(
            mode=self._status.mode,
            boot=self._clock.boot(),
            round_ms=self.rounds.give(self._clock.monotonic_ms()),
            epoch=epoch,
            seq=seq,
            sensor=sensor,
            heard_ms=heard_ms,
        )

    def _write(self, why: str | None) -> None:
        """Replace the file; a disk that takes nothing is the spool's to complain of."""
        now_ms = self._clock.monotonic_ms()
        known = {
            "boot": f"{self._clock.boot():016x}",
            "written_ms": now_ms,
            "round_ms": self.rounds.closed_ms,
            "heard_ms": None if self._status.heard is None else self._status.heard[1],
            "unwatched": why,
        }
        beside = self._file.with_name(f"{self._file.name}.new")
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps(known), encoding="utf-8")
            beside.replace(self._file)


def file_beside(spool: Path) -> Path:
    """Where the gateway with this spool keeps what it knows of the path."""
    return spool.with_name(spool.name + _SUFFIX)


def read(spool: Path, clock: Clock) -> dict[str, Any]:
    """What a running gateway knows: ages in seconds, None where nothing is known.

    Raises:
        ConfigurationError: no gateway has run with this spool since the machine started.
    """
    path = file_beside(spool)
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["boot"] != f"{clock.boot():016x}":
            raise ConfigurationError(f"{path} is from before the machine started: no gateway has run since")
        now_ms = clock.monotonic_ms()
        ages = {name: _age_s(now_ms, known[f"{name}_ms"]) for name in ("written", "round", "heard")}
        unwatched = known["unwatched"]
        if unwatched is None and (ages["written"] or 0) > UNWATCHED_S:
            unwatched = "the gateway says nothing any more: is it running?"
        return {"said_s": ages["written"], "round_s": ages["round"], "heard_s": ages["heard"], "unwatched": unwatched}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}): has this gateway run?") from None


def _age_s(now_ms: int, at_ms: int | None) -> float | None:
    return None if at_ms is None else round(max(0, now_ms - at_ms) / 1000, 1)
