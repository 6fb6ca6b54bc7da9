"""A channel that keeps what it is given: for tests, and for demonstrations in which nobody has a telephone."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Final

from vitals.notify.base import Answer, Message, Outcome, Receipt

_log = logging.getLogger(__name__)
KEPT: Final = 1000
_RECEIPTS: Final = {
    Outcome.RETRY: Receipt.UNKNOWN,
    Outcome.REFUSED: Receipt.QUEUED,
}


class MemoryChannel:
    """Implements ``base.Channel``. It answers by its script, then *sent*; *after_s* is how long it takes to answer.

    *proves* is the receipt of what it took: *handed over* where it stands for a service.
    """

    def __init__(self, name: str, script: Iterable[Outcome] = (), *, after_s: float = 0.0) -> None:
        self.messages: deque[Message] = deque(maxlen=KEPT)
        self.script = deque(script)
        self.otherwise = Outcome.SENT
        self.after_s = after_s
        self.proves = Receipt.DELIVERED
        self._name = name

    @property
    def name(self) -> str:
        """See ``base.Channel``."""
        return self._name

    async def send(self, message: Message) -> Answer:
        """See ``base.Channel``. Only what it answers *sent* to is kept."""
        if self.after_s:
            await asyncio.sleep(self.after_s)
        outcome = self.script.popleft() if self.script else self.otherwise
        if outcome is Outcome.SENT:
            self.messages.append(message)
            _log.info("%s: %s: %s", self._name, message.title, message.text)
        why = "" if outcome is Outcome.SENT else f"told to answer {outcome.value}"
        return Answer(outcome, self.proves if outcome is Outcome.SENT else _RECEIPTS[outcome], why)
