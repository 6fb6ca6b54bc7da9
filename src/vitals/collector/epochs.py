"""Rows that nobody has: acknowledged at their gateway, and a hole in this store (protocol, I4)."""

from collections.abc import Mapping, Sequence

import msgspec

from vitals.series.intervals import Intervals
from vitals.wire.bodies import EpochState, Ranges

FIRST_SEQ = 1


class _Watch(msgspec.Struct, frozen=True):
    """Holes of one epoch: those that are *certain*, and *suspects* until all is acknowledged that *waited* then."""

    suspects: list[tuple[int, int]]
    waited: dict[int, int]
    certain: list[tuple[int, int]] = []


class Epochs:
    """The epochs of one gateway.

    A hole counts only once everything that waited at the gateway when it was first seen has been acknowledged: the
    declaration that explains it (a void) may be the last of what waits, and stands in a later epoch. That also
    gives a gateway that meets a new store the time to take its rows back.
    """

    def __init__(self) -> None:
        self._watches: dict[int, _Watch] = {}

    def lost(self, states: Mapping[int, EpochState], held: Ranges) -> Ranges:
        """What is lost for certain, after a state that was published just now.

        Args:
            states: epochs as the gateway sees them.
            held: merged ranges that the store holds of it.

        Returns:
            Ranges per epoch that neither side has.
        """
        waits = {name: state.last for name, state in states.items()}
        watches: dict[int, _Watch] = {}
        for epoch in states.keys() | held.keys():
            holds = Intervals(held.get(epoch, []))
            holes = _holes(states.get(epoch), holds)
            if not holes:
                continue
            before = self._watches.get(epoch)
            if before is None:
                watches[epoch] = _Watch(holes, waits)
            elif _acknowledged(before.waited, states):
                watches[epoch] = _Watch(holes, waits, _still(before.suspects, holds))
            else:
                watches[epoch] = _Watch(before.suspects, before.waited, _still(before.certain, holds))
        self._watches = watches
        return {epoch: watch.certain for epoch, watch in watches.items() if watch.certain}


def _holes(state: EpochState | None, holds: Intervals) -> list[tuple[int, int]]:
    """Rows that the gateway has no more to send, and which are not held; an epoch it no longer names is complete."""
    last = holds.highest or 0 if state is None else state.first_unacknowledged - 1
    return holds.missing(FIRST_SEQ, last)


def _still(holes: Sequence[tuple[int, int]], holds: Intervals) -> list[tuple[int, int]]:
    return [hole for low, high in holes for hole in holds.missing(low, high)]


def _acknowledged(waited: Mapping[int, int], states: Mapping[int, EpochState]) -> bool:
    """Whether every row that waited then is acknowledged now; an epoch that is no longer named is complete."""
    return all(epoch not in states or states[epoch].first_unacknowledged > last for epoch, last in waited.items())


def described(gateway: str, lost: Ranges) -> str:
    """One line for people."""
    rows = sum(high - low + 1 for ranges in lost.values() for low, high in ranges)
    epochs = ", ".join(f"{epoch:016x} {ranges[0][0]}-{ranges[-1][1]}" for epoch, ranges in sorted(lost.items()))
    return f"{rows} messages of {gateway} are neither there nor here ({epochs}): was its spool or this store restored?"
