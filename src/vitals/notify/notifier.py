"""The notifier: hears of alarms, keeps time, has messages recorded and delivered.

What it promises. A chain and the messages that it asks for are recorded in one transaction before the first of them is
sent. After a kill at any moment, chains go on at their deadlines, messages that were not sent are sent, and alarms of
which nobody was told are found by looking at the ward: none is forgotten. A message is sent again only if the kill came
between the channel taking it and that being recorded; it then carries the same key, and its attempt stands in the
record as begun. While the registry fails, messages are sent unrecorded rather than not at all.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from vitals.clock import Clock
from vitals.errors import StoreError
from vitals.notify import selftest
from vitals.notify.base import ORDER, Channel, Receipt
from vitals.notify.channels import open_channels
from vitals.notify.config import Settings
from vitals.notify.delivery import Delivery
from vitals.notify.dispatch import Dispatcher, Moment
from vitals.notify.lease import Term
from vitals.notify.ledger import NOT_RECORDED, Ledger
from vitals.notify.notices import Notice, Notices
from vitals.observation import GenerationMode
from vitals.registry import Dispatch, HandOver, Kept, Notification, Proof, Registry
from vitals.timeline import Timeline
from vitals.ward import ShownAlarm, Snapshot

_log = logging.getLogger(__name__)

LOOK_S: Final = 15.0
"""How often the ward is looked at whole, and how often who answers for whom is read again. Scaled."""
AGAIN_S: Final = 1.0
"""How soon a notifier that failed begins again."""
WITHDRAWN_SHOWN_MS: Final = 3_600_000
FAILED: Final = "notifier_failed"
UNREACHED: Final = "nobody_told"
UNANSWERED: Final = "nobody_to_tell"
WITHDRAWN: Final = "alarm_withdrawn"


class Alarms(Protocol):
    """What the notifier needs of a ``ward.Ward``."""

    def snapshot(self) -> Snapshot:
        """The present, whole."""

    def listen(self, listener: Callable[[ShownAlarm], None]) -> Callable[[], None]:
        """Call *listener* on every change of an alarm; the returned function ends it."""


class Notifier:
    """Implements ``delivery.Listener``; :func:`run_notifier` runs it.

    *realarm* makes an acknowledged episode sound again because its owner left, and says whether it does (S8); without
    it nobody is told of that. *channels* are those of the settings, by recipient.

    Raises:
        ConfigurationError: an address is none that a channel can be made of.
    """

    def __init__(
        self,
        settings: Settings,
        alarms: Alarms,
        registry: Registry,
        *,
        mode: GenerationMode,
        clock: Clock,
        notice: Notice,
        time_scale: float = 1.0,
        realarm: Callable[[str], bool] | None = None,
    ) -> None:
        self.channels: Mapping[str, Sequence[Channel]] = open_channels(settings, registry.duty, clock)
        self._settings = settings
        self._alarms = alarms
        self._outbox = registry.outbox
        self._duty = registry.duty
        self._term = Term(registry.duty, clock)
        self._mode = mode
        self._clock = clock
        self._time_scale = time_scale
        self._realarm = realarm
        self._notices = Notices(notice)
        self._timeline = Timeline()
        self._tested: set[str] = set()
        self._heard: deque[ShownAlarm] = deque()
        self._wake = asyncio.Event()
        self._looked_ms: int | None = None
        self._withdrawn_ms = 0
        self._begin_anew()

    def claim(self) -> None:
        """Be the one notifier of this registry; :meth:`run` does so itself.

        Raises:
            ConflictError: another one is.
            StoreError: the registry cannot say.
        """
        self._term.claim()

    def _begin_anew(self) -> None:
        self._dispatcher = Dispatcher(self._settings, time_scale=self._time_scale)
        self._ledger = Ledger(self._outbox, self._notices)
        self._delivery = Delivery(
            self.channels,
            self._ledger,
            self._notices,
            self,
            self._clock,
            mode=self._mode,
            time_scale=self._time_scale,
            on_timeline=lambda: self._moment().at_ms,
        )

    # What others ask

    @property
    def idle_ms(self) -> int | None:
        """How long ago it last looked at the ward; None where it has not since it began (again)."""
        return None if self._looked_ms is None else max(0, self._moment().at_ms - self._looked_ms)

    def next_step(self, episode: str) -> tuple[str, float] | None:
        """Whom an unacknowledged episode is told to next, and in how many seconds; None: nobody."""
        following = self._dispatcher.next_step(episode)
        if following is None:
            return None
        to, due_ms = following
        return to, max(0, due_ms - self._moment().at_ms) / 1000

    def episode(self, reference: str) -> str | None:
        """The open episode that *reference* stands for."""
        return self._dispatcher.episode(reference)

    def viewed(self, key: str, recipient: str) -> None:
        """*recipient* opened what message *key* points to. It is no acknowledgement."""
        self._prove(Receipt.VIEWED, recipient, key=key)

    def delivered(self, key: str, recipient: str) -> None:
        """A channel that hears back from its devices says that message *key* reached *recipient*."""
        self._prove(Receipt.DELIVERED, recipient, key=key)

    def stand_in(self, hand_overs: Sequence[HandOver]) -> None:
        """These hand-overs are offered or in force: whoever accepted one is told, and owns, from now on."""
        self._dispatcher.stand_in(hand_overs, self._moment())
        self._wake.set()

    def handed_over(self, episode: str, *, to: str) -> None:
        """*to* accepted an acknowledged episode: it stays acknowledged when the one before goes off duty."""
        self._dispatcher.handed_over(episode, to, self._moment())
        self._wake.set()

    def left(self, person: str) -> None:
        """*person* went off duty: what they own and nobody accepted alarms again (S8)."""
        self._leave(self._dispatcher.owned_by(person))
        self._wake.set()

    # What delivery says

    def reported(self, key: str, *, reached: bool) -> None:
        """See ``delivery.Listener``."""
        self._dispatcher.reported(key, self._moment(), reached=reached)
        self._wake.set()

    def settled(self, key: str) -> None:
        """See ``delivery.Listener``."""
        self._dispatcher.settled(key)

    # Running

    async def run(self) -> None:
        """Notify until cancelled.

        Raises:
            ConflictError: another notifier runs on this registry, or took over while this process was held up.
        """
        self._begin_anew()
        with contextlib.suppress(StoreError):  # a registry that fails is no reason to tell nobody (S4)
            await asyncio.to_thread(self.claim)
        kept = await self._load()
        stop_listening = self._alarms.listen(self._hear)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._term.hold(), name="the one notifier")
                tasks.create_task(self._ledger.run(), name="notification ledger")
                tasks.create_task(self._follow_responsible(), name="who answers for whom")
                waiting = self._dispatcher.restore(kept, self._moment())
                with contextlib.suppress(StoreError):  # they are read again in a moment
                    self.stand_in(await asyncio.to_thread(self._hand_overs))
                self._look()
                for notification in waiting:
                    self._delivery.begin(tasks, notification, attempted=kept.attempted.get(notification.key, 0))
                while True:
                    self._decide(tasks)
                    await self._due()
        finally:
            stop_listening()
            self._term.release()

    def failed(self, error: Exception) -> None:
        """The notifier failed, and begins again."""
        self._notices.say(FAILED, f"the notifier failed and began again: {error!r}")

    async def _load(self) -> Kept:
        """What was left behind. A registry that cannot be read is worth a second message, not a missing one."""
        kept = Kept()
        tested = selftest.prefix(self._settings, self._clock.utc_ms())
        try:
            kept = await asyncio.to_thread(self._outbox.load)
            self._dispatcher.responsible = await asyncio.to_thread(self._outbox.responsible)
            self._tested = await asyncio.to_thread(self._outbox.keys, tested) if tested else set()
        except StoreError as error:
            self._notices.say(NOT_RECORDED, f"what was sent before cannot be read: {error}")
        timeline = Timeline()
        with contextlib.suppress(msgspec.DecodeError):  # without it, what was due is due now
            timeline = msgspec.msgpack.decode(kept.timeline, type=Timeline)
        self._timeline = timeline.entered(self._clock.boot(), self._clock.monotonic_ms(), self._clock.utc_ms())
        self._looked_ms = None
        return kept

    def _hear(self, shown: ShownAlarm) -> None:
        self._heard.append(shown)
        self._wake.set()

    def _moment(self) -> Moment:
        at_ms = self._timeline.at(self._clock.boot(), self._clock.monotonic_ms())
        return Moment(at_ms, self._clock.utc_ms())

    async def _due(self) -> None:
        """Return when something happened, or is due."""
        due_ms = self._looked_ms if self._looked_ms is not None else 0
        due_ms += round(LOOK_S * 1000 * self._time_scale)
        if self._dispatcher.due_ms is not None:
            due_ms = min(due_ms, self._dispatcher.due_ms)
        wait_s = max(0, due_ms - self._moment().at_ms) / 1000
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        self._wake.clear()

    async def _follow_responsible(self) -> None:
        """Read again who answers for whom; a registry that hangs holds up nothing but this."""
        while True:
            await asyncio.sleep(LOOK_S * self._time_scale)
            with contextlib.suppress(StoreError):  # who answered a moment ago goes on answering
                self._dispatcher.responsible = await asyncio.to_thread(self._outbox.responsible)
                self.stand_in(await asyncio.to_thread(self._hand_overs))

    def _hand_overs(self) -> list[HandOver]:
        return self._duty.hand_overs(now_utc_ms=self._clock.utc_ms())

    def _decide(self, tasks: asyncio.TaskGroup) -> None:
        if self._looked_ms is None or self._moment().at_ms - self._looked_ms >= LOOK_S * 1000 * self._time_scale:
            self._look()
        self._take_in()
        self._dispatcher.tick(self._moment())
        self._carry_out(tasks, selftest.due(self._settings, self.channels, self._tested, self._clock.utc_ms()))
        self._say()

    def _look(self) -> None:
        """Look at the whole ward, in case that something was not told."""
        self._take_in()
        moment = self._moment()
        self._dispatcher.reconcile(self._alarms.snapshot().alarms, moment)
        if self._looked_ms is not None:  # it has been well for a while
            self._notices.say(FAILED, None)
        self._looked_ms = moment.at_ms

    def _take_in(self) -> None:
        while self._heard:
            shown = self._heard.popleft()
            self._dispatcher.alarm(shown, self._moment())
            if shown.acknowledged_by:
                self._prove(Receipt.ACKNOWLEDGED, shown.acknowledged_by, episode=shown.episode)

    def _carry_out(self, tasks: asyncio.TaskGroup, tests: list[Notification]) -> None:
        decided = self._dispatcher.take()
        self._tested.update(test.key for test in tests)
        new = [*decided.notifications, *tests]
        if new or decided.kept or decided.escalations:
            self._ledger.add(
                Dispatch(
                    escalations=list(decided.escalations.values()),
                    notifications=[*new, *decided.kept],
                    timeline=msgspec.msgpack.encode(self._marked()),
                )
            )
        for notification in new:
            self._delivery.begin(tasks, notification)
        for key, reason in decided.stop.items():
            self._delivery.stop(key, reason)
        self._leave(decided.left)
        self._withdraw(decided.withdrawn)

    def _marked(self) -> Timeline:
        moment = self._moment()
        self._timeline = self._timeline.marked(moment.at_ms, moment.utc_ms)
        return self._timeline

    def _leave(self, episodes: Sequence[str]) -> None:
        for episode in episodes:
            if self._realarm is not None and self._realarm(episode):
                self._dispatcher.owner_left(episode, self._moment())
                self._wake.set()

    def _withdraw(self, references: Sequence[str]) -> None:
        now_ms = self._moment().at_ms
        if references:
            self._withdrawn_ms = now_ms
            named = ", ".join(references)
            self._notices.say(WITHDRAWN, f"told to people, and unknown since a restart: {named}; look at the record")
        elif now_ms - self._withdrawn_ms >= WITHDRAWN_SHOWN_MS * self._time_scale:
            self._notices.say(WITHDRAWN, None)

    def _say(self) -> None:
        unreached, unanswered = self._dispatcher.unreached, self._dispatcher.unanswered
        self._notices.say(UNREACHED, f"alarms of which nobody could be told: {unreached}" if unreached else None)
        self._notices.say(
            UNANSWERED, f"patients for whom nobody answers who can be told: {unanswered}" if unanswered else None
        )

    def _prove(self, receipt: Receipt, recipient: str, *, episode: str = "", key: str = "") -> None:
        less = tuple(one.value for one in ORDER[: ORDER.index(receipt)])
        proof = Proof(recipient=recipient, receipt=receipt.value, instead_of=less, episode=episode, key=key)
        self._ledger.add(Dispatch(proofs=[proof]))


async def run_notifier(notifier: Notifier) -> None:
    """Run *notifier* until cancelled. A failure of ours ends neither the alarms nor the recording: it begins again."""
    while True:
        try:
            await notifier.run()
        except Exception as error:  # noqa: BLE001 - the boundary
            _log.exception("the notifier failed")
            notifier.failed(error)
        await asyncio.sleep(AGAIN_S)
