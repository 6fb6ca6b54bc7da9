"""What the pipeline hands to the alarm desk, and the desk's contract.

The pipeline owns arrival, identity, order, storage and acknowledgement; the desk owns what a value means. Everything
but :meth:`Desk.persist` is synchronous and runs on the event loop: a desk never waits for a disk (S4).
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from vitals.errors import DecodeError
from vitals.series.base import Arrival, Logged
from vitals.wire import bodies, columns
from vitals.wire.bodies import Block, Data, GatewayState
from vitals.wire.header import Kind


class Condition(StrEnum):
    """System conditions of the pipeline. One that concerns a single gateway is told as ``name:gateway``."""

    NOT_RECORDING = "not_recording"
    BROKER_LOST = "broker_lost"
    QUARANTINED = "quarantined"
    DAMAGED = "damaged"
    DATA_LOST = "data_lost"
    ARRIVALS_SHED = "arrivals_shed"
    COLLECTOR_SLOW = "collector_slow"
    NOT_ALARMING = "not_alarming"
    ALARMS_NOT_RECORDED = "alarms_not_recorded"

    def of(self, gateway: str) -> str:
        """The notice's code for one gateway: ``quarantined:gw-1``."""
        return f"{self.value}:{gateway}"


class Heard(msgspec.Struct, kw_only=True):
    """The rows of one characteristic of one sensor, oldest first, as one batch brought them.

    Row times are gateway-monotonic milliseconds of *boot*; ``utc = at_ms + utc_offset_ms``. *receipt_ms* is the moment
    of receipt on that same clock as the pipeline estimates it, None where it cannot (S5). *block* are the columns as
    they came; most are never looked at row by row (``screen``), so *rows* are made when they are first asked for.
    *listed* is for what never was a block.
    """

    sensor: str
    characteristic: str
    utc_offset_ms: int
    boot: int
    receipt_ms: int | None
    block: Block | None = None
    listed: list[columns.Row] | None = None

    @property
    def rows(self) -> list[columns.Row]:
        """Every row as an object. Raises DecodeError: lengths or codes of the block do not fit together."""
        if self.listed is None:
            self.listed = [] if self.block is None else columns.unpack(self.block)
        return self.listed

    def age_ms(self, row: columns.Row) -> float:
        """How old *row* was at receipt: never negative; infinite, so late, where nobody can tell."""
        if self.receipt_ms is None:
            return math.inf
        return max(0, self.receipt_ms - row.at_ms)


class Desk(Protocol):
    """Where observations become alarms."""

    def observe(self, arrival: Arrival, rows: Sequence[Heard]) -> None:
        """A new, accepted batch of data, before it is committed.

        A batch may come a second time when memory ran short before it was committed: observations older than, or
        equal to, the newest evaluated of their series do nothing.
        """

    def gateway_state(self, gateway: str, state: GatewayState, received_ms: int) -> None:
        """A gateway's state, or its last will (*online* false); one of an older session never comes here."""

    def notice(self, code: str, text: str | None) -> None:
        """A named system condition begins, or says more (*text*), or ends (None).

        The pipeline remembers none over a restart: what still holds is told anew, the rest is over.
        """

    def committed(self, logged: Sequence[Logged]) -> None:
        """These are durable now, in order of *log_seq*: the cursor may follow to the last of them."""

    def tick(self, now_ms: int) -> None:
        """Time passed: every 250 ms times the time scale, by the collector's monotonic clock."""

    async def persist(self) -> None:
        """Write what is due (transaction B). One call at a time, after ticks and once at the end.

        Raises:
            StoreError: nothing of it was written; it is called again.
        """


def heard(arrival: Arrival) -> list[Heard]:
    """What a data batch says, also when it is read back from the log.

    Raises:
        DecodeError: it is no batch of data, or its body cannot be read.
    """
    if arrival.header.kind != Kind.DATA:
        raise DecodeError(f"kind {arrival.header.kind} is no batch of data")
    data = bodies.decode(arrival.header.kind, arrival.body)
    assert isinstance(data, Data)
    return unpack(arrival, data)


def unpack(arrival: Arrival, data: Data) -> list[Heard]:
    """What *data*, the decoded body of *arrival*, says by characteristic: nothing is unpacked yet."""
    header = arrival.header
    receipt_ms = None if arrival.queued_ms is None else header.published_ms + arrival.queued_ms
    return [
        Heard(
            sensor=block.sensor,
            characteristic=block.characteristic,
            utc_offset_ms=data.utc_offset_ms,
            boot=header.boot,
            receipt_ms=receipt_ms,
            block=block,
        )
        for block in data.blocks
    ]
