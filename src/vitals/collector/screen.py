"""The screen before the desk: whole columns of values that can change nothing, told apart without a look at each.

It decides one thing: that hearing a block of notifications row by row (``Watch.hear``) would do nothing but make its
newest values the newest, and note that one nears a limit. That is so while every value lies within the limits of its
channel (``bands``: within nothing while any condition that listens is not quiet, and where somebody must see every
value), all of them are there and may alarm, they are newer than what was evaluated and in time, and the sensor is
*calm*. Then this is done, once a column. Of anything else it keeps its hands off: the rows go one by one through
``hear`` to ``step``, which alone knows what a value means. That both come to the same is held by
tests/unit/collector/desk/test_desk_same.py.

Columns of a live batch are short (a row a second, 30 at most before they are late), so the extremes of an array are
taken with ``min`` and ``max``: below about 200 values that is quicker than the set-up of an array library's call.
"""

import itertools
import struct
from array import array
from typing import Final

from vitals.collector.base import Heard
from vitals.collector.channel import Channel, Mark, Worn
from vitals.collector.episodic import SPOT_CHECK
from vitals.collector.hindsight import Hindsight
from vitals.collector.roster import Roster
from vitals.collector.standing import Moment
from vitals.collector.watch import Watch
from vitals.errors import DecodeError
from vitals.observation import ALARM_ELIGIBLE, Missing, from_raw
from vitals.wire import columns
from vitals.wire.bodies import Block, Column

_ELIGIBLE: Final = bytes(sorted(ALARM_ELIGIBLE))
"""Quality bytes of values that are there and may alarm (the missing reason is in the high four bits)."""
_ONE_ROW: Final = bytes(4)
_SHORT: Final = struct.Struct("<h")

Near = tuple[Channel, int]
"""A channel, and a raw integer that is beyond no limit and outside its band."""
Told = tuple[Channel, int, int]
"""A channel, the raw integer of its newest value, and when that was observed (gateway-monotonic milliseconds)."""


class Screen:
    """The screen before one desk; *late_ms* is the age at which a value alarms no more (S5)."""

    def __init__(self, roster: Roster, hindsight: Hindsight, late_ms: float) -> None:
        self._roster = roster
        self._hindsight = hindsight
        self._late_ms = late_ms

    def passes(self, gateway: str, heard: Heard, received: Moment, *, replaying: bool) -> Watch | None:
        """The patient for whom *heard* changes nothing but what is newest, which has been written down then."""
        found = self._roster.worn.get(heard.sensor)
        if found is None or heard.characteristic == SPOT_CHECK:
            return None
        watch, worn = found
        if self._hindsight.follows(watch) or (
            replaying and not self._roster.wore(heard.sensor, watch.patient.id, received.utc_ms)
        ):
            return None
        if not passes(worn, worn.mark(gateway, heard.characteristic), heard, received.at_ms, self._late_ms):
            return None
        worn.kept.gateway = gateway
        return watch


def passes(worn: Worn, mark: Mark, heard: Heard, received_ms: int, late_ms: float) -> bool:
    """Whether *heard* changes nothing but what is newest; if so, it has been written down.

    Args:
        worn: the sensor on its patient.
        mark: how far this characteristic has been evaluated.
        heard: the notifications of one characteristic, accepted by ``admission``.
        received_ms: of the desk's timeline.
        late_ms: the age at which a value alarms no more (S5).
    """
    block, kept = heard.block, worn.kept
    if block is None or not worn.calm or kept.off or heard.receipt_ms is None or mark.boot != heard.boot:
        return False
    first_ms = block.first_ms
    if first_ms <= mark.at_ms or first_ms < heard.receipt_ms - late_ms:
        return False
    near: list[Near] = []
    try:
        told = _one_row(worn, block, near) if block.deltas == _ONE_ROW else _rows(worn, block, near)
    except DecodeError:  # whoever unpacks it says why
        return False
    if told is None:
        return False
    last_ms, newest_of = told
    for channel, raw, at_ms in newest_of:
        newest = channel.newest
        newest.raw = raw
        newest.at_ms = received_ms
        newest.observed_utc_ms = at_ms + heard.utc_offset_ms
        newest.missing = Missing.PRESENT
    for channel, raw in near:
        low, high = channel.band
        if not low <= from_raw(channel.metric, raw) <= high:  # raw bounds are rounded
            channel.newest.nearing_ms = received_ms
    mark.at_ms = last_ms
    kept.heard_ms = received_ms
    return True


def _one_row(worn: Worn, block: Block, near: list[Near]) -> tuple[int, list[Told]] | None:
    """The newest of a block of one notification; None where one of its values may change something."""
    told: list[Told] = []
    at_ms = block.first_ms
    for column in block.metrics:
        channel = worn.channels.get(column.code)  # type: ignore[call-overload]  # a metric is its code
        if channel is None or (column.quality and column.quality.translate(None, _ELIGIBLE)):
            return None
        if len(column.values) == 2:
            raw = _SHORT.unpack(column.values)[0]
            if not channel.least <= raw <= channel.most:
                return None
            if not channel.low <= raw <= channel.high:
                near.append((channel, raw))
        else:
            raws = _values(column, 1)
            if not _inside(channel, raws, near):
                return None
            raw = raws[-1]
        told.append((channel, raw, at_ms))
    return at_ms, told


def _rows(worn: Worn, block: Block, near: list[Near]) -> tuple[int, list[Told]] | None:
    """The same of several notifications."""
    at = columns.times(block)
    if not at or block.deltas[:4] != _ONE_ROW or any(late <= early for early, late in itertools.pairwise(at)):
        return None
    told: list[Told] = []
    for column in block.metrics:
        channel = worn.channels.get(column.code)  # type: ignore[call-overload]  # a metric is its code
        if channel is None or (column.quality and column.quality.translate(None, _ELIGIBLE)):
            return None
        values = _values(column, len(at))
        if not _inside(channel, values, near):
            return None
        last = -1
        if column.rows:
            rows = columns.numbers("H", column.rows)
            if any(late < early for early, late in itertools.pairwise(rows)):
                return None
            last = rows[-1]
        told.append((channel, values[-1], at[last]))
    return at[-1], told


def _inside(channel: Channel, raws: "array[int]", near: list[Near]) -> bool:
    """Whether none lies beyond a limit; what nears one is added to *near*."""
    least, most = min(raws), max(raws)
    if least < channel.low:
        near.append((channel, least))
    if most > channel.high:
        near.append((channel, most))
    return channel.least <= least and most <= channel.most


def _values(column: Column, rows: int) -> "array[int]":
    """The raw integers of *column*. Raises DecodeError: they do not fit the block."""
    count = len(column.rows) // 2 if column.rows else rows
    values = columns.numbers("h" if len(column.values) == 2 * count else "i", column.values)
    if len(values) != count or not count:
        raise DecodeError(f"column {column.code}: {len(column.values)} bytes for {count} values")
    return values
