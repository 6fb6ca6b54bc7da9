"""What is to be sent, decided: chains of escalation against the directory. No clock, no channel, no disk.

A page passes named stages: who is on call, mute (a recipient takes nothing below its own priority; audio pauses mute
nothing, S2), deduplicate (one message in progress per episode and recipient). What comes out are rows of the outbox,
to be recorded and delivered by others, who report back whom they reached.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from vitals.alarms.escalation import IDLE, Chain, Event, Page, Phase, Plan, Signal, step
from vitals.alarms.limits import Priority
from vitals.clock import parse_iso
from vitals.notify import message
from vitals.notify.config import Settings
from vitals.notify.directory import Recipient
from vitals.registry import Escalation, Kept, Notification, Responsible
from vitals.ward import ShownAlarm

WITHDRAWN_AFTER: Final = 2
"""How many looks at the ward in a row must miss an alarm before its chain ends."""
STOPPED: Final = "stopped"
SUPERSEDED: Final = "superseded"

_log = logging.getLogger(__name__)
_PRIORITIES: Final = {priority.label: priority for priority in Priority}
_PHASES: Final = {"ended": Signal.ENDED, "acknowledged": Signal.ACKNOWLEDGED, "over": Signal.RESOLVED}


class Moment(msgspec.Struct, frozen=True):
    """Now, on the notifier's timeline and in UTC."""

    at_ms: int
    utc_ms: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The chain of one episode, whom it is about, and whether the ward and its owner were seen lately."""

    reference: str
    patient: str | None
    chain: Chain = IDLE
    unseen: int = 0
    owner_present: bool = False


class Decisions(msgspec.Struct, kw_only=True):
    """What came of it: *escalations* and *notifications* to be recorded together, messages to *stop*, by key, and why.

    *left*: acknowledged episodes whose owner went off duty. *withdrawn*: references of alarms the ward forgot.
    """

    escalations: dict[str, Escalation] = {}
    notifications: list[Notification] = []
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
        self._cases: dict[str, Case] = {}
        self._pending: dict[str, Notification] = {}
        self._newest: dict[str, dict[str, str]] = {}  # by episode and recipient, the key of what is pending
        self._waiting: dict[str, dict[int, set[str]]] = {}  # by episode and page, what was not tried yet
        self._unreached: set[str] = set()
        self._decisions = Decisions()

    @property
    def due_ms(self) -> int | None:
        """The next deadline of any chain."""
        return min((case.chain.due_ms for case in self._cases.values() if case.chain.due_ms is not None), default=None)

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
        for notification in kept.notifications:
            known = self._cases.get(notification.episode)
            if notification.kind == "alarm" and (known is None or known.chain.phase is not Phase.RUNNING):
                self._decisions.stop[notification.key] = STOPPED
            else:
                self._deduplicate(notification)
                self._follow(notification)
        return kept.notifications

    def alarm(self, shown: ShownAlarm, moment: Moment, *, since_ms: int | None = None) -> None:
        """An alarm as the ward shows it now. *since_ms*: it was raised then, and nobody told us."""
        case = self._cases.get(shown.episode)
        if case is None:
            if shown.phase not in {"active", "ended"} or not self._plans[_PRIORITIES[shown.priority]].stages:
                return
            case = Case(reference=self._reference(), patient=shown.patient)
        elif _is_old(shown, case.chain):
            return
        event = Event(
            _signal(shown, case.chain),
            shown.episode,
            shown.version,
            _PRIORITIES[shown.priority],
            since_ms=since_ms,
            owner=shown.acknowledged_by or "",
        )
        self._step(msgspec.structs.replace(case, unseen=0), event, moment)

    def reconcile(self, alarms: Iterable[ShownAlarm], moment: Moment) -> None:
        """All alarms that the ward has: what we were not told of begins, what it no longer knows ends in the end."""
        known: set[str] = set()
        for shown in alarms:
            known.add(shown.episode)
            self.alarm(shown, moment, since_ms=_since_ms(shown, moment))
        for episode, case in list(self._cases.items()):
            if episode not in known:
                self._miss(episode, case, moment)

    def tick(self, moment: Moment) -> None:
        """Time passed."""
        for episode, case in list(self._cases.items()):
            if case.chain.due_ms is not None and case.chain.due_ms <= moment.at_ms:
                self._step(case, Event(Signal.TICK), moment)
            elif case.chain.phase is Phase.ACKNOWLEDGED:
                self._watch_owner(episode, case, moment)

    def owner_left(self, episode: str, moment: Moment) -> None:
        """The owner of an acknowledged alarm left without a hand-over, and it sounds again (S8)."""
        case = self._cases.get(episode)
        if case is not None:
            self._step(case, Event(Signal.OWNER_LEFT), moment)

    def handed_over(self, episode: str, to: str, moment: Moment) -> None:
        """*to* accepted the episode."""
        case = self._cases.get(episode)
        if case is not None:
            self._step(msgspec.structs.replace(case, owner_present=False), Event(Signal.HANDED_OVER, owner=to), moment)

    def reported(self, key: str, moment: Moment, *, reached: bool) -> None:
        """Every channel of a message's recipient was tried once: it was sent, or none took it."""
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
        notification = self._pending.pop(key, None)
        if notification is not None:
            newest = self._newest.get(notification.episode, {})
            if newest.get(notification.recipient) == key:
                del newest[notification.recipient]

    # Inside

    def _plan(self, chain: Chain) -> Plan:
        return self._plans[chain.priority]

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
        notifications = [self._write(case, page, who, moment) for who in recipients]
        for notification in notifications:
            self._deduplicate(notification)
            self._follow(notification)
        self._decisions.notifications += notifications

    def _on_call(self, case: Case, page: Page, moment: Moment) -> tuple[Recipient, ...]:
        who = None if case.patient is None else self.responsible.get(case.patient, Responsible())
        return self._directory.find(page.to, who, moment.utc_ms)

    def _write(self, case: Case, page: Page, recipient: Recipient, moment: Moment) -> Notification:
        priority = page.priority.label
        return Notification(
            key=f"{case.reference}-{page.number}/{recipient.id}",
            kind="alarm",
            episode=page.episode,
            version=case.chain.version,
            reference=case.reference,
            number=page.number,
            stage=page.to,
            recipient=recipient.id,
            priority=priority,
            text=message.alarm_text(priority, case.reference, self._console_url),
            created_utc_ms=moment.utc_ms,
        )

    def _deduplicate(self, new: Notification) -> None:
        key = self._newest.get(new.episode, {}).pop(new.recipient, None)
        if key is not None:
            self._decisions.stop[key] = SUPERSEDED
            del self._pending[key]

    def _follow(self, notification: Notification) -> None:
        key, episode = notification.key, notification.episode
        self._pending[key] = notification
        if episode:
            self._newest.setdefault(episode, {})[notification.recipient] = key
            self._waiting.setdefault(episode, {}).setdefault(notification.number, set()).add(key)

    def _stop(self, episode: str) -> None:
        """Nothing more of it is sent; what was decided a moment ago, and is not recorded yet, is not even begun."""
        for key in self._newest.pop(episode, {}).values():
            self._decisions.stop[key] = STOPPED
            del self._pending[key]
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
        present = self._directory.present(case.chain.owner, moment.utc_ms)
        if present:
            self._cases[episode] = msgspec.structs.replace(case, owner_present=True)
        elif present is False and case.owner_present:
            self._cases[episode] = msgspec.structs.replace(case, owner_present=False)
            self._decisions.left.append(episode)


def _muted(recipient: Recipient, page: Page) -> bool:
    return page.priority < recipient.least


def _is_old(shown: ShownAlarm, chain: Chain) -> bool:
    """Whether *chain* has seen this before: what was acknowledged stays so until there is a newer version."""
    if shown.version == chain.version:
        return chain.phase is Phase.ACKNOWLEDGED and shown.phase != "over"
    return shown.version < chain.version


def _signal(shown: ShownAlarm, chain: Chain) -> Signal:
    """What the ward's word means to *chain*; an alarm that is active again, or more urgent, is worse."""
    if shown.phase in _PHASES:
        return _PHASES[shown.phase]
    higher = chain.phase is Phase.RUNNING and _PRIORITIES[shown.priority] > chain.priority
    if higher or chain.phase is Phase.ACKNOWLEDGED:
        return Signal.WORSENED
    paused = chain.phase is Phase.RUNNING and shown.paused_until is not None
    return Signal.AUDIO_PAUSED if paused else Signal.RAISED


def _since_ms(shown: ShownAlarm, moment: Moment) -> int | None:
    try:
        raised_utc_ms = parse_iso(shown.raised_at)
    except ValueError:
        return None
    return moment.at_ms - max(0, moment.utc_ms - raised_utc_ms)
