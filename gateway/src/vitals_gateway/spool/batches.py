"""The rows that go to the collector: inserted once, never changed, released by its acknowledgement alone."""

import sqlite3

import msgspec

from vitals.observation import GenerationMode
from vitals.wire import header
from vitals.wire.bodies import EpochState, Ranges
from vitals.wire.header import Header, Kind
from vitals_gateway.spool.rows import Depth, Entry
from vitals_gateway.spool.tables import SEQ_BITS, row_id, signed, split, unsigned

_WAITING = "FROM batch INDEXED BY unacknowledged WHERE acked_at IS NULL"
_SHOWN_EPOCHS = 32
_Row = tuple[int, int, GenerationMode, int, int, int | None, int, bytes]


class Origin(msgspec.Struct, frozen=True):
    """Which boot a row's times belong to, and whether it tells of a patient or of a simulation."""

    boot: int
    mode: GenerationMode


class Span(msgspec.Struct, frozen=True):
    """First and last moment of a row, gateway-monotonic; the last one in UTC too, where the clock was set."""

    from_ms: int
    to_ms: int
    to_utc_ms: int | None = None


class Stored(msgspec.Struct, frozen=True):
    """One row as the file holds it."""

    row: int
    kind: int
    origin: Origin
    span: Span
    size: int
    blob: bytes


class Batches:
    """Rows of all epochs; those that are added belong to the current one. Callers own the transaction."""

    def __init__(self, connection: sqlite3.Connection, gateway: str, ordinal: int, epoch: int) -> None:
        self._execute = connection.execute
        self._gateway = gateway
        self._ordinal = ordinal
        self._epoch = epoch

    def add(self, kind: Kind, body: bytes, origin: Origin, span: Span) -> Entry:
        """Give *body* the next sequence number."""
        last: int = self._execute("SELECT last FROM epoch WHERE ordinal = ?", (self._ordinal,)).fetchone()[0]
        seq = last + 1
        identity = Header(mode=origin.mode, kind=kind, epoch=self._epoch, seq=seq, boot=origin.boot, published_ms=0)
        frame = header.encode(self._gateway, identity, body)
        row = row_id(self._ordinal, seq)
        self._execute("UPDATE epoch SET last = ? WHERE ordinal = ?", (seq, self._ordinal))
        self.put(Stored(row, kind, origin, span, len(frame), frame))
        return Entry(row, len(frame), kind is Kind.ALARM, frame)

    def put(self, stored: Stored) -> None:
        """Insert a row as it is."""
        self._execute(
            "INSERT INTO batch (id, kind, boot, mode, observed_mono, until_mono, until_utc, bytes, blob)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stored.row,
                stored.kind,
                signed(stored.origin.boot),
                stored.origin.mode,
                stored.span.from_ms,
                stored.span.to_ms,
                stored.span.to_utc_ms,
                stored.size,
                stored.blob,
            ),
        )

    def last(self) -> tuple[int, int]:
        """The current epoch and the newest sequence number in it, 0 where there is none yet."""
        found = self._execute("SELECT last FROM epoch WHERE ordinal = ?", (self._ordinal,)).fetchone()
        return self._epoch, found[0]

    def waiting(self, after: int, limit: int) -> list[Entry]:
        """Unacknowledged rows beyond *after*, oldest first."""
        found = self._execute(f"SELECT id, bytes {_WAITING} AND id > ? ORDER BY id LIMIT ?", (after, limit))
        return [Entry(row, size) for row, size in found]

    def newest(self) -> Entry | None:
        """The newest row that waits."""
        found = self._execute(f"SELECT id, bytes {_WAITING} ORDER BY id DESC LIMIT 1").fetchone()
        return None if found is None else Entry(*found)

    def read(self, row: int) -> Stored | None:
        """One row that waits, None if it is acknowledged or gone."""
        found = self._execute(
            "SELECT kind, boot, mode, observed_mono, until_mono, until_utc, bytes, blob FROM batch"
            " WHERE id = ? AND acked_at IS NULL",
            (row,),
        ).fetchone()
        if found is None:
            return None
        try:
            kind, boot, mode, from_ms, to_ms, to_utc_ms, size, blob = msgspec.convert(found, _Row)
        except msgspec.ValidationError:  # rotten through and through: its identity is all that can be told
            return Stored(row, 0, self._origin(row), Span(0, 0), 0, b"")
        return Stored(row, kind, Origin(unsigned(boot), mode), Span(from_ms, to_ms, to_utc_ms), size, blob)

    def identity(self, row: int) -> tuple[int, int]:
        """Epoch and sequence number of a row."""
        ordinal, seq = split(row)
        epoch: int = self._execute("SELECT epoch FROM epoch WHERE ordinal = ?", (ordinal,)).fetchone()[0]
        return unsigned(epoch), seq

    def delete(self, rows: list[int]) -> None:
        """Forget rows."""
        for row in rows:
            self._execute("DELETE FROM batch WHERE id = ?", (row,))

    def acknowledge(self, ranges: Ranges, at_ms: int) -> list[int]:
        """Mark the rows within *ranges*; returns those that were waiting."""
        acknowledged: list[int] = []
        for epoch, spans in ranges.items():
            ordinal = self._ordinal_of(epoch)
            if ordinal is None:
                continue
            for low, high in spans:
                bounds = (row_id(ordinal, _within(low)), row_id(ordinal, _within(high)))
                found = self._execute(f"SELECT id {_WAITING} AND id BETWEEN ? AND ?", bounds)
                acknowledged += [row for (row,) in found]
        for row in acknowledged:
            self._execute("UPDATE batch SET acked_at = ? WHERE id = ?", (at_ms, row))
        return acknowledged

    def take_back(self) -> None:
        """Every acknowledged row waits again: the store that acknowledged it is not the one that is there now."""
        self._execute("UPDATE batch SET acked_at = NULL WHERE acked_at IS NOT NULL")

    def depth(self) -> Depth:
        """Totals, and the epochs: all that still hold something to acknowledge, and the newest of the others."""
        rows, size = self._execute(f"SELECT count(*), coalesce(sum(bytes), 0) {_WAITING}").fetchone()
        epochs: dict[int, EpochState] = {}
        complete = 0
        for ordinal, epoch, last in self._execute("SELECT ordinal, epoch, last FROM epoch ORDER BY ordinal DESC"):
            first = self._execute(
                f"SELECT min(id) {_WAITING} AND id BETWEEN ? AND ?",
                (row_id(ordinal, 0), row_id(ordinal + 1, 0) - 1),
            ).fetchone()[0]
            complete += first is None
            if first is not None or complete <= _SHOWN_EPOCHS:
                epochs[unsigned(epoch)] = EpochState(last + 1 if first is None else split(first)[1], last)
        return Depth(rows, size, epochs)

    def _origin(self, row: int) -> Origin:
        boot, mode = self._execute("SELECT boot, mode FROM epoch WHERE ordinal = ?", (split(row)[0],)).fetchone()
        return Origin(unsigned(boot), GenerationMode(mode))

    def _ordinal_of(self, epoch: int) -> int | None:
        found = self._execute("SELECT ordinal FROM epoch WHERE epoch = ?", (signed(epoch),)).fetchone()
        return None if found is None else found[0]


def _within(seq: int) -> int:
    return min(max(seq, 0), (1 << SEQ_BITS) - 1)
