"""The tables of a series file, format 2, and how an arrival becomes a row and is read back.

SQLite's integers are signed: a 64-bit name is stored as the signed number of the same bits.
"""

import sqlite3
from typing import Any, Final

from vitals.errors import CorruptStore, DecodeError, DiskFull, StoreError
from vitals.series.base import Arrival, Quarantined
from vitals.wire import header

FORMAT: Final = 2
"""``PRAGMA user_version``: a release reads its own format and the one before, which had no chunks."""
BLOB_FORMAT: Final = b"\x01"
"""First byte of a log row's blob: 1 is the wire's frame, checksum and all, as the gateway made it."""

CHUNKS: Final = """
CREATE TABLE chunk(
    number INTEGER PRIMARY KEY,
    sensor INTEGER NOT NULL REFERENCES name(id),
    bucket INTEGER NOT NULL,
    characteristic TEXT NOT NULL,
    part INTEGER NOT NULL,
    retention INTEGER NOT NULL,
    blob BLOB NOT NULL,
    UNIQUE (sensor, bucket, characteristic, part)
);
CREATE INDEX chunk_by_age ON chunk(retention, bucket);
"""
"""What format 2 added. *part* is above 0 only where an earlier one is damaged: nothing is merged into that."""

SCHEMA: Final = """
CREATE TABLE store(id INTEGER NOT NULL, mode INTEGER NOT NULL);
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE log(
    -- AUTOINCREMENT: a plain key restarts at 1 once the table is emptied, and every cursor goes deaf
    log_seq INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway INTEGER NOT NULL REFERENCES name(id),
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    received_utc_ms INTEGER NOT NULL,
    receiver_boot INTEGER NOT NULL,
    queued_ms INTEGER,
    blob BLOB NOT NULL
);
CREATE TABLE span(
    sensor INTEGER NOT NULL REFERENCES name(id),
    to_utc_ms INTEGER NOT NULL,
    log_seq INTEGER NOT NULL,
    from_utc_ms INTEGER NOT NULL,
    utc_offset_ms INTEGER NOT NULL,
    PRIMARY KEY (sensor, to_utc_ms, log_seq)
) WITHOUT ROWID;
CREATE TABLE unsettled(
    gateway INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    log_seq INTEGER NOT NULL,
    sensor INTEGER NOT NULL,
    to_utc_ms INTEGER NOT NULL,
    PRIMARY KEY (gateway, boot, log_seq, sensor)
) WITHOUT ROWID;
CREATE TABLE clock(
    gateway INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    utc_offset_ms INTEGER NOT NULL,
    PRIMARY KEY (gateway, boot)
) WITHOUT ROWID;
CREATE TABLE received(
    gateway INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lo INTEGER NOT NULL,
    hi INTEGER NOT NULL,
    PRIMARY KEY (gateway, epoch, lo)
) WITHOUT ROWID;
CREATE TABLE gap(log_seq INTEGER PRIMARY KEY, gateway INTEGER NOT NULL, received_utc_ms INTEGER, body BLOB NOT NULL);
CREATE TABLE void(
    log_seq INTEGER PRIMARY KEY,
    gateway INTEGER NOT NULL,
    received_utc_ms INTEGER,
    body BLOB NOT NULL,
    dropped BLOB NOT NULL
);
CREATE TABLE quarantine(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway INTEGER NOT NULL REFERENCES name(id),
    reason TEXT NOT NULL,
    observations INTEGER NOT NULL,
    log_seq INTEGER,
    sensor TEXT NOT NULL,
    characteristic TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    received_ms INTEGER,
    received_utc_ms INTEGER,
    receiver_boot INTEGER,
    queued_ms INTEGER,
    blob BLOB NOT NULL,
    released_as INTEGER
);
CREATE TABLE tally(
    rows INTEGER NOT NULL,
    observations INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    redelivered INTEGER NOT NULL,
    quarantined_batches INTEGER NOT NULL
);
INSERT INTO tally VALUES (0, 0, 0, 0, 0);
"""
"""Format 1, which :data:`CHUNKS` completes."""

TALLY: Final = "rows, observations, quarantined, redelivered, quarantined_batches"
RECEIPT: Final = "received_ms, received_utc_ms, receiver_boot, queued_ms, blob"


def signed(name: int) -> int:
    """The signed number with the bits of an unsigned 64-bit one."""
    return name - 2**64 if name >= 2**63 else name


def unsigned(stored: int) -> int:
    """The unsigned number with the bits of a signed 64-bit one."""
    return stored & 0xFFFF_FFFF_FFFF_FFFF


def receipt(arrival: Arrival) -> tuple[int, int, int, int | None, bytes]:
    """The columns :data:`RECEIPT` of *arrival*."""
    return (
        arrival.received_ms,
        arrival.received_utc_ms,
        signed(arrival.receiver_boot),
        arrival.queued_ms,
        BLOB_FORMAT + header.encode(arrival.gateway, arrival.header, arrival.body),
    )


def arrival_of(gateway: str, columns: tuple[Any, ...], quarantine: str | None = None) -> Arrival:
    """The arrival whose :data:`RECEIPT` columns these are.

    Raises:
        CorruptStore: the blob is of another format, or rotted.
    """
    received_ms, received_utc_ms, receiver_boot, queued_ms, blob = columns
    if blob[:1] != BLOB_FORMAT:
        raise CorruptStore(f"a log row of {gateway} has format {blob[:1].hex()}; this release reads 01")
    try:
        message = header.decode(gateway, blob[1:])
    except DecodeError as error:
        raise CorruptStore(f"a log row of {gateway} rotted on disk: {error}") from None
    return Arrival(
        gateway=gateway,
        header=message.header,
        body=message.body,
        received_ms=received_ms,
        received_utc_ms=received_utc_ms,
        receiver_boot=unsigned(receiver_boot),
        queued_ms=queued_ms,
        quarantine=quarantine,
    )


def quarantine_row(item: Quarantined, gateway: int) -> tuple[Any, ...]:
    """The columns of table ``quarantine``, without *released_as*."""
    if item.arrival is None:
        rest: tuple[Any, ...] = (None, None, None, None, item.payload)
    else:
        rest = receipt(item.arrival)
    return (
        item.number,
        gateway,
        item.reason,
        item.observations,
        item.log_seq,
        item.sensor,
        item.characteristic,
        item.at_ms,
        *rest,
    )


def quarantined_of(gateway: str, row: tuple[Any, ...]) -> Quarantined:
    """Read back what :func:`quarantine_row` made, followed by *released_as*. Raises CorruptStore."""
    number, _, reason, observations, log_seq, sensor, characteristic, at_ms, *rest, released_as = row
    return Quarantined(
        number=number,
        gateway=gateway,
        reason=reason,
        observations=observations,
        arrival=arrival_of(gateway, tuple(rest), reason) if log_seq is None else None,
        log_seq=log_seq,
        sensor=sensor,
        characteristic=characteristic,
        at_ms=at_ms,
        payload=b"" if log_seq is None else rest[-1],
        released_as=released_as,
    )


def translated(path: str, error: sqlite3.Error) -> StoreError:
    """What an error of SQLite's means to us, in one line."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"no room left for the series store {path}: free some space on its disk")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return CorruptStore(f"{path} is damaged or no series store: {error}")
    return StoreError(f"series store {path}: {error}")


def require_format(path: str, connection: sqlite3.Connection) -> int:
    """The file's format; 0 for a new one.

    Raises:
        StoreError: this release does not read it.
    """
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    except sqlite3.Error as error:
        raise translated(path, error) from None
    if found in {FORMAT - 1, FORMAT} or (found == 0 and tables == 0):
        return int(found)
    raise StoreError(
        f"{path} has format {found}, this release reads {FORMAT - 1} and {FORMAT}: no series store, or a newer one"
    )
