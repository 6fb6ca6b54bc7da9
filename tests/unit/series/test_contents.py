"""What an arrival says is read to its end before anything is done with it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import SENSOR, data, gap, kind_of, rejected, void

from vitals.codes import Metric
from vitals.errors import DecodeError, NotFoundError
from vitals.series import contents
from vitals.wire import bodies, columns
from vitals.wire.bodies import Block, Column
from vitals.wire.header import MAX_MS, Kind


def read(body: bodies.Body) -> contents.Contents:
    return contents.read(kind_of(body), bodies.encode(body))


COLUMN = st.builds(
    Column,
    code=st.integers(0, 17),
    values=st.binary(max_size=12),
    rows=st.sampled_from([b"", b"\x00\x00", b"\x01\x00", b"\x00\x00\x01\x00", b"\xff\xff", b"\x01"]),
    quality=st.one_of(st.just(b""), st.binary(max_size=4)),
)
BLOCK = st.builds(
    Block,
    sensor=st.just(SENSOR),
    characteristic=st.just("2A5F"),
    first_ms=st.integers(0, 10_000),
    deltas=st.sampled_from([b"", bytes(4), bytes(8), bytes(3)]),
    metrics=st.lists(COLUMN, max_size=2),
    attributes=st.lists(COLUMN, max_size=1),
)


@given(BLOCK)
@settings(max_examples=400)
def test_what_can_be_read_can_be_unpacked_and_what_cannot_can_not(block: Block) -> None:
    body = msgspec.structs.replace(data(()), blocks=[block])
    try:
        rows = columns.unpack(block)
    except DecodeError:
        with pytest.raises(DecodeError):
            read(body)
    else:
        found = read(body)
        assert found.observations == sum(len(row.reading.observations) for row in rows)


@given(st.binary(max_size=60), st.integers(0, 255))
def test_random_bytes_raise_nothing_but_a_decode_error(body: bytes, kind: int) -> None:
    try:
        contents.read(kind, body)
    except DecodeError:
        return


def test_observations_rejected_ones_and_spans() -> None:
    found = read(data([97.0, None, 96.0], at_ms=500, rejected=[rejected()]))
    assert (found.observations, found.rejected) == (3, 1)
    assert found.spans == (contents.Span(SENSOR, 500, 2500),)


def test_one_span_covers_every_characteristic_of_a_sensor() -> None:
    blocks = data([97.0], at_ms=5000).blocks + data([96.0, 95.0], at_ms=3000).blocks
    found = read(msgspec.structs.replace(data(()), blocks=blocks))
    assert found.spans == (contents.Span(SENSOR, 3000, 5000),)


@pytest.mark.parametrize(
    "body",
    [
        void({-1: [(1, 2)]}),
        void({1: [(2, 1)]}),
        void({1: [(-1, 1)]}),
        void({1: [(0, 2**63)]}),
        data(at_ms=MAX_MS, values=[97.0, 96.0]),
    ],
)
def test_impossible_ranges_and_times_are_refused(body: bodies.Body) -> None:
    with pytest.raises(DecodeError):
        read(body)


def test_a_label_that_names_nothing() -> None:
    assert contents.metric_of("spo2") is Metric.SPO2
    with pytest.raises(NotFoundError, match="sp02"):
        contents.metric_of("sp02")


def test_only_a_synchronised_clock_settles() -> None:
    set_clock = bodies.Clock(5, 7, bodies.ClockState.SYNCHRONISED)
    assert contents.settles(set_clock) == set_clock
    assert contents.settles(bodies.Clock(5, 7, bodies.ClockState.HOLDOVER)) is None
    assert contents.settles(gap()) is None
    assert contents.read(Kind.CLOCK, bodies.encode(set_clock)).body == set_clock
