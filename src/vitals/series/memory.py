"""A series store in memory: the whole contract but durability. For demonstrations and for tests of other parts."""

import secrets
from collections.abc import Iterator, Sequence

import msgspec

from vitals.errors import NotFoundError
from vitals.series import contents
from vitals.series.base import Arrival, Counts, Logged, Point, Quarantined, StoredGap, StoredVoid
from vitals.series.contents import settles
from vitals.series.intervals import Intervals
from vitals.series.posting import Entry, EpochKey, Posting, post, readmit, released, set_aside
from vitals.wire.bodies import ClockState, Data, Gap, Ranges, Void


class MemorySeries:
    """Implements :class:`vitals.series.base.Series`; what it holds ends with the process."""

    def __init__(self) -> None:
        self._store = secrets.randbits(64)
        self._log: list[tuple[Logged, Entry]] = []
        self._quarantine: list[Quarantined] = []
        self._received: dict[EpochKey, Intervals] = {}
        self._clocks: dict[tuple[str, int], int] = {}
        self._counts = Counts()

    @property
    def store(self) -> int:
        """64-bit name of this store."""
        return self._store

    def gateways(self) -> list[str]:
        """Every gateway that this store has heard of, in order of name."""
        return sorted({gateway for gateway, _ in self._received})

    def commit(self, arrivals: Sequence[Arrival]) -> list[Logged]:
        """Keep *arrivals*; see the contract."""
        return self._keep(post(arrivals, self._held))

    def release(self, number: int) -> Logged:
        """Record a quarantined batch after all; see the contract."""
        if not 1 <= number <= len(self._quarantine):
            raise NotFoundError(f"nothing has number {number} in quarantine")
        item = self._quarantine[number - 1]
        (logged,) = self._keep(readmit(item, self._held))
        self._quarantine[number - 1] = msgspec.structs.replace(item, released_as=logged.log_seq)
        self._counts = released(item, self._counts)
        return logged

    def committed(self, gateway: str) -> Ranges:
        """Merged inclusive ranges that this store holds of *gateway*."""
        return {epoch: held.ranges for (name, epoch), held in self._received.items() if name == gateway}

    def around(self, gateway: str, epoch: int, seq: int) -> tuple[int, int] | None:
        """The merged range of *epoch* that row *seq* is committed in, None where it is not."""
        return self._held((gateway, epoch)).around(seq)

    def replay(self, after: int) -> Iterator[Logged]:
        """The log beyond *after*, in order."""
        return iter([logged for logged, _ in self._log[after:]])

    def points(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
        """Observations in [from, to), ordered by time."""
        code = contents.metric_of(metric)
        within = (from_utc_ms, to_utc_ms)
        found = [
            point
            for logged, entry in self._log
            for point in contents.points(logged.arrival, sensor, code, self._utc_offset(entry), within)
        ]
        return sorted(found, key=lambda point: point.utc_ms)

    def counts(self) -> Counts:
        """Totals, for the ledger."""
        return self._counts

    def gaps(self) -> list[StoredGap]:
        """Every declared gap, in order of arrival."""
        return [
            StoredGap(
                gateway=logged.arrival.gateway,
                log_seq=logged.log_seq,
                received_utc_ms=logged.arrival.received_utc_ms,
                gap=entry.contents.body,
            )
            for logged, entry in self._log
            if isinstance(entry.contents.body, Gap)
        ]

    def voids(self) -> list[StoredVoid]:
        """Every declared drop, in order of arrival."""
        return [
            StoredVoid(
                gateway=logged.arrival.gateway,
                log_seq=logged.log_seq,
                received_utc_ms=logged.arrival.received_utc_ms,
                void=entry.contents.body,
                dropped=entry.dropped,
            )
            for logged, entry in self._log
            if isinstance(entry.contents.body, Void)
        ]

    def quarantined(self) -> list[Quarantined]:
        """Everything that was ever set aside, in order of arrival."""
        return list(self._quarantine)

    def close(self) -> None:
        """Nothing to give back."""

    def _held(self, key: EpochKey) -> Intervals:
        return self._received.get(key, Intervals())

    def _keep(self, posting: Posting) -> list[Logged]:
        first = len(self._log) + 1
        self._quarantine += set_aside(posting, first, len(self._quarantine) + 1)
        for log_seq, entry in enumerate(posting.entries, first):
            self._log.append((Logged(log_seq=log_seq, arrival=entry.arrival), entry))
            clock = settles(entry.contents.body)
            if clock is not None:
                boot = (entry.arrival.gateway, entry.arrival.header.boot)
                self._clocks.setdefault(boot, clock.utc_offset_ms)
        self._received.update(posting.received)
        self._counts = posting.added_to(self._counts)
        return [logged for logged, _ in self._log[first - 1 :]]

    def _utc_offset(self, entry: Entry) -> int:
        data, arrival = entry.contents.body, entry.arrival
        if not isinstance(data, Data):
            return 0
        if data.clock is ClockState.SYNCHRONISED:
            return data.utc_offset_ms
        return self._clocks.get((arrival.gateway, arrival.header.boot), data.utc_offset_ms)
