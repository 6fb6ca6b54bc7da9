"""What the people of a ward can see, hear and do: the console's contract, and a record of everything that was told."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import msgspec

from vitals.clock import ManualClock
from vitals.collector.desk import AlarmDesk
from vitals.notify.base import Answer, Message, Outcome, Receipt
from vitals.notify.memory import MemoryChannel
from vitals.ward import ShownAlarm

URGENCY: Final = {"low": 1, "medium": 2, "high": 3}


class Told(msgspec.Struct, frozen=True):
    """A change of an alarm and the second in which a console was told of it."""

    at_s: float
    alarm: ShownAlarm


class Wall:
    """The alarms as the consoles last heard of them; *desk* None while the server is away.

    *attended* are episodes that somebody is on the way to.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.desk: AlarmDesk | None = None
        self.alarms: dict[str, ShownAlarm] = {}
        self.told: list[Told] = []
        self.audible = True
        self.attended: set[str] = set()
        self.dirty = False
        self._clock = clock
        self._begins_ms = clock.monotonic_ms()
        self._changed = asyncio.Event()

    @property
    def now_s(self) -> float:
        """Seconds since the day began."""
        return (self._clock.monotonic_ms() - self._begins_ms) / 1000

    def hear(self, alarm: ShownAlarm) -> None:
        """The stream's side: one alarm changed."""
        self.told.append(Told(self.now_s, alarm))
        self.dirty = True
        if alarm.phase == "over":
            self.alarms.pop(alarm.episode, None)
        else:
            self.alarms[alarm.episode] = alarm
        self.wake()

    def reconnect(self, desk: AlarmDesk) -> None:
        """A console starts anew from a whole snapshot."""
        self.desk = desk
        self.alarms = {alarm.episode: alarm for alarm in desk.snapshot().alarms}
        self.wake()

    def wake(self) -> None:
        """Something may be to do."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def wait(self, most_s: float) -> None:
        """Until something changes, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._changed.wait()


class Pager:
    """A memory channel that rings somebody's telephone: every fiftieth attempt fails and is tried again."""

    def __init__(self, recipient: str, ring: Callable[[str, Message], None], delay_s: float) -> None:
        self._channel = MemoryChannel(f"{recipient}/1 memory")
        self._recipient = recipient
        self._ring = ring
        self._delay_s = delay_s
        self._asked = 0

    @property
    def name(self) -> str:
        """See ``notify.base.Channel``."""
        return self._channel.name

    async def send(self, message: Message) -> Answer:
        """See ``notify.base.Channel``."""
        self._asked += 1
        await asyncio.sleep(self._delay_s)
        if self._asked % 50 == 0:
            return Answer(Outcome.RETRY, Receipt.UNKNOWN, "the network is busy")
        answer = await self._channel.send(message)
        self._ring(self._recipient, message)
        return answer
