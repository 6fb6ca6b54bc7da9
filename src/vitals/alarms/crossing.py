"""Limit conditions: measured values, their mean or their change against the limits of one side of one metric.

One condition (``spo2.low``) has all limits of that side; an episode lasts from the first value past any of them
until a value is back by the hysteresis, with the highest priority reached. Delays run on the time at which the
gateway observed, within one boot of it (protocol.md, Time); gaps are time without an eligible value, which never
raises and never ends anything.
"""

from typing import Final

import msgspec

from vitals.alarms.limits import Limit, Rule
from vitals.alarms.machine import (
    QUIET,
    RAISED,
    Alarm,
    Event,
    Phase,
    Signal,
    Transition,
    ends,
    timed,
)
from vitals.alarms.machine import step as advance
from vitals.alarms.recent import NOTHING, Recent

PATIENT_RESETS: Final = 2
"""A delay that gaps have reset so often, without one value within the limit in between, has run out: a sensor that
speaks more seldom than the longest gap that holds would otherwise never alarm."""

_SEEN: Final = frozenset({Phase.ACKNOWLEDGED, Phase.PAUSED})


class Timer(msgspec.Struct, frozen=True):
    """How long one limit has been passed: observed milliseconds, values in a row, and resets by gaps."""

    elapsed_ms: float = 0.0
    samples: int = 1
    resets: int = 0


class Crossing(msgspec.Struct, frozen=True):
    """One limit condition of one patient. *timers* run by the limit's slot; the rest is of the newest value heard.

    *value* is its measure (``Rule.measure``): the value itself, or a change over *over_s* seconds.
    """

    alarm: Alarm = QUIET
    timers: dict[str, Timer] = {}
    boot: int = 0
    observed_ms: int = 0
    received_ms: int = 0
    value: float | None = None
    over_s: float | None = None

    @property
    def quiet(self) -> bool:
        """Whether a value within the quiet band can change nothing (``Limits.needs_every_sample`` apart)."""
        return self.alarm.phase is Phase.OFF and not self.timers


CALM: Final = Crossing()
"""Nothing is wrong and no delay runs."""


class Measured(msgspec.Struct, frozen=True):
    """An alarm-eligible value, newer than the one before, and the rule in force for it.

    It was observed at *observed_ms* of the gateway's *boot*. *recent* ends with it where *rule* looks back
    (``span_ms``).
    """

    value: float
    boot: int
    observed_ms: int
    rule: Rule
    recent: Recent = NOTHING


class Ticked(msgspec.Struct, frozen=True):
    """Time passed."""


class Acknowledged(msgspec.Struct, frozen=True):
    """A person acknowledged the episode as it stands; the caller has checked which."""


class AudioPaused(msgspec.Struct, frozen=True):
    """A person paused its sound until *until_ms* (S2)."""

    until_ms: int


class AudioResumed(msgspec.Struct, frozen=True):
    """A person let it sound again."""


class Resolved(msgspec.Struct, frozen=True):
    """A person said what came of it (S14)."""


class Offered(msgspec.Struct, frozen=True):
    """Its owner offered it *to* somebody; empty: to whoever accepts it."""

    to: str


class HandedOver(msgspec.Struct, frozen=True):
    """Somebody accepted it from its owner."""


class Left(msgspec.Struct, frozen=True):
    """Its owner left, and nobody had accepted it (S8)."""


class Reminded(msgspec.Struct, frozen=True):
    """Somebody took it on, and it has waited too long since."""


class Withdrawn(msgspec.Struct, frozen=True):
    """It is not watched any more: the condition ends, and a high that nobody acknowledged stays (S14)."""


Deed = Acknowledged | AudioPaused | AudioResumed | Resolved | Offered | HandedOver | Left | Reminded
"""What a person does to an episode."""
Happening = Measured | Ticked | Withdrawn | Deed

SIGNALS: Final[dict[type[Deed], Signal]] = {
    Acknowledged: Signal.ACKNOWLEDGE,
    AudioPaused: Signal.PAUSE_AUDIO,
    AudioResumed: Signal.RESUME_AUDIO,
    Resolved: Signal.RESOLVE,
    Offered: Signal.OFFER,
    HandedOver: Signal.HAND_OVER,
    Left: Signal.LEAVE,
    Reminded: Signal.PERSISTED,
}
"""The signal that each deed gives."""


def step(
    state: Crossing, event: Happening, at_ms: int, *, realarm_ms: float
) -> tuple[Crossing, tuple[Transition, ...]]:
    """The condition after *event*, received at *at_ms*, and what is to be told of it.

    A value within the limits leaves a quiet condition as it is: the same object comes back.
    """
    match event:
        case Measured():
            return _measured(state, event, at_ms)
        case Ticked():
            signal = timed(state.alarm, at_ms, realarm_ms)
            if signal is None:
                return state, ()
            return _advanced(state, Event(signal, value=state.value, over_s=state.over_s), at_ms)
        case Withdrawn():
            still = msgspec.structs.replace(state, timers={})
            return _advanced(still, Event(ends(state.alarm), value=state.value), at_ms)
        case _:
            return _advanced(state, done(event, state.value), at_ms)


def done(deed: Deed, value: float | None) -> Event:
    """The machine's event of what a person did while *value* was the newest."""
    until_ms = deed.until_ms if isinstance(deed, AudioPaused) else 0
    to = deed.to if isinstance(deed, Offered) else None
    return Event(SIGNALS[type(deed)], value=value, until_ms=until_ms, to=to)


def _measured(state: Crossing, event: Measured, at_ms: int) -> tuple[Crossing, tuple[Transition, ...]]:
    by = event.rule
    if state.quiet and not by.span_ms and by.within(event.value):
        return CALM, ()
    passed = by.passed(event.value, event.recent)
    if state.quiet and not passed:
        return CALM, ()
    value, over_s = by.measure(event.value, event.recent)
    heard = Crossing(
        alarm=state.alarm,
        timers=_timers(state, event, passed, at_ms),
        boot=event.boot,
        observed_ms=event.observed_ms,
        received_ms=at_ms,
        value=value,
        over_s=over_s,
    )
    judged = _judge(heard, event, passed)
    if judged is None:
        return heard, ()
    return _advanced(heard, judged, at_ms)


def _advanced(state: Crossing, event: Event, at_ms: int) -> tuple[Crossing, tuple[Transition, ...]]:
    alarm, transitions = advance(state.alarm, event, at_ms)
    if alarm is state.alarm:
        return state, transitions
    if alarm.phase is Phase.OFF and not state.timers:
        return CALM, transitions
    return msgspec.structs.replace(state, alarm=alarm), transitions


def _timers(state: Crossing, event: Measured, passed: list[Limit], at_ms: int) -> dict[str, Timer]:
    # A boot has a clock of its own: across one, what the collector saw pass is the best estimate (S12).
    same_clock = state.boot == event.boot
    since_ms = max(0, event.observed_ms - state.observed_ms if same_clock else at_ms - state.received_ms)
    running: dict[str, Timer] = {}
    for limit in passed:
        before = state.timers.get(limit.slot)
        if before is None:
            running[limit.slot] = Timer()
        elif since_ms > event.rule.held_ms:
            running[limit.slot] = Timer(resets=before.resets + 1)
        else:
            running[limit.slot] = Timer(before.elapsed_ms + since_ms, before.samples + 1, before.resets)
    return running


def _judge(state: Crossing, event: Measured, passed: list[Limit]) -> Event | None:
    """The signal that the newest value gives, if any; *passed* are the limits it is beyond, deepest first."""
    alarm, rule = state.alarm, event.rule
    due = next((limit for limit in passed if _is_due(limit, state.timers[limit.slot])), None)
    if due is not None and (alarm.phase not in RAISED or due.priority > alarm.priority):
        signal = Signal.HIGHER if alarm.phase in RAISED else Signal.DUE
        value = rule.acting(due, event.value, event.recent)
        return Event(signal, _instant(event), due.priority, value, due.value, over_s=rule.over_s(due))
    if alarm.phase in _SEEN and _worse(state, rule):
        limit = passed[0].value if passed else None
        return Event(Signal.WORSE, value=state.value, limit=limit, over_s=state.over_s)
    if state.timers:
        return Event(Signal.BEYOND, _instant(event))
    back = alarm.phase in RAISED and rule.cleared(event.value, event.recent)
    return Event(ends(alarm), value=state.value) if back or alarm.phase is Phase.PENDING else None


def _worse(state: Crossing, rule: Rule) -> bool:
    than = state.alarm.reference
    return than is not None and state.value is not None and rule.worse(state.value, than)


def _is_due(limit: Limit, timer: Timer) -> bool:
    if timer.resets >= PATIENT_RESETS:
        return True
    if limit.samples is not None:
        return timer.samples >= limit.samples
    return limit.delay_s is not None and timer.elapsed_ms >= limit.delay_s * 1000


def _instant(event: Measured) -> str:
    return f"{event.boot:x}.{event.observed_ms}"
