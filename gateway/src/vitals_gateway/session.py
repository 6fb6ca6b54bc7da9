"""The life of one sensor's connection, without a radio and without a clock: a table, delays, silence.

A sensor is idle until it is seen, connected to, its services discovered, its characteristics subscribed, and streams
until the link ends, falls silent or is no longer wanted. Every failure has its own delay before the next attempt; the
delay grows until the sensor's own measurements arrive again.
"""

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import Final

import msgspec

from vitals.delays import Delays


class State(Enum):
    """Where a sensor's connection stands."""

    IDLE = auto()
    CONNECTING = auto()
    DISCOVERING = auto()
    SUBSCRIBING = auto()
    STREAMING = auto()
    LOST = auto()
    BACKOFF = auto()


class Event(Enum):
    """What happens to it."""

    SIGHTED = auto()
    STALE = auto()
    CONNECTED = auto()
    DISCOVERED = auto()
    SUBSCRIBED = auto()
    ARRIVED = auto()
    RELEASED = auto()
    ELAPSED = auto()
    INTERRUPTED = auto()
    UNREACHABLE = auto()
    OUT_OF_SLOTS = auto()
    UNSUPPORTED = auto()
    REFUSED = auto()
    LINK_LOST = auto()
    SILENT = auto()
    UNWANTED = auto()


class Backoff(msgspec.Struct, frozen=True):
    """Seconds before the next attempt: the first, doubled for each further failure up to the last."""

    first_s: float
    last_s: float

    def delay_s(self, failures: int, jitter: float) -> float:
        """The delay after so many failures in a row; *jitter*, in [0, 1), spreads it over its upper half."""
        doublings = min(max(failures, 1) - 1, 16)
        return min(self.last_s, self.first_s * 2.0**doublings) * (1 + jitter) / 2


BACKOFFS: Final = {
    Event.UNREACHABLE: Backoff(1, 60),
    Event.OUT_OF_SLOTS: Backoff(5, 30),
    Event.UNSUPPORTED: Backoff(60, 3600),
    Event.REFUSED: Backoff(2, 300),
    Event.LINK_LOST: Backoff(0.5, 30),
    Event.SILENT: Backoff(1, 60),
    Event.UNWANTED: Backoff(1, 1),
}
"""The failures, and the delay that belongs to each."""

NOT_WANTED: Final = "not wanted"
"""What keeps a sensor from being read and is no fault."""

RADIO_BACKOFF: Final = Backoff(0.25, 2)
"""Before the radio itself is opened again: trying costs little, and until then nobody is monitored."""

_DROPPED: Final = {Event.LINK_LOST: State.LOST, Event.UNWANTED: State.LOST}

TRANSITIONS: Final[dict[State, dict[Event, State]]] = {
    State.IDLE: {Event.SIGHTED: State.CONNECTING},
    State.CONNECTING: {
        Event.CONNECTED: State.DISCOVERING,
        Event.STALE: State.IDLE,
        Event.UNREACHABLE: State.BACKOFF,
        Event.OUT_OF_SLOTS: State.BACKOFF,
    },
    State.DISCOVERING: {Event.DISCOVERED: State.SUBSCRIBING, Event.UNSUPPORTED: State.LOST, **_DROPPED},
    State.SUBSCRIBING: {
        Event.ARRIVED: State.SUBSCRIBING,
        Event.SUBSCRIBED: State.STREAMING,
        Event.REFUSED: State.LOST,
        **_DROPPED,
    },
    State.STREAMING: {Event.ARRIVED: State.STREAMING, Event.SILENT: State.LOST, **_DROPPED},
    State.LOST: {Event.RELEASED: State.BACKOFF},
    State.BACKOFF: {Event.ELAPSED: State.IDLE},
}
"""What may happen where. INTERRUPTED (the radio went away) leads from anywhere to IDLE."""


class Session(msgspec.Struct, frozen=True):
    """One sensor's connection; *failures* in a row, the last of which was *failure*."""

    state: State = State.IDLE
    failure: Event | None = None
    failures: int = 0

    def delay_s(self, jitter: float) -> float:
        """Seconds to stay in BACKOFF, before any time scale."""
        return BACKOFFS[self.failure or Event.LINK_LOST].delay_s(self.failures, jitter)


def step(session: Session, event: Event) -> Session:
    """The session after *event*.

    Raises:
        ValueError: that cannot happen in this state.
    """
    if event is Event.INTERRUPTED:
        return Session(State.IDLE, session.failure, session.failures)
    state = TRANSITIONS[session.state].get(event)
    if state is None:
        raise ValueError(f"{event.name} cannot happen in {session.state.name}")
    if event is Event.ARRIVED:
        return Session(state)
    if event in BACKOFFS:
        return Session(state, event, session.failures + 1)
    return Session(state, session.failure, session.failures)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The seconds that a sensor's connection runs on.

    *backoff_scale* multiplies every delay of the table above. How long a peer may take for one answer
    (*connect_s*, *request_s*, *disconnect_s*) and how old a sighting may be (*fresh_s*) are properties of radios:
    the time scale leaves them alone, except that a fast run waits less long for a sensor that has gone.
    """

    silent_s: float = Delays().sensor_silent_s
    backoff_scale: float = 1.0
    check_s: float = 1.0
    connect_s: float = 20.0
    request_s: float = 10.0
    disconnect_s: float = 2.0
    fresh_s: float = 10.0
    deaf_s: float = 60.0

    def scaled(self, scale: float) -> "Pace":
        """The same pace under a time scale."""
        return msgspec.structs.replace(
            self,
            silent_s=self.silent_s * scale,
            backoff_scale=self.backoff_scale * scale,
            check_s=self.check_s * min(scale, 1.0),
            connect_s=max(self.connect_s * min(scale, 1.0), min(self.connect_s, 3.0)),
        )


def silent(streaming: Iterable[str], last_ms: Mapping[str, int], at_ms: int, limit_s: float) -> tuple[str, ...]:
    """The streaming characteristics that have said nothing for *limit_s*.

    Args:
        streaming: characteristics that ought to notify all the time.
        last_ms: when each was last heard, or subscribed; those that are not subscribed are left out.
        at_ms: now.
        limit_s: how long silence may last.
    """
    limit_ms = limit_s * 1000
    return tuple(name for name in streaming if name in last_ms and at_ms - last_ms[name] >= limit_ms)
