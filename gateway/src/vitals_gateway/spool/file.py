"""The spool as one thing: every method is one transaction, and makes room for itself where there is none."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from vitals.errors import CorruptStore, DecodeError, DiskFull, StoreError
from vitals.wire import bodies, header
from vitals.wire.bodies import Clock, ClockState, Gap, Ranges, Void
from vitals.wire.header import MAX_BODY, Kind
from vitals_gateway.batching import estimated_bytes
from vitals_gateway.spool import assembly, opening, tables
from vitals_gateway.spool.assembly import Read
from vitals_gateway.spool.batches import Batches, Span
from vitals_gateway.spool.opening import Epoch, Identity
from vitals_gateway.spool.reserve import Reserve
from vitals_gateway.spool.room import CORRUPT, Room
from vitals_gateway.spool.rows import Change, Depth, Entry, Item, Lost, Moment, Notification, Subscribed
from vitals_gateway.spool.salvage import Salvaged, salvage
from vitals_gateway.spool.streams import GATEWAY_DOWN, SPOOL_CORRUPT, Streams
from vitals_gateway.spool.transaction import Transactions, Work
from vitals_gateway.wall_clock import WallClock

_ROOM_ATTEMPTS: Final = 8


class Spool:
    """One SQLite file, written by one connection of one thread.

    Methods raise DiskFull where nothing can be dropped any more, CorruptStore where the file is damaged
    (:meth:`replace` helps then) and StoreError where it cannot be written; nothing of what they were to do has
    happened then.
    """

    def __init__(self, path: Path, identity: Identity, read: Read, now: Moment) -> None:
        """Open the spool, or begin one; a damaged file is set aside and what can be read of it is kept.

        A new epoch begins, what an earlier run left unbatched is closed under its own boot and times, and every
        stream of that run has been lost since it was last heard.

        Raises:
            ConfigurationError: another process uses it, another gateway or a newer release wrote it.
            StoreError: it can neither be opened nor begun.
        """
        self.path = path
        self.aside: Path | None = None
        self._identity = identity
        self._read = read
        self._now = now
        self._connection: sqlite3.Connection | None = None
        self._untold = Change()
        self._lock = tables.lock(path)
        self._reserve = Reserve(path)
        try:
            try:
                self._begin(self._connect(), None)
            except CorruptStore:
                self.replace(now)
        except BaseException:
            self.close()
            raise

    @property
    def epoch(self) -> int:
        """The name of this opening."""
        return self._current.epoch

    def replace(self, now: Moment) -> None:
        """Set the damaged file aside and begin a new one with what can be read of it."""
        self._now = now
        self._disconnect()
        self.aside = tables.set_aside(self.path)
        connection = self._connect()
        with tables.translated(self.path):
            connection.execute("BEGIN IMMEDIATE")
            saved = salvage(self.aside, connection, self._identity.gateway)
            connection.execute("COMMIT")
        self._begin(connection, saved)

    def record(self, items: Sequence[Item], now: Moment) -> Change:
        """Store what arrived, in order: safe from a crash of the process now, on disk when the batch closes."""

        def work(change: Change) -> None:
            for item in items:
                gap = self._take(item)
                if gap is not None:
                    self._add(change, Kind.GAP, gap)

        sends = any(
            isinstance(item, Subscribed) or (isinstance(item, Notification) and item.after_loss) for item in items
        )
        return self._write(work, now, durable=sends)

    def close_batch(self, now: Moment) -> Change:
        """Turn the notifications so far into rows to send, and keep to the bounds; on disk when it returns."""
        done = self.note_clock(now)
        done.merge(self._batch(msgspec.structs.replace(self._current, wall=now.wall)))
        for _ in range(_ROOM_ATTEMPTS):
            with tables.translated(self.path):
                scarce = self._room.scarce
            if not scarce:
                break
            try:
                done.merge(self._make_room())
            except DiskFull:
                break
        return done

    def note_clock(self, now: Moment) -> Change:
        """Record the wall clock, if it changed."""
        self._now = now
        with tables.translated(self.path):
            offset_ms, state = self._open.execute(
                "SELECT offset_ms, clock FROM epoch WHERE ordinal = ?", (self._current.ordinal,)
            ).fetchone()
        if not now.wall.differs(WallClock(offset_ms, ClockState(state))):
            return Change()
        return self._write(self._add_clock, now, durable=True)

    def expire(self, now: Moment) -> Change:
        """Forget what was acknowledged long ago, drop what is older than the bound."""
        return self._write(lambda change: self._room.expire(change, now, self._identity.boot), now, durable=True)

    def acknowledge(self, ranges: Ranges, now: Moment) -> tuple[list[int], Change]:
        """Mark rows as held by the collector; returns those that were waiting for it."""
        acknowledged: list[int] = []

        def work(_change: Change) -> None:
            acknowledged[:] = self._batches.acknowledge(ranges, now.at_ms)

        change = self._write(work, now, durable=False)
        return acknowledged, change

    def adopt(self, store: int, now: Moment) -> bool:
        """Take *store* for the one that acknowledges; True where it is another one, so that all rows wait again."""
        last = self.setting("store")
        if last == store:
            return False

        def work(_change: Change) -> None:
            self._set("store", store)
            if last is not None:
                self._batches.take_back()

        self._untold = self._write(work, now, durable=True)
        return last is not None

    def configure(self, store: int, now: Moment) -> None:
        """Remember the store that the collector's configuration names."""
        if self.setting("configured") != store:
            self._untold = self._write(lambda _: self._set("configured", store), now, durable=True)

    def setting(self, name: str) -> int | None:
        """The number remembered as ``store`` (the last one that acknowledged) or ``configured``."""
        with tables.translated(self.path):
            found = self._open.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if found is None else tables.unsigned(found[0])

    def stored(self) -> tuple[int, int]:
        """The current epoch and the newest sequence number in it, 0 where there is none yet."""
        with tables.translated(self.path):
            return self._batches.last()

    def waiting(self, after: int, limit: int) -> list[Entry]:
        """Rows to be acknowledged beyond *after*, oldest first."""
        with tables.translated(self.path):
            return self._batches.waiting(after, limit)

    def newest(self) -> Entry | None:
        """The newest row to be acknowledged."""
        with tables.translated(self.path):
            return self._batches.newest()

    def frame(self, row: int, now: Moment) -> tuple[bytes | None, Change]:
        """A row's message; None where it is acknowledged, gone, or rotted and replaced by a record of that."""
        with tables.translated(self.path):
            stored = self._batches.read(row)
            if stored is None:
                return None, Change()
            identity = self._batches.identity(row)
        try:
            read = header.decode(self._identity.gateway, stored.blob).header
            if (read.epoch, read.seq) == identity:
                return stored.blob, Change()
        except DecodeError:
            pass
        return None, self._write(lambda change: self._room.void([row], CORRUPT, change, now), now, durable=True)

    def depth(self) -> Depth:
        """How much waits."""
        with tables.translated(self.path):
            return self._batches.depth()

    def last_times(self) -> dict[tuple[str, str], int]:
        """When each stream was last heard on this boot, as of its last closed batch."""
        with tables.translated(self.path):
            return self._streams.last_times()

    def close(self) -> None:
        """Give the file back."""
        self._disconnect()
        self._lock.close()

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"spool {self.path}: not open")
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        try:
            return tables.connect(self.path)
        except CorruptStore:
            raise
        except StoreError:  # a full disk has no room for the files that SQLite makes beside this one
            self._reserve.release()
            return tables.connect(self.path)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _begin(self, connection: sqlite3.Connection, saved: Salvaged | None) -> None:
        self._connection = connection
        self._transactions = Transactions(self.path, connection, self._identity.bounds.max_bytes)
        self._reserve.take()
        self._current = self._mint(connection)
        identity = self._identity
        self._batches = Batches(connection, identity.gateway, self._current.ordinal, self._current.epoch)
        self._room = Room(connection, self._batches, identity.gateway, identity.bounds)
        self._streams = Streams(connection, identity.boot, forgotten=saved is not None)

        def work(change: Change) -> None:
            self._add_clock(change)
            if saved is not None and saved.missing:
                self._add(change, Kind.VOID, Void(saved.missing, CORRUPT))
            for gap in self._streams.all_lost(GATEWAY_DOWN if saved is None else SPOOL_CORRUPT, self._now.at_ms):
                self._add(change, Kind.GAP, gap)

        # nobody is told: what waits at the start is found as backlog
        with tables.translated(self.path):
            left = opening.unbatched(connection, self._current.ordinal)
        for run in left:
            self._batch(run)
        self._write(work, self._now, durable=True)

    def _mint(self, connection: sqlite3.Connection) -> Epoch:
        minted: list[Epoch] = []

        def work(_change: Change) -> None:
            minted[:] = [opening.mint(connection, self._identity, self._now)]

        try:
            self._transactions.run(work, durable=True)
        except DiskFull:
            self._reserve.release()
            self._transactions.checkpoint()
            self._transactions.run(work, durable=True)
        return minted[0]

    def _write(self, work: Work, now: Moment, *, durable: bool) -> Change:
        """Run *work*, making room as often as it helps; what that did is told with the first result after it."""
        self._now = now
        for _ in range(_ROOM_ATTEMPTS):
            try:
                done = self._transactions.run(work, durable=durable)
            except DiskFull:
                self._untold.merge(self._make_room())
            else:
                told, self._untold = self._untold, Change()
                told.merge(done)
                return told
        raise DiskFull(f"spool {self.path}: no room, whatever is dropped")

    def _make_room(self) -> Change:
        self._reserve.give()
        self._transactions.checkpoint()
        try:
            return self._transactions.run(lambda change: self._room.make(change, self._now), durable=True)
        finally:
            self._reserve.take()

    def _take(self, item: Item) -> Gap | None:
        if isinstance(item, Notification):
            return self._streams.notify(item, self._current.ordinal)
        if isinstance(item, Lost):
            self._streams.lose(item)
            return None
        return self._streams.subscribe(item)

    def _batch(self, run: Epoch) -> Change:
        """Close what *run* left open: rows of the present epoch under the origin and clock of that run.

        A little at a time, each in a transaction of its own: a spool filled with notifications to its last page gives
        up as much room as the rows need.
        """
        done = Change()
        while notifications := self._unbatched(run.ordinal):

            def work(change: Change, ready: dict[int, Notification] = notifications) -> None:
                self._open.execute("DELETE FROM notification WHERE ordinal = ? AND id <= ?", (run.ordinal, max(ready)))
                for message in assembly.messages(list(ready.values()), run.wall, self._read):
                    span = Span(message.from_ms, message.to_ms, Moment(0, run.wall).utc_of(message.to_ms))
                    change.added.append(self._batches.add(Kind.DATA, message.body, run.origin, span))
                last = {(item.sensor, item.characteristic): item for item in ready.values()}
                self._streams.heard(last.values(), run.origin.boot)

            done.merge(self._write(work, self._now, durable=True))
        return done

    def _unbatched(self, ordinal: int) -> dict[int, Notification]:
        """The oldest notifications of a run that are in no batch, about as many as two batches hold."""
        found: dict[int, Notification] = {}
        size = 0
        with tables.translated(self.path):
            rows = self._open.execute(
                "SELECT notification.id, sensor, characteristic, at_ms, payload FROM notification"
                " JOIN stream ON stream.id = stream WHERE ordinal = ? ORDER BY notification.id",
                (ordinal,),
            )
            for number, sensor, characteristic, at_ms, payload in rows:
                found[number] = Notification(sensor, characteristic, at_ms, payload)
                size += estimated_bytes(payload)
                if size >= 2 * MAX_BODY:
                    break
        return found

    def _add_clock(self, change: Change) -> None:
        wall = self._now.wall
        self._open.execute(
            "UPDATE epoch SET offset_ms = ?, clock = ? WHERE ordinal = ?",
            (wall.offset_ms, wall.state, self._current.ordinal),
        )
        self._add(change, Kind.CLOCK, Clock(self._now.at_ms, wall.offset_ms, wall.state))

    def _add(self, change: Change, kind: Kind, body: Clock | Gap | Void) -> None:
        span = Span(self._now.at_ms, self._now.at_ms)
        change.added.append(self._batches.add(kind, bodies.encode(body), self._identity.origin, span))

    def _set(self, name: str, value: int) -> None:
        self._open.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, tables.signed(value)))
