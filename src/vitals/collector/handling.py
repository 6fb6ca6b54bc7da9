"""What people do to alarms and missed events: refused if what it is about has changed (S9)."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from vitals.alarms import machine
from vitals.alarms.crossing import (
    SIGNALS,
    Acknowledged,
    AudioPaused,
    AudioResumed,
    Deed,
    HandedOver,
    Left,
    Offered,
    Resolved,
)
from vitals.alarms.limits import Priority
from vitals.alarms.machine import Phase
from vitals.collector import hindsight
from vitals.collector.journal import Journal
from vitals.collector.once import Once, Request
from vitals.collector.roster import Roster
from vitals.collector.standing import Moment, Standing
from vitals.delays import Delays
from vitals.errors import ConflictError, NotFoundError
from vitals.registry import Missed
from vitals.ward import OUTCOMES, MissedEvent, ShownAlarm

NOTE_CHARACTERS: Final = 1000
"""The longest note of an outcome."""
NAME_CHARACTERS: Final = 100
PAST: Final = 1000
"""Episodes that are over and of which an outcome can still be recorded: a call lasts longer than many an alarm."""

_OVER: Final = "that alarm is over; nothing was done"


class Handling:
    """Acknowledge, silence, resolve, hand over and review, as in ``ward.Ward``.

    *missed* are the open missed events by identifier, *present* is what is shown of a condition.
    """

    def __init__(
        self,
        once: Once,
        journal: Journal,
        roster: Roster,
        missed: dict[str, Missed],
        *,
        now: Callable[[], Moment],
        present: Callable[[Standing, ShownAlarm, int], ShownAlarm],
        delays: Delays,
    ) -> None:
        self.open: dict[str, Standing] = {}
        self._once = once
        self._missed = missed
        self._journal = journal
        self._roster = roster
        self._now = now
        self._present = present
        self._delays = delays
        self._past: OrderedDict[str, ShownAlarm] = OrderedDict()

    def moved(self, standing: Standing, shown: ShownAlarm) -> None:
        """*standing* changed: *shown* is what it is now."""
        if standing.open:
            self.open[shown.episode] = standing
            return
        self.open.pop(shown.episode, None)
        self.remember((shown,))

    def remember(self, past: Iterable[ShownAlarm]) -> None:
        """These are over, and an outcome can still be given to them."""
        for shown in past:
            self._past[shown.episode] = shown
            if len(self._past) > PAST:
                self._past.popitem(last=False)

    async def acknowledge(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``. The answer says whether the registry has it; unanswered is not acknowledged (S9)."""
        request = Request(action="acknowledge", about=episode, version=version, actor=actor, key=key)
        return await self._once.perform(request, lambda moment: self._act(request, Acknowledged(), moment))

    async def pause_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``."""
        request = Request(action="pause_audio", about=episode, version=version, actor=actor, key=key)
        pause_ms = round(self._delays.audio_pause_s * 1000)
        return await self._once.perform(request, lambda at: self._act(request, AudioPaused(at.at_ms + pause_ms), at))

    async def resume_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``."""
        request = Request(action="resume_audio", about=episode, version=version, actor=actor, key=key)
        return await self._once.perform(request, lambda moment: self._act(request, AudioResumed(), moment))

    async def resolve(self, episode: str, version: int, *, outcome: str, note: str, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``. Of an alarm that is over already, the outcome alone is recorded."""
        if outcome not in OUTCOMES:
            raise ConflictError(f"an outcome is one of {', '.join(OUTCOMES)}, not {outcome!r}")
        if len(note) > NOTE_CHARACTERS:
            raise ConflictError(f"a note has {NOTE_CHARACTERS} characters at most; nothing was recorded")
        detail = msgspec.json.encode({"outcome": outcome, "note": note}).decode()
        request = Request(action="resolve", about=episode, version=version, actor=actor, key=key, detail=detail)
        return await self._once.perform(request, lambda moment: self._resolve(request, outcome, moment))

    async def offer(self, episode: str, version: int, *, to: str, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``."""
        if len(to) > NAME_CHARACTERS:
            raise ConflictError(f"a name has {NAME_CHARACTERS} characters at most; nothing was offered")
        detail = msgspec.json.encode({"to": to}).decode()
        request = Request(action="offer", about=episode, version=version, actor=actor, key=key, detail=detail)
        return await self._once.perform(request, lambda moment: self._act(request, Offered(to), moment))

    async def accept(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """See ``ward.Ward``."""
        request = Request(action="accept", about=episode, version=version, actor=actor, key=key)
        return await self._once.perform(request, lambda moment: self._accept(request, moment))

    async def review(self, missed: str, version: int, *, actor: str, key: str) -> MissedEvent:
        """See ``ward.Ward``."""
        request = Request(action="review", about=missed, version=version, actor=actor, key=key)
        return await self._once.perform(request, lambda moment: self._review(request, moment))

    def left(self, episode: str) -> bool:
        """The owner of an acknowledged high left and nobody accepted it: it sounds again (S8). Whether it does."""
        standing = self.open.get(episode)
        if standing is None or standing.shown is None:
            return False
        alarm = standing.state.alarm
        if alarm.phase is not Phase.ACKNOWLEDGED or alarm.priority is not Priority.HIGH:
            return False
        moment = msgspec.structs.replace(self._now(), actor=standing.shown.acknowledged_by)
        self._roster.owner(standing).act(standing, Left(), moment)
        return True

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

    def _resolve(self, request: Request, outcome: str, moment: Moment) -> ShownAlarm:
        standing = self.open.get(request.about)
        shown = self._resolved(request, moment)
        watch = self._roster.watches.get(shown.patient or "")
        if watch is not None:
            if standing is not None and outcome != "no_answer":
                watch.results.resolved(standing, moment)
            watch.arranged.no_answer.resolved(shown, outcome, watch.plan, moment)
        over = self._past.get(request.about)
        if over is None or request.about in self.open:
            return shown
        return msgspec.structs.replace(over, recorded=False)

    def _resolved(self, request: Request, moment: Moment) -> ShownAlarm:
        past = self._past.get(request.about)
        if past is None or request.about in self.open:
            return self._act(request, Resolved(), moment)
        if past.version != request.version:
            raise ConflictError(f"the alarm changed (version {past.version}, not {request.version}); look again")
        return msgspec.structs.replace(past, recorded=False)

    def _accept(self, request: Request, moment: Moment) -> ShownAlarm:
        standing = self.open.get(request.about)
        to = None if standing is None else standing.state.alarm.offered_to
        if standing is not None and to is None:
            raise ConflictError("the alarm was offered to nobody; nothing was done")
        owner = standing.shown.acknowledged_by if standing is not None and standing.shown is not None else None
        if to and moment.actor not in {to, owner}:
            raise ConflictError(f"the alarm was offered to {to}; nothing was done")
        return self._act(request, HandedOver(), moment)

    def _act(self, request: Request, deed: Deed, moment: Moment) -> ShownAlarm:
        standing = self.open.get(request.about)
        if standing is None:
            raise NotFoundError(_OVER)
        alarm = standing.state.alarm
        machine.require(alarm, alarm.episode, request.version, SIGNALS[type(deed)])
        self._roster.owner(standing).act(standing, deed, moment)
        assert standing.shown is not None
        return self._present(standing, standing.shown, moment.at_ms)
