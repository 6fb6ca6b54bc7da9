"""Bodies: what is written is read, and nothing else raises anything but DecodeError."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.strategies import BODIES, MILLISECONDS, RANGES, TEXT, U63, U64

from vitals.clock import iso
from vitals.errors import DecodeError
from vitals.observation import GenerationMode
from vitals.wire import bodies
from vitals.wire.bodies import (
    Body,
    Clock,
    ClockState,
    Committed,
    Configuration,
    Data,
    EpochState,
    Gap,
    GatewayState,
    Life,
    SensorState,
    Void,
)
from vitals.wire.header import MAX_MS, Kind

KINDS = {Data: Kind.DATA, Clock: Kind.CLOCK, Void: Kind.VOID, Gap: Kind.GAP}
SENSORS = st.builds(
    SensorState,
    sensor=TEXT,
    link=st.sampled_from(["connected", "connecting", "lost"]),
    battery=st.one_of(st.none(), st.integers(0, 100)),
    last_ms=st.one_of(st.none(), MILLISECONDS),
)
STATES = st.builds(
    GatewayState,
    session=U64,
    online=st.booleans(),
    mode=st.sampled_from(GenerationMode),
    boot=U64,
    published_ms=MILLISECONDS,
    epochs=st.dictionaries(U64, st.builds(EpochState, U63, U63), max_size=3),
    clock=st.sampled_from(ClockState),
    utc_offset_ms=MILLISECONDS,
    sensors=st.lists(SENSORS, max_size=3),
    problems=st.lists(TEXT, max_size=2),
)
DECODERS: tuple[Callable[[bytes], object], ...] = (
    *(partial(bodies.decode, kind) for kind in KINDS.values()),
    bodies.decode_state,
    bodies.decode_life,
    bodies.decode_committed,
    bodies.decode_configuration,
)
NESTED = b"\x91" * 100_000 + b"\xc0"


@given(BODIES)
def test_body_round_trip(body: Body) -> None:
    assert bodies.decode(KINDS[type(body)], bodies.encode(body)) == body


@given(STATES)
def test_state_round_trip(state: GatewayState) -> None:
    assert bodies.decode_state(bodies.encode(state)) == state


LIVES = st.builds(
    Life,
    st.sampled_from(GenerationMode),
    U64,
    MILLISECONDS,
    U64,
    U63,
    TEXT,
    st.one_of(st.none(), MILLISECONDS),
)


@given(LIVES)
def test_life_round_trip(life: Life) -> None:
    assert bodies.decode_life(bodies.encode(life)) == life


class CommittedBefore(msgspec.Struct, frozen=True, kw_only=True):
    """The acknowledgement of the release before signs of life."""

    store: int
    ranges: bodies.Ranges
    credit: int = 65536


def test_the_release_before_signs_of_life_and_this_one_understand_each_other() -> None:
    before = CommittedBefore(store=1, ranges={2: [(3, 4)]}, credit=5)
    now = Committed(store=1, ranges={2: [(3, 4)]}, credit=5, round_ms=6)
    assert msgspec.msgpack.decode(bodies.encode(now), type=CommittedBefore) == before
    assert bodies.decode_committed(msgspec.msgpack.encode(before)).round_ms is None
    state = GatewayState(session=1, online=True, mode=GenerationMode.TEST)
    assert b"life" not in bodies.encode(state)  # as that release would have it
    assert not bodies.decode_state(bodies.encode(state)).life


@given(U64, RANGES, U63, st.one_of(st.none(), MILLISECONDS))
def test_committed_and_configuration_round_trip(
    store: int, ranges: bodies.Ranges, credit: int, round_ms: int | None
) -> None:
    committed = Committed(store=store, ranges=ranges, credit=credit, round_ms=round_ms)
    assert bodies.decode_committed(bodies.encode(committed)) == committed
    configuration = Configuration(store=store, version="7", sensors=["F0:00:00:00:01:02"])
    assert bodies.decode_configuration(bodies.encode(configuration)) == configuration


@given(st.integers(-10, 300), st.binary(max_size=50))
def test_random_bytes_are_read_or_refused(kind: int, payload: bytes) -> None:
    decoders: tuple[Callable[[bytes], object], ...] = (partial(bodies.decode, kind), *DECODERS)
    for decode in decoders:
        with suppress(DecodeError):
            decode(payload)


@given(BODIES, st.data())
def test_a_damaged_body_is_read_or_refused(body: Body, data: st.DataObject) -> None:
    payload = bytearray(bodies.encode(body))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DecodeError):
        bodies.decode(KINDS[type(body)], bytes(payload))


@pytest.mark.parametrize("kind", [0, Kind.ALARM, 6, 255])
def test_a_kind_without_a_body_of_ours_is_refused(kind: int) -> None:
    with pytest.raises(DecodeError, match="unknown kind"):
        bodies.decode(kind, b"\x90")


def test_endless_nesting_in_a_field_that_is_skipped_is_refused() -> None:
    longer = bytearray(bodies.encode(Clock(0, 0, ClockState.UNSET)))
    longer[0] += 1
    with pytest.raises(DecodeError, match="recursion"):
        bodies.decode(Kind.CLOCK, bytes(longer) + NESTED)
    for decode in DECODERS:
        with pytest.raises(DecodeError):
            decode(NESTED)
        with pytest.raises(DecodeError):
            decode(b"\x81\xa3new" + NESTED)


def test_a_field_that_a_later_release_appends_is_skipped() -> None:
    clock = Clock(5, 6, ClockState.HOLDOVER)
    appended = bytearray(bodies.encode(clock) + msgspec.msgpack.encode({"new": [1, 2]}))
    appended[0] += 1
    assert bodies.decode(Kind.CLOCK, bytes(appended)) == clock


@pytest.mark.parametrize("beyond", [MAX_MS + 1, -MAX_MS - 1, 2**63, 2**64 - 1])
def test_a_time_that_cannot_be_is_refused(beyond: int) -> None:
    for body in (
        Clock(beyond, 0, ClockState.UNSET),
        Clock(0, beyond, ClockState.UNSET),
        Data(beyond, ClockState.UNSET, []),
        Void({}, "full", from_ms=beyond),
        Gap("s", "2A37", "link_lost", 1, beyond, 1, 0),
    ):
        with pytest.raises(DecodeError):
            bodies.decode(KINDS[type(body)], bodies.encode(body))
    with pytest.raises(DecodeError):
        bodies.decode_state(
            bodies.encode(GatewayState(session=1, online=True, mode=GenerationMode.TEST, utc_offset_ms=beyond))
        )


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_sum_of_two_times_that_can_be_is_a_date(sign: int) -> None:
    assert iso(2 * sign * MAX_MS).endswith("Z")
