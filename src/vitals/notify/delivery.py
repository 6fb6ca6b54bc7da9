"""Deliver: the recipient's channels in order, then again; each attempt recorded before it is made and when it ends.

A channel that does not take a message gives way to the next one at once. Where none takes it, whoever decides is told
at once, so that the alarm goes on to somebody else, and it is tried again here until it is sent or nothing is left to
tell.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from vitals.clock import Clock
from vitals.notify.base import Answer, Channel, Outcome, Receipt
from vitals.notify.ledger import Ledger
from vitals.notify.message import compose
from vitals.notify.notices import Notices
from vitals.observation import GenerationMode
from vitals.registry import Attempt, Dispatch, Notification

_log = logging.getLogger(__name__)

BACKOFF_S: Final = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Between rounds over a recipient's channels; the last one repeats. Scaled."""
SELF_TEST_ROUNDS: Final = 3
"""How often a self-test is tried; an alarm is tried for as long as it is open."""
_TESTS: Final = frozenset({"self_test", "test"})
CHANNEL_FAILS: Final = "notification_channel"


class Listener(Protocol):
    """Who decides what follows."""

    def reported(self, key: str, *, reached: bool) -> None:
        """The first round of a message ended, or a later one reached its recipient."""

    def settled(self, key: str) -> None:
        """A message is not tried any more."""


class Delivery:
    """Carries messages out, each in a task of its own."""

    def __init__(
        self,
        channels: Mapping[str, Sequence[Channel]],
        ledger: Ledger,
        notices: Notices,
        listener: Listener,
        clock: Clock,
        *,
        mode: GenerationMode,
        time_scale: float = 1.0,
        on_timeline: Callable[[], int] | None = None,
    ) -> None:
        self._channels = channels
        self._ledger = ledger
        self._notices = notices
        self._listener = listener
        self._clock = clock
        self._mode = mode
        self._backoff_s = tuple(delay * time_scale for delay in BACKOFF_S)
        self._on_timeline = on_timeline or clock.monotonic_ms
        self._stops: dict[str, asyncio.Event] = {}
        self._reasons: dict[str, str] = {}

    def stop(self, key: str, reason: str) -> None:
        """Try a message no further; an attempt that is under way cannot be called back."""
        stop = self._stops.get(key)
        if stop is not None:
            self._reasons[key] = reason
            stop.set()

    def begin(self, tasks: asyncio.TaskGroup, notification: Notification, *, attempted: int = 0) -> None:
        """Deliver *notification* in a task of *tasks*; *attempted*: how often a process before this one tried."""
        self._stops[notification.key] = asyncio.Event()
        tasks.create_task(self._deliver(notification, attempted), name=f"deliver {notification.key}")

    async def _deliver(self, notification: Notification, attempted: int) -> None:
        """Until it is sent, refused, stopped, or tried often enough."""
        key = notification.key
        if notification.taken_utc_ms is None:
            notification = msgspec.structs.replace(notification, taken_utc_ms=self._clock.utc_ms())
        state, channel = await self._until_settled(notification, attempted, self._stops[key])
        del self._stops[key]
        reason = self._reasons.pop(key, "")
        self._keep(notification, state or reason, channel=channel)
        self._listener.settled(key)

    async def _until_settled(self, notification: Notification, number: int, stop: asyncio.Event) -> tuple[str, str]:
        """The state in which it ends (empty: stopped) and the channel that took it."""
        rounds = 0
        while not stop.is_set():
            outcome, channel, number = await self._round(notification, number, stop)
            rounds += 1
            reached = outcome is Outcome.SENT
            if reached or (rounds == 1 and not stop.is_set()):
                self._listener.reported(notification.key, reached=reached)
            if outcome is not Outcome.RETRY:
                return ("sent" if reached else "refused"), channel
            if notification.kind in _TESTS and rounds >= SELF_TEST_ROUNDS:
                return "given_up", ""
            await self._wait(notification, rounds, stop)
        return "", ""

    async def _round(self, notification: Notification, number: int, stop: asyncio.Event) -> tuple[Outcome, str, int]:
        """Every channel once, until one takes it; the number of the newest attempt."""
        worst = Outcome.REFUSED
        for channel in self._channels_of(notification):
            if stop.is_set():
                return Outcome.RETRY, "", number
            number += 1
            answer = await self._attempt(notification, number, channel)
            if answer.outcome is Outcome.SENT:
                return Outcome.SENT, channel.name, number
            if answer.outcome is Outcome.RETRY:
                worst = Outcome.RETRY
        return worst, "", number

    async def _attempt(self, notification: Notification, number: int, channel: Channel) -> Answer:
        attempt = Attempt(key=notification.key, number=number, channel=channel.name, began_utc_ms=self._clock.utc_ms())
        self._ledger.add(Dispatch(attempts=[attempt], notifications=[notification] if number == 1 else []))
        await self._ledger.recorded()
        answer = await self._send(notification, channel)
        ended = msgspec.structs.replace(
            attempt,
            outcome=answer.outcome.value,
            receipt=answer.receipt.value,
            why=answer.why,
            ended_utc_ms=self._clock.utc_ms(),
        )
        self._ledger.add(Dispatch(attempts=[ended]))
        sent = answer.outcome is Outcome.SENT
        told = None if sent else f"notifications: {channel.name} does not deliver: {answer.why}"
        self._notices.say(f"{CHANNEL_FAILS}:{channel.name}", told)
        return answer

    async def _send(self, notification: Notification, channel: Channel) -> Answer:
        try:
            return await channel.send(compose(notification, self._mode))
        except Exception as error:  # noqa: BLE001 - the boundary: a channel raises nothing, and may be anybody's
            _log.exception("channel %s failed", channel.name)
            return Answer(Outcome.RETRY, Receipt.UNKNOWN, f"it failed: {error!r}")

    async def _wait(self, notification: Notification, rounds: int, stop: asyncio.Event) -> None:
        delay_s = self._backoff_s[min(rounds, len(self._backoff_s)) - 1]
        self._keep(notification, "retry", next_ms=self._on_timeline() + round(delay_s * 1000))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await stop.wait()

    def _keep(self, notification: Notification, state: str, *, channel: str = "", next_ms: int | None = None) -> None:
        row = msgspec.structs.replace(
            notification, state=state, channel=channel or notification.channel, next_ms=next_ms
        )
        self._ledger.add(Dispatch(notifications=[row]))

    def _channels_of(self, notification: Notification) -> list[Channel]:
        every = self._channels.get(notification.recipient, ())
        return [channel for channel in every if notification.channel in {"", channel.name}]
