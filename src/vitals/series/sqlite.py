"""A series store in one SQLite file: an append-only log of blobs, written by one connection.

WAL with synchronous=FULL: a commit is one fsync and durable when it returns. SQLite before 3.51.3 can lose data when
two connections write or checkpoint at once (WAL reset), so one connection writes and every other is ``mode=ro``; a
lock beside the file keeps a second server out.
"""

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from vitals.codes import Metric
from vitals.errors import ConfigurationError, NotFoundError, StoreError
from vitals.observation import GenerationMode
from vitals.series.base import Arrival, Buckets, Counts, Logged, Notification, Point, Quarantined, StoredGap, StoredVoid
from vitals.series.draft import Draft
from vitals.series.intervals import Intervals
from vitals.series.posting import EpochKey, Posting, post, readmit, released, set_aside
from vitals.series.reader import SqliteReader
from vitals.series.sealing import Sealer, expire
from vitals.series.tables import (
    CHUNKS,
    FORMAT,
    SCHEMA,
    TALLY,
    require_format,
    signed,
    translated,
    unsigned,
)
from vitals.wire.bodies import Ranges

BUSY_MS: Final = 5000
PAGE_BYTES: Final = 4096


def open_reader(path: Path) -> SqliteReader:
    """Read the store at *path*, also while a server writes to it.

    Raises:
        StoreError: it is not there, or no series store of a format that this release reads.
    """
    return SqliteReader(path)


class SqliteSeries:
    """Implements :class:`vitals.series.base.Series`.

    ``commit``, ``release``, ``seal`` and ``expire`` are called from one thread at a time; everything else from any.
    """

    _store: int
    _log_seq: int

    def __init__(self, path: Path, mode: GenerationMode, *, max_bytes: int | None = None) -> None:
        """Open the store at *path*, or make it.

        Args:
            path: the file; ``-wal``, ``-shm`` and ``.lock`` stand beside it.
            mode: the only generation mode it records; a store keeps the mode it was made with (S13).
            max_bytes: how large the file may grow; None leaves that to the disk.

        Raises:
            ConfigurationError: the store was made for another mode.
            StoreError: it cannot be opened, is damaged, or another server writes to it.
        """
        self._path = str(path)
        with ExitStack() as opened:
            opened.callback(os.close, _lock(path))
            try:
                self._connection = opened.enter_context(closing(_connect(path)))
                self._open(mode)
                self.limit(max_bytes)
            except sqlite3.Error as error:
                raise translated(self._path, error) from None
            self._reader = opened.enter_context(closing(SqliteReader(path)))
            self._opened = opened.pop_all()

    @property
    def store(self) -> int:
        """64-bit name of this store."""
        return self._store

    def renew_if_set_back(self, store: int, log_seq: int) -> bool:
        """Take a new name where this file is an older copy of *store*, whose log somebody has read up to *log_seq*.

        Rows that were acknowledged after the copy was made are not in it; under a new name gateways send again what
        they still keep (protocol: a store is named anew at restore). Call it before anything is committed.

        Returns:
            Whether it was set back.

        Raises:
            StoreError: the new name cannot be written.
        """
        if store != self._store or log_seq <= self._log_seq:
            return False
        name = secrets.randbits(64)
        with self._transaction():
            self._connection.execute("UPDATE store SET id = ?", (signed(name),))
        self._store = name
        return True

    def limit(self, max_bytes: int | None) -> None:
        """Let the file grow to *max_bytes*, or as far as the disk goes."""
        pages = 2**32 - 2 if max_bytes is None else max(1, max_bytes // PAGE_BYTES)
        self._connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    def gateways(self) -> list[str]:
        """Every gateway that this store has heard of, in order of name."""
        return sorted({gateway for gateway, _ in list(self._received)})

    def commit(self, arrivals: Sequence[Arrival]) -> list[Logged]:
        """Write *arrivals* in one durable transaction; see the contract. Raises StoreError."""
        posting = post(arrivals, self._held)
        return self._write(posting, posting.added_to(self._counts))

    def release(self, number: int) -> Logged:
        """Record a quarantined batch after all; see the contract. Raises NotFoundError, DecodeError, StoreError."""
        item = self._reader.quarantined_batch(number)
        if item is None:
            raise NotFoundError(f"nothing has number {number} in quarantine")
        posting = readmit(item, self._held)
        (logged,) = self._write(posting, released(item, posting.added_to(self._counts)), item)
        return logged

    def seal(self, upto: int) -> Iterator[int]:
        """Move data as far as *upto* into chunks; see the contract. Raises StoreError."""
        try:
            yield from self._sealer.steps(upto)
        except StoreError:
            self._sealer.look_again()
            raise

    def expire(self, kept: int, before_utc_ms: int) -> int:
        """Drop old chunks of one class; see the contract. Raises StoreError."""
        with self._transaction():
            return expire(self._connection, kept, before_utc_ms)

    def committed(self, gateway: str) -> Ranges:
        """Merged inclusive ranges that this store holds of *gateway*."""
        return {epoch: held.ranges for (name, epoch), held in list(self._received.items()) if name == gateway}

    def around(self, gateway: str, epoch: int, seq: int) -> tuple[int, int] | None:
        """The merged range of *epoch* that row *seq* is committed in, None where it is not."""
        return self._held((gateway, epoch)).around(seq)

    def replay(self, after: int) -> Iterator[Logged]:
        """The log beyond *after*, in order. Raises StoreError."""
        return self._reader.replay(after)

    def points(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
        """Observations in [from, to), ordered by time. Raises StoreError."""
        return self._reader.points(sensor, metric, from_utc_ms, to_utc_ms)

    def buckets(self, sensor: str, metric: str, from_utc_ms: int, to_utc_ms: int, count: int) -> Buckets:
        """The same stretch of time in *count* equal parts. Raises StoreError."""
        return self._reader.buckets(sensor, metric, from_utc_ms, to_utc_ms, count)

    def latest(self, sensor: str) -> dict[str, Point]:
        """The newest observation of every metric of *sensor*. Raises StoreError."""
        return self._reader.latest(sensor)

    def notifications(
        self, sensor: str, from_utc_ms: int, to_utc_ms: int, wanted: Collection[Metric] = tuple(Metric)
    ) -> list[Notification]:
        """What *sensor* notified in [from, to). Raises StoreError."""
        return self._reader.notifications(sensor, from_utc_ms, to_utc_ms, wanted)

    def everything(self) -> Iterator[Notification]:
        """All that is recorded. Raises StoreError."""
        return self._reader.everything()

    def counts(self) -> Counts:
        """Totals, for the ledger."""
        return self._counts

    def gaps(self) -> list[StoredGap]:
        """Every declared gap, in order of arrival."""
        return self._reader.gaps()

    def voids(self) -> list[StoredVoid]:
        """Every declared drop, in order of arrival."""
        return self._reader.voids()

    def quarantined(self) -> list[Quarantined]:
        """Everything that was ever set aside, in order of arrival. Raises StoreError."""
        return self._reader.quarantined()

    def close(self) -> None:
        """Give the files back. No commit may be running."""
        self._opened.close()

    def _open(self, mode: GenerationMode) -> None:
        connection = self._connection
        found = require_format(self._path, connection)
        if found == FORMAT - 1:
            connection.executescript(f"BEGIN IMMEDIATE; {CHUNKS} PRAGMA user_version = {FORMAT}; COMMIT;")
        elif found == 0:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            store = signed(secrets.randbits(64))
            connection.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} {CHUNKS} INSERT INTO store VALUES ({store}, {int(mode)}); "  # noqa: S608 - two numbers
                f"PRAGMA user_version = {FORMAT}; COMMIT;"
            )
        stored, made_for = connection.execute("SELECT id, mode FROM store").fetchone()
        self._store = unsigned(stored)
        if made_for != mode:
            raise ConfigurationError(
                f"{self._path} holds {GenerationMode(made_for).label} data and this server's mode is {mode.label}: "
                "give each mode a store of its own"
            )
        self._names: dict[str, int] = {text: number for number, text in connection.execute("SELECT * FROM name")}
        texts = {number: text for text, number in self._names.items()}
        self._received: dict[EpochKey, Intervals] = {}
        for gateway, epoch, low, high in connection.execute("SELECT * FROM received"):
            key = (texts[gateway], unsigned(epoch))
            self._received.setdefault(key, Intervals()).add(unsigned(low), unsigned(high))
        self._clocks: dict[tuple[str, int], int] = {
            (texts[gateway], unsigned(boot)): offset
            for gateway, boot, offset in connection.execute("SELECT * FROM clock")
        }
        tally = connection.execute(f"SELECT {TALLY} FROM tally").fetchone()  # noqa: S608 - our own columns
        self._counts = Counts(**dict(zip(Counts.__struct_fields__, tally, strict=True)))
        self._sealer = Sealer(connection, self._transaction, self._names, self._clocks)
        used: dict[str, int] = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        self._log_seq, self._number = used.get("log", 0), used.get("quarantine", 0)

    def _held(self, key: EpochKey) -> Intervals:
        return self._received.get(key, Intervals())

    def _write(self, posting: Posting, counts: Counts, item: Quarantined | None = None) -> list[Logged]:
        aside = set_aside(posting, self._log_seq + 1, self._number + 1)
        draft = Draft(self._connection, self._names, self._clocks)
        with self._transaction():
            draft.log(posting.entries, self._log_seq + 1)
            draft.received(posting.received, self._received)
            draft.quarantine(aside)
            draft.settle(posting.entries)
            if item is not None:
                draft.released(item.number, self._log_seq + 1)
            draft.tally(counts)
        first = self._log_seq + 1
        self._counts = counts
        self._names.update(draft.names)
        if draft.clocks:
            self._clocks.update(draft.clocks)
            self._sealer.look_again()
        self._received.update(posting.received)
        self._log_seq += len(posting.entries)
        self._number += len(aside)
        return [Logged(log_seq=log_seq, arrival=entry.arrival) for log_seq, entry in enumerate(posting.entries, first)]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or, with a StoreError, nothing; the next one starts clean."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):  # a failing disk may refuse this too: SQLite has rolled back then
                    self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise translated(self._path, error) from None
            raise


def _lock(path: Path) -> int:
    """Hold the store for this process; the kernel lets go of it however the process ends."""
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"cannot write beside the series store {path}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StoreError(f"another server writes to the series store {path}: stop it, or name another store") from None
    return descriptor


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}").fetchone()
    connection.execute("PRAGMA synchronous = FULL").fetchone()
    return connection
