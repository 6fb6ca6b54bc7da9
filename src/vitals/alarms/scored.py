"""Score conditions: an early-warning score against the responses that it triggers.

What a score knows comes and goes: entered observations expire, sensors fall silent. So a lower total alone ends
nothing. An episode remembers the points that every part last gave, and ends once each of those parts is known again
and no trigger is reached (S18); then it waits a while, so that a value on the edge of a band does not flap.
"""

from typing import Final

import msgspec

from vitals.alarms.crossing import Deed, Ticked, Withdrawn, done
from vitals.alarms.limits import Priority
from vitals.alarms.machine import QUIET, RAISED, Alarm, Event, Phase, Signal, Transition, ends, timed
from vitals.alarms.machine import step as advance

WORSENING_POINTS: Final = 2
"""How many points more than when it was acknowledged re-raise an alarm (S8)."""

_SEEN: Final = frozenset({Phase.ACKNOWLEDGED, Phase.PAUSED})


class Scored(msgspec.Struct, frozen=True):
    """One score condition of one patient.

    *drivers* are the points that parts last gave, those above 0, since the episode began; *rank* is the most urgent
    response that it reached. *below_ms* is since when all of them are known and nothing is triggered.
    """

    alarm: Alarm = QUIET
    drivers: dict[str, int] = {}
    rank: int = 0
    below_ms: int | None = None

    @property
    def quiet(self) -> bool:
        """Whether nothing is wrong."""
        return self.alarm.phase is Phase.OFF

    @property
    def total(self) -> float:
        """What the drivers come to: the total, with parts that expired as they last were."""
        return float(sum(self.drivers.values()))


CLEAR: Final = Scored()
"""Nothing is wrong."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A score as it is now: its *total*, or the least that it can be.

    *certain* are the points of every part that is known. *priority* is None where no trigger is reached; else *rank*
    orders the response among those of the score, and *limit* is the total or the single points from which it holds.
    *by_hand*: a person entered something just now, so that an improvement is no flicker. *instant* names the episode
    that begins, should one: no two may share it, whatever happens within one millisecond.
    """

    instant: int
    total: int
    certain: dict[str, int]
    priority: Priority | None = None
    rank: int = 0
    limit: int = 0
    by_hand: bool = False
    clear_ms: float = 0.0


Happening = Judged | Ticked | Withdrawn | Deed


def step(state: Scored, event: Happening, at_ms: int, *, realarm_ms: float) -> tuple[Scored, tuple[Transition, ...]]:
    """The condition after *event*, at *at_ms*, and what is to be told of it."""
    match event:
        case Judged():
            return _judged(state, event, at_ms)
        case Ticked():
            signal = timed(state.alarm, at_ms, realarm_ms)
            return (state, ()) if signal is None else _advanced(state, Event(signal, value=state.total), at_ms)
        case Withdrawn():
            return _advanced(state, Event(ends(state.alarm)), at_ms)
        case _:
            return _advanced(state, done(event, state.total), at_ms)


def waits_for(state: Scored, certain: dict[str, int]) -> tuple[str, ...]:
    """The parts that gave points and are not known any more: without them it does not end."""
    return tuple(part for part in state.drivers if part not in certain)


def _judged(state: Scored, event: Judged, at_ms: int) -> tuple[Scored, tuple[Transition, ...]]:
    raised = state.alarm.phase in RAISED
    if event.priority is None and not raised:
        return state, ()
    before = state.drivers if raised else {}
    drivers = {part: points for part, points in {**before, **event.certain}.items() if points > 0}
    heard = msgspec.structs.replace(state, drivers=drivers, below_ms=None)
    if event.priority is not None:
        told = Event(_signal(state, event), str(event.instant), event.priority, event.total, event.limit)
        rank = max(state.rank, event.rank) if raised else event.rank
        return _advanced(msgspec.structs.replace(heard, rank=rank), told, at_ms)
    if waits_for(heard, event.certain):
        return heard, ()
    below_ms = at_ms if state.below_ms is None else state.below_ms
    if event.by_hand or at_ms - below_ms >= event.clear_ms:
        return _advanced(heard, Event(ends(state.alarm), value=event.total), at_ms)
    return msgspec.structs.replace(heard, below_ms=below_ms), ()


def _signal(state: Scored, event: Judged) -> Signal:
    alarm = state.alarm
    if alarm.phase not in RAISED:
        return Signal.DUE
    if event.priority is not None and event.priority > alarm.priority:
        return Signal.HIGHER
    seen = alarm.phase in _SEEN and alarm.reference is not None
    if seen and (event.rank > state.rank or event.total >= (alarm.reference or 0.0) + WORSENING_POINTS):
        return Signal.WORSE
    return Signal.DUE


def _advanced(state: Scored, event: Event, at_ms: int) -> tuple[Scored, tuple[Transition, ...]]:
    alarm, transitions = advance(state.alarm, event, at_ms)
    if alarm.phase is Phase.OFF:
        return CLEAR, transitions
    if alarm.phase is Phase.ENDED:
        return Scored(alarm), transitions
    return msgspec.structs.replace(state, alarm=alarm), transitions
