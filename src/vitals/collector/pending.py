"""What has arrived and is not durable yet: the event loop fills it, the committer empties it."""

import asyncio
from collections import Counter
from typing import Final

from vitals.series.base import Arrival

MOST_BYTES: Final = 64 * 1024 * 1024
"""Beyond this, arrivals are refused: their gateways still have them, and send them again."""
COMMIT_BYTES: Final = 4 * 1024 * 1024
"""What one transaction takes at most: the first commit after an outage must not hold up the rest for long."""

_OVERHEAD: Final = 600
"""Bytes of objects around a body."""

Identity = tuple[str, int, int]
"""Gateway, epoch, sequence number."""


class Pending:
    """A bounded queue of arrivals, oldest first, and their identities."""

    def __init__(self, most_bytes: int = MOST_BYTES, commit_bytes: int = COMMIT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._commit_bytes = commit_bytes
        self._arrivals: list[Arrival] = []
        self._identities: Counter[Identity] = Counter()
        self._bytes = 0
        self._filled = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether everything that arrived is durable."""
        return not self._arrivals

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest of what is not durable arrived, collector-monotonic; None where everything is."""
        return self._arrivals[0].received_ms if self._arrivals else None

    def __contains__(self, identity: Identity) -> bool:
        return identity in self._identities

    def offer(self, arrival: Arrival) -> bool:
        """Queue *arrival*; False where there is no room."""
        size = size_of(arrival)
        if self._bytes + size > self._most_bytes:
            return False
        self._arrivals.append(arrival)
        self._identities[identity_of(arrival)] += 1
        self._bytes += size
        self._filled.set()
        return True

    async def wait(self) -> None:
        """Return once there is something to commit."""
        await self._filled.wait()

    def oldest(self) -> list[Arrival]:
        """What the next commit takes; it stays here until :meth:`settled`."""
        size = 0
        for count, arrival in enumerate(self._arrivals):
            size += size_of(arrival)
            if size > self._commit_bytes:
                return self._arrivals[: max(1, count)]
        return self._arrivals.copy()

    def settled(self, arrivals: list[Arrival]) -> None:
        """The oldest ones, *arrivals*, are durable."""
        del self._arrivals[: len(arrivals)]
        for arrival in arrivals:
            self._bytes -= size_of(arrival)
            identity = identity_of(arrival)
            self._identities[identity] -= 1
            if not self._identities[identity]:
                del self._identities[identity]
        if not self._arrivals:
            self._filled.clear()


def identity_of(arrival: Arrival) -> Identity:
    """What names its blob for ever (I1)."""
    return arrival.gateway, arrival.header.epoch, arrival.header.seq


def size_of(arrival: Arrival) -> int:
    """Bytes of memory that an arrival takes, about."""
    return len(arrival.body) + _OVERHEAD
