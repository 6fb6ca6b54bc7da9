"""What one commit changes, decided before anything is written: the same for every store.

Identity is (gateway, epoch, seq) and nothing else. The decision is a value, so a store writes all of it or nothing.
"""

from collections.abc import Callable, Sequence

import msgspec

from vitals.errors import DecodeError, NotFoundError
from vitals.series.base import Arrival, Counts, Quarantined
from vitals.series.contents import HIGHEST_SEQ, Contents, read
from vitals.series.intervals import Intervals
from vitals.wire.bodies import Data, Ranges, Rejected, Void
from vitals.wire.header import require_version

EpochKey = tuple[str, int]
"""Gateway and epoch."""


class Entry(msgspec.Struct, frozen=True):
    """A new arrival and what it says; *dropped* is what a void newly takes out of the expected."""

    arrival: Arrival
    contents: Contents
    dropped: Ranges = {}


class Aside(msgspec.Struct, frozen=True):
    """A new arrival that goes to quarantine, and the observations that can be read in it."""

    arrival: Arrival
    observations: int


class Posting(msgspec.Struct, frozen=True):
    """Everything that one commit writes. *received* holds the intervals as they will be."""

    entries: list[Entry]
    asides: list[Aside]
    received: dict[EpochKey, Intervals]
    redelivered: int

    @property
    def observations(self) -> int:
        """Observations that become recorded."""
        return sum(entry.contents.observations for entry in self.entries)

    @property
    def quarantined(self) -> int:
        """Observations that go to quarantine, as :class:`vitals.series.base.Counts` counts them."""
        return sum(item.observations for item in self.asides) + sum(entry.contents.rejected for entry in self.entries)

    def added_to(self, counts: Counts) -> Counts:
        """The totals of a store after this."""
        return Counts(
            rows=counts.rows + len(self.entries),
            observations=counts.observations + self.observations,
            quarantined=counts.quarantined + self.quarantined,
            redelivered=counts.redelivered + self.redelivered,
            quarantined_batches=counts.quarantined_batches + len(self.asides),
        )


class _Draft:
    def __init__(self, held: Callable[[EpochKey], Intervals]) -> None:
        self._held = held
        self.received: dict[EpochKey, Intervals] = {}

    def intervals(self, gateway: str, epoch: int) -> Intervals:
        key = (gateway, epoch)
        if key not in self.received:
            self.received[key] = self._held(key).copy()
        return self.received[key]

    def take(self, arrival: Arrival) -> bool:
        """Hold its identity; whether it was new."""
        header = arrival.header
        intervals = self.intervals(arrival.gateway, header.epoch)
        if header.seq in intervals:
            return False
        intervals.add(header.seq, header.seq)
        return True

    def drop(self, gateway: str, void: Void) -> Ranges:
        """Hold the ranges of *void* but for what is committed; those newly held."""
        dropped: Ranges = {}
        for epoch, ranges in void.ranges.items():
            intervals = self.intervals(gateway, epoch)
            for low, high in ranges:
                holes = intervals.missing(low, high)
                if holes:
                    dropped.setdefault(epoch, []).extend(holes)
                    intervals.add(low, high)
        return dropped


def post(arrivals: Sequence[Arrival], held: Callable[[EpochKey], Intervals]) -> Posting:
    """Decide what a commit of *arrivals* writes into a store that holds the intervals *held*.

    A body that nobody can read goes to quarantine here too, whatever admitted it: it must never stop a commit.
    """
    draft = _Draft(held)
    entries: list[Entry] = []
    asides: list[Aside] = []
    redelivered = 0
    for given in arrivals:
        arrival, contents = _checked(given)
        if not draft.take(arrival):
            redelivered += _observations(contents)
        elif contents is None or arrival.quarantine is not None:
            asides.append(Aside(arrival, _observations(contents)))
        elif isinstance(contents.body, Void):
            entries.append(Entry(arrival, contents, draft.drop(arrival.gateway, contents.body)))
        else:
            entries.append(Entry(arrival, contents))
    return Posting(entries, asides, draft.received, redelivered)


def readmit(item: Quarantined, held: Callable[[EpochKey], Intervals]) -> Posting:
    """Decide what recording a quarantined batch after all writes; its identity is held already.

    Raises:
        NotFoundError: *item* is no batch, or was released before.
        DecodeError: its body still cannot be read.
    """
    if item.arrival is None or item.released_as is not None:
        raise NotFoundError(f"number {item.number} is no batch that waits in quarantine")
    arrival = msgspec.structs.replace(item.arrival, quarantine=None)
    require_version(arrival.header)
    contents = read(arrival.header.kind, arrival.body)
    draft = _Draft(held)
    dropped = draft.drop(arrival.gateway, contents.body) if isinstance(contents.body, Void) else {}
    return Posting([Entry(arrival, contents, dropped)], [], draft.received, 0)


def set_aside(posting: Posting, first_log_seq: int, first_number: int) -> list[Quarantined]:
    """Everything that *posting* sends to quarantine, numbered; its entries take log places from *first_log_seq*."""
    rows = [
        Quarantined(
            number=first_number + index,
            gateway=item.arrival.gateway,
            reason=item.arrival.quarantine or "",
            observations=item.observations,
            arrival=item.arrival,
        )
        for index, item in enumerate(posting.asides)
    ]
    for log_seq, entry in enumerate(posting.entries, first_log_seq):
        body = entry.contents.body
        for item in body.rejected if isinstance(body, Data) else ():
            rows.append(_notification(first_number + len(rows), log_seq, entry.arrival.gateway, item))
    return rows


def _notification(number: int, log_seq: int, gateway: str, item: Rejected) -> Quarantined:
    return Quarantined(
        number=number,
        gateway=gateway,
        reason=item.reason,
        observations=1,
        log_seq=log_seq,
        sensor=item.sensor,
        characteristic=item.characteristic,
        at_ms=item.at_ms,
        payload=item.payload,
    )


def _checked(arrival: Arrival) -> tuple[Arrival, Contents | None]:
    if arrival.header.seq > HIGHEST_SEQ:
        arrival = _aside(arrival, f"sequence number {arrival.header.seq} is beyond what any spool can count")
    try:
        require_version(arrival.header)
        return arrival, read(arrival.header.kind, arrival.body)
    except DecodeError as error:
        return _aside(arrival, str(error)), None


def _aside(arrival: Arrival, reason: str) -> Arrival:
    return arrival if arrival.quarantine is not None else msgspec.structs.replace(arrival, quarantine=reason)


def _observations(contents: Contents | None) -> int:
    return 0 if contents is None else contents.observations + contents.rejected


def released(item: Quarantined, counts: Counts) -> Counts:
    """The totals of a store once *item* left quarantine."""
    return msgspec.structs.replace(
        counts,
        quarantined=counts.quarantined - item.observations,
        quarantined_batches=counts.quarantined_batches - 1,
    )
