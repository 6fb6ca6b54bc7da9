"""A series store in memory: the whole contract but durability. For demonstrations and for tests of other parts."""

import secrets
from collections.abc import Collection, Iterator, Sequence

import msgspec

from vitals.codes import Metric
from vitals.errors import NotFoundError
from vitals.series import contents, sampling
from vitals.series.base import Arrival, Buckets, Counts, Logged, Notification, Point, Quarantined, StoredGap, StoredVoid
from vitals.series.chunk import BUCKET_MS, Chunk, Piece, gather, merge, retention, split
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
        self._log_seq = 0
        self._sealed: dict[tuple[str, str, int], Chunk] = {}
        self._gaps: list[StoredGap] = []
        self._voids: list[StoredVoid] = []

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
        return iter([logged for logged, _ in self._log if logged.log_seq > after])

    def points(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
        """Observations in [from, to), ordered by time."""
        return sampling.points(
            (chunk for _, chunk in self._chunks(sensor)), contents.metric_of(metric), from_utc_ms, to_utc_ms
        )

    def buckets(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int, count: int) -> Buckets:
        """The same stretch of time in *count* equal parts."""
        code = contents.metric_of(metric)
        parts = [(chunk.utc_ms, chunk.metrics[code]) for _, chunk in self._chunks(sensor) if code in chunk.metrics]
        return sampling.buckets(parts, code, from_utc_ms, to_utc_ms, count)

    def latest(self, sensor: str) -> dict[str, Point]:
        """The newest observation of every metric of *sensor*."""
        return sampling.latest(chunk for _, chunk in self._chunks(sensor))

    def notifications(
        self, sensor: str, from_utc_ms: int, to_utc_ms: int, wanted: Collection[Metric] = tuple(Metric)
    ) -> list[Notification]:
        """What *sensor* notified in [from, to)."""
        found = (
            each
            for characteristic, chunk in self._chunks(sensor)
            for each in sampling.notifications(sensor, characteristic, chunk, wanted)
        )
        return sampling.between(found, from_utc_ms, to_utc_ms)

    def everything(self) -> Iterator[Notification]:
        """All that is recorded."""
        for (sensor, characteristic, _), chunk in self._sealed.items():
            yield from sampling.notifications(sensor, characteristic, chunk)
        for (sensor, characteristic), pieces in self._pieces(self._log).items():
            yield from sampling.notifications(sensor, characteristic, gather(pieces))

    def seal(self, upto: int) -> Iterator[int]:
        """Move the log as far as row *upto* into chunks, all in one step."""
        moved = [kept for kept in self._log if kept[0].log_seq <= upto and self._is_settled(kept[1])]
        for (sensor, characteristic), pieces in self._pieces(moved).items():
            for bucket, chunk in split(gather(pieces)).items():
                key = (sensor, characteristic, bucket)
                self._sealed[key] = merge([self._sealed[key], chunk]) if key in self._sealed else chunk
        gone = {logged.log_seq for logged, _ in moved}
        self._log = [kept for kept in self._log if kept[0].log_seq not in gone]
        if moved:
            yield len(moved)

    def expire(self, kept: int, before_utc_ms: int) -> int:
        """Drop what is sealed, of one class and from before a moment."""
        of_class = [key for key, chunk in self._sealed.items() if retention(chunk) == kept]
        old = [key for key in of_class if key[2] < before_utc_ms // BUCKET_MS]
        if len(old) == len(of_class):
            return 0
        for key in old:
            del self._sealed[key]
        return len(old)

    def counts(self) -> Counts:
        """Totals, for the ledger."""
        return self._counts

    def gaps(self) -> list[StoredGap]:
        """Every declared gap, in order of arrival."""
        return list(self._gaps)

    def voids(self) -> list[StoredVoid]:
        """Every declared drop, in order of arrival."""
        return list(self._voids)

    def quarantined(self) -> list[Quarantined]:
        """Everything that was ever set aside, in order of arrival."""
        return list(self._quarantine)

    def close(self) -> None:
        """Nothing to give back."""

    def _held(self, key: EpochKey) -> Intervals:
        return self._received.get(key, Intervals())

    def _keep(self, posting: Posting) -> list[Logged]:
        self._quarantine += set_aside(posting, self._log_seq + 1, len(self._quarantine) + 1)
        kept = [
            (Logged(log_seq=log_seq, arrival=entry.arrival), entry)
            for log_seq, entry in enumerate(posting.entries, self._log_seq + 1)
        ]
        for logged, entry in kept:
            self._declare(logged, entry)
        self._log += kept
        self._log_seq += len(kept)
        self._received.update(posting.received)
        self._counts = posting.added_to(self._counts)
        return [logged for logged, _ in kept]

    def _declare(self, logged: Logged, entry: Entry) -> None:
        """Keep what is no data apart."""
        arrival, body = logged.arrival, entry.contents.body
        clock = settles(body)
        gateway, log_seq, at = arrival.gateway, logged.log_seq, arrival.received_utc_ms
        if clock is not None:
            self._clocks.setdefault((gateway, arrival.header.boot), clock.utc_offset_ms)
        elif isinstance(body, Gap):
            self._gaps.append(StoredGap(gateway=gateway, log_seq=log_seq, received_utc_ms=at, gap=body))
        elif isinstance(body, Void):
            void = StoredVoid(gateway=gateway, log_seq=log_seq, received_utc_ms=at, void=body, dropped=entry.dropped)
            self._voids.append(void)

    def _is_settled(self, entry: Entry) -> bool:
        """Whether it is known for good when it was: only then has it a place in a chunk."""
        data, arrival = entry.contents.body, entry.arrival
        unset = isinstance(data, Data) and data.clock is not ClockState.SYNCHRONISED
        return not unset or (arrival.gateway, arrival.header.boot) in self._clocks

    def _pieces(self, log: Sequence[tuple[Logged, Entry]]) -> dict[tuple[str, str], list[Piece]]:
        """The blocks of *log* by sensor and characteristic."""
        found: dict[tuple[str, str], list[Piece]] = {}
        for logged, entry in log:
            for piece in contents.pieces(logged.arrival, entry.contents.body, self._clocks):
                found.setdefault((piece.block.sensor, piece.block.characteristic), []).append(piece)
        return found

    def _chunks(self, sensor: str) -> list[tuple[str, Chunk]]:
        """All of one sensor, each with its characteristic."""
        sealed = [(name, chunk) for (of, name, _), chunk in self._sealed.items() if of == sensor]
        unsealed = self._pieces(self._log).items()
        return sealed + [(name, gather(pieces)) for (of, name), pieces in unsealed if of == sensor]
