"""Read a series file, from any process, also while its one writer runs: the connection is ``mode=ro``."""

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from vitals.codes import Metric
from vitals.errors import CorruptStore, DecodeError, StoreError
from vitals.observation import GenerationMode
from vitals.series import chunk, contents, sampling
from vitals.series.base import Buckets, Counts, Logged, Notification, Point, Quarantined, StoredGap, StoredVoid
from vitals.series.chunk import BUCKET_MS, Chunk, Piece, gather
from vitals.series.intervals import Intervals
from vitals.series.tables import (
    FORMAT,
    RECEIPT,
    TALLY,
    arrival_of,
    quarantined_of,
    require_format,
    signed,
    translated,
    unsigned,
)
from vitals.wire import bodies
from vitals.wire.bodies import Gap, Ranges, Void

PAGE: Final = 500
"""Log rows read at a time: a reader holds no snapshot longer than that, so the writer can checkpoint."""

_ALWAYS: Final = (-(2**62), 2**62)

_GAP: Final = msgspec.msgpack.Decoder(Gap)
_VOID: Final = msgspec.msgpack.Decoder(Void)
_RANGES: Final = msgspec.msgpack.Decoder(Ranges)


class SqliteReader:
    """Implements :class:`vitals.series.base.Reader`; may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open *path*.

        Raises:
            StoreError: it is not there, or no series store of a format that this release reads.
        """
        self._path = str(path)
        if not path.is_file():
            raise StoreError(f"no series store at {path}: has the server run with this configuration?")
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise translated(self._path, error) from None
        try:
            found = require_format(self._path, self._connection)
            rows = self._rows("SELECT id, mode FROM store") if found else []
        except StoreError:
            self._connection.close()
            raise
        if not rows:
            self._connection.close()
            raise StoreError(f"{path} is empty: has the server run with this configuration?")
        self._store, self._mode = rows[0]
        self._has_chunks = found == FORMAT

    @property
    def store(self) -> int:
        """64-bit name of this store."""
        return unsigned(self._store)

    @property
    def mode(self) -> GenerationMode:
        """The only generation mode that this store records (S13)."""
        return GenerationMode(self._mode)

    def gateways(self) -> list[str]:
        """Every gateway that this store has heard of, in order of name."""
        rows = self._rows("SELECT text FROM name WHERE id IN (SELECT DISTINCT gateway FROM received) ORDER BY text")
        return [text for (text,) in rows]

    def committed(self, gateway: str) -> Ranges:
        """Merged inclusive ranges that this store holds of *gateway*."""
        rows = self._rows(
            "SELECT epoch, lo, hi FROM received WHERE gateway = (SELECT id FROM name WHERE text = ?)", gateway
        )
        held: dict[int, Intervals] = {}
        for epoch, low, high in rows:
            held.setdefault(unsigned(epoch), Intervals()).add(unsigned(low), unsigned(high))
        return {epoch: intervals.ranges for epoch, intervals in held.items()}

    def replay(self, after: int) -> Iterator[Logged]:
        """The log beyond *after*, in order. Raises StoreError."""
        query = (
            f"SELECT log_seq, text, {RECEIPT} FROM log JOIN name ON name.id = gateway "  # noqa: S608 - our own columns
            "WHERE log_seq > ? ORDER BY log_seq LIMIT ?"
        )
        for log_seq, gateway, *columns in self._pages(query, after):
            yield Logged(log_seq=log_seq, arrival=arrival_of(gateway, tuple(columns)))

    def points(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
        """Observations in [from, to), ordered by time. Raises StoreError."""
        code = contents.metric_of(metric)
        with self._snapshot():
            chunks = self._chunks(sensor, from_utc_ms, to_utc_ms)
        return sampling.points((chunk for _, chunk in chunks), code, from_utc_ms, to_utc_ms)

    def buckets(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int, count: int) -> Buckets:
        """The same stretch of time in *count* equal parts. Raises StoreError."""
        code = contents.metric_of(metric)
        with self._snapshot():
            parts = [self._column(blob, code) for _, blob in self._sealed(sensor, from_utc_ms, to_utc_ms)]
            chunks = self._unsealed(sensor, from_utc_ms, to_utc_ms)
        parts += [(chunk.utc_ms, chunk.metrics[code]) for _, chunk in chunks if code in chunk.metrics]
        return sampling.buckets([part for part in parts if part is not None], code, from_utc_ms, to_utc_ms, count)

    def latest(self, sensor: str) -> dict[str, Point]:
        """The newest observation of every metric of *sensor*. Raises StoreError."""
        newest = (
            "SELECT blob FROM chunk WHERE number IN (SELECT number FROM (SELECT number, max(bucket) FROM chunk "
            "WHERE sensor = (SELECT id FROM name WHERE text = ?) GROUP BY characteristic))"
        )
        with self._snapshot():
            blobs = self._rows(newest, sensor) if self._has_chunks else []
            chunks = [self._decoded(blob) for (blob,) in blobs]
            chunks += [chunk for _, chunk in self._unsealed(sensor, *_ALWAYS)]
        return sampling.latest(chunks)

    def notifications(
        self, sensor: str, from_utc_ms: int, to_utc_ms: int, wanted: Collection[Metric] = tuple(Metric)
    ) -> list[Notification]:
        """What *sensor* notified in [from, to), in order of its gateway's clock. Raises StoreError."""
        with self._snapshot():
            chunks = self._chunks(sensor, from_utc_ms, to_utc_ms)
        found = (each for name, chunk in chunks for each in sampling.notifications(sensor, name, chunk, wanted))
        return sampling.between(found, from_utc_ms, to_utc_ms)

    def everything(self) -> Iterator[Notification]:
        """All that is recorded, as it was when this was called. Raises StoreError."""
        query = (
            "SELECT number, text, characteristic, blob FROM chunk JOIN name ON name.id = sensor "
            "WHERE number > ? ORDER BY number LIMIT ?"
        )
        with self._snapshot():
            for _, sensor, characteristic, blob in self._pages(query) if self._has_chunks else ():
                yield from sampling.notifications(sensor, characteristic, self._decoded(blob))
            clocks = self._clocks()
            for logged in self.replay(0):
                body = contents.read(logged.arrival.header.kind, logged.arrival.body).body
                for piece in contents.pieces(logged.arrival, body, clocks):
                    block = piece.block
                    yield from sampling.notifications(block.sensor, block.characteristic, gather([piece]))

    def counts(self) -> Counts:
        """Totals, for the ledger."""
        (row,) = self._rows(f"SELECT {TALLY} FROM tally")  # noqa: S608 - our own columns
        return Counts(**dict(zip(Counts.__struct_fields__, row, strict=True)))

    def gaps(self) -> list[StoredGap]:
        """Every declared gap, in order of arrival."""
        rows = self._rows(
            "SELECT log_seq, text, received_utc_ms, body FROM gap JOIN name ON name.id = gateway ORDER BY log_seq"
        )
        return [
            StoredGap(gateway=gateway, log_seq=log_seq, received_utc_ms=at, gap=_GAP.decode(body))
            for log_seq, gateway, at, body in rows
        ]

    def voids(self) -> list[StoredVoid]:
        """Every declared drop, in order of arrival."""
        rows = self._rows(
            "SELECT log_seq, text, received_utc_ms, body, dropped FROM void JOIN name ON name.id = gateway "
            "ORDER BY log_seq"
        )
        return [
            StoredVoid(
                gateway=gateway,
                log_seq=log_seq,
                received_utc_ms=at,
                void=_VOID.decode(body),
                dropped=_RANGES.decode(dropped),
            )
            for log_seq, gateway, at, body, dropped in rows
        ]

    def quarantined(self) -> list[Quarantined]:
        """Everything that was ever set aside, in order of arrival. Raises StoreError."""
        rows = self._rows("SELECT text, quarantine.* FROM quarantine JOIN name ON name.id = gateway ORDER BY number")
        return [quarantined_of(gateway, tuple(row)) for gateway, *row in rows]

    def quarantined_batch(self, number: int) -> Quarantined | None:
        """One item of quarantine, None where there is none of that number. Raises StoreError."""
        rows = self._rows(
            "SELECT text, quarantine.* FROM quarantine JOIN name ON name.id = gateway WHERE number = ?",
            signed(number),
        )
        return quarantined_of(rows[0][0], tuple(rows[0][1:])) if rows else None

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Nothing is sealed between the queries of one answer."""
        with self._lock:
            self._rows("BEGIN")
            try:
                yield
            finally:
                self._rows("ROLLBACK")

    def _chunks(self, sensor: str, from_utc_ms: int, to_utc_ms: int) -> list[tuple[str, Chunk]]:
        sealed = self._sealed(sensor, from_utc_ms, to_utc_ms)
        chunks = [(characteristic, self._decoded(blob)) for characteristic, blob in sealed]
        return chunks + self._unsealed(sensor, from_utc_ms, to_utc_ms)

    def _sealed(self, sensor: str, from_utc_ms: int, to_utc_ms: int) -> list[tuple[str, bytes]]:
        query = (
            "SELECT characteristic, blob FROM chunk WHERE sensor = (SELECT id FROM name WHERE text = ?) "
            "AND bucket BETWEEN ? AND ? ORDER BY bucket"
        )
        if not self._has_chunks:
            return []
        return self._rows(query, sensor, from_utc_ms // BUCKET_MS, (to_utc_ms - 1) // BUCKET_MS)

    def _unsealed(self, sensor: str, from_utc_ms: int, to_utc_ms: int) -> list[tuple[str, Chunk]]:
        """What the log still holds of *sensor*, a chunk per characteristic."""
        query = (
            f"SELECT span.log_seq, utc_offset_ms, gateway.text, {RECEIPT} FROM span "  # noqa: S608 - our own columns
            "JOIN log ON log.log_seq = span.log_seq JOIN name AS gateway ON gateway.id = log.gateway "
            "WHERE sensor = (SELECT id FROM name WHERE text = ?) AND to_utc_ms >= ? AND from_utc_ms < ? "
            "ORDER BY span.log_seq"
        )
        found: dict[str, list[Piece]] = {}
        for _, offset, gateway, *columns in self._rows(query, sensor, from_utc_ms, to_utc_ms):
            arrival = arrival_of(gateway, tuple(columns))
            body = bodies.decode(arrival.header.kind, arrival.body)
            for piece in contents.pieces(arrival, body, {(gateway, arrival.header.boot): offset}):
                if piece.block.sensor == sensor:
                    found.setdefault(piece.block.characteristic, []).append(piece)
        return [(characteristic, gather(pieces)) for characteristic, pieces in found.items()]

    def _decoded(self, blob: bytes) -> Chunk:
        try:
            return chunk.decode(blob)
        except DecodeError as error:
            raise self._damaged(error) from None

    def _column(self, blob: bytes, code: Metric) -> sampling.Part | None:
        try:
            return chunk.column(blob, code)
        except DecodeError as error:
            raise self._damaged(error) from None

    def _damaged(self, error: DecodeError) -> CorruptStore:
        return CorruptStore(f"{self._path}: {error}")

    def _clocks(self) -> dict[tuple[str, int], int]:
        rows = self._rows("SELECT text, boot, utc_offset_ms FROM clock JOIN name ON name.id = gateway")
        return {(gateway, unsigned(boot)): offset for gateway, boot, offset in rows}

    def _pages(self, query: str, after: int = 0) -> Iterator[tuple[Any, ...]]:
        """The rows of a query that takes the number after which to begin, and how many."""
        while True:
            rows = self._rows(query, after, PAGE)
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise translated(self._path, error) from None
