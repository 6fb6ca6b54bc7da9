"""Making room: acknowledged rows first, then the oldest that were never sent, and never without saying so."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from vitals.errors import DecodeError, DiskFull
from vitals.wire import bodies, header
from vitals.wire.bodies import Data, Void
from vitals.wire.header import Kind
from vitals_gateway.spool import assembly
from vitals_gateway.spool.batches import Batches, Span, Stored
from vitals_gateway.spool.rows import Bounds, Change, Entry, Moment
from vitals_gateway.spool.tables import PAGE, unsigned, used_bytes

FULL: Final = "full"
CORRUPT: Final = "corrupt"
_OLDEST_ACKNOWLEDGED: Final = "SELECT id, bytes FROM batch WHERE acked_at IS NOT NULL ORDER BY id"
_OLDEST_DATA: Final = "SELECT id, bytes FROM batch WHERE acked_at IS NULL AND kind = 1 ORDER BY id"
_HEADROOM: Final = 64 * PAGE
_SMALLEST_STEP: Final = 8 * PAGE
_LARGEST_STEP: Final = 2**20
_OLDEST: Final = 500


class Room:
    """What the bounds of a spool demand of its rows. Callers own the transaction."""

    def __init__(self, connection: sqlite3.Connection, batches: Batches, gateway: str, bounds: Bounds) -> None:
        self._connection = connection
        self._batches = batches
        self._gateway = gateway
        self._bounds = bounds
        self._step = min(max(bounds.max_bytes // 32, _SMALLEST_STEP), _LARGEST_STEP)

    @property
    def scarce(self) -> bool:
        """Whether the file is at its bound."""
        return used_bytes(self._connection) > self._bounds.max_bytes - _HEADROOM

    def make(self, change: Change, now: Moment) -> None:
        """Drop enough for a while: acknowledged rows, or else the oldest measurements with a record of them.

        Raises:
            DiskFull: there is nothing left to drop.
        """
        acknowledged = self._oldest(_OLDEST_ACKNOWLEDGED)
        if acknowledged:
            self._batches.delete(acknowledged)
            return
        oldest = self._oldest(_OLDEST_DATA)
        if not oldest:
            raise DiskFull(f"no room for the spool of {self._gateway}, and nothing in it that could be dropped")
        self.void(oldest, FULL, change, now)

    def void(self, rows: Sequence[int], reason: str, change: Change, now: Moment) -> None:
        """Replace *rows* by a record of their ranges, one for each boot and mode that they come from."""
        dropped: dict[tuple[int, int], list[Stored]] = {}
        for row in rows:
            stored = self._batches.read(row)
            if stored is not None:
                dropped.setdefault((stored.origin.boot, stored.origin.mode), []).append(stored)
        self._batches.delete(list(rows))
        change.gone += rows
        change.dropped += len(rows) if reason == FULL else 0
        change.rotten += len(rows) if reason == CORRUPT else 0
        for group in dropped.values():
            change.added.append(self._declare(group, reason, now.at_ms))

    def expire(self, change: Change, now: Moment, boot: int) -> None:
        """Forget rows acknowledged long ago; drop rows that are older than the bound in days."""
        found = self._connection.execute(
            "SELECT id, acked_at FROM batch WHERE acked_at IS NOT NULL ORDER BY id LIMIT ?", (_OLDEST,)
        ).fetchall()
        self._batches.delete([row for row, acked_at in found if now.at_ms - acked_at >= self._bounds.keep_ms])
        utc_ms = now.utc_of(now.at_ms)
        aged = self._connection.execute(
            "SELECT id, boot, until_mono, until_utc FROM batch WHERE acked_at IS NULL AND kind = ? ORDER BY id LIMIT ?",
            (Kind.DATA, _OLDEST),
        ).fetchall()
        old = [
            row
            for row, row_boot, until_ms, until_utc_ms in aged
            if self._outlived(unsigned(row_boot) == boot, now.at_ms - until_ms, utc_ms, until_utc_ms)
        ]
        if old:
            self.void(old, FULL, change, now)

    def _outlived(self, same_boot: bool, age_ms: int, utc_ms: int | None, until_utc_ms: int | None) -> bool:  # noqa: FBT001
        """Whether a row is too old; of another boot only where both clocks were set, or a first 1970 would tell."""
        if not same_boot:
            if utc_ms is None or until_utc_ms is None:
                return False
            age_ms = utc_ms - until_utc_ms
        return age_ms > self._bounds.max_age_ms

    def _oldest(self, query: str) -> list[int]:
        taken: list[int] = []
        size = 0
        for row, row_bytes in self._connection.execute(query):
            taken.append(row)
            size += row_bytes
            if size >= self._step:
                break
        return taken

    def _declare(self, group: Sequence[Stored], reason: str, now_ms: int) -> Entry:
        counted: dict[str, int] = {}
        for stored in group:
            for name, number in self._counts(stored).items():
                counted[name] = counted.get(name, 0) + number
        body = Void(
            assembly.ranges([self._batches.identity(stored.row) for stored in group]),
            reason,
            counted,
            min(stored.span.from_ms for stored in group),
            max(stored.span.to_ms for stored in group),
        )
        return self._batches.add(Kind.VOID, bodies.encode(body), group[0].origin, Span(now_ms, now_ms))

    def _counts(self, stored: Stored) -> dict[str, int]:
        """Observations in a row, as far as it can still be read."""
        try:
            body = bodies.decode(stored.kind, header.decode(self._gateway, stored.blob).body)
            return assembly.counts(body) if isinstance(body, Data) else {}
        except (DecodeError, ValueError):
            return {}
