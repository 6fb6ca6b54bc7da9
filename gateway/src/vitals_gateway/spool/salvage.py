"""What can still be read of a damaged spool goes into a new one: every row's own checksum says whether it is sound."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from vitals.errors import DecodeError
from vitals.wire import header
from vitals.wire.bodies import Ranges
from vitals.wire.header import Header
from vitals_gateway.spool.tables import signed, split, text, unsigned

T = TypeVar("T", bound=tuple[object, ...])
Epoch = tuple[int, int, int, int, int, int, int]
Stream = tuple[int, str, str, int, int, str | None, int | None, int | None, int]
Notification = tuple[int, int, int, int, bytes]
Batch = tuple[int, int, int, int, int, int, int | None, int, int | None, bytes]


class Table(msgspec.Struct, Generic[T], frozen=True):
    """One table: its name, its columns, the first of which is its key, and what a sound row looks like."""

    name: str
    columns: str
    shape: object

    @property
    def key(self) -> str:
        """The column that rows are in order of."""
        return self.columns.partition(",")[0]

    def shaped(self, row: object) -> Iterator[T]:
        """The row, unless it is not of the shape that it should be."""
        with suppress(msgspec.ValidationError):
            sound: T = msgspec.convert(row, self.shape)
            yield sound


_EPOCH: Final[Table[Epoch]] = Table("epoch", "ordinal, epoch, boot, mode, last, offset_ms, clock", Epoch)
_STREAM: Final[Table[Stream]] = Table(
    "stream", "id, sensor, characteristic, boot, last_ms, gap_reason, gap_boot, gap_ms, told", Stream
)
_NOTIFICATION: Final[Table[Notification]] = Table("notification", "id, ordinal, stream, at_ms, payload", Notification)
_BATCH: Final[Table[Batch]] = Table(
    "batch", "id, kind, boot, mode, observed_mono, until_mono, until_utc, bytes, acked_at, blob", Batch
)


class Salvaged(msgspec.Struct, frozen=True):
    """How many rows were saved, what is missing of the epochs that are known, and how many streams are known."""

    rows: int = 0
    missing: Ranges = {}
    streams: int = 0


def salvage(damaged: Path, into: sqlite3.Connection, gateway: str) -> Salvaged:
    """Copy what is sound from *damaged* into the empty tables of *into*, in the caller's transaction."""
    try:
        source = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return Salvaged()
    source.text_factory = text
    with closing(source):
        epochs = {row[0]: row for row in _readable(source, _EPOCH)}
        saved = _batches(_readable(source, _BATCH), into, epochs, gateway)
        _insert(into, _EPOCH, epochs.values())
        unbatched = _readable(source, _NOTIFICATION)
        _insert(into, _NOTIFICATION, (row for row in unbatched if row[1] in epochs))
        streams = list(_readable(source, _STREAM))
        _insert(into, _STREAM, streams)
        return Salvaged(len(saved), _missing(epochs.values(), saved), len(streams))


def _batches(rows: Iterable[Batch], into: sqlite3.Connection, epochs: dict[int, Epoch], gateway: str) -> set[int]:
    saved: set[int] = set()
    for row in rows:
        identity = _sound(row, gateway)
        if identity is None:
            continue
        ordinal, seq = split(row[0])
        fresh = (ordinal, signed(identity.epoch), row[2], row[3], seq, 0, 0)
        known = epochs.get(ordinal, fresh)
        if unsigned(known[1]) != identity.epoch or seq != identity.seq:
            continue
        epochs[ordinal] = (*known[:4], max(known[4], seq), *known[5:])
        _insert(into, _BATCH, [row])
        saved.add(row[0])
    return saved


def _sound(row: Batch, gateway: str) -> Header | None:
    try:
        return header.decode(gateway, row[-1]).header
    except DecodeError:
        return None


def _missing(epochs: Iterable[Epoch], saved: set[int]) -> Ranges:
    """What of each epoch is not among the saved rows; what was acknowledged and deleted long ago is among it."""
    held: dict[int, list[int]] = {}
    for row in sorted(saved):
        ordinal, seq = split(row)
        held.setdefault(ordinal, []).append(seq)
    missing: Ranges = {}
    for ordinal, epoch, _boot, _mode, last, *_clock in epochs:
        spans: list[tuple[int, int]] = []
        expected = 1
        for seq in [*held.get(ordinal, []), last + 1]:
            if seq > expected:
                spans.append((expected, seq - 1))
            expected = seq + 1
        if spans:
            missing[unsigned(epoch)] = spans
    return missing


def _readable(source: sqlite3.Connection, table: Table[T]) -> Iterator[T]:
    """Rows up to the first that cannot be read, then those after it from the other end."""
    reached = -(2**63)
    for order in ("ASC", "DESC"):
        try:
            found = source.execute(
                f"SELECT {table.columns} FROM {table.name} WHERE {table.key} > ? ORDER BY 1 {order}",  # noqa: S608
                (reached,),
            )
            for row in found:
                reached = row[0] if order == "ASC" else reached
                yield from table.shaped(row)
        except sqlite3.Error:
            continue
        return


def _insert(into: sqlite3.Connection, table: Table[T], rows: Iterable[T]) -> None:
    marks = ", ".join("?" * (table.columns.count(",") + 1))
    into.executemany(f"INSERT OR IGNORE INTO {table.name} ({table.columns}) VALUES ({marks})", rows)  # noqa: S608
