"""Many messages to one recipient as few: which go out at once, which wait a moment and become one with counts.

No clock, no channel, no disk. The rule, for each recipient by itself:

1. A high that this recipient was not told of as a high within the last minute goes out at once, always. Nothing holds
   it back, and nothing is combined with it.
2. A technical alarm that concerns no patient (a gateway) waits ten seconds: a broker or a power supply that fails takes
   many of them along, and they become one message.
3. Anything else goes out at once too, as long as fewer than five messages went to this recipient within the last
   minute. Beyond that it waits, ten seconds from the first that waits; what has gathered then is one message with
   counts. One that gathered alone goes out as it is.

Nothing is lost: every alarm keeps its own row, its own chain and its own deadlines; the row says which message went
out instead.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from vitals.notify import message
from vitals.registry import Notification

MOST: Final = 5
"""How many messages a minute go to one recipient one by one."""
GATHERED_S: Final = 10.0
"""How long what waits is gathered. Scaled, as the minute is."""
MINUTE_S: Final = 60.0
KIND: Final = "combined"
"""Kind of the one message, and state of those that it stands for."""
_PRIORITIES: Final = ("high", "medium", "low")


class Gathered(msgspec.Struct, frozen=True):
    """What goes out now: *one* message for all of *instead_of*; without any it is one that had waited alone."""

    one: Notification
    instead_of: tuple[Notification, ...] = ()


class _Waiting(msgspec.Struct):
    due_ms: int
    messages: dict[str, Notification] = {}


class Combiner:
    """What went to whom lately, and what waits."""

    def __init__(self, *, time_scale: float, reference: Callable[[], str], console_url: str) -> None:
        self._minute_ms = round(MINUTE_S * 1000 * time_scale)
        self._gathered_ms = round(GATHERED_S * 1000 * time_scale)
        self._reference = reference
        self._console_url = console_url
        self._sent: dict[str, deque[int]] = defaultdict(deque)  # by recipient, when
        self._highs: dict[tuple[str, str], int] = {}  # by recipient and episode, when it was told as a high
        self._waiting: dict[str, _Waiting] = {}  # by recipient
        self._bundles: dict[str, dict[str, Notification]] = {}  # by key of the one, those that it stands for
        self._bundle_of: dict[str, str] = {}

    @property
    def due_ms(self) -> int | None:
        """When something that waits goes out."""
        return min((waiting.due_ms for waiting in self._waiting.values()), default=None)

    def offer(self, new: Notification, at_ms: int, *, of_patient: bool) -> bool:
        """Whether *new* goes out at once; otherwise it waits here until :meth:`gather`."""
        self._forget(at_ms)
        if self._at_once(new, of_patient=of_patient):
            self._note(new, at_ms)
            return True
        waiting = self._waiting.setdefault(new.recipient, _Waiting(at_ms + self._gathered_ms))
        waiting.messages[new.key] = new
        return False

    def gather(self, at_ms: int, utc_ms: int) -> list[Gathered]:
        """What has waited long enough."""
        due = [recipient for recipient, waiting in self._waiting.items() if waiting.due_ms <= at_ms]
        gathered = []
        for recipient in due:
            several = tuple(self._waiting.pop(recipient).messages.values())
            found = Gathered(several[0]) if len(several) == 1 else self._combine(recipient, several, utc_ms)
            for told in several:
                self._note(told, at_ms, counts=False)
            self._sent[recipient].append(at_ms)
            gathered.append(found)
        return gathered

    def restore(self, one: Notification, instead_of: Iterable[Notification]) -> None:
        """Take up what a process before this one had combined and not sent."""
        self._bundles[one.key] = {each.key: each for each in instead_of}
        self._bundle_of.update(dict.fromkeys(self._bundles[one.key], one.key))

    def members(self, key: str) -> list[str]:
        """What message *key* stands for: keys of others; none, if it is for itself."""
        return list(self._bundles.get(key, ()))

    def waits(self, key: str) -> bool:
        """Whether message *key* waits here or went out as a part of another."""
        return key in self._bundle_of or any(key in waiting.messages for waiting in self._waiting.values())

    def drop(self, key: str) -> str | None:
        """*key* is not to be told any more; the combined message that nothing is left of by that, if so."""
        for recipient, waiting in list(self._waiting.items()):
            if waiting.messages.pop(key, None) is not None and not waiting.messages:
                del self._waiting[recipient]
        bundle = self._bundle_of.pop(key, None)
        if bundle is None:
            return None
        self._bundles[bundle].pop(key)
        return None if self._bundles[bundle] else bundle

    def settled(self, key: str) -> None:
        """Nothing more is tried for combined message *key*."""
        for member in self._bundles.pop(key, ()):
            del self._bundle_of[member]

    def _at_once(self, new: Notification, *, of_patient: bool) -> bool:
        if new.priority == "high" and (new.recipient, new.episode) not in self._highs:
            return True
        return (of_patient or new.priority == "high") and len(self._sent[new.recipient]) < MOST

    def _note(self, told: Notification, at_ms: int, *, counts: bool = True) -> None:
        if counts:
            self._sent[told.recipient].append(at_ms)
        if told.priority == "high":
            self._highs[told.recipient, told.episode] = at_ms

    def _forget(self, at_ms: int) -> None:
        since_ms = at_ms - self._minute_ms
        for sent in self._sent.values():
            while sent and sent[0] <= since_ms:
                sent.popleft()
        self._highs = {told: when for told, when in self._highs.items() if when > since_ms}

    def _combine(self, recipient: str, several: tuple[Notification, ...], utc_ms: int) -> Gathered:
        counts = {priority: sum(each.priority == priority for each in several) for priority in _PRIORITIES}
        reference = self._reference()
        one = Notification(
            key=f"{reference}-1/{recipient}",
            kind=KIND,
            reference=reference,
            number=1,
            recipient=recipient,
            priority=next(priority for priority in _PRIORITIES if counts[priority]),
            text=message.combined_text(_said(counts), message.link(self._console_url, reference, 1, recipient)),
            created_utc_ms=utc_ms,
        )
        self.restore(one, several)
        return Gathered(
            one, tuple(msgspec.structs.replace(each, state=KIND, combined_into=one.key) for each in several)
        )


def _said(counts: Mapping[str, int]) -> str:
    each = ", ".join(f"{count} {priority}" for priority, count in counts.items() if count)
    return f"{sum(counts.values())} alarms ({each})"
