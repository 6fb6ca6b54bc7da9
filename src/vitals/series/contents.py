"""What an arrival says, read without building an object per value; and the observations that a log holds."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from vitals.codes import BY_LABEL, Attribute, Metric
from vitals.errors import DecodeError, NotFoundError
from vitals.observation import Missing, Validity, from_raw
from vitals.series.base import Arrival, Logged, Point
from vitals.wire import bodies, columns
from vitals.wire.bodies import Block, Body, Clock, Data, Void
from vitals.wire.header import MAX_MS, Kind

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


class Stored(msgspec.Struct, frozen=True):
    """Where one stored observation came from; two of one identity and row are one stored twice."""

    gateway: str
    epoch: int
    seq: int
    sensor: str
    characteristic: str
    metric: Metric
    boot: int
    at_ms: int
    raw: int
    quality: int


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


def points(
    arrival: Arrival, sensor: str, metric: Metric, utc_offset_ms: int, within: tuple[int, int]
) -> Iterator[Point]:
    """Observations of one series in one data batch, with UTC in [from, to).

    Raises:
        DecodeError: the body cannot be read.
    """
    data = bodies.decode(arrival.header.kind, arrival.body)
    for block in data.blocks if isinstance(data, Data) else ():
        if block.sensor != sensor:
            continue
        for at_ms, raw, quality in _cells(block, metric):
            utc_ms = at_ms + utc_offset_ms
            if within[0] <= utc_ms < within[1]:
                value = None if quality >> 4 else from_raw(metric, raw)
                yield Point(utc_ms=utc_ms, at_ms=at_ms, boot=arrival.header.boot, value=value, quality=quality)


def stored(log: Iterable[Logged]) -> Iterator[Stored]:
    """Every observation of a log with its identity, for a ledger. Raises DecodeError."""
    for entry in log:
        arrival = entry.arrival
        header = arrival.header
        if header.kind != Kind.DATA:
            continue
        data = bodies.decode(header.kind, arrival.body)
        for block in data.blocks if isinstance(data, Data) else ():
            for column in block.metrics:
                metric = Metric(column.code)
                for at_ms, raw, quality in _cells(block, metric):
                    yield Stored(
                        arrival.gateway,
                        header.epoch,
                        header.seq,
                        block.sensor,
                        block.characteristic,
                        metric,
                        header.boot,
                        at_ms,
                        raw,
                        quality,
                    )


def _cells(block: Block, metric: Metric) -> Iterator[tuple[int, int, int]]:
    at = columns.times(block)
    for column in block.metrics:
        if column.code == metric:
            for row, raw, quality in columns.cells(column, len(at)):
                yield at[row], raw, quality


def settles(body: Body) -> Clock | None:
    """The clock record that corrects the UTC of its boot, None where *body* is none."""
    return body if isinstance(body, Clock) and body.state is bodies.ClockState.SYNCHRONISED else None
