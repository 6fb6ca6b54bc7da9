"""The alarm state machine: one table, one ``step``.

Every alarm condition of the house, physiological or technical, goes through :data:`TRANSITIONS`; what drives it
(``crossing``, ``lapse``) only decides which signal to give. An *episode* lasts from the onset of a condition until
nobody needs to see it any more; its *version* counts its changes, and an acknowledgement names both (S9).
Times are milliseconds of the collector's monotonic timeline.
"""

from enum import StrEnum
from typing import Final

import msgspec

from vitals.alarms.limits import Priority
from vitals.errors import ConflictError, NotFoundError


class Phase(StrEnum):
    """Where an alarm condition stands."""

    OFF = "off"
    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class Signal(StrEnum):
    """What happened to it."""

    BEYOND = "beyond"
    DUE = "due"
    HIGHER = "higher"
    WORSE = "worse"
    PERSISTED = "persisted"
    ENDS_HIGH = "ends_high"
    ENDS_MEDIUM = "ends_medium"
    ENDS_LOW = "ends_low"
    ACKNOWLEDGE = "acknowledge"
    PAUSE_AUDIO = "pause_audio"
    RESUME_AUDIO = "resume_audio"
    RESOLVE = "resolve"
    OFFER = "offer"
    HAND_OVER = "hand_over"
    LEAVE = "leave"


class Change(StrEnum):
    """What is recorded and told of a transition."""

    RAISED = "raised"
    ESCALATED = "escalated"
    WORSENED = "worsened"
    REALARMED = "realarmed"
    RECURRED = "recurred"
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    AUDIO_PAUSED = "audio_paused"
    AUDIO_RESUMED = "audio_resumed"
    RESOLVED = "resolved"
    OFFERED = "offered"
    HANDED_OVER = "handed_over"
    OWNER_LEFT = "owner_left"


class Row(msgspec.Struct, frozen=True):
    """One cell of the table: the next phase, and what is told (None: nothing, and the version stays)."""

    phase: Phase
    change: Change | None = None


TRANSITIONS: Final[dict[tuple[Phase, Signal], Row]] = {
    # Nothing is wrong.
    (Phase.OFF, Signal.BEYOND): Row(Phase.PENDING),
    (Phase.OFF, Signal.DUE): Row(Phase.ACTIVE, Change.RAISED),
    (Phase.OFF, Signal.HIGHER): Row(Phase.ACTIVE, Change.RAISED),
    (Phase.OFF, Signal.WORSE): Row(Phase.OFF),
    (Phase.OFF, Signal.PERSISTED): Row(Phase.OFF),
    (Phase.OFF, Signal.ENDS_HIGH): Row(Phase.OFF),
    (Phase.OFF, Signal.ENDS_MEDIUM): Row(Phase.OFF),
    (Phase.OFF, Signal.ENDS_LOW): Row(Phase.OFF),
    (Phase.OFF, Signal.ACKNOWLEDGE): Row(Phase.OFF),
    (Phase.OFF, Signal.PAUSE_AUDIO): Row(Phase.OFF),
    (Phase.OFF, Signal.RESUME_AUDIO): Row(Phase.OFF),
    (Phase.OFF, Signal.RESOLVE): Row(Phase.OFF),
    (Phase.OFF, Signal.OFFER): Row(Phase.OFF),
    (Phase.OFF, Signal.HAND_OVER): Row(Phase.OFF),
    (Phase.OFF, Signal.LEAVE): Row(Phase.OFF),
    # A limit is passed, its delay runs.
    (Phase.PENDING, Signal.BEYOND): Row(Phase.PENDING),
    (Phase.PENDING, Signal.DUE): Row(Phase.ACTIVE, Change.RAISED),
    (Phase.PENDING, Signal.HIGHER): Row(Phase.ACTIVE, Change.RAISED),
    (Phase.PENDING, Signal.WORSE): Row(Phase.PENDING),
    (Phase.PENDING, Signal.PERSISTED): Row(Phase.PENDING),
    (Phase.PENDING, Signal.ENDS_HIGH): Row(Phase.OFF),
    (Phase.PENDING, Signal.ENDS_MEDIUM): Row(Phase.OFF),
    (Phase.PENDING, Signal.ENDS_LOW): Row(Phase.OFF),
    (Phase.PENDING, Signal.ACKNOWLEDGE): Row(Phase.PENDING),
    (Phase.PENDING, Signal.PAUSE_AUDIO): Row(Phase.PENDING),
    (Phase.PENDING, Signal.RESUME_AUDIO): Row(Phase.PENDING),
    (Phase.PENDING, Signal.RESOLVE): Row(Phase.PENDING),
    (Phase.PENDING, Signal.OFFER): Row(Phase.PENDING),
    (Phase.PENDING, Signal.HAND_OVER): Row(Phase.PENDING),
    (Phase.PENDING, Signal.LEAVE): Row(Phase.PENDING),
    # It sounds, and nobody has acknowledged it. Ended, a medium is over: a silent message (S14).
    (Phase.ACTIVE, Signal.BEYOND): Row(Phase.ACTIVE),
    (Phase.ACTIVE, Signal.DUE): Row(Phase.ACTIVE),
    (Phase.ACTIVE, Signal.HIGHER): Row(Phase.ACTIVE, Change.ESCALATED),
    (Phase.ACTIVE, Signal.WORSE): Row(Phase.ACTIVE),
    (Phase.ACTIVE, Signal.PERSISTED): Row(Phase.ACTIVE),
    (Phase.ACTIVE, Signal.ENDS_HIGH): Row(Phase.ENDED, Change.ENDED),
    (Phase.ACTIVE, Signal.ENDS_MEDIUM): Row(Phase.OFF, Change.ENDED),
    (Phase.ACTIVE, Signal.ENDS_LOW): Row(Phase.OFF, Change.ENDED),
    (Phase.ACTIVE, Signal.ACKNOWLEDGE): Row(Phase.ACKNOWLEDGED, Change.ACKNOWLEDGED),
    (Phase.ACTIVE, Signal.PAUSE_AUDIO): Row(Phase.PAUSED, Change.AUDIO_PAUSED),
    (Phase.ACTIVE, Signal.RESUME_AUDIO): Row(Phase.ACTIVE),
    (Phase.ACTIVE, Signal.RESOLVE): Row(Phase.ACKNOWLEDGED, Change.RESOLVED),
    (Phase.ACTIVE, Signal.OFFER): Row(Phase.ACTIVE),
    (Phase.ACTIVE, Signal.HAND_OVER): Row(Phase.ACTIVE),
    (Phase.ACTIVE, Signal.LEAVE): Row(Phase.ACTIVE),
    # It is silent for a while, and nobody has acknowledged it: whatever is new ends the pause (S2).
    (Phase.PAUSED, Signal.BEYOND): Row(Phase.PAUSED),
    (Phase.PAUSED, Signal.DUE): Row(Phase.PAUSED),
    (Phase.PAUSED, Signal.HIGHER): Row(Phase.ACTIVE, Change.ESCALATED),
    (Phase.PAUSED, Signal.WORSE): Row(Phase.ACTIVE, Change.WORSENED),
    (Phase.PAUSED, Signal.PERSISTED): Row(Phase.PAUSED),
    (Phase.PAUSED, Signal.ENDS_HIGH): Row(Phase.ENDED, Change.ENDED),
    (Phase.PAUSED, Signal.ENDS_MEDIUM): Row(Phase.OFF, Change.ENDED),
    (Phase.PAUSED, Signal.ENDS_LOW): Row(Phase.OFF, Change.ENDED),
    (Phase.PAUSED, Signal.ACKNOWLEDGE): Row(Phase.ACKNOWLEDGED, Change.ACKNOWLEDGED),
    (Phase.PAUSED, Signal.PAUSE_AUDIO): Row(Phase.PAUSED),
    (Phase.PAUSED, Signal.RESUME_AUDIO): Row(Phase.ACTIVE, Change.AUDIO_RESUMED),
    (Phase.PAUSED, Signal.RESOLVE): Row(Phase.ACKNOWLEDGED, Change.RESOLVED),
    (Phase.PAUSED, Signal.OFFER): Row(Phase.PAUSED),
    (Phase.PAUSED, Signal.HAND_OVER): Row(Phase.PAUSED),
    (Phase.PAUSED, Signal.LEAVE): Row(Phase.PAUSED),
    # Somebody has taken it on; the condition lasts.
    (Phase.ACKNOWLEDGED, Signal.BEYOND): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.DUE): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.HIGHER): Row(Phase.ACTIVE, Change.ESCALATED),
    (Phase.ACKNOWLEDGED, Signal.WORSE): Row(Phase.ACTIVE, Change.WORSENED),
    (Phase.ACKNOWLEDGED, Signal.PERSISTED): Row(Phase.ACTIVE, Change.REALARMED),
    (Phase.ACKNOWLEDGED, Signal.ENDS_HIGH): Row(Phase.OFF, Change.ENDED),
    (Phase.ACKNOWLEDGED, Signal.ENDS_MEDIUM): Row(Phase.OFF, Change.ENDED),
    (Phase.ACKNOWLEDGED, Signal.ENDS_LOW): Row(Phase.OFF, Change.ENDED),
    (Phase.ACKNOWLEDGED, Signal.ACKNOWLEDGE): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.PAUSE_AUDIO): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.RESUME_AUDIO): Row(Phase.ACKNOWLEDGED),
    (Phase.ACKNOWLEDGED, Signal.RESOLVE): Row(Phase.ACKNOWLEDGED, Change.RESOLVED),
    (Phase.ACKNOWLEDGED, Signal.OFFER): Row(Phase.ACKNOWLEDGED, Change.OFFERED),
    (Phase.ACKNOWLEDGED, Signal.HAND_OVER): Row(Phase.ACKNOWLEDGED, Change.HANDED_OVER),
    (Phase.ACKNOWLEDGED, Signal.LEAVE): Row(Phase.ACTIVE, Change.OWNER_LEFT),
    # A high that ended unacknowledged: it stays, and sounds, until somebody acknowledges it (S14).
    (Phase.ENDED, Signal.BEYOND): Row(Phase.ENDED),
    (Phase.ENDED, Signal.DUE): Row(Phase.ACTIVE, Change.RECURRED),
    (Phase.ENDED, Signal.HIGHER): Row(Phase.ACTIVE, Change.RECURRED),
    (Phase.ENDED, Signal.WORSE): Row(Phase.ENDED),
    (Phase.ENDED, Signal.PERSISTED): Row(Phase.ENDED),
    (Phase.ENDED, Signal.ENDS_HIGH): Row(Phase.ENDED),
    (Phase.ENDED, Signal.ENDS_MEDIUM): Row(Phase.ENDED),
    (Phase.ENDED, Signal.ENDS_LOW): Row(Phase.ENDED),
    (Phase.ENDED, Signal.ACKNOWLEDGE): Row(Phase.OFF, Change.ACKNOWLEDGED),
    (Phase.ENDED, Signal.PAUSE_AUDIO): Row(Phase.ENDED),
    (Phase.ENDED, Signal.RESUME_AUDIO): Row(Phase.ENDED),
    (Phase.ENDED, Signal.RESOLVE): Row(Phase.OFF, Change.RESOLVED),
    (Phase.ENDED, Signal.OFFER): Row(Phase.ENDED),
    (Phase.ENDED, Signal.HAND_OVER): Row(Phase.ENDED),
    (Phase.ENDED, Signal.LEAVE): Row(Phase.ENDED),
}

SOUNDING: Final = frozenset({Phase.ACTIVE, Phase.ENDED})
"""Phases that are to be heard."""

RAISED: Final = frozenset({Phase.ACTIVE, Phase.PAUSED, Phase.ACKNOWLEDGED})
"""Phases in which the condition lasts and has alarmed."""

RAISING: Final = frozenset(
    {
        Change.RAISED,
        Change.ESCALATED,
        Change.WORSENED,
        Change.REALARMED,
        Change.RECURRED,
        Change.OWNER_LEFT,
    }
)
"""Changes after which an alarm sounds as new."""

_ENDS: Final = {
    Priority.HIGH: Signal.ENDS_HIGH,
    Priority.MEDIUM: Signal.ENDS_MEDIUM,
    Priority.LOW: Signal.ENDS_LOW,
}


class Alarm(msgspec.Struct, frozen=True):
    """One alarm condition as it stands.

    *episode* is the instant that began it, a word without meaning to anybody else. *priority* is the highest reached.
    *value* and *limit* are those of the last time it sounded as new; *over_s* tells the seconds that *value* is a mean
    or a change of, None of a single value. *reference* is what was measured when it was acknowledged or its sound
    paused. *changed_ms* is when it last sounded as new or changed its phase, *paused_until_ms* when a paused one sounds
    again. *offered_to* is whom its owner offered it to (empty: whoever accepts), None where nobody was.
    """

    phase: Phase = Phase.OFF
    episode: str = ""
    version: int = 0
    priority: Priority = Priority.LOW
    value: float | None = None
    limit: float | None = None
    reference: float | None = None
    changed_ms: int = 0
    paused_until_ms: int = 0
    over_s: float | None = None
    offered_to: str | None = None


QUIET: Final = Alarm()
"""No episode."""


class Event(msgspec.Struct, frozen=True):
    """A signal and what it carries: *episode* names a new episode, should one begin; *until_ms* ends a pause.

    *over_s* belongs to *value*: the seconds that it is a mean or a change of. *to* is offered the alarm.
    """

    signal: Signal
    episode: str = ""
    priority: Priority = Priority.LOW
    value: float | None = None
    limit: float | None = None
    until_ms: int = 0
    over_s: float | None = None
    to: str | None = None


class Transition(msgspec.Struct, frozen=True):
    """One change, and the alarm just after it (with its version and episode, also where the episode is over)."""

    change: Change
    alarm: Alarm
    at_ms: int


def step(alarm: Alarm, event: Event, at_ms: int) -> tuple[Alarm, tuple[Transition, ...]]:
    """The alarm after *event*, and what is to be told of it; an event that changes nothing returns *alarm* itself."""
    row = TRANSITIONS[alarm.phase, event.signal]
    if row.change is None:
        return _unheard(alarm, row.phase, event), ()
    after = _changed(alarm, row, event, at_ms)
    left = QUIET if after.phase is Phase.OFF else after
    return left, (Transition(row.change, after, at_ms),)


def ends(alarm: Alarm) -> Signal:
    """The signal by which the condition of *alarm* ends: what follows depends on the priority it had reached."""
    return _ENDS[alarm.priority]


def persisted(alarm: Alarm, at_ms: int, realarm_ms: float) -> bool:
    """Whether a high was acknowledged *realarm_ms* ago and its condition lasts, so that it sounds again (S8)."""
    waiting = alarm.phase is Phase.ACKNOWLEDGED and alarm.priority is Priority.HIGH
    return waiting and at_ms - alarm.changed_ms >= realarm_ms


def timed(alarm: Alarm, at_ms: int, realarm_ms: float) -> Signal | None:
    """What time alone brings: an acknowledged high persists (S8), or a pause of the sound is over (S2)."""
    if alarm.phase is Phase.PAUSED and at_ms >= alarm.paused_until_ms:
        return Signal.RESUME_AUDIO
    return Signal.PERSISTED if persisted(alarm, at_ms, realarm_ms) else None


_UNOWNED: Final = "nobody has the alarm in hand; acknowledge it"
_REFUSED: Final = {
    (Phase.ACKNOWLEDGED, Signal.ACKNOWLEDGE): "the alarm is acknowledged already",
    (Phase.ACKNOWLEDGED, Signal.PAUSE_AUDIO): "the alarm is acknowledged and makes no sound",
    (Phase.PAUSED, Signal.PAUSE_AUDIO): "the sound of the alarm is paused already",
    (Phase.ENDED, Signal.PAUSE_AUDIO): "the alarm has ended; acknowledge it",
    (Phase.ACTIVE, Signal.RESUME_AUDIO): "the sound of the alarm is not paused",
    (Phase.ACKNOWLEDGED, Signal.RESUME_AUDIO): "the sound of the alarm is not paused",
    (Phase.ENDED, Signal.RESUME_AUDIO): "the sound of the alarm is not paused",
    (Phase.ACTIVE, Signal.OFFER): _UNOWNED,
    (Phase.PAUSED, Signal.OFFER): _UNOWNED,
    (Phase.ENDED, Signal.OFFER): _UNOWNED,
    (Phase.ACTIVE, Signal.HAND_OVER): _UNOWNED,
    (Phase.PAUSED, Signal.HAND_OVER): _UNOWNED,
    (Phase.ENDED, Signal.HAND_OVER): _UNOWNED,
}


def require(alarm: Alarm, episode: str, version: int, signal: Signal = Signal.ACKNOWLEDGE) -> None:
    """Refuse what a person does to anything but *alarm* as it stands (S9).

    Raises:
        NotFoundError: that episode is over, or never was.
        ConflictError: it changed since *version*, or *signal* would change nothing.
    """
    if alarm.phase in {Phase.OFF, Phase.PENDING} or alarm.episode != episode:
        raise NotFoundError("that alarm is over; nothing was done")
    if alarm.version != version:
        raise ConflictError(f"the alarm changed (version {alarm.version}, not {version}); look again before you act")
    if (alarm.phase, signal) in _REFUSED:
        raise ConflictError(_REFUSED[alarm.phase, signal])


def _unheard(alarm: Alarm, phase: Phase, event: Event) -> Alarm:
    if phase is alarm.phase:
        return alarm
    return QUIET if phase is Phase.OFF else Alarm(phase=phase, episode=event.episode)


def _changed(alarm: Alarm, row: Row, event: Event, at_ms: int) -> Alarm:
    raising = row.change in RAISING
    moved = raising or row.phase is not alarm.phase
    seen = moved and row.phase in {Phase.ACKNOWLEDGED, Phase.PAUSED}
    measured = raising and event.value is not None
    return Alarm(
        phase=row.phase,
        episode=alarm.episode or event.episode,
        version=alarm.version + 1,
        priority=max(alarm.priority, event.priority),
        value=event.value if measured else alarm.value,
        limit=event.limit if raising and event.limit is not None else alarm.limit,
        reference=event.value if seen else alarm.reference,
        changed_ms=at_ms if moved else alarm.changed_ms,
        paused_until_ms=event.until_ms if row.phase is Phase.PAUSED else 0,
        over_s=event.over_s if measured else alarm.over_s,
        offered_to=_offered_to(alarm, row, event),
    )


def _offered_to(alarm: Alarm, row: Row, event: Event) -> str | None:
    """An offer stands for as long as its owner has the alarm in hand."""
    if row.change is Change.OFFERED:
        return event.to or ""
    kept = row.phase is Phase.ACKNOWLEDGED and row.change is Change.RESOLVED
    return alarm.offered_to if kept else None
