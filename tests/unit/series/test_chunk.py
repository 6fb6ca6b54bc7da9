"""Chunks: the same rows are the same bytes, and damage is told."""

import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import BOOT, EPOCH, SENSOR
from tests.counts import count

from vitals.codes import Attribute, Metric
from vitals.errors import DecodeError
from vitals.observation import Missing, Observation, Reading, Validity
from vitals.series import chunk
from vitals.series.chunk import BUCKET_MS, Cells, Chunk, Piece
from vitals.series.packing import pack, pack_times, unpack
from vitals.wire import columns
from vitals.wire.bodies import Block, Column

observation = st.builds(
    Observation,
    st.sampled_from([Metric.SPO2, Metric.PULSE_RATE, Metric.RR_INTERVAL]),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from(Validity),
    st.sampled_from(Missing),
)
reading = st.builds(
    Reading,
    st.lists(observation, max_size=4).map(tuple),
    st.dictionaries(st.sampled_from(Attribute), st.integers(-(2**15), 2**31 - 1), max_size=2),
    st.just(0),
    st.one_of(st.none(), st.just("2026-11-22T03:00:00")),
)
rows = st.lists(st.tuples(st.integers(0, 2**20), reading), min_size=1, max_size=8).map(
    lambda given: [columns.Row(at_ms, said) for at_ms, said in sorted(given, key=lambda each: each[0])]
)
piece = st.builds(
    lambda seq, gateway, offset, receipt_ms, given: Piece(
        (gateway, EPOCH, BOOT, 1), seq, offset, offset + 2**21, receipt_ms, columns.pack(SENSOR, "2A5F", given)
    ),
    st.integers(0, 2**63 - 1),
    st.sampled_from(["gw-1", "gw-2"]),
    st.sampled_from([0, 1_795_000_000_000]),
    st.one_of(st.none(), st.integers(0, 2**21)),
    rows,
)
pieces = st.lists(piece, min_size=1, max_size=4, unique_by=lambda each: (each.origin, each.seq))


def plain(of: Chunk | Cells) -> Any:
    return msgspec.to_builtins(of, enc_hook=lambda array: array.tolist())


@settings(max_examples=count(short=25, long=500), deadline=None)
@given(pieces)
def test_what_is_written_reads_back(given: list[Piece]) -> None:
    gathered = chunk.gather(given)
    assert plain(chunk.decode(chunk.encode(gathered))) == plain(gathered)
    assert gathered.observations == sum(
        len(row.reading.observations) for each in given for row in columns.unpack(each.block)
    )


@settings(max_examples=count(short=25, long=500), deadline=None)
@given(pieces, st.randoms(use_true_random=False))
def test_the_same_rows_are_the_same_bytes(given: list[Piece], chance: random.Random) -> None:
    whole = chunk.encode(chunk.gather(given))
    shuffled = list(given)
    chance.shuffle(shuffled)
    assert chunk.encode(chunk.merge([chunk.gather([each]) for each in shuffled])) == whole


@settings(max_examples=count(short=25, long=500), deadline=None)
@given(pieces)
def test_ten_minutes_each_and_nothing_lost(given: list[Piece]) -> None:
    whole = chunk.gather(given)
    parts = chunk.split(whole)
    assert all((part.utc_ms // BUCKET_MS == bucket).all() for bucket, part in parts.items())
    assert chunk.encode(chunk.merge(list(parts.values()))) == chunk.encode(whole)


@settings(max_examples=count(short=25, long=500), deadline=None)
@given(pieces, st.integers(0, 10_000), st.integers(1, 255))
def test_damage_is_told(given: list[Piece], place: int, change: int) -> None:
    blob = bytearray(chunk.encode(chunk.gather(given)))
    blob[place % len(blob)] ^= change
    with pytest.raises(DecodeError):
        chunk.decode(bytes(blob))


@settings(max_examples=count(short=25, long=500), deadline=None)
@given(pieces)
def test_one_metric_alone_is_what_the_whole_says(given: list[Piece]) -> None:
    whole = chunk.gather(given)
    for metric in Metric:
        alone = chunk.column(chunk.encode(whole), metric)
        assert (alone is None) == (metric not in whole.metrics)
        if alone is not None:
            assert plain(alone[1]) == plain(whole.metrics[metric])
            assert (alone[0] == whole.utc_ms).all()


integers = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=60)


@settings(max_examples=count(short=25, long=500), deadline=None)
@given(integers)
def test_a_column_of_any_integers(given: list[int]) -> None:
    assert unpack(pack(np.array(given, np.int64)), len(given)).tolist() == given


@settings(max_examples=count(short=25, long=500), deadline=None)
@given(st.integers(0, 2**40), st.lists(st.integers(-20, 20), min_size=1, max_size=60), st.integers(0, 5000))
def test_times_near_a_cadence(first: int, jitter: list[int], cadence: int) -> None:
    times = [first + index * cadence + off for index, off in enumerate(jitter)]
    packed = pack_times(np.array(times, np.int64))
    assert unpack(packed, len(times)).tolist() == times
    with pytest.raises(DecodeError):
        unpack(packed[:-1], len(times))


def test_a_column_that_belongs_elsewhere() -> None:
    with pytest.raises(DecodeError, match="3 values instead of 4"):
        unpack(pack(np.array([1, 5, 2], np.int64)), 4)
    with pytest.raises(DecodeError, match="newer release"):
        unpack(b"zz", 2)
    with pytest.raises(DecodeError, match="row 7 of 1"):
        chunk.gather([_odd(Column(int(Metric.SPO2), b"\0\0", b"\x07\0"))])
    with pytest.raises(DecodeError, match="3 bytes for 1 values"):
        chunk.gather([_odd(Column(int(Metric.SPO2), b"\0\0\0"))])


def _odd(column: Column) -> Piece:
    return Piece(("gw-1", 1, 1, 1), 1, 0, 0, None, Block(SENSOR, "2A5F", 0, bytes(4), [column]))
