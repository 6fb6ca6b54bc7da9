"""Pack readings into columns, and back: a copy per column, not a loop per value where the reader has numpy."""

import functools
import itertools
import sys
from array import array
from collections.abc import Iterator, Sequence

import msgspec

from vitals.codes import Attribute, Metric
from vitals.errors import DecodeError
from vitals.observation import Missing, Observation, Reading, Validity
from vitals.wire.bodies import Block, Column


class Row(msgspec.Struct, frozen=True):
    """One notification: when it was received (gateway-monotonic milliseconds) and what it said."""

    at_ms: int
    reading: Reading


def pack(sensor: str, characteristic: str, rows: Sequence[Row]) -> Block:
    """Columns of *rows*, which are in order of time, at least one and at most 65,535."""
    metrics: dict[int, list[tuple[int, int, int]]] = {}
    attributes: dict[int, list[tuple[int, int, int]]] = {}
    device_times: dict[int, str] = {}
    for index, row in enumerate(rows):
        for item in row.reading.observations:
            quality = int(item.validity) | (int(item.missing) << 4)
            metrics.setdefault(int(item.metric), []).append((index, item.raw, quality))
        for name, raw in row.reading.attributes.items():
            attributes.setdefault(int(name), []).append((index, raw, 0))
        if row.reading.device_time is not None:
            device_times[index] = row.reading.device_time
    times = [row.at_ms for row in rows]
    return Block(
        sensor=sensor,
        characteristic=characteristic,
        first_ms=times[0],
        deltas=_bytes("I", [0, *(late - early for early, late in itertools.pairwise(times))]),
        metrics=[_column(code, cells, len(rows)) for code, cells in metrics.items()],
        attributes=[_column(code, cells, len(rows)) for code, cells in attributes.items()],
        device_times=device_times,
        malformed=sum(row.reading.malformed for row in rows),
    )


def times(block: Block) -> list[int]:
    """Gateway-monotonic milliseconds of every row. Raises DecodeError."""
    return list(itertools.accumulate(numbers("I", block.deltas), initial=block.first_ms))[1:]


def unpack(block: Block) -> list[Row]:
    """The rows that :func:`pack` was given; dropped trailing bytes are only counted on the block.

    Raises:
        DecodeError: lengths or codes do not fit together.
    """
    at = times(block)
    observations: list[list[Observation]] = [[] for _ in at]
    attributes: list[dict[Attribute, int]] = [{} for _ in at]
    try:
        for column in block.metrics:
            metric = Metric(column.code)
            for row, raw, quality in cells(column, len(at)):
                observations[row].append(Observation(metric, raw, *_judged(quality)))
        for column in block.attributes:
            name = Attribute(column.code)
            for row, raw, _ in cells(column, len(at)):
                attributes[row][name] = raw
    except (ValueError, IndexError) as error:
        raise DecodeError(f"unreadable block of {block.sensor}: {error}") from None
    return [
        Row(at_ms, Reading(tuple(observed), named, 0, block.device_times.get(index)))
        for index, (at_ms, observed, named) in enumerate(zip(at, observations, attributes, strict=True))
    ]


def cells(column: Column, row_count: int) -> Iterator[tuple[int, int, int]]:
    """Row, raw integer and quality byte of every value of *column*. Raises DecodeError."""
    count = len(column.rows) // 2 if column.rows else row_count
    width = {2: "h", 4: "i"}.get(len(column.values) // count if count else 2)
    values = numbers(width or "?", column.values) if width else None
    if values is None or len(values) != count or (column.quality and len(column.quality) != count):
        raise DecodeError(f"column {column.code}: {len(column.values)} bytes for {count} values")
    rows: Sequence[int] = numbers("H", column.rows) if column.rows else range(row_count)
    if column.rows and max(rows) >= row_count:
        raise DecodeError(f"column {column.code}: row {max(rows)} of {row_count}")
    quality: Sequence[int] = column.quality or bytes(count)
    return zip(rows, values, quality, strict=True)


def numbers(typecode: str, packed: bytes) -> "array[int]":
    """Packed little-endian integers of an ``array`` type code. Raises DecodeError."""
    values: array[int] = array(typecode)
    try:
        values.frombytes(packed)
    except ValueError as error:
        raise DecodeError(f"column of {len(packed)} bytes: {error}") from None
    if sys.byteorder == "big":
        values.byteswap()
    return values


@functools.cache
def _judged(quality: int) -> tuple[Validity, Missing]:
    """What a quality byte says. Raises ValueError; there are 256 at most."""
    return Validity(quality & 0x0F), Missing(quality >> 4)


def _column(code: int, entries: Sequence[tuple[int, int, int]], row_count: int) -> Column:
    rows = [row for row, _, _ in entries]
    raws = [raw for _, raw, _ in entries]
    small = all(-32768 <= raw <= 32767 for raw in raws)
    quality = bytes(quality for _, _, quality in entries)
    return Column(
        code=code,
        values=_bytes("h" if small else "i", raws),
        rows=b"" if rows == list(range(row_count)) else _bytes("H", rows),
        quality=quality if any(quality) else b"",
    )


def _bytes(typecode: str, values: Sequence[int]) -> bytes:
    packed = array(typecode, values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()
