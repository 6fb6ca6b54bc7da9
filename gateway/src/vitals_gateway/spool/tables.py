"""The spool's file: its tables, how it is opened, and what SQLite's errors mean.

A row's number is its epoch's ordinal and its sequence number side by side (``ordinal << 40 | seq``): unique, in the
order of age across epochs, and one index less to write on a memory card. SQLite's integers are signed: epochs and
boots, which are u64, are stored as the i64 with the same bits.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from vitals.errors import ConfigurationError, CorruptStore, DiskFull, StoreError

VERSION: Final = 1
APPLICATION: Final = 0x4F56_5350
PAGE: Final = 1024
"""A batch writes a page of each table that it touches: small ones write a third of what SQLite's 4 kB would."""
SEQ_BITS: Final = 40
CHECKPOINT_PAGES: Final = 1024
"""The journal stays at about 1 MB, so that the reserve can hold what a checkpoint needs on a full disk."""
CHECKED_BYTES: Final = 64 * 2**20
"""A file up to this size is checked whole when it is opened; a larger one as it is read."""
SLACK_PAGES: Final = 256
"""How far beyond its bound the file may grow for notifications, and as far again to make rows of them."""

_TABLES: Final = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE epoch (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch INTEGER NOT NULL UNIQUE,
    boot INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    last INTEGER NOT NULL DEFAULT 0,
    offset_ms INTEGER NOT NULL,
    clock INTEGER NOT NULL
);
CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    sensor TEXT NOT NULL,
    characteristic TEXT NOT NULL,
    boot INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    gap_reason TEXT,
    gap_boot INTEGER,
    gap_ms INTEGER,
    told INTEGER NOT NULL DEFAULT 0,
    UNIQUE (sensor, characteristic)
);
CREATE TABLE notification (
    id INTEGER PRIMARY KEY,
    ordinal INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    observed_mono INTEGER NOT NULL,
    until_mono INTEGER NOT NULL,
    until_utc INTEGER,
    bytes INTEGER NOT NULL,
    acked_at INTEGER,
    blob BLOB NOT NULL
);
CREATE INDEX unacknowledged ON batch (id, bytes) WHERE acked_at IS NULL;
"""


def signed(number: int) -> int:
    """The i64 with the bits of a u64."""
    return number - 2**64 if number >= 2**63 else number


def unsigned(number: int) -> int:
    """The u64 with the bits of an i64."""
    return number + 2**64 if number < 0 else number


def row_id(ordinal: int, seq: int) -> int:
    """A row's number."""
    return ordinal << SEQ_BITS | seq


def split(row: int) -> tuple[int, int]:
    """Ordinal of the epoch, and sequence number, of a row's number."""
    return row >> SEQ_BITS, row & ((1 << SEQ_BITS) - 1)


def lock(path: Path) -> IO[bytes]:
    """Keep every other process out for as long as the returned file is open.

    Raises:
        ConfigurationError: another gateway uses the spool, or its folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.with_name(path.name + ".lock").open("ab")
    except OSError as error:
        raise ConfigurationError(f"spool.path: {path.parent} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise ConfigurationError(f"spool.path: {path} is in use by another gateway process") from None
    return held


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or make it, ready to be written by this connection alone.

    Raises:
        CorruptStore: it is damaged, or not a spool.
        ConfigurationError: a newer release wrote it.
        StoreError: it cannot be opened.
    """
    with translated(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=1.0, cached_statements=64)
    try:
        connection.text_factory = text
        with translated(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def text(stored: bytes) -> str:
    """Text as SQLite stores it, also where it rotted: what it then says is judged by those who use it."""
    return stored.decode(errors="replace")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        DiskFull: no room on the disk, or within the bound.
        CorruptStore: the file is not what it should be.
        StoreError: anything else.
    """
    try:
        yield
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary == sqlite3.SQLITE_FULL:
            raise DiskFull(f"spool {path}: no room: {error}") from error
        if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise CorruptStore(f"spool {path}: {error}") from error
        raise StoreError(f"spool {path}: {error}") from error


def set_aside(path: Path) -> Path:
    """Rename a damaged file to ``NAME.corrupt-N``, its journal with it; returns the new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def used_bytes(connection: sqlite3.Connection) -> int:
    """What the file holds, free pages not counted."""
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    free: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return (pages - free) * PAGE


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    execute = connection.execute
    execute(f"PRAGMA page_size={PAGE}")
    execute("PRAGMA journal_mode=WAL")
    execute("PRAGMA synchronous=FULL")
    execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    execute("PRAGMA cache_size=-1024")
    execute("PRAGMA temp_store=MEMORY")
    version: int = execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise ConfigurationError(f"spool {path}: written by a newer release (format {version}); upgrade this one")
    if version == 0:
        _create(connection, path)
    elif os.stat(path).st_size <= CHECKED_BYTES:  # noqa: PTH116 - beside the check it belongs to
        found: str = execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise CorruptStore(f"spool {path}: {found}")


def _create(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise CorruptStore(f"spool {path}: a database, but not a spool")
    statements = [f"PRAGMA application_id={APPLICATION}", *_TABLES.split(";\n"), f"PRAGMA user_version={VERSION}"]
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements:
        connection.execute(statement)
    connection.execute("COMMIT")
