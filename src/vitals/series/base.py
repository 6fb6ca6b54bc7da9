"""The contract of a series store.

A store is keyed by sensor and metric: which patient a series belongs to is the registry's knowledge (bindings with
history), so that correcting a binding moves no data.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from vitals.wire.bodies import Ranges
from vitals.wire.header import Header


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it was received, by the collector's two clocks and the boot of the monotonic one.

    *queued_ms* is how long it was on its way beyond the quickest message of its boot (S5), so that a row observed at
    *t* was ``header.published_ms - t + queued_ms`` old at receipt; None where that boot's clock was never heard
    running, which makes every row of it late. *quarantine* is the reason why its body is set aside, None for one
    that is recorded.
    """

    gateway: str
    header: Header
    body: bytes
    received_ms: int
    received_utc_ms: int
    receiver_boot: int
    queued_ms: int | None = None
    quarantine: str | None = None


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival with its place in the log."""

    log_seq: int
    arrival: Arrival


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One stored observation; *utc_ms* is its time by the gateway's clock, *at_ms* by its monotonic one."""

    utc_ms: int
    at_ms: int
    boot: int
    value: float | None
    quality: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds, in observations except where named."""

    rows: int
    observations: int
    quarantined: int
    redelivered: int


class Series(Protocol):
    """What a series store does."""

    @property
    def store(self) -> int:
        """64-bit name of this store: minted at creation and at restore."""

    def commit(self, arrivals: Sequence[Arrival]) -> list[Logged]:
        """Write *arrivals* in ONE durable transaction: log, quarantine, intervals, gaps and voids.

        Returns those that were new; one already committed is dropped and counted as redelivered. When it returns,
        every arrival may be acknowledged.

        Raises:
            StoreError: nothing of it was written.
        """

    def committed(self, gateway: str) -> Ranges:
        """Merged inclusive ranges that this store holds of *gateway*."""

    def replay(self, after: int) -> Iterator[Logged]:
        """The log beyond *after*, in order."""

    def points(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
        """Observations in [from, to), ordered by time; missing ones have no value."""

    def counts(self) -> Counts:
        """Totals, for the ledger."""

    def close(self) -> None:
        """Give the files back."""
