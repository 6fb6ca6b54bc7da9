"""What is sealed: ten minutes of one characteristic of one sensor, column by column.

Pure functions between rows as they came (``gather``), rows as they lie in memory (:class:`Chunk`) and bytes on disk
(``encode``, ``decode``). Rows are in order of UTC, then of identity, however they arrived: the same rows are always
the same bytes. Nothing that a gateway said of an observation is left out, its identity included.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from vitals.codes import CODES, Metric
from vitals.errors import DecodeError
from vitals.series.base import NUMERICS, WAVEFORMS
from vitals.series.packing import Integers, pack, pack_times, unpack
from vitals.wire.bodies import Block, Column

BUCKET_MS: Final = 600_000
"""Ten minutes of UTC are in one chunk."""
RECEIPT_MS: Final = 100
"""How exactly receipt is kept: enough for lateness, which is a matter of half a minute, and cheap."""
UNKNOWN: Final = -1
"""The age of a row whose gateway's clock was never heard running."""
FORMAT: Final = b"\x02"
"""First byte of a chunk's bytes; 1 is a row of the log."""

Origin = tuple[str, int, int, int]
"""Gateway, epoch, boot, and what the gateway knew of its clock (``bodies.ClockState``)."""


class Piece(msgspec.Struct, frozen=True):
    """A block with where it came from; *utc_offset_ms* turns its times into UTC.

    It was received at *received_utc_ms* by the collector's clock; at *receipt_ms* by that of its times, as far as the
    collector could tell (S5), else None.
    """

    origin: Origin
    seq: int
    utc_offset_ms: int
    received_utc_ms: int
    receipt_ms: int | None
    block: Block


class Cells(msgspec.Struct, frozen=True):
    """The values of one metric or attribute: *per_row* says how many each row has, in order."""

    per_row: Integers
    raw: Integers
    quality: Integers


class Chunk(msgspec.Struct, frozen=True):
    """Rows of one characteristic of one sensor; row *i* came from ``origins[origin[i]]`` in batch ``seq[i]``.

    *age* is how old a row was at receipt, and *delay* how much later by the two wall clocks it was received than
    observed, both in :data:`RECEIPT_MS`; an *age* of -1 is one that nobody could tell.
    """

    at_ms: Integers
    utc_offset_ms: Integers
    age: Integers
    delay: Integers
    origins: tuple[Origin, ...]
    origin: Integers
    seq: Integers
    metrics: dict[int, Cells]
    attributes: dict[int, Cells]
    device_times: dict[int, str] = {}
    malformed: int = 0

    def __len__(self) -> int:
        return len(self.at_ms)

    @property
    def utc_ms(self) -> Integers:
        """When each row was observed, by the gateway's clock."""
        return self.at_ms + self.utc_offset_ms

    @property
    def observations(self) -> int:
        """How many values, missing ones included."""
        return sum(len(cells.raw) for cells in self.metrics.values())


class _Cells(msgspec.Struct, array_like=True, frozen=True):
    code: int
    count: int
    per_row: bytes
    raw: bytes
    quality: bytes


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    rows: int
    at_ms: bytes
    utc_offset_ms: bytes
    age: bytes
    delay: bytes
    origins: tuple[Origin, ...]
    origin: bytes
    seq: bytes
    metrics: list[_Cells]
    attributes: list[_Cells]
    device_times: dict[int, str]
    malformed: int


_DECODER: Final = msgspec.msgpack.Decoder(_Packed)


def encode(chunk: Chunk) -> bytes:
    """The bytes of *chunk*, which has at least one row."""
    packed = _Packed(
        rows=len(chunk),
        at_ms=pack_times(chunk.at_ms),
        utc_offset_ms=pack(chunk.utc_offset_ms),
        age=pack(chunk.age),
        delay=pack(chunk.delay - chunk.age),
        origins=chunk.origins,
        origin=pack(chunk.origin),
        seq=pack(chunk.seq),
        metrics=_packed(chunk.metrics),
        attributes=_packed(chunk.attributes),
        device_times=dict(sorted(chunk.device_times.items())),
        malformed=chunk.malformed,
    )
    body = msgspec.msgpack.encode(packed)
    return FORMAT + zlib.crc32(body).to_bytes(4, "little") + body


def decode(blob: bytes) -> Chunk:
    """The chunk that :func:`encode` was given. Raises DecodeError."""
    packed = _read(blob)
    age = unpack(packed.age, packed.rows)
    return Chunk(
        at_ms=unpack(packed.at_ms, packed.rows),
        utc_offset_ms=unpack(packed.utc_offset_ms, packed.rows),
        age=age,
        delay=unpack(packed.delay, packed.rows) + age,
        origins=packed.origins,
        origin=unpack(packed.origin, packed.rows),
        seq=unpack(packed.seq, packed.rows),
        metrics={cells.code: _unpacked(cells, packed.rows) for cells in packed.metrics},
        attributes={cells.code: _unpacked(cells, packed.rows) for cells in packed.attributes},
        device_times=packed.device_times,
        malformed=packed.malformed,
    )


def column(blob: bytes, metric: int) -> tuple[Integers, Cells] | None:
    """UTC of every row, and the values of one metric; None where the chunk has none. Raises DecodeError."""
    packed = _read(blob)
    cells = next((cells for cells in packed.metrics if cells.code == metric), None)
    if cells is None:
        return None
    utc_ms = unpack(packed.at_ms, packed.rows) + unpack(packed.utc_offset_ms, packed.rows)
    return utc_ms, _unpacked(cells, packed.rows)


def gather(pieces: Sequence[Piece]) -> Chunk:
    """The rows of *pieces*, which are of one characteristic of one sensor; at least one row.

    Raises:
        DecodeError: a block's lengths do not fit together.
    """
    origins = tuple(sorted({piece.origin for piece in pieces}))
    number = {origin: index for index, origin in enumerate(origins)}
    blocks = [piece.block for piece in pieces]
    rows = np.array([len(block.deltas) // 4 for block in blocks])
    starts = np.cumsum(rows) - rows
    at_ms = _times(blocks, rows, starts)
    offsets = np.repeat(_integers(piece.utc_offset_ms for piece in pieces), rows)
    received = np.repeat(_integers(piece.received_utc_ms for piece in pieces), rows)
    receipts = np.repeat(_integers(UNKNOWN if piece.receipt_ms is None else piece.receipt_ms for piece in pieces), rows)
    known = np.repeat([piece.receipt_ms is not None for piece in pieces], rows)
    return _ordered(
        Chunk(
            at_ms=at_ms,
            utc_offset_ms=offsets,
            age=np.where(known, np.maximum(0, receipts - at_ms) // RECEIPT_MS, UNKNOWN),
            delay=(received - offsets - at_ms) // RECEIPT_MS,
            origins=origins,
            origin=np.repeat(_integers(number[piece.origin] for piece in pieces), rows),
            seq=np.repeat(_integers(piece.seq for piece in pieces), rows),
            metrics=_gathered([block.metrics for block in blocks], rows),
            attributes=_gathered([block.attributes for block in blocks], rows),
            device_times={
                int(start) + row: text
                for start, block in zip(starts, blocks, strict=True)
                for row, text in block.device_times.items()
            },
            malformed=sum(block.malformed for block in blocks),
        )
    )


def merge(chunks: Sequence[Chunk]) -> Chunk:
    """All rows of *chunks*, each of which has at least one."""
    if len(chunks) == 1:
        return chunks[0]
    origins = tuple(sorted({origin for chunk in chunks for origin in chunk.origins}))
    number = {origin: index for index, origin in enumerate(origins)}
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks)])
    return _ordered(
        Chunk(
            at_ms=np.concatenate([chunk.at_ms for chunk in chunks]),
            utc_offset_ms=np.concatenate([chunk.utc_offset_ms for chunk in chunks]),
            age=np.concatenate([chunk.age for chunk in chunks]),
            delay=np.concatenate([chunk.delay for chunk in chunks]),
            origins=origins,
            origin=np.concatenate(
                [np.array([number[origin] for origin in chunk.origins])[chunk.origin] for chunk in chunks]
            ),
            seq=np.concatenate([chunk.seq for chunk in chunks]),
            metrics=_merged(chunks, lambda chunk: chunk.metrics),
            attributes=_merged(chunks, lambda chunk: chunk.attributes),
            device_times={
                int(start) + row: text
                for start, chunk in zip(starts, chunks, strict=False)
                for row, text in chunk.device_times.items()
            },
            malformed=sum(chunk.malformed for chunk in chunks),
        )
    )


def split(chunk: Chunk) -> dict[int, Chunk]:
    """The rows of each ten minutes, by ``utc_ms // BUCKET_MS``; dropped trailing bytes are counted with the first."""
    buckets = chunk.utc_ms // BUCKET_MS
    found = {int(bucket): _taken(chunk, np.flatnonzero(buckets == bucket)) for bucket in np.unique(buckets)}
    return {
        bucket: msgspec.structs.replace(part, malformed=chunk.malformed if index == 0 else 0)
        for index, (bucket, part) in enumerate(found.items())
    }


def retention(of: Chunk) -> int:
    """The class that decides how long a chunk is kept."""
    waveform = any(CODES[Metric(code)].waveform for code in of.metrics)
    return WAVEFORMS if waveform else NUMERICS


def _read(blob: bytes) -> _Packed:
    if blob[:1] != FORMAT:
        raise DecodeError(f"a chunk has format {blob[:1].hex()}; this release reads {FORMAT.hex()}")
    body = blob[5:]
    if zlib.crc32(body) != int.from_bytes(blob[1:5], "little"):
        raise DecodeError("the checksum of a chunk does not hold")
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise DecodeError(f"a chunk cannot be read: {error}") from None


def _packed(columns: dict[int, Cells]) -> list[_Cells]:
    return [
        _Cells(code, len(cells.raw), pack(cells.per_row), pack(cells.raw), pack(cells.quality))
        for code, cells in sorted(columns.items())
    ]


def _unpacked(cells: _Cells, rows: int) -> Cells:
    read = Cells(unpack(cells.per_row, rows), unpack(cells.raw, cells.count), unpack(cells.quality, cells.count))
    if read.per_row.sum() != cells.count:
        raise DecodeError(f"column {cells.code} of a chunk has {cells.count} values for {read.per_row.sum()} places")
    return read


def _integers(values: Iterable[int]) -> Integers:
    return np.fromiter(values, np.int64)


def _times(blocks: Sequence[Block], rows: Integers, starts: Integers) -> Integers:
    """Every block's own running sum, from its own first moment."""
    running: Integers = np.frombuffer(b"".join(block.deltas for block in blocks), "<u4").cumsum(dtype=np.int64)
    first = _integers(block.first_ms for block in blocks) - running[starts]
    at_ms: Integers = running + np.repeat(first, rows)
    return at_ms


def _gathered(blocks: Sequence[Sequence[Column]], rows: Integers) -> dict[int, Cells]:
    """One set of cells per code, over blocks of which some may not have it."""
    found: dict[int, dict[int, Column]] = {}
    for index, columns in enumerate(blocks):
        for each in columns:
            found.setdefault(each.code, {})[index] = each
    counts = rows.tolist()
    return {code: _dense(there, counts) or _sparse(there, counts) for code, there in found.items()}


def _dense(there: dict[int, Column], counts: list[int]) -> Cells | None:
    """The cells of a metric that has one small value a row in every block, at one go; None where it has not."""
    if len(there) < len(counts):
        return None
    for count, column in zip(counts, there.values(), strict=True):
        if column.rows or len(column.values) != 2 * count or len(column.quality) not in {0, count}:
            return None
    raw = np.frombuffer(b"".join(column.values for column in there.values()), "<i2").astype(np.int64)
    quality = b"".join(column.quality or bytes(count) for count, column in zip(counts, there.values(), strict=True))
    return Cells(np.ones(len(raw), np.int64), raw, np.frombuffer(quality, np.uint8).astype(np.int64))


def _sparse(there: dict[int, Column], counts: list[int]) -> Cells:
    return _joined([_cells(there[i], count) if i in there else count for i, count in enumerate(counts)])


def _merged(chunks: Sequence[Chunk], columns: Callable[[Chunk], dict[int, Cells]]) -> dict[int, Cells]:
    codes = sorted({code for chunk in chunks for code in columns(chunk)})
    return {code: _joined([columns(chunk).get(code, len(chunk)) for chunk in chunks]) for code in codes}


def _joined(parts: Sequence[Cells | int]) -> Cells:
    """Cells one after the other; a number stands for so many rows without a value."""
    there = [part for part in parts if isinstance(part, Cells)]
    return Cells(
        np.concatenate([part.per_row if isinstance(part, Cells) else np.zeros(part, np.int64) for part in parts]),
        np.concatenate([part.raw for part in there]),
        np.concatenate([part.quality for part in there]),
    )


def _cells(column: Column, row_count: int) -> Cells:
    """The values of one column of the wire in order of their rows."""
    count = len(column.rows) // 2 if column.rows else row_count
    width = len(column.values) // count if count else 2
    if width not in {2, 4} or len(column.values) != width * count or len(column.quality) not in {0, count}:
        raise DecodeError(f"column {column.code}: {len(column.values)} bytes for {count} values")
    raw = np.frombuffer(column.values, f"<i{width}").astype(np.int64)
    quality = np.frombuffer(column.quality or bytes(count), np.uint8).astype(np.int64)
    if not column.rows:
        return Cells(np.ones(row_count, np.int64), raw, quality)
    rows = np.frombuffer(column.rows, "<u2").astype(np.int64)
    if len(rows) and rows.max() >= row_count:
        raise DecodeError(f"column {column.code}: row {rows.max()} of {row_count}")
    order = np.argsort(rows, kind="stable")
    return Cells(np.bincount(rows, minlength=row_count).astype(np.int64), raw[order], quality[order])


def _ordered(chunk: Chunk) -> Chunk:
    order = np.lexsort((chunk.seq, chunk.origin, chunk.utc_ms))
    return chunk if (order == np.arange(len(order))).all() else _taken(chunk, order)


def _taken(chunk: Chunk, order: NDArray[np.intp]) -> Chunk:
    """The rows of *chunk* that *order* names, in that order."""
    place = {int(row): index for index, row in enumerate(order)} if chunk.device_times else {}
    return Chunk(
        at_ms=chunk.at_ms[order],
        utc_offset_ms=chunk.utc_offset_ms[order],
        age=chunk.age[order],
        delay=chunk.delay[order],
        origins=chunk.origins,
        origin=chunk.origin[order],
        seq=chunk.seq[order],
        metrics={code: cells for code, each in chunk.metrics.items() if len((cells := _picked(each, order)).raw)},
        attributes={code: cells for code, each in chunk.attributes.items() if len((cells := _picked(each, order)).raw)},
        device_times={place[row]: text for row, text in chunk.device_times.items() if row in place},
        malformed=chunk.malformed,
    )


def _picked(cells: Cells, order: NDArray[np.intp]) -> Cells:
    per_row = cells.per_row[order]
    if (cells.per_row == 1).all():
        return Cells(per_row, cells.raw[order], cells.quality[order])
    starts = np.cumsum(cells.per_row) - cells.per_row
    within = np.arange(per_row.sum()) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    wanted = np.repeat(starts[order], per_row) + within
    return Cells(per_row, cells.raw[wanted], cells.quality[wanted])
