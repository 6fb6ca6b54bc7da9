"""Notifications into messages, and messages back into counts: values in, values out."""

import struct
from collections.abc import Callable, Iterator, Sequence

import msgspec

from vitals.codes import Metric
from vitals.errors import DecodeError
from vitals.observation import Reading
from vitals.wire import bodies, columns
from vitals.wire.bodies import Block, Data, Ranges, Rejected
from vitals.wire.columns import Row
from vitals.wire.header import MAX_BODY
from vitals_gateway.spool.rows import Notification
from vitals_gateway.wall_clock import WallClock

Read = Callable[[str, bytes], Reading]
"""A characteristic's name and payload into what they say; raises DecodeError (``vitals.gatt.read``)."""

Stream = tuple[str, str]


class Message(msgspec.Struct, frozen=True):
    """A body ready to be spooled, and the first and last moment that it tells of."""

    body: bytes
    from_ms: int
    to_ms: int


def messages(notifications: Sequence[Notification], wall: WallClock, read: Read) -> Iterator[Message]:
    """Bodies of at most 8 kB that hold all of *notifications*, which are in the order of arrival.

    A notification that cannot be read goes along as it came, with the reason; a single one larger than 8 kB makes a
    larger body.
    """
    if not notifications:
        return
    body = bodies.encode(assemble(notifications, wall, read))
    if len(body) > MAX_BODY and len(notifications) > 1:
        half = len(notifications) // 2
        yield from messages(notifications[:half], wall, read)
        yield from messages(notifications[half:], wall, read)
        return
    moments = [item.at_ms for item in notifications]
    yield Message(body, min(moments), max(moments))


def assemble(notifications: Sequence[Notification], wall: WallClock, read: Read) -> Data:
    """One body of *notifications*, a block for each characteristic."""
    rows: dict[Stream, list[tuple[Notification, Row]]] = {}
    rejected: list[Rejected] = []
    for item in notifications:
        try:
            reading = read(item.characteristic, item.payload)
        except DecodeError as error:
            rejected.append(_rejected(item, str(error)))
        except Exception as error:  # noqa: BLE001 - a reader's own fault must not hold up the spool; it is sent along
            rejected.append(_rejected(item, f"the reader failed: {error!r}"))
        else:
            rows.setdefault((item.sensor, item.characteristic), []).append((item, Row(item.at_ms, reading)))
    blocks: list[Block] = []
    for stream, found in rows.items():
        blocks += _pack(stream, found, rejected)
    return Data(wall.offset_ms, wall.state, blocks, rejected)


def counts(body: Data) -> dict[str, int]:
    """Observations in a body, per ``sensor/metric``."""
    found: dict[str, int] = {}
    for block in body.blocks:
        row_count = len(block.deltas) // 4
        for column in block.metrics:
            name = f"{block.sensor}/{Metric(column.code).label}"
            found[name] = found.get(name, 0) + (len(column.rows) // 2 or row_count)
    return found


def ranges(identities: Sequence[tuple[int, int]]) -> Ranges:
    """Merged inclusive ranges of (epoch, seq), which are ascending within an epoch."""
    merged: Ranges = {}
    for epoch, seq in identities:
        spans = merged.setdefault(epoch, [])
        if spans and spans[-1][1] == seq - 1:
            spans[-1] = (spans[-1][0], seq)
        else:
            spans.append((seq, seq))
    return merged


def _pack(stream: Stream, found: list[tuple[Notification, Row]], rejected: list[Rejected]) -> list[Block]:
    try:
        return [columns.pack(*stream, [row for _, row in found])]
    except (OverflowError, ValueError, struct.error) as error:
        if len(found) > 1:
            half = len(found) // 2
            return _pack(stream, found[:half], rejected) + _pack(stream, found[half:], rejected)
        rejected.append(_rejected(found[0][0], f"does not fit the wire: {error}"))
        return []


def _rejected(item: Notification, reason: str) -> Rejected:
    return Rejected(item.sensor, item.characteristic, item.at_ms, item.payload, reason[:200])
