"""One transaction at a time on the spool's one connection: whole or not at all, and how far it is on disk."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vitals_gateway.spool.rows import Change
from vitals_gateway.spool.tables import PAGE, SLACK_PAGES, translated

Work = Callable[[Change], None]
"""What a transaction does; it adds to the change what the caller must know."""


class Transactions:
    """Runs work on a connection.

    A commit survives a crash of the process in any case; a *durable* one is on disk, with everything before it, when
    it returns. Only durable ones may use the last pages of the file, so that there is always room to make rows of
    notifications and to write down what was dropped.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, max_bytes: int) -> None:
        self._path = path
        self._connection = connection
        self._max_pages = max_bytes // PAGE
        self._durable: bool | None = None

    def run(self, work: Work, *, durable: bool) -> Change:
        """Run *work* whole, or raise DiskFull, CorruptStore or StoreError with nothing done."""
        change = Change()
        execute = self._connection.execute
        with translated(self._path):
            if durable is not self._durable:
                execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                execute(f"PRAGMA max_page_count={self._max_pages + SLACK_PAGES * (2 if durable else 1)}")
                self._durable = durable
            execute("BEGIN IMMEDIATE")
            try:
                work(change)
                execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    with suppress(sqlite3.Error):
                        execute("ROLLBACK")
                raise
        return change

    def checkpoint(self) -> None:
        """Move the journal into the file, so that its room can be used again; the next one may do what this cannot."""
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)")
