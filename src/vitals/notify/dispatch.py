"""What is to be sent, decided: chains of escalation against the directory. No clock, no channel, no disk.

A page passes named stages: who is on call, mute (a recipient takes nothing below its own priority; audio pauses mute
nothing, S2), deduplicate (one message in progress per episode and recipient), combine (``combining``). What comes out
are rows of the outbox, to be recorded and delivered by others, who report back whom they reached.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from vitals.alarms.escalation import IDLE, Chain, Event, Page, Phase, Plan, Signal, step
from vitals.notify import message
from vitals.notify.combining import KIND, Combiner
from vitals.notify.config import Settings
from vitals.notify.directory import Recipient
from vitals.notify.signals import HOUSE_WIDE, PRIORITIES, SCREENS_ONLY, is_old, signal, since_ms
from vitals.registry import Escalation, HandOver, Kept, Notification, Responsible
from vitals.ward import ShownAlarm

WITHDRAWN_AFTER: Final = 2
"""How many looks at the ward in a row must miss an alarm before its chain ends."""
STOPPED: Final = "stopped"
SUPERSEDED: Final = "superseded"

_log = logging.getLogger(__name__)


class Moment(msgspec.Struct, frozen=True):
    """Now, on the notifier's timeline and in UTC."""

    at_ms: int
    utc_ms: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The chain of one episode, whom it is about, and whether the ward and its owner were seen lately.

    *house_wide*: it is about every patient at once.
    """

    reference: str
    patient: str | None
    house_wide: bool = False
    chain: Chain = IDLE
    unseen: int = 0
    owner_present: bool = False


class Decisions(msgspec.Struct, kw_only=True):
    """What came of it: *escalations* and *notifications* to be recorded together, messages to *stop*, by key, and why.

    *kept* are recorded too and not delivered: they wait, went out as a part of another, or are not told any more.
    *left*: acknowledged episodes whose owner went off duty. *withdrawn*: references of alarms the ward forgot.
    """

    escalations: dict[str, Escalation] = {}
    notifications: list[Notification] = []
    kept: list[Notification] = []
    stop: dict[str, str] = {}
    left: list[str] = []
    withdrawn: list[str] = []


class Dispatcher:
    """All open chains. Every method takes the moment; :meth:`take` hands over what was decided since the last time."""

    def __init__(
        self, settings: Settings, *, time_scale: float = 1.0, reference: Callable[[], str] = message.new_reference
    ) -> None:
        self.responsible: Mapping[str, Responsible] = {}
        self._directory = settings.directory
        self._console_url = settings.console_url
        self._plans = {priority: plan.scaled(time_scale) for priority, plan in settings.plans.items()}
        self._reference = reference
        self._combiner = Combiner(time_scale=time_scale, reference=reference, console_url=settings.console_url)
        self._cases: dict[str, Case] = {}
        self._pending: dict[str, Notification] = {}
        self._newest: dict[str, dict[str, str]] = {}  # by episode and recipient, the key of what is pending
        self._waiting: dict[str, dict[int, set[str]]] = {}  # by episode and page, what was not tried yet
        self._unreached: set[str] = set()
        self._decisions = Decisions()

    @property
    def due_ms(self) -> int | None:
        """The next deadline of any chain, or of messages that wait to be combined."""
        chains = [case.chain.due_ms for case in self._cases.values()]
        return min((due_ms for due_ms in (*chains, self._combiner.due_ms) if due_ms is not None), default=None)

    @property
    def unreached(self) -> int:
        """Open alarms of which nobody could be told, whatever was tried."""
        return len(self._unreached)

    @property
    def unanswered(self) -> int:
        """Patients for whom nobody answers who could be told (S16)."""
        return sum(
            who.nurse not in self._directory.recipients and who.cover not in self._directory.recipients
            for who in self.responsible.values()
        )

    def episode(self, reference: str) -> str | None:
        """The open episode that *reference* stands for."""
        return next((episode for episode, case in self._cases.items() if case.reference == reference), None)

    def owned_by(self, person: str) -> list[str]:
        """Acknowledged episodes of *person*."""
        return [
            episode
            for episode, case in self._cases.items()
            if case.chain.phase is Phase.ACKNOWLEDGED and case.chain.owner == person
        ]

    def next_step(self, episode: str) -> tuple[str, int] | None:
        """Whom an unacknowledged episode is told to next, and when on the timeline."""
        case = self._cases.get(episode)
        if case is None or case.chain.due_ms is None:
            return None
        stages = self._plan(case.chain).stages
        return stages[min(case.chain.next, len(stages) - 1)].to, case.chain.due_ms

    def take(self) -> Decisions:
        """What was decided since."""
        taken, self._decisions = self._decisions, Decisions()
        return taken

    # What happens

    def restore(self, kept: Kept, moment: Moment) -> list[Notification]:
        """Take up what a process before this one left; the messages that it had not sent."""
        for row in kept.escalations:
            try:
                case = msgspec.msgpack.decode(row.state, type=Case)
                self._cases[row.episode] = msgspec.structs.replace(case, chain=self._in_time(case.chain, moment))
            except msgspec.DecodeError as error:  # the ward still has the alarm: its chain begins anew
                _log.error("the chain of %s cannot be read: %s", row.reference, error)
        waiting = [row for row in kept.notifications if self._take_up(row, kept, moment)]
        for one in kept.notifications:
            if one.kind == KIND and not self._combiner.members(one.key):
                self._decisions.stop[one.key] = STOPPED
        return waiting

    def alarm(self, shown: ShownAlarm, moment: Moment, *, since_ms: int | None = None) -> None:
        """An alarm as the ward shows it now. *since_ms*: it was raised then, and nobody told us."""
        if shown.condition in SCREENS_ONLY:
            return
        case = self._cases.get(shown.episode)
        if case is None:
            if shown.phase not in {"active", "ended"} or not self._plans[PRIORITIES[shown.priority]].stages:
                return
            house_wide = shown.condition in HOUSE_WIDE
            case = Case(reference=self._reference(), patient=shown.patient, house_wide=house_wide)
        elif is_old(shown, case.chain):
            return
        event = Event(
            signal(shown, case.chain),
            shown.episode,
            shown.version,
            PRIORITIES[shown.priority],
            since_ms=since_ms,
            owner=shown.acknowledged_by or "",
        )
        # Whether an owner is present says nothing of the one who accepted the alarm from them.
        present = case.owner_present and event.owner == case.chain.owner
        self._step(msgspec.structs.replace(case, unseen=0, owner_present=present), event, moment)

    def reconcile(self, alarms: Iterable[ShownAlarm], moment: Moment) -> None:
        """All alarms that the ward has: what we were not told of begins, what it no longer knows ends in the end."""
        known = {shown.episode: shown for shown in alarms}
        for episode, shown in known.items():
            case = self._cases.get(episode)
            if case is not None and shown.version < case.chain.version:  # it was killed with what it told unrecorded
                chain = msgspec.structs.replace(case.chain, version=shown.version - 1)
                self._cases[episode] = msgspec.structs.replace(case, chain=chain)
            self.alarm(shown, moment, since_ms=since_ms(shown, moment.at_ms, moment.utc_ms))
        for episode in [episode for episode in self._cases if episode not in known]:
            self._miss(episode, self._cases[episode], moment)

    def tick(self, moment: Moment) -> None:
        """Time passed."""
        for episode, case in list(self._cases.items()):
            if case.chain.due_ms is not None and case.chain.due_ms <= moment.at_ms:
                self._step(case, Event(Signal.TICK), moment)
            elif case.chain.phase is Phase.ACKNOWLEDGED:
                self._watch_owner(episode, case, moment)
        self._gather(moment)

    def owner_left(self, episode: str, moment: Moment) -> None:
        """The owner of an acknowledged alarm left without a hand-over, and it sounds again (S8)."""
        case = self._cases.get(episode)
        if case is not None:
            self._step(case, Event(Signal.OWNER_LEFT), moment)

    def stand_in(self, hand_overs: Iterable[HandOver], moment: Moment) -> None:
        """These are offered or in force now: whoever accepted one takes the place, and the alarms, of who gave it."""
        taken = {
            each.giver: each.taker
            for each in hand_overs
            if each.accepted_utc_ms is not None and moment.utc_ms < each.until_utc_ms
        }
        self._directory = msgspec.structs.replace(self._directory, standing_in=taken)
        for giver in taken:
            for episode in self.owned_by(giver):
                self.handed_over(episode, self._directory.stands_for(giver), moment)

    def handed_over(self, episode: str, to: str, moment: Moment) -> None:
        """*to* accepted the episode."""
        case = self._cases.get(episode)
        if case is not None:
            self._step(msgspec.structs.replace(case, owner_present=False), Event(Signal.HANDED_OVER, owner=to), moment)

    def reported(self, key: str, moment: Moment, *, reached: bool) -> None:
        """Every channel of a message's recipient was tried once: it was sent, or none took it."""
        for each in self._combiner.members(key) or [key]:
            self._reported(each, moment, reached=reached)

    def _reported(self, key: str, moment: Moment, *, reached: bool) -> None:
        notification = self._pending.get(key)
        case = None if notification is None else self._cases.get(notification.episode)
        if notification is None or case is None:
            return
        if reached:
            self._unreached.discard(notification.episode)
        pages = self._waiting.get(notification.episode, {})
        waiting = pages.get(notification.number)
        if waiting is None:
            return
        waiting.discard(key)
        if reached or not waiting:
            del pages[notification.number]
        if reached:
            self._step(case, Event(Signal.REACHED, page=notification.number), moment)
        elif not waiting:
            self._fail(case, notification.number, moment)

    def settled(self, key: str) -> None:
        """Nothing more is tried for a message."""
        for each in self._combiner.members(key) or [key]:
            self._settled(each)
        self._combiner.settled(key)

    def _settled(self, key: str) -> None:
        notification = self._pending.pop(key, None)
        if notification is not None:
            newest = self._newest.get(notification.episode, {})
            if newest.get(notification.recipient) == key:
                del newest[notification.recipient]

    # Inside

    def _plan(self, chain: Chain) -> Plan:
        return self._plans[chain.priority]

    def _take_up(self, row: Notification, kept: Kept, moment: Moment) -> bool:
        """A message that was not sent; whether it goes out now. One that was never tried may be combined."""
        if row.kind == KIND:
            theirs = [each for each in kept.combined if each.combined_into == row.key and self._is_running(each)]
            self._combiner.restore(row, theirs)
            for each in theirs:
                self._deduplicate(each)
                self._follow(each)
            return True
        if row.kind != "alarm":
            return True
        if not self._is_running(row):
            self._decisions.stop[row.key] = STOPPED
            return True
        self._deduplicate(row)
        self._follow(row)
        return row.key in kept.attempted or self._offer(row, moment)

    def _is_running(self, row: Notification) -> bool:
        known = self._cases.get(row.episode)
        return known is not None and known.chain.phase is Phase.RUNNING

    def _offer(self, row: Notification, moment: Moment) -> bool:
        case = self._cases[row.episode]
        return self._combiner.offer(row, moment.at_ms, of_patient=case.house_wide or case.patient is not None)

    def _gather(self, moment: Moment) -> None:
        for gathered in self._combiner.gather(moment.at_ms, moment.utc_ms):
            self._decisions.notifications.append(gathered.one)
            self._decisions.kept += gathered.instead_of

    def _in_time(self, chain: Chain, moment: Moment) -> Chain:
        """A deadline further off than its plan allows comes from shorter stages now, or a lost timeline: it is due."""
        plan = self._plan(chain)
        longest_s = max([plan.repeat_s, *(stage.after_s for stage in plan.stages)])
        if chain.due_ms is None or chain.due_ms <= moment.at_ms + longest_s * 1000:
            return chain
        return msgspec.structs.replace(chain, due_ms=moment.at_ms, started_ms=min(chain.started_ms, moment.at_ms))

    def _step(self, case: Case, event: Event, moment: Moment) -> None:
        chain, pages = step(case.chain, event, moment.at_ms, plans=self._plans)
        if chain is not case.chain:
            case = self._keep(msgspec.structs.replace(case, chain=chain), moment)
        elif chain.episode:
            self._cases[chain.episode] = case
        for page in pages:
            self._page(case, page, moment)
        if pages and pages[-1].number not in self._waiting.get(chain.episode, {}):
            self._fail(self._cases[chain.episode], pages[-1].number, moment)

    def _keep(self, case: Case, moment: Moment) -> Case:
        chain = case.chain
        if chain.phase is Phase.OVER:
            self._cases.pop(chain.episode, None)
        else:
            self._cases[chain.episode] = case
        if chain.phase is not Phase.RUNNING:
            self._stop(chain.episode)
        self._decisions.escalations[chain.episode] = Escalation(
            episode=chain.episode,
            reference=case.reference,
            phase=chain.phase.value,
            state=msgspec.msgpack.encode(case),
            changed_utc_ms=moment.utc_ms,
        )
        return case

    def _fail(self, case: Case, number: int, moment: Moment) -> None:
        """A page reached nobody. Where that leads to no other page, nobody at all could be told."""
        pages = case.chain.pages
        self._step(case, Event(Signal.UNREACHED, page=number), moment)
        after = self._cases.get(case.chain.episode)
        if after is not None and after.chain.pages == pages == number:
            self._unreached.add(case.chain.episode)

    def _page(self, case: Case, page: Page, moment: Moment) -> None:
        recipients = [who for who in self._on_call(case, page, moment) if not _muted(who, page)]
        notifications = [
            message.write(page, case.chain.version, case.reference, who.id, self._console_url, moment.utc_ms)
            for who in recipients
        ]
        for notification in notifications:
            self._deduplicate(notification)
            self._follow(notification)
            now = self._offer(notification, moment)
            (self._decisions.notifications if now else self._decisions.kept).append(notification)

    def _on_call(self, case: Case, page: Page, moment: Moment) -> tuple[Recipient, ...]:
        if case.house_wide:
            return self._directory.find_everywhere(page.to, moment.utc_ms)
        who = None if case.patient is None else self.responsible.get(case.patient, Responsible())
        return self._directory.find(page.to, who, moment.utc_ms)

    def _deduplicate(self, new: Notification) -> None:
        key = self._newest.get(new.episode, {}).pop(new.recipient, None)
        if key is not None:
            self._drop(key, SUPERSEDED)

    def _drop(self, key: str, reason: str) -> None:
        """Tell a message no more: it is stopped where it is tried, or never begun where it waits."""
        dropped = self._pending.pop(key)
        if not self._combiner.waits(key):
            self._decisions.stop[key] = reason
            return
        emptied = self._combiner.drop(key)
        if emptied is not None:
            self._decisions.stop[emptied] = reason
        self._decisions.kept.append(msgspec.structs.replace(dropped, state=reason))

    def _follow(self, notification: Notification) -> None:
        key, episode = notification.key, notification.episode
        self._pending[key] = notification
        if episode:
            self._newest.setdefault(episode, {})[notification.recipient] = key
            self._waiting.setdefault(episode, {}).setdefault(notification.number, set()).add(key)

    def _stop(self, episode: str) -> None:
        """Nothing more of it is sent; what was decided a moment ago, and is not recorded yet, is not even begun."""
        for key in self._newest.pop(episode, {}).values():
            self._drop(key, STOPPED)
        self._waiting.pop(episode, None)
        self._unreached.discard(episode)

    def _miss(self, episode: str, case: Case, moment: Moment) -> None:
        if case.chain.phase is Phase.ACKNOWLEDGED:
            self._step(case, Event(Signal.RESOLVED), moment)
        elif case.unseen + 1 < WITHDRAWN_AFTER:
            self._cases[episode] = msgspec.structs.replace(case, unseen=case.unseen + 1)
        else:
            self._decisions.withdrawn.append(case.reference)
            self._step(case, Event(Signal.WITHDRAWN), moment)

    def _watch_owner(self, episode: str, case: Case, moment: Moment) -> None:
        present = self._directory.on_duty(case.chain.owner, moment.utc_ms)
        if present:
            self._cases[episode] = msgspec.structs.replace(case, owner_present=True)
        elif present is False and case.owner_present:
            self._cases[episode] = msgspec.structs.replace(case, owner_present=False)
            self._decisions.left.append(episode)


def _muted(recipient: Recipient, page: Page) -> bool:
    return page.priority < recipient.least
