"""What a channel is asked, what it answers, and what an answer proves."""

from enum import StrEnum
from typing import Final, Protocol

import msgspec


class Outcome(StrEnum):
    """All that a channel may answer."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"


class Receipt(StrEnum):
    """What is proven of a message (S19), from nothing to everything.

    ``queued``: it is stored here. ``unknown``: it was begun, and may or may not have left. ``handed_over``: the next
    system took it, a mail server for example; no person has it yet. ``delivered``: it reached the recipient's device.
    ``viewed``: somebody opened what it points to. ``acknowledged``: that person acknowledged the alarm.
    """

    QUEUED = "queued"
    UNKNOWN = "unknown"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    VIEWED = "viewed"
    ACKNOWLEDGED = "acknowledged"


ORDER: Final = tuple(Receipt)
"""Receipts by how much they prove: a later one replaces an earlier one, never the other way round."""


class Answer(msgspec.Struct, frozen=True):
    """What came of one attempt; *why* is for a technician, and holds no secret."""

    outcome: Outcome
    receipt: Receipt
    why: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. *key* is the same each time the same message is sent; its reference and number are in *title*.

    *word* is what stands behind ``/a/`` in a link to what it is about; empty where it is about nothing.
    """

    key: str
    title: str
    text: str
    priority: str = ""
    word: str = ""


class Channel(Protocol):
    """A way to one recipient. It answers in bounded time, and raises nothing."""

    @property
    def name(self) -> str:
        """Names recipient, place and kind, without a secret: ``nurse-1/1 ntfy``."""

    async def send(self, message: Message) -> Answer:
        """Try once."""
