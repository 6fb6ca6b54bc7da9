"""What the sensors sent, line by line: the one account against which everything behind the air is held.

JSON lines. A notification is one line, written and flushed *before* it is handed to the radio, and only if the sensor
is connected and the characteristic subscribed::

    {"n": 1, "sensor": "F0:00:00:00:01:02", "characteristic": "2A5F", "at_ms": 812345,
     "utc": "2026-11-22T03:14:15.926Z", "payload": "1c6100...", "observations": 3}

*n* counts notifications from 1, *at_ms* is CLOCK_MONOTONIC, *observations* is what the payload holds; one that cannot
be read counts as 1. An event is a line with ``event`` instead: ``connected``, ``subscribed``, ``unsubscribed``,
``disconnected``, ``vanished``, ``ended`` of a sensor, ``stopped`` of all.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from vitals import gatt
from vitals.clock import Clock, iso
from vitals.errors import CorruptStore, DecodeError, StoreError


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One notification or indication; *payload* in hexadecimal."""

    n: int
    sensor: str
    characteristic: str
    at_ms: int
    utc: str
    payload: str
    observations: int


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened to a sensor's link; *sensor* is empty where it happened to all."""

    event: str
    at_ms: int
    sensor: str = ""
    characteristic: str = ""
    reason: str = ""


class Contents(msgspec.Struct, frozen=True):
    """A ledger as read, both in the order of writing."""

    notifications: tuple[Sent, ...] = ()
    events: tuple[Event, ...] = ()


class Ledger:
    """A ledger being written; without a path it only counts."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._file: IO[bytes] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        """Open the file to append. What a killed simulator left of a line is cut off: it was never sent.

        Raises:
            StoreError: it cannot be written.
        """
        if self._path is not None:
            try:
                self._count = _mend(self._path)
                self._file = self._path.open("ab", buffering=0)
            except OSError as error:
                raise StoreError(f"cannot write the ledger {self._path}: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    @property
    def count(self) -> int:
        """Notifications in the ledger."""
        return self._count

    def notified(self, sensor: str, characteristic: str, payload: bytes) -> None:
        """Write down a notification that is about to be sent.

        Raises:
            StoreError: it cannot be written; then it must not be sent.
        """
        line = Sent(
            n=self._count + 1,
            sensor=sensor,
            characteristic=characteristic,
            at_ms=self._clock.monotonic_ms(),
            utc=iso(self._clock.utc_ms()),
            payload=payload.hex(),
            observations=_observations(characteristic, payload),
        )
        self._write(line)
        self._count += 1

    def happened(self, event: str, sensor: str = "", characteristic: str = "", reason: str = "") -> None:
        """Write down an event.

        Raises:
            StoreError: it cannot be written.
        """
        at_ms = self._clock.monotonic_ms()
        self._write(Event(event=event, at_ms=at_ms, sensor=sensor, characteristic=characteristic, reason=reason))

    def _write(self, line: Sent | Event) -> None:
        if self._file is None:
            return
        encoded = msgspec.json.encode(line) + b"\n"
        try:
            if self._file.write(encoded) < len(encoded):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301 - the same end for both
        except OSError as error:
            raise StoreError(f"cannot write the ledger {self._path}: {error.strerror}") from error


def read(path: Path) -> Contents:
    """Read a ledger; a torn last line is left out, since what it began to say was never sent.

    Raises:
        StoreError: it cannot be read.
        CorruptStore: a line before the last is no ledger line.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise StoreError(f"cannot read the ledger {path}: {error.strerror}") from error
    parsed = list(_parsed(path, lines[:-1]))
    return Contents(
        tuple(line for line in parsed if isinstance(line, Sent)),
        tuple(line for line in parsed if isinstance(line, Event)),
    )


def _parsed(path: Path, lines: list[bytes]) -> Iterator[Sent | Event]:
    for number, line in enumerate(lines, start=1):
        try:
            if b'"event"' in line:
                yield msgspec.json.decode(line, type=Event)
            else:
                yield msgspec.json.decode(line, type=Sent)
        except msgspec.DecodeError as error:
            raise CorruptStore(f"{path}, line {number} is no ledger line: {error}") from error


def _mend(path: Path) -> int:
    """Cut a torn last line off and return how many notifications the rest tells of."""
    if not path.is_file():
        return 0
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    notifications = read(path).notifications
    return notifications[-1].n if notifications else 0


def _observations(characteristic: str, payload: bytes) -> int:
    try:
        return len(gatt.read(characteristic, payload).observations)
    except DecodeError:
        return _UNREADABLE


_UNREADABLE: Final = 1
"""A payload that cannot be read is one thing lost or quarantined."""
