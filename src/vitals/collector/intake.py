"""One message after another: judged, shown to the desk, queued for the disk. Nothing here waits.

The order is what S4 asks for: identity, then alarms, then storage.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from vitals.collector.admission import admit, wrong_mode
from vitals.collector.base import Condition, unpack
from vitals.collector.epochs import Epochs, described
from vitals.collector.parts import Parts
from vitals.errors import DecodeError
from vitals.series.base import Arrival
from vitals.series.contents import Contents
from vitals.wire import bodies, header, topics
from vitals.wire.bodies import Data, GatewayState
from vitals.wire.header import Kind, Message

_log = logging.getLogger(__name__)

DAMAGE_SHOWN_MS: Final = 60_000
"""How long after the last damaged message a gateway's damage is over."""
SHED_SHOWN_MS: Final = 10_000


class Tally(msgspec.Struct):
    """What this process has seen, in messages."""

    accepted: int = 0
    again: int = 0
    quarantined: int = 0
    damaged: int = 0
    shed: int = 0
    strange: int = 0


class Intake:
    """What to do with each message. Called on the event loop alone."""

    def __init__(self, parts: Parts, introduce: Callable[[str], None]) -> None:
        """*introduce* is called with the name of every gateway that is heard for the first time."""
        self._parts = parts
        self._introduce = introduce
        self._known: set[str] = set()
        self._sessions: dict[str, int] = {}
        self._epochs: dict[str, Epochs] = {}
        self._lost: set[str] = set()
        self.tally = Tally()

    def know(self, gateways: Iterable[str]) -> None:
        """Introduce gateways that are known from the store."""
        for gateway in gateways:
            self._meet(gateway)

    def message(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Take one message in."""
        try:
            version, gateway, leaf = topics.parse(topic)
        except DecodeError as error:
            self.tally.strange += 1
            self._parts.notices.begin(Condition.DAMAGED, str(error), self._until(DAMAGE_SHOWN_MS))
            return
        if leaf == "state":
            self._state(gateway, payload, retained=retained)
        elif leaf == "life":
            self._life(gateway, payload)
        else:
            self._batch(version, gateway, payload)

    def _batch(self, version: str, gateway: str, payload: bytes) -> None:
        try:
            message = header.decode(gateway, payload)
        except DecodeError as error:
            self._damaged(gateway, str(error))
            return
        self._meet(gateway)
        arrival = self._received(gateway, message)
        if self._repeated(arrival, len(payload)):
            return
        admitted = admit(message.header, message.body, self._parts.mode, version)
        if admitted.contents is None:
            self._set_aside(arrival, admitted.refusal or "")
        else:
            self._accept(arrival, admitted.contents)

    def _received(self, gateway: str, message: Message) -> Arrival:
        clock = self._parts.clock
        received_ms = clock.monotonic_ms()
        return Arrival(
            gateway=gateway,
            header=message.header,
            body=message.body,
            received_ms=received_ms,
            received_utc_ms=clock.utc_ms(),
            receiver_boot=clock.boot(),
            queued_ms=self._parts.lateness.queued_ms(gateway, message.header, received_ms),
        )

    def _repeated(self, arrival: Arrival, size: int) -> bool:
        """Whether this row is durable or on its way to be; if durable its gateway is told again."""
        gateway, epoch, seq = arrival.gateway, arrival.header.epoch, arrival.header.seq
        durable = self._parts.store.around(gateway, epoch, seq) is not None
        if not durable and (gateway, epoch, seq) not in self._parts.pending:
            return False
        self.tally.again += 1
        self._parts.pending.offer(arrival)  # the commit counts it as redelivered; without room it is not counted
        if durable:
            self._parts.settled(gateway, epoch, seq, size, urgent=arrival.header.kind == Kind.ALARM)
        return True

    def _accept(self, arrival: Arrival, said: Contents) -> None:
        self.tally.accepted += 1
        if isinstance(said.body, Data):
            self._parts.desk.observe(arrival, unpack(arrival, said.body))
            for item in said.body.rejected[:1]:
                self._tell_aside(arrival.gateway, f"{item.characteristic} of {item.sensor}: {item.reason}")
        self._queue(arrival)

    def _set_aside(self, arrival: Arrival, reason: str) -> None:
        self.tally.quarantined += 1
        self._tell_aside(arrival.gateway, reason)
        self._queue(msgspec.structs.replace(arrival, quarantine=reason))

    def _tell_aside(self, gateway: str, reason: str) -> None:
        self._parts.notices.add(Condition.QUARANTINED.of(gateway), f"data of {gateway} is set aside: {reason}")

    def _queue(self, arrival: Arrival) -> None:
        if not self._parts.pending.offer(arrival):
            self.tally.shed += 1
            self._parts.notices.begin(
                Condition.ARRIVALS_SHED,
                "too much waits to be recorded: messages are left with their gateways, alarming goes on",
                self._until(SHED_SHOWN_MS),
            )

    def _damaged(self, gateway: str, reason: str) -> None:
        """Count it and acknowledge nothing: the gateway sends it again."""
        self.tally.damaged += 1
        code = Condition.DAMAGED.of(gateway)
        if not self._parts.notices.holds(code):
            _log.warning("%s", reason)
        self._parts.notices.begin(code, f"messages of {gateway} arrive damaged", self._until(DAMAGE_SHOWN_MS))

    def _state(self, gateway: str, payload: bytes, *, retained: bool) -> None:
        if not payload:
            return  # somebody cleared the retained state
        try:
            state = bodies.decode_state(payload)
        except DecodeError as error:
            self._damaged(gateway, f"state of {gateway}: {error}")
            return
        if state.mode is not self._parts.mode:
            self._tell_aside(gateway, wrong_mode(state.mode, self._parts.mode))
            self._meet(gateway)
            return
        if not state.online and self._sessions.get(gateway, state.session) != state.session:
            _log.info("the last will of an older session of %s is ignored", gateway)
            return
        self._sessions[gateway] = state.session
        self._meet(gateway)
        self._believe(gateway, state, retained=retained)

    def _life(self, gateway: str, payload: bytes) -> None:
        """A sign of life; one that cannot be read, or is of another mode, is none."""
        try:
            life = bodies.decode_life(payload)
        except DecodeError as error:
            self._damaged(gateway, str(error))
            return
        if life.mode is self._parts.mode:
            self._parts.life.sign(gateway, life)

    def _believe(self, gateway: str, state: GatewayState, *, retained: bool) -> None:
        received_ms = self._parts.clock.monotonic_ms()
        self._parts.life.state(gateway, state)
        if state.online and not retained:
            self._parts.lateness.state(gateway, state, received_ms)
            self._seek_lost(gateway, state)
        self._parts.desk.gateway_state(gateway, state, received_ms)

    def _seek_lost(self, gateway: str, state: GatewayState) -> None:
        held = self._parts.store.committed(gateway)
        lost = self._epochs.setdefault(gateway, Epochs()).lost(state.epochs, held)
        code = Condition.DATA_LOST.of(gateway)
        if lost:
            self._parts.notices.begin(code, described(gateway, lost))
        else:
            self._parts.notices.end(code)

    def _meet(self, gateway: str) -> None:
        if gateway not in self._known:
            self._known.add(gateway)
            self._introduce(gateway)

    def _until(self, span_ms: int) -> int:
        return self._parts.clock.monotonic_ms() + round(span_ms * self._parts.time_scale)
