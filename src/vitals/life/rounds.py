"""Which signs of life went all the way: sensor, gateway, broker, collector, desk, disk, console, page.

A *sign* is what a gateway says every few seconds: a number of its own and the newest row that it stored. It is proven
once the desk has made a whole pass since and that row is durable. Every few seconds the proven signs are gathered into
a *lap*, whose number goes to the pages with the stream; an audible page that has drawn a lap closes it, and with it the
round of every gateway in it: that is told to the gateway. So one small number goes through the console, however many
gateways there are.

Values in, values out; moments are the collector's monotonic milliseconds.
"""

from collections.abc import Callable
from typing import Final

import msgspec

LAPS: Final = 16
"""Laps that a page may still close."""
PATIENCE: Final = 4
"""Laps after which a sign whose row never became durable gives way to a newer one."""


class Sign(msgspec.Struct, frozen=True):
    """One sign of life as the collector received it.

    *number* is the gateway's own. *epoch* and *seq* name the newest row that it had stored; *seq* 0: none yet.
    *silent_ms* is how long ago it had last heard any sensor, None if it never did.
    """

    number: int
    epoch: int
    seq: int
    received_ms: int
    silent_ms: int | None = None


Durable = Callable[[str, int, int], bool]
"""Whether a row (gateway, epoch, seq) is in the store for good."""


class Rounds:
    """Signs on their way, laps that are open, and the last sign of every gateway that came all the way.

    *lap* is the newest lap's number: the moment at which it began. *closed_ms* is the newest closed lap's.
    """

    def __init__(self, every_ms: float) -> None:
        self.lap: int | None = None
        self.closed_ms: int | None = None
        self._every_ms = every_ms
        self._newest: dict[str, Sign] = {}
        self._waiting: dict[str, Sign] = {}
        self._proven: dict[str, Sign] = {}
        self._laps: dict[int, dict[str, Sign]] = {}
        self._closed: dict[str, Sign] = {}

    def newest(self, gateway: str) -> Sign | None:
        """The newest sign that came from *gateway*."""
        return self._newest.get(gateway)

    def closed(self, gateway: str) -> Sign | None:
        """The newest sign of *gateway* that went all the way round."""
        return self._closed.get(gateway)

    def proven(self, gateway: str) -> Sign | None:
        """The newest sign of *gateway* whose row is durable."""
        return self._proven.get(gateway)

    def silent_ms(self, now_ms: int) -> int | None:
        """How long no gateway has heard any sensor; None where none ever did."""
        ages = [
            now_ms - sign.received_ms + sign.silent_ms for sign in self._newest.values() if sign.silent_ms is not None
        ]
        return min(ages, default=None)

    def heard(self, gateway: str, sign: Sign) -> None:
        """A sign arrived. One that waits for its row keeps its place: it would never be proven otherwise."""
        self._newest[gateway] = sign
        waiting = self._waiting.get(gateway)
        late = waiting is not None and sign.received_ms - waiting.received_ms > PATIENCE * self._every_ms
        if waiting is None or late or waiting.epoch != sign.epoch:
            self._waiting[gateway] = sign

    def turn(self, now_ms: int, durable: Durable) -> bool:
        """The desk has made a whole pass: prove what can be proven. Whether a new lap began."""
        for gateway, sign in list(self._waiting.items()):
            if sign.seq < 1 or durable(gateway, sign.epoch, sign.seq):
                self._proven[gateway] = self._waiting.pop(gateway)
        if self.lap is not None and now_ms - self.lap < self._every_ms:
            return False
        self.lap = now_ms
        self._laps[now_ms] = self._proven.copy()
        while len(self._laps) > LAPS:
            del self._laps[next(iter(self._laps))]
        return True

    def close(self, lap: int) -> list[str]:
        """Somebody has drawn *lap*; the gateways whose round it closed. Nothing if it is not open (any more)."""
        signs = self._laps.get(lap)
        if signs is None:
            return []
        self._laps = {number: later for number, later in self._laps.items() if number > lap}
        self.closed_ms = lap
        moved = [gateway for gateway, sign in signs.items() if self._closed.get(gateway) is not sign]
        self._closed.update(signs)
        return moved
