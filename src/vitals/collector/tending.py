"""What people do about a patient's monitoring: suspend it, answer a patient who asks for that, switch an alarm off."""

from collections.abc import Iterable
from typing import Final

import msgspec

from vitals.alarms import machine
from vitals.alarms.machine import Signal
from vitals.collector import asking, entering, inactivation, suspension
from vitals.collector.agenda import Agenda
from vitals.collector.inactivation import Inactivation
from vitals.collector.journal import Journal
from vitals.collector.once import Once, Request
from vitals.collector.roster import Roster
from vitals.collector.standing import Moment, Standing
from vitals.collector.watch import Watch
from vitals.errors import ConflictError, NotFoundError
from vitals.scores import entry
from vitals.scores.table import Value
from vitals.ward import (
    INACTIVATION_REASONS,
    MOST_INACTIVATED_MINUTES,
    MOST_SUSPENDED_MINUTES,
    REASONS,
    ShownEntry,
    ShownInactivation,
    ShownRequest,
    ShownSuspension,
)

NO_REQUEST: Final = "the patient asks for nothing now; nothing was done"


class Tending:
    """Suspend, resume, request, enter, inactivate and reactivate, as in ``ward.Ward``; *open* are alarms by episode."""

    def __init__(
        self,
        once: Once,
        journal: Journal,
        roster: Roster,
        open_alarms: dict[str, Standing],
        agenda: Agenda,
        *,
        time_scale: float,
    ) -> None:
        self._once = once
        self._journal = journal
        self._roster = roster
        self._open = open_alarms
        self._agenda = agenda
        self._minute_ms = 60_000 * time_scale

    async def suspend(self, patient: str, *, reason: str, minutes: int, actor: str, key: str) -> ShownSuspension:
        """See ``ward.Ward``."""
        _require_suspension(reason, minutes)
        watch = self._watch(patient)
        request = Request(action="suspend", about=patient, actor=actor, key=key, detail=_detail(reason, minutes))
        return await self._once.perform(request, lambda moment: self._suspend(watch, reason, minutes, moment))

    async def resume(self, patient: str, *, actor: str, key: str) -> None:
        """See ``ward.Ward``."""
        watch = self._watch(patient)
        request = Request(action="resume", about=patient, actor=actor, key=key)
        await self._once.perform(request, lambda moment: self._resume(watch, moment))

    async def request_suspension(
        self, patient: str, *, reason: str, minutes: int, actor: str, key: str
    ) -> ShownRequest:
        """See ``ward.Ward``."""
        _require_suspension(reason, minutes)
        watch = self._watch(patient)
        detail = _detail(reason, minutes)
        request = Request(action="request_suspension", about=patient, actor=actor, key=key, detail=detail)
        return await self._once.perform(request, lambda moment: self._ask(watch, reason, minutes, moment))

    async def accept_request(self, patient: str, version: int, *, actor: str, key: str) -> ShownSuspension:
        """See ``ward.Ward``."""
        request = Request(action="accept_request", about=patient, version=version, actor=actor, key=key)
        return await self._once.perform(request, lambda moment: self._grant(request, moment))

    async def refuse_request(self, patient: str, version: int, *, actor: str, key: str) -> None:
        """See ``ward.Ward``."""
        request = Request(action="refuse_request", about=patient, version=version, actor=actor, key=key)
        await self._once.perform(request, lambda moment: self._refuse(request, moment))

    async def inactivate(
        self, episode: str, version: int, *, reason: str, minutes: int, actor: str, key: str
    ) -> ShownInactivation:
        """See ``ward.Ward``."""
        if reason not in INACTIVATION_REASONS:
            raise ConflictError(f"a reason is one of {', '.join(INACTIVATION_REASONS)}, not {reason!r}")
        detail = _detail(reason, minutes)
        request = Request(action="inactivate", about=episode, version=version, actor=actor, key=key, detail=detail)
        return await self._once.perform(request, lambda moment: self._inactivate(request, reason, minutes, moment))

    async def reactivate(self, patient: str, condition: str, *, actor: str, key: str) -> None:
        """See ``ward.Ward``."""
        watch = self._watch(patient)
        detail = msgspec.json.encode({"condition": condition}).decode()
        request = Request(action="reactivate", about=patient, actor=actor, key=key, detail=detail)
        await self._once.perform(request, lambda moment: self._reactivate(watch, condition, moment))

    async def enter(self, patient: str, *, values: dict[str, Value], actor: str, key: str) -> tuple[ShownEntry, ...]:
        """See ``ward.Ward``."""
        watch = self._watch(patient)
        said = entry.read(values, watch.scores.own)
        request = Request(
            action="enter", about=patient, actor=actor, key=key, detail=msgspec.json.encode(said).decode()
        )
        return await self._once.perform(request, lambda moment: self._enter(watch, key, said, moment))

    def tick(self, watches: Iterable[Watch], moment: Moment) -> None:
        """End what has an end of its own."""
        for watch in watches:
            if (
                watch.arranged.suspension is not None
                and watch.suspended
                and moment.at_ms >= watch.arranged.suspension.until_ms
            ):
                self._resume(watch, moment)
            for made in watch.arranged.inactivations.due(moment.at_ms):
                self._reactivate(watch, made.condition, moment)
            asked = watch.arranged.asked
            if asked is not None and moment.at_ms - asked.since_ms >= MOST_SUSPENDED_MINUTES * self._minute_ms:
                self._close(watch, "expired", moment)

    def _watch(self, patient: str) -> Watch:
        watch = self._roster.watches.get(patient)
        if watch is None:
            raise NotFoundError(f"no patient {patient} is enrolled")
        self._agenda.stir(watch)
        return watch

    def _suspend(self, watch: Watch, reason: str, minutes: int, moment: Moment) -> ShownSuspension:
        begun = suspension.begun(watch.arranged.suspension, reason, round(minutes * self._minute_ms), moment)
        watch.suspend(begun)
        watch.withdraw(msgspec.structs.replace(moment, actor=None))
        self._journal.event(suspension.record(watch.patient, begun, moment))
        shown = suspension.show(begun)
        assert shown is not None
        return shown

    def _resume(self, watch: Watch, moment: Moment) -> None:
        if watch.arranged.suspension is None or not watch.arranged.suspension.lasts:
            raise ConflictError("monitoring is not suspended")
        watch.suspend(suspension.ended(watch.arranged.suspension, moment))
        assert watch.arranged.suspension is not None
        self._journal.event(suspension.record(watch.patient, watch.arranged.suspension, moment))

    def _enter(self, watch: Watch, key: str, said: dict[str, Value], moment: Moment) -> tuple[ShownEntry, ...]:
        entries = entering.rows(watch.patient.id, key, said, watch.scores.own, watch.scores.ages, moment)
        self._journal.entered(entries)
        watch.enter(entries, msgspec.structs.replace(moment, actor=None))
        return entering.show(entries, moment.at_ms)

    def _ask(self, watch: Watch, reason: str, minutes: int, moment: Moment) -> ShownRequest:
        asked = asking.asked(watch.arranged.asked, reason, minutes, moment)
        watch.arranged.ask(asked)
        self._journal.event(asking.record(watch.patient, asked, "requested", moment))
        return asking.show(watch.patient, asked)

    def _grant(self, request: Request, moment: Moment) -> ShownSuspension:
        asked = self._answer(request, "accepted", moment)
        return self._suspend(self._watch(request.about), asked.reason, asked.minutes, moment)

    def _refuse(self, request: Request, moment: Moment) -> None:
        self._answer(request, "refused", moment)

    def _answer(self, request: Request, change: str, moment: Moment) -> asking.Asked:
        asked = self._watch(request.about).arranged.asked
        if asked is None:
            raise NotFoundError(NO_REQUEST)
        if asked.version != request.version:
            raise ConflictError(f"the patient asks for something else now (version {asked.version}); look again")
        self._close(self._watch(request.about), change, moment)
        return asked

    def _close(self, watch: Watch, change: str, moment: Moment) -> None:
        assert watch.arranged.asked is not None
        self._journal.event(asking.record(watch.patient, watch.arranged.asked, change, moment))
        watch.arranged.ask(None)

    def _inactivate(self, request: Request, reason: str, minutes: int, moment: Moment) -> ShownInactivation:
        standing = self._open.get(request.about)
        if standing is None:
            raise NotFoundError("that alarm is over; nothing was done")
        alarm = standing.state.alarm
        machine.require(alarm, alarm.episode, request.version, Signal.RESOLVE)
        watch = self._watch(standing.subject) if standing.patient is not None else None
        if watch is None or not inactivation.allowed(standing):
            raise ConflictError("this alarm cannot be switched off: see to what it says")
        most = MOST_INACTIVATED_MINUTES[alarm.priority.label]
        if not 0 < minutes <= most:
            raise ConflictError(f"a {alarm.priority.label} alarm can be switched off for 1 to {most} minutes")
        made = Inactivation.of(standing, reason, round(minutes * self._minute_ms), moment)
        watch.inactivate(standing, made, moment)
        self._journal.event(inactivation.record(watch.patient, made, moment))
        return inactivation.show(made)

    def _reactivate(self, watch: Watch, condition: str, moment: Moment) -> None:
        made = watch.arranged.reactivate(condition, moment.at_ms)
        if made is None:
            raise NotFoundError("that alarm is not switched off; nothing was done")
        self._journal.event(inactivation.record(watch.patient, made, moment, over=True))


def _require_suspension(reason: str, minutes: int) -> None:
    if reason not in REASONS:
        raise ConflictError(f"a reason is one of {', '.join(REASONS)}, not {reason!r}; nothing was suspended")
    if not 0 < minutes <= MOST_SUSPENDED_MINUTES:
        raise ConflictError(f"monitoring can be suspended for 1 to {MOST_SUSPENDED_MINUTES} minutes")


def _detail(reason: str, minutes: int) -> str:
    return msgspec.json.encode({"reason": reason, "minutes": minutes}).decode()
