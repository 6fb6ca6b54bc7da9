"""The statements of one commit of the SQLite store; what they learn counts only once it is committed."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from vitals.series.base import Counts, Quarantined
from vitals.series.contents import settles
from vitals.series.intervals import Intervals
from vitals.series.posting import Entry, EpochKey
from vitals.series.tables import RECEIPT, quarantine_row, receipt, signed
from vitals.wire.bodies import ClockState, Data, Gap, Void


class Draft:
    """The statements of one transaction; what it learns counts only once that is committed."""

    def __init__(
        self, connection: sqlite3.Connection, names: dict[str, int], known: dict[tuple[str, int], int]
    ) -> None:
        self._connection = connection
        self._known_names = names
        self._known = known
        self.names: dict[str, int] = {}
        self.clocks: dict[tuple[str, int], int] = {}

    def log(self, entries: Sequence[Entry], first: int) -> None:
        """Log rows, their spans, gaps and voids; *first* is the place in the log of the first."""
        rows: list[tuple[Any, ...]] = []
        gaps: list[tuple[Any, ...]] = []
        voids: list[tuple[Any, ...]] = []
        for log_seq, entry in enumerate(entries, first):
            arrival, body = entry.arrival, entry.contents.body
            gateway, at = self._name(arrival.gateway), arrival.received_utc_ms
            identity = (signed(arrival.header.epoch), signed(arrival.header.seq))
            rows.append((log_seq, gateway, *identity, *receipt(arrival)))
            if isinstance(body, Data):
                self._spans(entry, body, log_seq, gateway)
            elif isinstance(body, Gap):
                gaps.append((log_seq, gateway, at, arrival.body))
            elif isinstance(body, Void):
                voids.append((log_seq, gateway, at, arrival.body, msgspec.msgpack.encode(entry.dropped)))
        execute = self._connection.executemany
        execute(
            f"INSERT INTO log(log_seq, gateway, epoch, seq, {RECEIPT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own columns
            rows,
        )
        execute("INSERT INTO gap VALUES (?, ?, ?, ?)", gaps)
        execute("INSERT INTO void VALUES (?, ?, ?, ?, ?)", voids)

    def received(self, after: dict[EpochKey, Intervals], before: dict[EpochKey, Intervals]) -> None:
        """The intervals as they will be."""
        gone: list[tuple[int, int, int]] = []
        new: list[tuple[int, int, int, int]] = []
        for key, intervals in after.items():
            gateway, epoch = self._name(key[0]), signed(key[1])
            held = set(before.get(key, Intervals()))
            will = set(intervals)
            gone += [(gateway, epoch, signed(low)) for low, _ in held - will]
            new += [(gateway, epoch, signed(low), signed(high)) for low, high in will - held]
        self._connection.executemany("DELETE FROM received WHERE gateway = ? AND epoch = ? AND lo = ?", gone)
        self._connection.executemany("INSERT INTO received VALUES (?, ?, ?, ?)", new)

    def quarantine(self, items: Sequence[Quarantined]) -> None:
        """What is set aside."""
        self._connection.executemany(
            "INSERT INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            [quarantine_row(item, self._name(item.gateway)) for item in items],
        )

    def settle(self, entries: Sequence[Entry]) -> None:
        """Correct the UTC of what was recorded while its gateway's clock was not set."""
        for entry in entries:
            clock = settles(entry.contents.body)
            boot = (entry.arrival.gateway, entry.arrival.header.boot)
            if clock is None or boot in self._known or boot in self.clocks:
                continue
            self.clocks[boot] = offset = clock.utc_offset_ms
            gateway, number = self._name(boot[0]), signed(boot[1])
            self._connection.execute("INSERT INTO clock VALUES (?, ?, ?)", (gateway, number, offset))
            waiting = self._connection.execute(
                "SELECT sensor, to_utc_ms, log_seq FROM unsettled WHERE gateway = ? AND boot = ?", (gateway, number)
            ).fetchall()
            self._connection.executemany(
                "UPDATE span SET from_utc_ms = from_utc_ms + :offset - utc_offset_ms, "
                "to_utc_ms = to_utc_ms + :offset - utc_offset_ms, utc_offset_ms = :offset "
                "WHERE sensor = :sensor AND to_utc_ms = :to AND log_seq = :log_seq",
                [
                    {"offset": offset, "sensor": sensor, "to": to_utc_ms, "log_seq": log_seq}
                    for sensor, to_utc_ms, log_seq in waiting
                ],
            )
            self._connection.execute("DELETE FROM unsettled WHERE gateway = ? AND boot = ?", (gateway, number))

    def released(self, number: int, log_seq: int) -> None:
        """A batch left quarantine for the log."""
        self._connection.execute("UPDATE quarantine SET released_as = ? WHERE number = ?", (log_seq, number))

    def tally(self, counts: Counts) -> None:
        """The totals as they will be."""
        self._connection.execute(
            "UPDATE tally SET rows = ?, observations = ?, quarantined = ?, redelivered = ?, quarantined_batches = ?",
            msgspec.structs.astuple(counts),
        )

    def _spans(self, entry: Entry, data: Data, log_seq: int, gateway: int) -> None:
        boot = (entry.arrival.gateway, entry.arrival.header.boot)
        is_set = data.clock is ClockState.SYNCHRONISED
        offset = data.utc_offset_ms if is_set else self._known.get(boot, data.utc_offset_ms)
        for span in entry.contents.spans:
            sensor, to_utc_ms = self._name(span.sensor), span.last_ms + offset
            self._connection.execute(
                "INSERT INTO span VALUES (?, ?, ?, ?, ?)",
                (sensor, to_utc_ms, log_seq, span.first_ms + offset, offset),
            )
            if not is_set and boot not in self._known:
                self._connection.execute(
                    "INSERT INTO unsettled VALUES (?, ?, ?, ?, ?)",
                    (gateway, signed(boot[1]), log_seq, sensor, to_utc_ms),
                )

    def _name(self, text: str) -> int:
        number = self._known_names.get(text) or self.names.get(text)
        if number is None:
            number = self.names[text] = len(self._known_names) + len(self.names) + 1
            self._connection.execute("INSERT INTO name VALUES (?, ?)", (number, text))
        return number
