"""Message bodies: MessagePack arrays through msgspec, fields only ever appended.

Times are gateway-monotonic milliseconds of the header's boot unless a name says otherwise; ``utc_offset_ms`` turns
one into UTC: ``utc = monotonic + utc_offset_ms``. What lies outside their bound is damage and does not decode; the
sum of any two of them is a date.
"""

from enum import IntEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec

from vitals.errors import DecodeError
from vitals.observation import GenerationMode
from vitals.wire.header import MAX_MS, Kind

Milliseconds = Annotated[int, msgspec.Meta(ge=-MAX_MS, le=MAX_MS)]
Ranges = dict[int, list[tuple[int, int]]]
"""Inclusive sequence ranges per epoch, ascending and disjoint."""


class ClockState(IntEnum):
    """What the gateway knows of its own wall clock."""

    UNSET = 0
    SYNCHRONISED = 1
    HOLDOVER = 2


class Clock(msgspec.Struct, array_like=True, frozen=True):
    """A spooled record: from *at_ms* on, this offset turns this boot's monotonic time into UTC."""

    at_ms: Milliseconds
    utc_offset_ms: Milliseconds
    state: ClockState


class Column(msgspec.Struct, array_like=True, frozen=True):
    """The scaled integers of one metric or attribute of a block.

    *code* is a Metric (in ``Block.metrics``) or an Attribute (in ``Block.attributes``). *values* are little-endian
    i16, or i32 where 4 bytes each. *rows* are u16 indices into the block's times; empty means one value a row, in
    order. *quality* is one byte a value: validity in the low four bits, missing reason in the high four; empty
    means all valid.
    """

    code: int
    values: bytes
    rows: bytes = b""
    quality: bytes = b""


class Block(msgspec.Struct, array_like=True, frozen=True):
    """The notifications of one characteristic of one sensor, oldest first.

    Row *i* was received at ``first_ms + deltas[0] + ... + deltas[i]``; deltas are u32 little-endian, the first is 0.
    *device_times* holds the sensor's own time of a row where it has one.
    """

    sensor: str
    characteristic: str
    first_ms: Milliseconds
    deltas: bytes
    metrics: list[Column]
    attributes: list[Column] = []
    device_times: dict[int, str] = {}
    malformed: int = 0


class Rejected(msgspec.Struct, array_like=True, frozen=True):
    """A notification that could not be read: kept as it came, quarantined at the collector."""

    sensor: str
    characteristic: str
    at_ms: Milliseconds
    payload: bytes
    reason: str


class Data(msgspec.Struct, array_like=True, frozen=True):
    """Body of ``Kind.DATA``."""

    utc_offset_ms: Milliseconds
    clock: ClockState
    blocks: list[Block]
    rejected: list[Rejected] = []


class Void(msgspec.Struct, array_like=True, frozen=True):
    """Body of ``Kind.VOID``: rows that the gateway dropped and will never send.

    *reason*: ``full`` (no room was left) or ``corrupt`` (they could not be read back; the ranges may then include rows
    that were acknowledged long ago). *counts* are observations per ``sensor/metric``, as far as the gateway could
    still read them; *from_ms* to *to_ms* is when they were observed, on the header's boot (0 where nobody knows).
    """

    ranges: Ranges
    reason: str
    counts: dict[str, int] = {}
    from_ms: Milliseconds = 0
    to_ms: Milliseconds = 0


class Gap(msgspec.Struct, array_like=True, frozen=True):
    """Body of ``Kind.GAP``: what never reached the spool, from one moment to another, each of its own boot.

    *reason*: ``gateway_down``, ``link_lost``, ``subscription_failed``, ``out_of_slots``, ``spool_full`` (nothing could
    be stored and nothing could be dropped) or ``spool_corrupt`` (an earlier spool is damaged). Where *from_boot* is
    0, nobody knows since when. What an outage of the gateway lost comes in two parts: up to its start, at once, and
    from there to the new subscription, if there ever is one.
    """

    sensor: str
    characteristic: str
    reason: str
    from_boot: int
    from_ms: Milliseconds
    to_boot: int
    to_ms: Milliseconds


class SensorState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sensor as its gateway sees it; *link* is ``connected``, ``connecting`` or ``lost``."""

    sensor: str
    link: str
    name: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    battery: int | None = None
    rssi: int | None = None
    last_ms: Milliseconds | None = None
    problem: str = ""


class EpochState(msgspec.Struct, array_like=True, frozen=True):
    """What an epoch still holds: the lowest sequence not acknowledged (last + 1 if none), and the last one."""

    first_unacknowledged: int
    last: int


class GatewayState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Retained at ``v1/{gateway}/state`` every 10 s; the last will is the same with *online* false.

    *life*: it sends signs of life (:class:`Life`), which earlier releases did not.
    """

    session: int
    online: bool
    mode: GenerationMode
    boot: int = 0
    published_ms: Milliseconds = 0
    version: str = ""
    epochs: dict[int, EpochState] = {}
    spool_rows: int = 0
    spool_bytes: int = 0
    utc_offset_ms: Milliseconds = 0
    clock: ClockState = ClockState.UNSET
    sensors: list[SensorState] = []
    configuration: str = ""
    problems: list[str] = []
    life: bool = False


class Life(msgspec.Struct, array_like=True, frozen=True):
    """A sign of life at ``v1/{gateway}/life`` every 5 s, QoS 0, not retained; only where ``GatewayState.life`` says so.

    *round_ms* is when it was made, and its number: ``Committed.round_ms`` names it again once it went all the way to a
    page and back. *epoch* and *seq* are the newest row that was stored (*seq* 0: none in this epoch). *sensor* is the
    one that was heard last, at *heard_ms*; empty and None where none was since the gateway started.
    """

    mode: GenerationMode
    boot: int
    round_ms: Milliseconds
    epoch: int
    seq: int
    sensor: str = ""
    heard_ms: Milliseconds | None = None


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """Sent to ``cmd/{gateway}/committed``, not retained: durable in *store*; *credit* is bytes of backlog.

    *round_ms*: the newest sign of life that went all the way round, None where none did.
    """

    store: int
    ranges: Ranges
    credit: int = 65536
    round_ms: Milliseconds | None = None


class Configuration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Retained at ``cmd/{gateway}/config``: the store's name and the sensors that this gateway is to read.

    *sensors* empty means every sensor that it has a driver for.
    """

    store: int
    version: str = ""
    sensors: list[str] = []


T = TypeVar("T")
Body = Data | Clock | Void | Gap

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODERS: Final[dict[Kind, msgspec.msgpack.Decoder[Any]]] = {
    Kind.DATA: msgspec.msgpack.Decoder(Data),
    Kind.CLOCK: msgspec.msgpack.Decoder(Clock),
    Kind.VOID: msgspec.msgpack.Decoder(Void),
    Kind.GAP: msgspec.msgpack.Decoder(Gap),
}
_STATE: Final = msgspec.msgpack.Decoder(GatewayState)
_LIFE: Final = msgspec.msgpack.Decoder(Life)
_COMMITTED: Final = msgspec.msgpack.Decoder(Committed)
_CONFIGURATION: Final = msgspec.msgpack.Decoder(Configuration)


def encode(value: Body | GatewayState | Life | Committed | Configuration) -> bytes:
    """The bytes of a body."""
    return _ENCODER.encode(value)


def decode(kind: int, body: bytes) -> Body:
    """Read the body of a spooled row.

    Raises:
        DecodeError: the kind is unknown or the bytes are not such a body.
    """
    try:
        decoder = _DECODERS[Kind(kind)]
    except (KeyError, ValueError):
        raise DecodeError(f"unknown kind {kind} of message") from None
    body_read: Body = _decoded(decoder, body)
    return body_read


def decode_state(payload: bytes) -> GatewayState:
    """Read a gateway's state. Raises DecodeError."""
    return _decoded(_STATE, payload)


def decode_life(payload: bytes) -> Life:
    """Read a sign of life. Raises DecodeError."""
    return _decoded(_LIFE, payload)


def decode_committed(payload: bytes) -> Committed:
    """Read an acknowledgement. Raises DecodeError."""
    return _decoded(_COMMITTED, payload)


def decode_configuration(payload: bytes) -> Configuration:
    """Read a configuration. Raises DecodeError."""
    return _decoded(_CONFIGURATION, payload)


def _decoded(decoder: msgspec.msgpack.Decoder[T], payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:  # a skipped field may nest without end
        raise DecodeError(f"unreadable body: {error}") from None
