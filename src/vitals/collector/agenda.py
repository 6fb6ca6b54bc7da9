"""Whom a tick visits: at 100,000 patients not everybody four times a second, but whoever time may change.

A patient is visited when something stirred (anything but a block that the screen let pass), and when the moment comes
that ``Watch.due_ms`` told after the last visit. What passed the screen can only put that moment off, so an entry that
comes up is asked again first. That a visit in between would do nothing is held by
tests/unit/collector/desk/test_desk_same.py.
"""

import heapq
import itertools
import math

from vitals.collector.watch import Watch


class Agenda:
    """Patients by the moment of their next visit, in milliseconds of the desk's timeline."""

    def __init__(self) -> None:
        self._stirred: set[Watch] = set()
        self._due: dict[Watch, float] = {}
        self._places: dict[Watch, int] = {}
        self._heap: list[tuple[float, int, Watch]] = []
        self._numbers = itertools.count()

    def stir(self, *watches: Watch) -> None:
        """Visit *watches* at the next tick."""
        for watch in watches:
            self._places.setdefault(watch, len(self._places))
        self._stirred.update(watches)

    def take(self, at_ms: int, restarted_ms: int) -> list[Watch]:
        """Whom to visit now, in the order in which they were enrolled; :meth:`put` them back afterwards."""
        visited, self._stirred = self._stirred, set()
        while self._heap and self._heap[0][0] <= at_ms:
            noted_ms, _, watch = heapq.heappop(self._heap)
            if watch in visited or self._due.get(watch) != noted_ms:
                continue
            due_ms = watch.due_ms(restarted_ms)
            if due_ms > at_ms:
                self._note(watch, due_ms)
            else:
                visited.add(watch)
        return sorted(visited, key=self._places.__getitem__)

    def put(self, watch: Watch, at_ms: int, restarted_ms: int) -> None:
        """*watch* was visited at *at_ms*."""
        due_ms = watch.due_ms(restarted_ms)
        if due_ms <= at_ms:
            self._stirred.add(watch)
        else:
            self._note(watch, due_ms)

    def _note(self, watch: Watch, due_ms: float) -> None:
        if self._due.get(watch) == due_ms:
            return  # it stands there already, unless it has just come up
        self._due[watch] = due_ms
        if due_ms < math.inf:
            heapq.heappush(self._heap, (due_ms, next(self._numbers), watch))
