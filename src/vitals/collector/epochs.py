"""Rows that nobody has: an epoch that is empty at its gateway and has a hole in this store (protocol, I4)."""

from collections.abc import Mapping

from vitals.series.intervals import Intervals
from vitals.wire.bodies import EpochState, Ranges

FIRST_SEQ = 1


class Epochs:
    """The epochs of one gateway.

    A hole counts only once everything that waited at the gateway when it was first seen has been acknowledged: the
    declaration that explains it (a void) may be the last of what waits, and stands in a later epoch. That also
    gives a gateway that meets a new store the time to take its rows back.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, dict[int, int]] = {}

    def lost(self, states: Mapping[int, EpochState], held: Ranges) -> Ranges:
        """What is lost for certain, after a state that was published just now.

        Args:
            states: epochs as the gateway sees them.
            held: merged ranges that the store holds of it.

        Returns:
            Ranges per epoch that neither side has.
        """
        lost: Ranges = {}
        watched: dict[int, dict[int, int]] = {}
        for epoch in states.keys() | held.keys():
            holes = _holes(states.get(epoch), Intervals(held.get(epoch, [])))
            if not holes:
                continue
            watched[epoch] = self._waiting.get(epoch, {name: state.last for name, state in states.items()})
            if epoch in self._waiting and _acknowledged(watched[epoch], states):
                lost[epoch] = holes
        self._waiting = watched
        return lost


def _holes(state: EpochState | None, held: Intervals) -> list[tuple[int, int]]:
    """Rows of an epoch that is empty at the gateway, or no longer named by it, which are not held."""
    highest = held.highest or 0
    if state is None:
        return held.missing(FIRST_SEQ, highest)
    if state.first_unacknowledged <= state.last:
        return []
    return held.missing(FIRST_SEQ, max(state.last, highest))


def _acknowledged(waited: Mapping[int, int], states: Mapping[int, EpochState]) -> bool:
    """Whether every row that waited then is acknowledged now; an epoch that is no longer named is complete."""
    return all(epoch not in states or states[epoch].first_unacknowledged > last for epoch, last in waited.items())


def described(gateway: str, lost: Ranges) -> str:
    """One line for people."""
    rows = sum(high - low + 1 for ranges in lost.values() for low, high in ranges)
    epochs = ", ".join(f"{epoch:016x} {ranges[0][0]}-{ranges[-1][1]}" for epoch, ranges in sorted(lost.items()))
    return f"{rows} messages of {gateway} are neither there nor here ({epochs}): was its spool or this store restored?"
