"""What people do: once by its key, refused if what it is about has changed, answered when it is recorded (S9)."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec

from vitals.alarms import machine
from vitals.alarms.crossing import SIGNALS, Acknowledged, AudioPaused, AudioResumed, Deed, Resolved
from vitals.collector import entering, hindsight, suspension
from vitals.collector.journal import Journal
from vitals.collector.roster import Roster
from vitals.collector.standing import Moment, Standing
from vitals.collector.watch import Watch
from vitals.delays import Delays
from vitals.errors import ConflictError, NotFoundError
from vitals.registry import Action, Missed
from vitals.scores import entry
from vitals.scores.table import Value
from vitals.ward import (
    MOST_SUSPENDED_MINUTES,
    OUTCOMES,
    REASONS,
    MissedEvent,
    ShownAlarm,
    ShownEntry,
    ShownSuspension,
)

NOTE_CHARACTERS: Final = 1000
"""The longest note of an outcome."""
PAST: Final = 1000
"""Episodes that are over and of which an outcome can still be recorded: a call lasts longer than many an alarm."""
_ANSWERS: Final[dict[str, Any]] = {
    "acknowledge": ShownAlarm,
    "pause_audio": ShownAlarm,
    "resume_audio": ShownAlarm,
    "resolve": ShownAlarm,
    "suspend": ShownSuspension,
    "resume": None,
    "review": MissedEvent,
    "enter": tuple[ShownEntry, ...],
}

_OVER: Final = "that alarm is over; nothing was done"

T = TypeVar("T")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants what done to which *version* of something; *detail* is more to be recorded of it, in JSON."""

    action: str
    about: str
    actor: str
    key: str
    version: int = 0
    detail: str = ""


class _Answer(msgspec.Struct):
    action: str
    about: str
    detail: str
    shown: Any
    recorded: bool


class Handling:
    """The actions of ``ward.Ward``.

    *missed* are the open missed events by identifier, *now* tells the time, *present* what is shown of a condition.
    """

    def __init__(
        self,
        journal: Journal,
        roster: Roster,
        missed: dict[str, Missed],
        *,
        now: Callable[[], Moment],
        present: Callable[[Standing, ShownAlarm, int], ShownAlarm],
        delays: Delays,
        time_scale: float,
        confirm_s: float,
    ) -> None:
        self.suspended: set[Watch] = set()
        self._missed = missed
        self.open: dict[str, Standing] = {}
        self._journal = journal
        self._roster = roster
        self._now = now
        self._present = present
        self._delays = delays
        self._minute_ms = 60_000 * time_scale
        self._confirm_s = confirm_s
        self._past: OrderedDict[str, ShownAlarm] = OrderedDict()
        self._answers: dict[str, _Answer] = {}

    def recall(self, actions: Iterable[Action]) -> None:
        """Give the same answers to the same keys as before a restart."""
        for action in actions:
            shown = msgspec.msgpack.decode(action.answer, type=_ANSWERS[action.action])
            self._answers[action.key] = _Answer(action.action, action.episode, action.detail, shown, recorded=True)

    def recorded(self, actions: Iterable[Action]) -> None:
        """The registry has them."""
        for action in actions:
            answer = self._answers[action.key]
            answer.shown = _as_recorded(answer.shown)
            answer.recorded = True

    def moved(self, standing: Standing, shown: ShownAlarm) -> None:
        """*standing* changed: *shown* is what it is now."""
        if standing.open:
            self.open[shown.episode] = standing
            return
        self.open.pop(shown.episode, None)
        self._past[shown.episode] = shown
        if len(self._past) > PAST:
            self._past.popitem(last=False)

    async def acknowledge(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``. The answer says whether the registry has it; unanswered is not acknowledged (S9)."""
        request = Request(action="acknowledge", about=episode, version=version, actor=actor, key=key)
        return await self._once(request, lambda moment: self._act(request, Acknowledged(), moment))

    async def pause_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``."""
        request = Request(action="pause_audio", about=episode, version=version, actor=actor, key=key)
        pause_ms = round(self._delays.audio_pause_s * 1000)
        return await self._once(request, lambda at: self._act(request, AudioPaused(at.at_ms + pause_ms), at))

    async def resume_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``."""
        request = Request(action="resume_audio", about=episode, version=version, actor=actor, key=key)
        return await self._once(request, lambda moment: self._act(request, AudioResumed(), moment))

    async def resolve(self, episode: str, version: int, *, outcome: str, note: str, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``. Of an alarm that is over already, the outcome alone is recorded."""
        if outcome not in OUTCOMES:
            raise ConflictError(f"an outcome is one of {', '.join(OUTCOMES)}, not {outcome!r}")
        if len(note) > NOTE_CHARACTERS:
            raise ConflictError(f"a note has {NOTE_CHARACTERS} characters at most; nothing was recorded")
        detail = msgspec.json.encode({"outcome": outcome, "note": note}).decode()
        request = Request(action="resolve", about=episode, version=version, actor=actor, key=key, detail=detail)
        return await self._once(request, lambda moment: self._resolve(request, moment))

    async def suspend(self, patient: str, *, reason: str, minutes: int, actor: str, key: str) -> ShownSuspension:
        """See ``ward.Ward``."""
        if reason not in REASONS:
            raise ConflictError(f"a reason is one of {', '.join(REASONS)}, not {reason!r}; nothing was suspended")
        if not 0 < minutes <= MOST_SUSPENDED_MINUTES:
            raise ConflictError(f"monitoring can be suspended for 1 to {MOST_SUSPENDED_MINUTES} minutes")
        watch = self._watch(patient)
        detail = msgspec.json.encode({"reason": reason, "minutes": minutes}).decode()
        request = Request(action="suspend", about=patient, actor=actor, key=key, detail=detail)
        return await self._once(request, lambda moment: self._suspend(watch, reason, minutes, moment))

    async def resume(self, patient: str, *, actor: str, key: str) -> None:
        """See ``ward.Ward``."""
        watch = self._watch(patient)
        request = Request(action="resume", about=patient, actor=actor, key=key)
        await self._once(request, lambda moment: self._resume(watch, moment))

    async def enter(self, patient: str, *, values: dict[str, Value], actor: str, key: str) -> tuple[ShownEntry, ...]:
        """See ``ward.Ward``."""
        watch = self._watch(patient)
        said = entry.read(values, watch.scores.own)
        request = Request(
            action="enter", about=patient, actor=actor, key=key, detail=msgspec.json.encode(said).decode()
        )
        return await self._once(request, lambda moment: self._enter(watch, key, said, moment))

    async def review(self, missed: str, version: int, *, actor: str, key: str) -> MissedEvent:
        """See ``ward.Ward``."""
        request = Request(action="review", about=missed, version=version, actor=actor, key=key)
        return await self._once(request, lambda moment: self._review(request, moment))

    def tick(self, moment: Moment) -> None:
        """End every suspension whose time is up."""
        for watch in list(self.suspended):
            assert watch.suspension is not None
            if moment.at_ms >= watch.suspension.until_ms:
                self._resume(watch, moment)

    def _watch(self, patient: str) -> Watch:
        watch = self._roster.watches.get(patient)
        if watch is None:
            raise NotFoundError(f"no patient {patient} is enrolled")
        return watch

    def _suspend(self, watch: Watch, reason: str, minutes: int, moment: Moment) -> ShownSuspension:
        begun = suspension.begun(watch.suspension, reason, round(minutes * self._minute_ms), moment)
        watch.suspend(begun)
        watch.withdraw(msgspec.structs.replace(moment, actor=None))
        self.suspended.add(watch)
        self._journal.event(suspension.record(watch.patient, begun, moment))
        shown = suspension.show(begun)
        assert shown is not None
        return shown

    def _resume(self, watch: Watch, moment: Moment) -> None:
        if watch.suspension is None or not watch.suspension.lasts:
            raise ConflictError("monitoring is not suspended")
        watch.suspend(suspension.ended(watch.suspension, moment))
        self.suspended.discard(watch)
        assert watch.suspension is not None
        self._journal.event(suspension.record(watch.patient, watch.suspension, moment))

    def _enter(self, watch: Watch, key: str, said: dict[str, Value], moment: Moment) -> tuple[ShownEntry, ...]:
        entries = entering.rows(watch.patient.id, key, said, watch.scores.own, watch.scores.ages, moment)
        self._journal.entered(entries)
        watch.enter(entries, msgspec.structs.replace(moment, actor=None))
        return entering.show(entries, moment.at_ms)

    def _review(self, request: Request, moment: Moment) -> MissedEvent:
        missed = self._missed.get(request.about)
        if missed is None:
            raise NotFoundError("that missed event is reviewed already, or never was; nothing was done")
        if missed.version != request.version:
            raise ConflictError(f"the missed event changed (version {missed.version}, not {request.version})")
        reviewed = msgspec.structs.replace(
            missed, version=missed.version + 1, reviewed_utc_ms=moment.utc_ms, reviewed_by=moment.actor
        )
        del self._missed[missed.id]
        self._journal.missed(reviewed)
        watch = self._roster.watches[missed.patient_id]
        watch.reviewed(hindsight.part(missed), moment)
        return hindsight.show(reviewed, watch.patient)

    def _resolve(self, request: Request, moment: Moment) -> ShownAlarm:
        past = self._past.get(request.about)
        if past is None or request.about in self.open:
            return self._act(request, Resolved(), moment)
        if past.version != request.version:
            raise ConflictError(f"the alarm changed (version {past.version}, not {request.version}); look again")
        return msgspec.structs.replace(past, recorded=False)

    def _act(self, request: Request, deed: Deed, moment: Moment) -> ShownAlarm:
        standing = self.open.get(request.about)
        if standing is None:
            raise NotFoundError(_OVER)
        alarm = standing.state.alarm
        machine.require(alarm, alarm.episode, request.version, SIGNALS[type(deed)])
        self._roster.owner(standing).act(standing, deed, moment)
        assert standing.shown is not None
        return self._present(standing, standing.shown, moment.at_ms)

    async def _once(self, request: Request, perform: Callable[[Moment], T]) -> T:
        answer = self._answers.get(request.key)
        if answer is None:
            answer = self._performed(request, perform)
        elif (answer.action, answer.about, answer.detail) != (request.action, request.about, request.detail):
            raise ConflictError("this key did something else, or to another alarm, before; nothing was done")
        if not answer.recorded:
            await self._journal.settled(request.key, self._confirm_s)
        shown: T = answer.shown
        return shown

    def _performed(self, request: Request, perform: Callable[[Moment], object]) -> _Answer:
        moment = msgspec.structs.replace(self._now(), actor=request.actor)
        shown = perform(moment)
        answer = self._answers[request.key] = _Answer(
            request.action, request.about, request.detail, shown, recorded=False
        )
        self._journal.action(
            Action(
                key=request.key,
                actor=request.actor,
                action=request.action,
                episode=request.about,
                version=request.version,
                at_utc_ms=moment.utc_ms,
                answer=msgspec.msgpack.encode(_as_recorded(shown)),
                detail=request.detail,
            )
        )
        return answer


def _as_recorded(shown: object) -> object:
    return msgspec.structs.replace(shown, recorded=True) if isinstance(shown, ShownAlarm) else shown
