"""Read a series file, from any process, also while its one writer runs: the connection is ``mode=ro``."""

import sqlite3
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from vitals.errors import StoreError
from vitals.observation import GenerationMode
from vitals.series import contents
from vitals.series.base import Arrival, Counts, Logged, Point, Quarantined, StoredGap, StoredVoid
from vitals.series.intervals import Intervals
from vitals.series.tables import (
    RECEIPT,
    TALLY,
    arrival_of,
    quarantined_of,
    require_format,
    signed,
    translated,
    unsigned,
)
from vitals.wire.bodies import Gap, Ranges, Void

PAGE: Final = 500
"""Log rows read at a time: a reader holds no snapshot longer than that, so the writer can checkpoint."""

_GAP: Final = msgspec.msgpack.Decoder(Gap)
_VOID: Final = msgspec.msgpack.Decoder(Void)
_RANGES: Final = msgspec.msgpack.Decoder(Ranges)


class SqliteReader:
    """Implements :class:`vitals.series.base.Reader`; may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open *path*.

        Raises:
            StoreError: it is not there, or no series store of a format that this release reads.
        """
        self._path = str(path)
        if not path.is_file():
            raise StoreError(f"no series store at {path}: has the server run with this configuration?")
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise translated(self._path, error) from None
        try:
            rows = self._rows("SELECT id, mode FROM store") if require_format(self._path, self._connection) else []
        except StoreError:
            self._connection.close()
            raise
        if not rows:
            self._connection.close()
            raise StoreError(f"{path} is empty: has the server run with this configuration?")
        self._store, self._mode = rows[0]

    @property
    def store(self) -> int:
        """64-bit name of this store."""
        return unsigned(self._store)

    @property
    def mode(self) -> GenerationMode:
        """The only generation mode that this store records (S13)."""
        return GenerationMode(self._mode)

    def gateways(self) -> list[str]:
        """Every gateway that this store has heard of, in order of name."""
        rows = self._rows("SELECT text FROM name WHERE id IN (SELECT DISTINCT gateway FROM received) ORDER BY text")
        return [text for (text,) in rows]

    def committed(self, gateway: str) -> Ranges:
        """Merged inclusive ranges that this store holds of *gateway*."""
        rows = self._rows(
            "SELECT epoch, lo, hi FROM received WHERE gateway = (SELECT id FROM name WHERE text = ?)", gateway
        )
        held: dict[int, Intervals] = {}
        for epoch, low, high in rows:
            held.setdefault(unsigned(epoch), Intervals()).add(unsigned(low), unsigned(high))
        return {epoch: intervals.ranges for epoch, intervals in held.items()}

    def replay(self, after: int) -> Iterator[Logged]:
        """The log beyond *after*, in order. Raises StoreError."""
        query = (
            f"SELECT log_seq, text, {RECEIPT} FROM log JOIN name ON name.id = gateway "  # noqa: S608 - our own columns
            "WHERE log_seq > ? ORDER BY log_seq LIMIT ?"
        )
        while True:
            rows = self._rows(query, after, PAGE)
            for log_seq, gateway, *columns in rows:
                yield Logged(log_seq=log_seq, arrival=arrival_of(gateway, tuple(columns)))
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def points(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
        """Observations in [from, to), ordered by time. Raises StoreError."""
        code = contents.metric_of(metric)
        query = (
            f"SELECT span.log_seq, utc_offset_ms, gateway.text, {RECEIPT} FROM span "  # noqa: S608 - our own columns
            "JOIN log ON log.log_seq = span.log_seq JOIN name AS gateway ON gateway.id = log.gateway "
            "WHERE sensor = (SELECT id FROM name WHERE text = ?) AND to_utc_ms >= ? AND from_utc_ms < ? "
            "AND span.log_seq > ? ORDER BY span.log_seq LIMIT ?"
        )
        found: list[Point] = []
        after = 0
        while True:
            rows = self._rows(query, sensor, from_utc_ms, to_utc_ms, after, PAGE)
            for _, utc_offset_ms, gateway, *columns in rows:
                arrival = arrival_of(gateway, tuple(columns))
                found += contents.points(arrival, sensor, code, utc_offset_ms, (from_utc_ms, to_utc_ms))
            if len(rows) < PAGE:
                return sorted(found, key=lambda point: point.utc_ms)
            after = rows[-1][0]

    def longest_ms(self, sensors: Collection[str], from_utc_ms: int) -> int:
        """How long the longest batch of these sensors is that reaches beyond *from_utc_ms*: see :meth:`heard`."""
        longest = 0
        for sensor in sensors:
            ((found,),) = self._rows(
                "SELECT max(to_utc_ms - from_utc_ms) FROM span "
                "WHERE sensor = (SELECT id FROM name WHERE text = ?) AND to_utc_ms >= ?",
                sensor,
                from_utc_ms,
            )
            longest = max(longest, found or 0)
        return longest

    def heard(
        self, sensors: Collection[str], from_utc_ms: int, to_utc_ms: int, longest_ms: int
    ) -> list[tuple[Arrival, dict[str, int]]]:
        """The batches that have rows of *sensors* in [from, to), in order of arrival, each one once.

        With each comes, by sensor, what turns the batch's monotonic milliseconds into UTC: the clock that was settled
        later, where its own was not set. A batch may reach beyond both ends. Everything is in memory at once: ask for
        minutes. *longest_ms* as :meth:`longest_ms` gives it bounds the search. Raises StoreError.
        """
        wanted = list(sensors)
        rows = self._rows(
            f"SELECT span.log_seq, worn.text, utc_offset_ms, gateway.text, {RECEIPT} FROM span "  # noqa: S608 - our own columns
            "JOIN name AS worn ON worn.id = sensor "
            "JOIN log ON log.log_seq = span.log_seq JOIN name AS gateway ON gateway.id = log.gateway "
            f"WHERE sensor IN (SELECT id FROM name WHERE text IN ({', '.join('?' * len(wanted))})) "
            "AND to_utc_ms >= ? AND to_utc_ms < ? AND from_utc_ms < ? ORDER BY span.log_seq",
            *wanted,
            from_utc_ms,
            to_utc_ms + longest_ms,
            to_utc_ms,
        )
        found: list[tuple[Arrival, dict[str, int]]] = []
        newest = 0
        for log_seq, sensor, utc_offset_ms, gateway, *columns in rows:
            if log_seq != newest:
                found.append((arrival_of(gateway, tuple(columns)), {}))
                newest = log_seq
            found[-1][1][sensor] = utc_offset_ms
        return found

    def counts(self) -> Counts:
        """Totals, for the ledger."""
        (row,) = self._rows(f"SELECT {TALLY} FROM tally")  # noqa: S608 - our own columns
        return Counts(**dict(zip(Counts.__struct_fields__, row, strict=True)))

    def gaps(self) -> list[StoredGap]:
        """Every declared gap, in order of arrival."""
        rows = self._rows(
            "SELECT log_seq, text, received_utc_ms, body FROM gap JOIN name ON name.id = gateway ORDER BY log_seq"
        )
        return [
            StoredGap(gateway=gateway, log_seq=log_seq, received_utc_ms=at, gap=_GAP.decode(body))
            for log_seq, gateway, at, body in rows
        ]

    def voids(self) -> list[StoredVoid]:
        """Every declared drop, in order of arrival."""
        rows = self._rows(
            "SELECT log_seq, text, received_utc_ms, body, dropped FROM void JOIN name ON name.id = gateway "
            "ORDER BY log_seq"
        )
        return [
            StoredVoid(
                gateway=gateway,
                log_seq=log_seq,
                received_utc_ms=at,
                void=_VOID.decode(body),
                dropped=_RANGES.decode(dropped),
            )
            for log_seq, gateway, at, body, dropped in rows
        ]

    def quarantined(self) -> list[Quarantined]:
        """Everything that was ever set aside, in order of arrival. Raises StoreError."""
        rows = self._rows("SELECT text, quarantine.* FROM quarantine JOIN name ON name.id = gateway ORDER BY number")
        return [quarantined_of(gateway, tuple(row)) for gateway, *row in rows]

    def quarantined_batch(self, number: int) -> Quarantined | None:
        """One item of quarantine, None where there is none of that number. Raises StoreError."""
        rows = self._rows(
            "SELECT text, quarantine.* FROM quarantine JOIN name ON name.id = gateway WHERE number = ?",
            signed(number),
        )
        return quarantined_of(rows[0][0], tuple(rows[0][1:])) if rows else None

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise translated(self._path, error) from None
