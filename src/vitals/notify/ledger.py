"""What is to be recorded, written by one task: what comes meanwhile goes with the next write.

A message waits until it is recorded, but not for long: a registry that fails or hangs delays no alarm (S4). What was
sent unrecorded is recorded when it can be, and a crash before that may send it again.
"""

import asyncio
import contextlib
from typing import Final

from vitals.errors import StoreError
from vitals.notify.notices import Notices
from vitals.registry import Attempt, Dispatch, Escalation, Notification, Outbox, Proof

WITHIN_S: Final = 2.0
"""How long a message waits to be recorded. Not scaled: it is the disk's time."""
RETRY_S: Final = 2.0
NOT_RECORDED: Final = "notifications_not_recorded"


class Ledger:
    """Rows on their way to the outbox. :meth:`run` writes them."""

    def __init__(self, outbox: Outbox, notices: Notices, *, within_s: float = WITHIN_S) -> None:
        self._outbox = outbox
        self._notices = notices
        self._within_s = within_s
        self._escalations: dict[str, Escalation] = {}
        self._notifications: dict[str, Notification] = {}
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._proofs: list[Proof] = []
        self._timeline = b""
        self._asked = 0
        self._written = 0
        self._failing = False
        self._wake = asyncio.Event()
        self._turn = asyncio.Event()

    def add(self, dispatch: Dispatch) -> None:
        """Have *dispatch* written, as a whole."""
        self._merge(dispatch)
        self._asked += 1
        self._wake.set()

    async def recorded(self) -> bool:
        """Whether everything added so far is written, waiting for a moment; not at all while writing fails."""
        asked = self._asked
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._within_s):
                while self._written < asked and not self._failing:
                    await self._turn.wait()
        return self._written >= asked

    async def run(self) -> None:
        """Write until cancelled; what is left then is written before the end."""
        try:
            while True:
                await self._wake.wait()
                await self._write()
                if self._failing:
                    await asyncio.sleep(RETRY_S)
        finally:
            if self._asked > self._written:
                await self._write()

    async def _write(self) -> None:
        self._wake.clear()
        asked, taken = self._asked, self._take()
        writing = asyncio.get_running_loop().run_in_executor(None, self._outbox.save, taken)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            self._ended(asked, taken, writing.exception())
            raise
        except StoreError as error:
            self._ended(asked, taken, error)
        else:
            self._ended(asked, taken, None)

    def _ended(self, asked: int, taken: Dispatch, error: BaseException | None) -> None:
        self._failing = error is not None
        if error is None:
            self._written = asked
            self._notices.say(NOT_RECORDED, None)
        else:
            newer = self._take()
            self._merge(taken)
            self._merge(newer)
            self._wake.set()
            self._notices.say(NOT_RECORDED, f"notifications are sent, and not being recorded: {error}")
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    def _merge(self, dispatch: Dispatch) -> None:
        self._escalations |= {row.episode: row for row in dispatch.escalations}
        self._notifications |= {row.key: row for row in dispatch.notifications}
        self._attempts |= {(row.key, row.number): row for row in dispatch.attempts}
        self._proofs += dispatch.proofs
        self._timeline = dispatch.timeline or self._timeline

    def _take(self) -> Dispatch:
        taken = Dispatch(
            escalations=list(self._escalations.values()),
            notifications=list(self._notifications.values()),
            attempts=list(self._attempts.values()),
            proofs=self._proofs,
            timeline=self._timeline,
        )
        self._escalations, self._notifications, self._attempts, self._proofs = {}, {}, {}, []
        self._timeline = b""
        return taken
