"""How long a message was on its way, from monotonic clocks alone (S5).

Two monotonic clocks have an unknown offset; the smallest difference between receipt and publication that was seen for
a boot is the best estimate of it, and what a message takes beyond that is queueing. Only what was published while
that boot ran teaches the offset: live batches and fresh states, never a backlog row, which may be sent after a restart.

Two clocks also drift. A floor that may never rise would call everything late after a week on a crystal that is
50 ppm slow, so it rises by 100 ppm; a standing queue of 30 s passes for none only after three and a half days.
"""

from typing import Final

import msgspec

from vitals.series.base import Logged
from vitals.wire.bodies import GatewayState
from vitals.wire.header import Header

DRIFT: Final = 100e-6


class _Floor(msgspec.Struct):
    offset_ms: float
    at_ms: int

    def now(self, at_ms: int) -> float:
        return self.offset_ms + max(0, at_ms - self.at_ms) * DRIFT


class Lateness:
    """The smallest offset of every boot, for all gateways of one receiver boot."""

    def __init__(self) -> None:
        self._floors: dict[tuple[str, int], _Floor] = {}
        self._running: dict[str, int] = {}

    def state(self, gateway: str, state: GatewayState, received_ms: int) -> None:
        """Learn from a state that was published just now: neither a retained one nor a will."""
        if state.online:
            self._running[gateway] = state.boot
            self._learn((gateway, state.boot), received_ms - state.published_ms, received_ms)

    def queued_ms(self, gateway: str, header: Header, received_ms: int) -> int | None:
        """Milliseconds beyond the quickest message of this boot, None where that boot was never heard running."""
        key = (gateway, header.boot)
        offset = received_ms - header.published_ms
        if not header.backlog and self._running.get(gateway, header.boot) == header.boot:
            self._learn(key, offset, received_ms)
        floor = self._floors.get(key)
        return None if floor is None else max(0, round(offset - floor.now(received_ms)))

    def restore(self, logged: Logged, receiver_boot: int) -> None:
        """Learn from the log what was known before a restart on the same boot of this machine."""
        arrival = logged.arrival
        if arrival.receiver_boot == receiver_boot and arrival.queued_ms is not None:
            offset = arrival.received_ms - arrival.header.published_ms - arrival.queued_ms
            self._learn((arrival.gateway, arrival.header.boot), offset, arrival.received_ms)

    def _learn(self, key: tuple[str, int], offset_ms: int, at_ms: int) -> None:
        floor = self._floors.get(key)
        if floor is None or offset_ms <= floor.now(at_ms):
            self._floors[key] = _Floor(offset_ms, at_ms)
