"""Notifications into messages and back."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from tests.spools import OXIMETER, STRAP, WALL, beat

from vitals import gatt
from vitals.codes import Metric
from vitals.observation import Observation, Reading
from vitals.wire import bodies, columns
from vitals.wire.bodies import Data
from vitals.wire.header import MAX_BODY, Kind
from vitals_gateway.spool import assembly
from vitals_gateway.spool.rows import Notification


def decoded(message: assembly.Message) -> Data:
    body = bodies.decode(Kind.DATA, message.body)
    assert isinstance(body, Data)
    return body


def test_each_characteristic_has_its_block() -> None:
    items = [beat(1000), Notification(OXIMETER, "2A5F", 1010, bytes.fromhex("0061003d00")), beat(1020)]
    [message] = assembly.messages(items, WALL, gatt.read)
    body = decoded(message)
    assert [(block.sensor, block.characteristic, columns.times(block)) for block in body.blocks] == [
        (STRAP, "2A37", [1000, 1020]),
        (OXIMETER, "2A5F", [1010]),
    ]
    assert (message.from_ms, message.to_ms) == (1000, 1020)
    assert (body.utc_offset_ms, body.clock) == (WALL.offset_ms, WALL.state)
    assert assembly.counts(body) == {f"{STRAP}/heart_rate": 2, f"{OXIMETER}/spo2": 1, f"{OXIMETER}/pulse_rate": 1}


def test_several_observations_of_a_notification_are_counted_each() -> None:
    payload = bytes([0x10, 70, 0, 4, 0, 4, 0, 4])  # three RR intervals
    [message] = assembly.messages([Notification(STRAP, "2A37", 1, payload), beat(2)], WALL, gatt.read)
    assert assembly.counts(decoded(message)) == {f"{STRAP}/heart_rate": 2, f"{STRAP}/rr_interval": 3}


def test_a_fault_of_the_reader_is_sent_along_and_holds_up_nothing() -> None:
    def read(characteristic: str, payload: bytes) -> Reading:
        if payload == b"\x00\x47":
            raise ZeroDivisionError
        return gatt.read(characteristic, payload)

    [message] = assembly.messages([beat(1, 70), beat(2, 0x47), beat(3, 72)], WALL, read)
    body = decoded(message)
    assert columns.times(body.blocks[0]) == [1, 3]
    assert [(item.at_ms, item.payload) for item in body.rejected] == [(2, b"\x00\x47")]
    assert "ZeroDivisionError" in body.rejected[0].reason


def test_a_value_that_does_not_fit_the_wire_is_sent_as_it_came() -> None:
    def read(_characteristic: str, payload: bytes) -> Reading:
        return Reading((Observation(Metric.HEART_RATE, 2**40 if payload[1] == 71 else 70),))

    [message] = assembly.messages([beat(1, 70), beat(2, 71), beat(3, 72)], WALL, read)
    body = decoded(message)
    assert sorted(at_ms for block in body.blocks for at_ms in columns.times(block)) == [1, 3]
    assert [item.at_ms for item in body.rejected] == [2]


NOTIFICATIONS = st.lists(
    st.tuples(
        st.sampled_from([STRAP, OXIMETER]),
        st.sampled_from(["2A37", "2A5F", "2A5E", "2A19", "FFFF"]),
        st.binary(max_size=60),
    ),
    max_size=300,
)


@given(drawn=NOTIFICATIONS)
def test_every_notification_is_in_exactly_one_message_and_none_is_too_large(
    drawn: list[tuple[str, str, bytes]],
) -> None:
    items = [Notification(sensor, name, at_ms, payload) for at_ms, (sensor, name, payload) in enumerate(drawn)]
    found: list[tuple[str, str, int]] = []
    for message in assembly.messages(items, WALL, gatt.read):
        body = decoded(message)
        assert len(message.body) <= MAX_BODY
        for block in body.blocks:
            found += [(block.sensor, block.characteristic, at_ms) for at_ms in columns.times(block)]
        found += [(item.sensor, item.characteristic, item.at_ms) for item in body.rejected]
    assert sorted(found) == sorted((item.sensor, item.characteristic, item.at_ms) for item in items)


@given(seqs=st.sets(st.tuples(st.integers(0, 2), st.integers(1, 40))))
def test_ranges_name_exactly_what_they_are_made_of(seqs: set[tuple[int, int]]) -> None:
    merged = assembly.ranges(sorted(seqs))
    assert {
        (epoch, seq) for epoch, spans in merged.items() for low, high in spans for seq in range(low, high + 1)
    } == seqs
    for spans in merged.values():
        assert all(later[0] > early[1] + 1 for early, later in itertools.pairwise(spans))
