"""From the log to chunks, in small transactions on the writer's connection, between two commits.

A row of the log becomes part of a chunk and leaves the log in one transaction, so it is never in both and never in
neither. What waits for its gateway's clock to be set stays in the log: its ten minutes are not known yet. A row that
rotted stays there too, for ``vitals series check`` to tell of.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from vitals.errors import CorruptStore, DecodeError
from vitals.series import chunk
from vitals.series.chunk import BUCKET_MS, Chunk, Piece
from vitals.series.contents import pieces as pieces_of
from vitals.series.tables import RECEIPT, arrival_of
from vitals.wire import bodies, columns
from vitals.wire.header import Kind

TAKEN: Final = 20_000
"""Log rows that are held in memory at a time."""
STEP_CHUNKS: Final = 64
"""About so many chunks are written in one transaction."""

Clocks = Mapping[tuple[str, int], int]
"""The offset to UTC of each (gateway, boot) whose clock was set."""


class _Row(msgspec.Struct, frozen=True):
    """A row of the log that can be sealed, its blocks, and the spans that point to it."""

    log_seq: int
    pieces: list[Piece]
    spans: list[tuple[str, int]]


class Sealer:
    """Knows how far it has looked; *transaction* makes all of a step durable, or nothing.

    *names* and *clocks* are the store's own and grow with it.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
        names: Mapping[str, int],
        clocks: Clocks,
    ) -> None:
        self._connection = connection
        self._transaction = transaction
        self._names = names
        self._clocks = clocks
        self._looked_at = 0

    def look_again(self) -> None:
        """What was passed over can be sealed now: its clock was set, or a step failed."""
        self._looked_at = 0

    def steps(self, upto: int) -> Iterator[int]:
        """Seal the log as far as row *upto*, one transaction a step; the rows that each sealed.

        Raises:
            StoreError: nothing of that step was written; after :meth:`look_again` it is tried anew.
        """
        while taken := self._take(upto):
            groups: dict[str, list[_Row]] = {}
            for gateway, row in taken:
                groups.setdefault(gateway, []).append(row)
            batch: list[_Row] = []
            chunks: set[tuple[str, str]] = set()
            for rows in groups.values():
                batch += rows
                chunks.update((piece.block.sensor, piece.block.characteristic) for row in rows for piece in row.pieces)
                if len(chunks) >= STEP_CHUNKS:
                    yield self._seal(batch)
                    batch, chunks = [], set()
            if batch:
                yield self._seal(batch)

    def _take(self, upto: int) -> list[tuple[str, _Row]]:
        """The next rows of the log, but those that wait."""
        found: list[tuple[str, _Row]] = []
        while not found and self._looked_at < upto:
            rows = self._connection.execute(
                f"SELECT log_seq, name.text, {RECEIPT} FROM log JOIN name ON name.id = gateway "  # noqa: S608 - our own columns
                "WHERE log_seq > ? AND log_seq <= ? AND log_seq NOT IN (SELECT log_seq FROM unsettled) "
                "ORDER BY log_seq LIMIT ?",
                (self._looked_at, upto, TAKEN),
            ).fetchall()
            for log_seq, gateway, *receipt in rows:
                try:
                    found.append((gateway, self._row(log_seq, gateway, tuple(receipt))))
                except (CorruptStore, DecodeError):
                    continue
            self._looked_at = rows[-1][0] if len(rows) == TAKEN else upto
        return found

    def _row(self, log_seq: int, gateway: str, receipt: tuple[object, ...]) -> _Row:
        arrival = arrival_of(gateway, receipt)
        header = arrival.header
        if header.kind != Kind.DATA:  # gaps, voids and clocks have tables of their own
            return _Row(log_seq, [], [])
        data = bodies.decode(header.kind, arrival.body)
        pieces = pieces_of(arrival, data, self._clocks)
        last_ms: dict[str, int] = {}
        for piece in pieces:
            last = columns.times(piece.block)[-1] + piece.utc_offset_ms
            last_ms[piece.block.sensor] = max(last, last_ms.get(piece.block.sensor, last))
        return _Row(log_seq, pieces, list(last_ms.items()))

    def _seal(self, rows: list[_Row]) -> int:
        pieces: dict[tuple[str, str], list[Piece]] = {}
        for row in rows:
            for piece in row.pieces:
                pieces.setdefault((piece.block.sensor, piece.block.characteristic), []).append(piece)
        gathered = {key: chunk.split(chunk.gather(of)) for key, of in pieces.items()}
        with self._transaction():
            for (sensor, characteristic), buckets in gathered.items():
                for bucket, rows_of in buckets.items():
                    self._merge((self._names[sensor], bucket, characteristic), rows_of)
            self._connection.executemany(
                "DELETE FROM span WHERE sensor = ? AND to_utc_ms = ? AND log_seq = ?",
                [(self._names[sensor], to_utc_ms, row.log_seq) for row in rows for sensor, to_utc_ms in row.spans],
            )
            self._connection.executemany("DELETE FROM log WHERE log_seq = ?", [(row.log_seq,) for row in rows])
        return len(rows)

    def _merge(self, key: tuple[int, int, str], new: Chunk) -> None:
        last = self._connection.execute(
            "SELECT number, part, blob FROM chunk WHERE sensor = ? AND bucket = ? AND characteristic = ? "
            "ORDER BY part DESC LIMIT 1",
            key,
        ).fetchone()
        part = 0
        if last is not None:
            number, part, blob = last
            try:
                merged = chunk.merge([chunk.decode(blob), new])
            except DecodeError:
                part += 1  # what is damaged is left as it is
            else:
                self._connection.execute("UPDATE chunk SET blob = ? WHERE number = ?", (chunk.encode(merged), number))
                return
        self._connection.execute(
            "INSERT INTO chunk(sensor, bucket, characteristic, part, retention, blob) VALUES (?, ?, ?, ?, ?, ?)",
            (*key, part, chunk.retention(new), chunk.encode(new)),
        )


def expire(connection: sqlite3.Connection, kept: int, before_utc_ms: int) -> int:
    """Drop the oldest chunks of one class that end before *before_utc_ms*; how many, at most one step's."""
    return connection.execute(
        "DELETE FROM chunk WHERE number IN (SELECT number FROM chunk WHERE retention = :kept AND bucket < :bucket "
        "AND EXISTS (SELECT 1 FROM chunk WHERE retention = :kept AND bucket >= :bucket) ORDER BY bucket LIMIT :step)",
        {"kept": kept, "bucket": before_utc_ms // BUCKET_MS, "step": STEP_CHUNKS},
    ).rowcount
