"""What an arrival says, read without building an object per value."""

from collections.abc import Mapping
from typing import Final

import msgspec

from vitals.codes import BY_LABEL, Attribute, Metric
from vitals.errors import DecodeError, NotFoundError
from vitals.observation import Missing, Validity
from vitals.series.base import Arrival
from vitals.series.chunk import Piece
from vitals.wire import bodies, columns
from vitals.wire.bodies import Block, Body, Clock, ClockState, Data, Void
from vitals.wire.header import MAX_MS

HIGHEST_SEQ: Final = 2**63 - 1
"""No spool counts further, and every store can hold it in order."""


class Span(msgspec.Struct, frozen=True):
    """The rows of one sensor in one batch: gateway-monotonic milliseconds of the first and the last."""

    sensor: str
    first_ms: int
    last_ms: int


class Contents(msgspec.Struct, frozen=True):
    """A body that can be read to its end, its spans, and how many observations it brings.

    *observations* counts those in readable notifications; the rejected ones stand in the body and count one each.
    """

    body: Body
    spans: tuple[Span, ...] = ()
    observations: int = 0

    @property
    def rejected(self) -> int:
        """Notifications that the gateway could not read."""
        return len(self.body.rejected) if isinstance(self.body, Data) else 0


def read(kind: int, body: bytes) -> Contents:
    """Read a body to its end; what passes can be unpacked, stored and read back.

    Raises:
        DecodeError: the kind is unknown, or lengths, codes, times or ranges do not fit.
    """
    said = bodies.decode(kind, body)
    if isinstance(said, Data):
        return _data(said)
    if isinstance(said, Void):
        _check_void(said)
    return Contents(said)


def _data(data: Data) -> Contents:
    spans: dict[str, Span] = {}
    observations = 0
    for block in data.blocks:
        at = columns.times(block)
        observations += _observations(block, len(at))
        if not at:
            continue
        known = spans.get(block.sensor, Span(block.sensor, at[0], at[-1]))
        spans[block.sensor] = Span(block.sensor, min(known.first_ms, at[0]), max(known.last_ms, at[-1]))
    for span in spans.values():
        if span.last_ms > MAX_MS:
            raise DecodeError(f"a row of {span.sensor} at {span.last_ms} ms: no clock runs that long")
    return Contents(data, tuple(spans.values()), observations)


def _observations(block: Block, rows: int) -> int:
    """Count the observations of *block*, refusing exactly what :func:`columns.unpack` refuses."""
    count = 0
    try:
        for column in block.metrics:
            Metric(column.code)
            columns.cells(column, rows)
            count += len(column.rows) // 2 if column.rows else rows
            for quality in set(column.quality):
                Validity(quality & 0x0F)
                Missing(quality >> 4)
        for column in block.attributes:
            Attribute(column.code)
            columns.cells(column, rows)
    except ValueError as error:
        raise DecodeError(f"unreadable block of {block.sensor}: {error}") from None
    return count


def _check_void(void: Void) -> None:
    for epoch, ranges in void.ranges.items():
        if epoch < 0:  # MessagePack itself ends at 64 bits
            raise DecodeError(f"void of epoch {epoch}")
        for low, high in ranges:
            if not 0 <= low <= high <= HIGHEST_SEQ:
                raise DecodeError(f"void of no possible range {low} to {high}")


def metric_of(label: str) -> Metric:
    """The metric of a label. Raises NotFoundError."""
    if label not in BY_LABEL:
        raise NotFoundError(f"no metric is called {label!r}")
    return BY_LABEL[label]


def pieces(arrival: Arrival, body: Body, settled: Mapping[tuple[str, int], int]) -> list[Piece]:
    """The blocks of a body that have rows; *settled* holds the offset to UTC of boots whose clock was set."""
    if not isinstance(body, Data):
        return []
    header = arrival.header
    offset = body.utc_offset_ms
    if body.clock is not ClockState.SYNCHRONISED:
        offset = settled.get((arrival.gateway, header.boot), offset)
    origin = (arrival.gateway, header.epoch, header.boot, int(body.clock))
    receipt_ms = None if arrival.queued_ms is None else header.published_ms + arrival.queued_ms
    return [
        Piece(origin, header.seq, offset, arrival.received_utc_ms, receipt_ms, block)
        for block in body.blocks
        if block.deltas
    ]


def settles(body: Body) -> Clock | None:
    """The clock record that corrects the UTC of its boot, None where *body* is none."""
    return body if isinstance(body, Clock) and body.state is ClockState.SYNCHRONISED else None
