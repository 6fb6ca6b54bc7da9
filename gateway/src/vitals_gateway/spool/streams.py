"""What each characteristic of each sensor last said, and what is known to be missing.

A gap opens when a link is lost; it becomes a row when notifications flow again. When the gateway starts, whatever was
subscribed before has been lost since its last notification: that becomes a row at once, since nobody knows whether
the sensor will ever be back, and what follows until its new subscription becomes another.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from vitals.wire.bodies import Gap
from vitals_gateway.spool.rows import Lost, Notification, Subscribed
from vitals_gateway.spool.tables import signed, unsigned

GATEWAY_DOWN: Final = "gateway_down"
SPOOL_FULL: Final = "spool_full"
SPOOL_CORRUPT: Final = "spool_corrupt"


class Stream(msgspec.Struct, frozen=True):
    """One characteristic of one sensor: when it was last heard or subscribed, and the gap that is open."""

    id: int
    boot: int
    last_ms: int
    gap_reason: str | None = None
    gap_boot: int = 0
    gap_ms: int = 0


class Streams:
    """The table of streams. Callers own the transaction.

    *forgotten* says that an earlier spool was lost with what it knew: a stream that is new to this one may have been
    heard before, so its first subscription ends a gap whose beginning nobody knows (boot 0, 0 ms).
    """

    def __init__(self, connection: sqlite3.Connection, boot: int, *, forgotten: bool) -> None:
        self._execute = connection.execute
        self._boot = boot
        self._forgotten = forgotten

    def find(self, sensor: str, characteristic: str) -> Stream | None:
        """The stream, as of its last closed batch."""
        found = self._execute(
            "SELECT id, boot, last_ms, gap_reason, gap_boot, gap_ms FROM stream"
            " WHERE sensor = ? AND characteristic = ?",
            (sensor, characteristic),
        ).fetchone()
        if found is None:
            return None
        stream, boot, last_ms, reason, gap_boot, gap_ms = found
        return Stream(stream, unsigned(boot), last_ms, reason, unsigned(gap_boot or 0), gap_ms or 0)

    def notify(self, item: Notification, ordinal: int) -> Gap | None:
        """Store a notification; returns what was lost just before it, if anything was."""
        stream = self.find(item.sensor, item.characteristic)
        gap = None
        if stream is None:
            number = self._create(item.sensor, item.characteristic, item.at_ms)
        else:
            number = stream.id
            if item.after_loss:
                gap = self._gap(item, SPOOL_FULL, *self._last(stream))
        self._execute(
            "INSERT INTO notification (ordinal, stream, at_ms, payload) VALUES (?, ?, ?, ?)",
            (ordinal, number, item.at_ms, item.payload),
        )
        return gap

    def subscribe(self, item: Subscribed) -> Gap | None:
        """Notifications flow; returns the gap that ends here, if there is one."""
        stream = self.find(item.sensor, item.characteristic)
        if stream is None:
            self._create(item.sensor, item.characteristic, item.at_ms)
            return self._gap(item, SPOOL_CORRUPT, 0, 0) if self._forgotten else None
        self._execute(
            "UPDATE stream SET boot = ?, last_ms = ?, gap_reason = NULL, gap_boot = NULL, gap_ms = NULL, told = 0"
            " WHERE id = ?",
            (signed(self._boot), item.at_ms, stream.id),
        )
        if stream.gap_reason is None:
            return None
        return self._gap(item, stream.gap_reason, stream.gap_boot, stream.gap_ms)

    def lose(self, item: Lost) -> None:
        """Open a gap, unless one is open."""
        stream = self.find(item.sensor, item.characteristic)
        if stream is None:
            self._create(item.sensor, item.characteristic, item.at_ms)
            stream = Stream(0, self._boot, item.at_ms)
        if stream.gap_reason is not None:
            return
        boot, last_ms = self._last(stream)
        from_ms = max(item.at_ms, last_ms) if boot == self._boot else item.at_ms
        self._execute(
            "UPDATE stream SET gap_reason = ?, gap_boot = ?, gap_ms = ? WHERE sensor = ? AND characteristic = ?",
            (item.reason, signed(self._boot), from_ms, item.sensor, item.characteristic),
        )

    def heard(self, last: Iterable[Notification], boot: int) -> None:
        """The last notifications of a batch that closes, of *boot*."""
        for item in last:
            self._execute(
                "UPDATE stream SET boot = ?, last_ms = ? WHERE sensor = ? AND characteristic = ?",
                (signed(boot), item.at_ms, item.sensor, item.characteristic),
            )

    def all_lost(self, reason: str, now_ms: int) -> list[Gap]:
        """What an earlier run lost of each stream up to now, once; from now on each has an open gap."""
        found = self._execute(
            "SELECT sensor, characteristic, coalesce(gap_reason, :reason), coalesce(gap_boot, boot),"
            " coalesce(gap_ms, last_ms) FROM stream WHERE told = 0 ORDER BY id",
            {"reason": reason},
        ).fetchall()
        self._execute(
            "UPDATE stream SET gap_reason = coalesce(gap_reason, ?), gap_boot = ?, gap_ms = ?, told = 1 WHERE told = 0",
            (reason, signed(self._boot), now_ms),
        )
        return [
            Gap(sensor, characteristic, why, unsigned(boot), from_ms, self._boot, now_ms)
            for sensor, characteristic, why, boot, from_ms in found
        ]

    def last_times(self) -> dict[tuple[str, str], int]:
        """When each stream was last heard on the present boot."""
        found = self._execute(
            "SELECT sensor, characteristic, last_ms FROM stream WHERE boot = ?", (signed(self._boot),)
        )
        return {(sensor, characteristic): last_ms for sensor, characteristic, last_ms in found}

    def _create(self, sensor: str, characteristic: str, at_ms: int) -> int:
        inserted = self._execute(
            "INSERT INTO stream (sensor, characteristic, boot, last_ms) VALUES (?, ?, ?, ?)",
            (sensor, characteristic, signed(self._boot), at_ms),
        )
        assert inserted.lastrowid is not None
        return inserted.lastrowid

    def _last(self, stream: Stream) -> tuple[int, int]:
        """Boot and moment when it was last heard, the open batch included."""
        open_ms: int | None = self._execute(
            "SELECT max(at_ms) FROM notification WHERE stream = ?", (stream.id,)
        ).fetchone()[0]
        if open_ms is None:
            return stream.boot, stream.last_ms
        return self._boot, max(open_ms, stream.last_ms if stream.boot == self._boot else 0)

    def _gap(self, item: Notification | Subscribed, reason: str, from_boot: int, from_ms: int) -> Gap:
        return Gap(item.sensor, item.characteristic, reason, from_boot, from_ms, self._boot, item.at_ms)
