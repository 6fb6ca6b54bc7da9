"""Conditions of absence: something that should be there is not, for longer than a delay.

Sensor off, sensor silent, gateway offline and not monitored (S1) are one shape: since when, how long it may last,
how urgent it is then. Silence is an event that time itself brings, so these are judged on ticks, by the time of
receipt, never by a sensor's clock.
"""

from typing import Final

import msgspec

from vitals.alarms.crossing import Deed, Ticked, Withdrawn, done
from vitals.alarms.limits import Priority
from vitals.alarms.machine import QUIET, RAISED, Alarm, Event, Phase, Signal, Transition, ends, timed
from vitals.alarms.machine import step as advance


class Lapse(msgspec.Struct, frozen=True):
    """One condition of absence."""

    alarm: Alarm = QUIET

    @property
    def quiet(self) -> bool:
        """Whether nothing is wrong."""
        return self.alarm.phase is Phase.OFF


PRESENT: Final = Lapse()
"""Nothing is wrong."""


class Absent(msgspec.Struct, frozen=True):
    """It has been missing since *since_ms*, and may be until *due_ms*; then it alarms with *priority*."""

    since_ms: int
    due_ms: float
    priority: Priority


class Returned(msgspec.Struct, frozen=True):
    """It is there."""


Happening = Absent | Returned | Ticked | Withdrawn | Deed


def step(state: Lapse, event: Happening, at_ms: int, *, realarm_ms: float) -> tuple[Lapse, tuple[Transition, ...]]:
    """The condition after *event*, at *at_ms*, and what is to be told of it."""
    judged = _judge(state.alarm, event, at_ms, realarm_ms)
    if judged is None:
        return state, ()
    alarm, transitions = advance(state.alarm, judged, at_ms)
    if alarm is state.alarm:
        return state, transitions
    return (PRESENT if alarm.phase is Phase.OFF else Lapse(alarm)), transitions


def _judge(alarm: Alarm, event: Happening, at_ms: int, realarm_ms: float) -> Event | None:
    match event:
        case Absent(_, due_ms, priority):
            if at_ms < due_ms:
                signal = Signal.BEYOND
            else:
                signal = Signal.HIGHER if alarm.phase in RAISED and priority > alarm.priority else Signal.DUE
            # Named by when it is said, not by since when: what ended by a person's deed may be missing since the same
            # moment when it alarms again, and that is another episode.
            return Event(signal, str(at_ms), priority)
        case Returned() | Withdrawn():
            return Event(ends(alarm))
        case Ticked():
            brought = timed(alarm, at_ms, realarm_ms)
            return None if brought is None else Event(brought)
        case _:
            return done(event, None)
