"""Packed columns: what is packed is unpacked, and nothing else raises anything but DecodeError."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.strategies import COLUMNS, MILLISECONDS, READINGS, TEXT, readings_of, rows_of

from vitals.codes import Attribute, Metric
from vitals.errors import DecodeError
from vitals.observation import Missing, Observation, Reading, Validity, absent, observe
from vitals.wire import bodies
from vitals.wire.bodies import Block, ClockState, Column, Data
from vitals.wire.columns import Row, cells, pack, times, unpack
from vitals.wire.header import Kind

BLOCKS = st.builds(
    Block,
    sensor=TEXT,
    characteristic=TEXT,
    first_ms=MILLISECONDS,
    deltas=st.binary(max_size=16),
    metrics=st.lists(COLUMNS, max_size=2),
    attributes=st.lists(COLUMNS, max_size=1),
    device_times=st.dictionaries(st.integers(), TEXT, max_size=2),
)


def sent(block: Block) -> Block:
    """The block after a journey."""
    data = bodies.decode(Kind.DATA, bodies.encode(Data(0, ClockState.UNSET, [block])))
    assert isinstance(data, Data)
    return data.blocks[0]


def without_malformed(rows: list[Row]) -> list[Row]:
    return [
        Row(row.at_ms, Reading(row.reading.observations, row.reading.attributes, 0, row.reading.device_time))
        for row in rows
    ]


def by_metric(row: Row) -> list[tuple[Metric, list[Observation]]]:
    ordered = sorted(row.reading.observations, key=lambda each: each.metric)
    return [(metric, list(group)) for metric, group in groupby(ordered, key=lambda each: each.metric)]


@pytest.mark.parametrize("characteristic", ["2A37", "2A5E", "2A5F", "2A19"])
@given(data=st.data())
def test_notifications_come_back_as_they_went(characteristic: str, data: st.DataObject) -> None:
    rows = data.draw(rows_of(readings_of(characteristic)))
    block = sent(pack("F0:00:00:00:01:02", characteristic, rows))
    assert unpack(block) == without_malformed(rows)
    assert times(block) == [row.at_ms for row in rows]
    assert block.malformed == sum(row.reading.malformed for row in rows)
    assert (block.sensor, block.characteristic) == ("F0:00:00:00:01:02", characteristic)


@given(rows_of(READINGS))
def test_any_reading_comes_back_with_each_metric_in_order(rows: list[Row]) -> None:
    back = unpack(sent(pack("s", "2A37", rows)))
    assert [row.at_ms for row in back] == [row.at_ms for row in rows]
    assert [row.reading.attributes for row in back] == [row.reading.attributes for row in rows]
    assert [row.reading.device_time for row in back] == [row.reading.device_time for row in rows]
    assert [by_metric(row) for row in back] == [by_metric(row) for row in rows]


@given(BLOCKS)
def test_random_columns_are_read_or_refused(block: Block) -> None:
    try:
        rows = unpack(block)
    except DecodeError:
        return
    assert len(rows) == len(times(block)) == len(block.deltas) // 4


@given(rows_of(readings_of("2A5F")), st.data())
def test_a_damaged_block_is_read_or_refused(rows: list[Row], data: st.DataObject) -> None:
    payload = bytearray(bodies.encode(Data(0, ClockState.UNSET, [pack("s", "2A5F", rows)])))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        body = bodies.decode(Kind.DATA, bytes(payload))
        assert isinstance(body, Data)
        for block in body.blocks:
            unpack(block)
    except DecodeError:
        return


def block_of(*columns: Column, attributes: list[Column] | None = None, rows: int = 2) -> Block:
    return Block("s", "2A5F", 1000, bytes(4 * rows), list(columns), attributes or [])


SPO2 = int(Metric.SPO2)


@pytest.mark.parametrize(
    "block",
    [
        Block("s", "2A5F", 0, b"\0\0\0", []),
        block_of(Column(99, bytes(4))),
        block_of(Column(0, bytes(4))),
        block_of(attributes=[Column(99, bytes(4))]),
        block_of(Column(SPO2, bytes(3))),
        block_of(Column(SPO2, bytes(6))),
        block_of(Column(SPO2, bytes(16))),
        block_of(Column(SPO2, b"")),
        block_of(Column(SPO2, bytes(2), rows=b"\x02\x00")),
        block_of(Column(SPO2, bytes(2), rows=b"\x00")),
        block_of(Column(SPO2, b"", rows=b"\x00")),
        block_of(Column(SPO2, bytes(4), quality=b"\0")),
        block_of(Column(SPO2, bytes(4), quality=b"\x0c\x00")),
        block_of(Column(SPO2, bytes(4), quality=b"\xc0\x00")),
        block_of(Column(SPO2, bytes(2)), rows=0),
    ],
    ids=[
        "deltas of 3 bytes",
        "unknown metric",
        "metric 0",
        "unknown attribute",
        "odd values",
        "too many values",
        "values of 8 bytes",
        "no values",
        "row beyond the block",
        "half a row",
        "half a row without a value",
        "too few qualities",
        "unknown validity",
        "unknown reason",
        "a value without a row",
    ],
)
def test_what_does_not_fit_together_is_refused(block: Block) -> None:
    with pytest.raises(DecodeError):
        unpack(block)


def test_what_does_not_fit_is_refused_before_the_first_cell_is_read() -> None:
    with pytest.raises(DecodeError, match="row 2 of 2"):
        cells(Column(SPO2, bytes(2), rows=b"\x02\x00"), 2)
    with pytest.raises(DecodeError, match="4 bytes for 2 values"):
        cells(Column(SPO2, bytes(4), quality=b"\0"), 2)


@pytest.mark.parametrize(("raw", "width"), [(-32769, 4), (-32768, 2), (32767, 2), (32768, 4), (-(2**31), 4)])
def test_a_value_takes_the_bytes_that_it_needs(raw: int, width: int) -> None:
    rows = [Row(0, Reading((Observation(Metric.PPG, raw),)))]
    block = pack("s", "2A5F", rows)
    assert len(block.metrics[0].values) == width
    assert unpack(block) == rows


def test_a_missing_value_keeps_its_reason_and_a_value_its_validity() -> None:
    rows = [
        Row(1000, Reading((absent(Metric.SPO2, Missing.MALFORMED), observe(Metric.PULSE_RATE, 61, Validity.STORED)))),
        Row(1000, Reading((observe(Metric.SPO2, 97.4),))),
    ]
    assert unpack(pack("s", "2A5F", rows)) == rows


def test_values_that_all_rows_have_cost_two_bytes_each() -> None:
    rows = [Row(1000 * n, Reading((observe(Metric.SPO2, 97.4), observe(Metric.PULSE_RATE, 61)))) for n in range(100)]
    block = pack("F0:00:00:00:01:02", "2A5F", rows)
    assert [(len(column.values), column.rows, column.quality) for column in block.metrics] == [(200, b"", b"")] * 2
    assert len(bodies.encode(Data(0, ClockState.UNSET, [block]))) < 900


def test_a_value_beyond_16_bits_widens_its_column_alone() -> None:
    reading = Reading((observe(Metric.RR_INTERVAL, 63999), observe(Metric.HEART_RATE, 60)), {Attribute.ENERGY_KJ: 7})
    block = pack("s", "2A37", [Row(0, reading)])
    assert [len(column.values) for column in (*block.metrics, *block.attributes)] == [4, 2, 2]
    assert unpack(block) == [Row(0, reading)]


def test_dropped_bytes_are_counted_on_the_block() -> None:
    rows = [Row(0, Reading((), malformed=1)), Row(1, Reading((), malformed=2))]
    assert pack("s", "2A37", rows).malformed == 3
