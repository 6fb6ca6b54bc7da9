"""The contract of a series store.

A store is keyed by sensor and metric: which patient a series belongs to is the registry's knowledge (bindings with
history), so that correcting a binding moves no data.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from vitals.codes import Metric
from vitals.observation import Observation
from vitals.wire.bodies import Gap, Ranges, Void
from vitals.wire.header import Header

NUMERICS: Final = 0
WAVEFORMS: Final = 1
"""Classes of retention."""


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
    """One stored observation; *utc_ms* is its time by the gateway's clock, *at_ms* by its monotonic one.

    *quality* is the byte of the wire: validity in the low four bits, the missing reason in the high four.
    """

    utc_ms: int
    at_ms: int
    boot: int
    value: float | None
    quality: int


class Buckets(msgspec.Struct, frozen=True, kw_only=True):
    """One series in equal stretches of time, one entry each, for drawing: an episode is never smoothed away.

    Stretch *i* begins at ``from_utc_ms + i * width_ms``. *count* values that may alarm lie in it, and *excluded* that
    may not (missing, or not to be trusted). *low*, *high*, *mean* and *last* are NaN where *count* is 0: a gap stays
    one.
    """

    from_utc_ms: int
    width_ms: float
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    last: NDArray[np.float64]
    count: NDArray[np.int64]
    excluded: NDArray[np.int64]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds, in observations except *rows* (of the log) and *quarantined_batches*.

    A rejected notification counts as one observation; a quarantined batch counts the observations that can be read
    in it, which are none where its body cannot be.
    """

    rows: int = 0
    observations: int = 0
    quarantined: int = 0
    redelivered: int = 0
    quarantined_batches: int = 0


class StoredGap(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says never reached its spool."""

    gateway: str
    log_seq: int
    received_utc_ms: int
    gap: Gap


class StoredVoid(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says it dropped; *dropped* is the part of its ranges that this store did not hold already."""

    gateway: str
    log_seq: int
    received_utc_ms: int
    void: Void
    dropped: Ranges


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """Something set aside: a whole batch (*log_seq* None), or one rejected notification of a logged one.

    A batch has its *arrival*, with the reason in it; a notification has its sensor, characteristic, time and bytes.
    *released_as* is the place in the log that a batch got when it was processed again.
    """

    number: int
    gateway: str
    reason: str
    observations: int
    arrival: Arrival | None = None
    log_seq: int | None = None
    sensor: str = ""
    characteristic: str = ""
    at_ms: int = 0
    payload: bytes = b""
    released_as: int | None = None


class Notification(msgspec.Struct, frozen=True):
    """One stored notification and where it came from, its observations in order of metric.

    It was observed at *utc_ms* by its gateway's clock and received at *received_utc_ms* by the collector's. *age_ms* is
    how old it was then, by monotonic time (S5); None where nobody could tell. Both of receipt are kept to 100 ms.
    """

    gateway: str
    epoch: int
    seq: int
    sensor: str
    characteristic: str
    boot: int
    at_ms: int
    utc_ms: int
    received_utc_ms: int
    age_ms: int | None
    observations: tuple[Observation, ...]


class Reader(Protocol):
    """What can be read from a series store, also while it is written to."""

    @property
    def store(self) -> int:
        """64-bit name of this store: minted at creation and at restore."""

    def gateways(self) -> list[str]:
        """Every gateway that this store has heard of, in order of name."""

    def committed(self, gateway: str) -> Ranges:
        """Merged inclusive ranges that this store holds of *gateway*."""

    def replay(self, after: int) -> Iterator[Logged]:
        """The log beyond *after*, in order; data that was sealed is not in it any more."""

    def points(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
        """Observations in [from, to), ordered by time; missing ones have no value.

        Args:
            sensor: identity of the sensor.
            metric: its label, ``spo2``.
            from_utc_ms: first millisecond.
            to_utc_ms: first millisecond that does not count.

        Raises:
            NotFoundError: no metric has that label.
        """

    def buckets(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int, count: int) -> Buckets:
        """The same stretch of time in *count* equal parts. Raises NotFoundError as :meth:`points`."""

    def latest(self, sensor: str) -> dict[str, Point]:
        """The newest observation of every metric of *sensor*, missing ones included, by the metric's label."""

    def notifications(
        self, sensor: str, from_utc_ms: int, to_utc_ms: int, wanted: Collection[Metric] = tuple(Metric)
    ) -> list[Notification]:
        """What *sensor* notified in [from, to), in order of its gateway's clock. All of it is in memory at once.

        Only *wanted* metrics are read; a notification that has none of them has no observations.
        """

    def everything(self) -> Iterator[Notification]:
        """All that is recorded, in no particular order: to account for it, and to look for doubles."""

    def counts(self) -> Counts:
        """Totals, for the ledger."""

    def gaps(self) -> list[StoredGap]:
        """Every declared gap, in order of arrival."""

    def voids(self) -> list[StoredVoid]:
        """Every declared drop, in order of arrival."""

    def quarantined(self) -> list[Quarantined]:
        """Everything that was ever set aside, in order of arrival."""

    def close(self) -> None:
        """Give the files back."""


class Series(Reader, Protocol):
    """A series store: one writer."""

    def commit(self, arrivals: Sequence[Arrival]) -> list[Logged]:
        """Write *arrivals* in ONE durable transaction: log, quarantine, intervals, gaps and voids.

        Returns those that were new and recorded; one already committed is dropped and counted as redelivered. When
        it returns, every arrival may be acknowledged.

        Raises:
            StoreError: nothing of it was written.
        """

    def around(self, gateway: str, epoch: int, seq: int) -> tuple[int, int] | None:
        """The merged range of *epoch* that row *seq* is committed in, None where it is not; from any thread."""

    def seal(self, upto: int) -> Iterator[int]:
        """Move the log as far as row *upto* to where it takes least room; all reads stay the same but ``replay``.

        Each step is one transaction, between which commits may come; it gives the number of rows that it moved. Only
        what every consumer of the log has gone beyond may be sealed.

        Raises:
            StoreError: nothing of that step was written.
        """

    def expire(self, kept: int, before_utc_ms: int) -> int:
        """Drop sealed data of one class (:data:`NUMERICS`, :data:`WAVEFORMS`) from before a moment, ten minutes whole.

        Where all of a class is older, nothing is dropped: a clock that was set wrong must not empty a store.

        Returns:
            How much was dropped, in chunks: one step's. Again until it is 0.

        Raises:
            StoreError: nothing of it was dropped.
        """

    def release(self, number: int) -> Logged:
        """Record the quarantined batch *number* after all, in one transaction; its identity stays what it was.

        Raises:
            NotFoundError: there is no such batch in quarantine, or it was released already.
            DecodeError: its body still cannot be read.
            StoreError: nothing of it was written.
        """
