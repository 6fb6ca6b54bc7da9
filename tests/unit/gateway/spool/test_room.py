"""A full spool drops the oldest measurements and says so; it never drops anything else, and never silently."""

from pathlib import Path

import pytest
from tests.spools import STRAP, WALL, acknowledge_all, at, beat, beats, messages, spool_beat, voids, waiting
from tests.unit.gateway.spool.conftest import Opener

from vitals.errors import DiskFull
from vitals.observation import GenerationMode
from vitals.wire.bodies import Clock, ClockState, Data
from vitals.wire.header import Kind
from vitals_gateway.spool.batches import Span
from vitals_gateway.spool.file import Spool
from vitals_gateway.spool.rows import Bounds, Change, Notification, Subscribed
from vitals_gateway.spool.tables import used_bytes
from vitals_gateway.wall_clock import WallClock

SMALL = Bounds(max_bytes=262_144)
DAY_MS = 86_400_000


def declared(spool: Spool) -> list[tuple[int, int]]:
    """Every sequence number of the present epoch that a void names."""
    return [span for body in voids(spool) for span in body.ranges.get(spool.epoch, [])]


def covered(spans: list[tuple[int, int]]) -> set[int]:
    return {seq for low, high in spans for seq in range(low, high + 1)}


def fill(spool: Spool, count: int, first_ms: int = 2000) -> None:
    for index in range(count):
        spool_beat(spool, first_ms + index * 10)


def test_a_full_spool_drops_the_oldest_and_declares_exactly_what_is_missing(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=SMALL)
    fill(spool, 2500)
    there = {identity.seq for identity, _ in messages(spool)}
    last = spool.depth().epochs[spool.epoch].last
    missing = covered(declared(spool))
    assert missing
    assert there | missing == set(range(1, last + 1))
    assert not there & missing
    kept = [at_ms for _, at_ms, _ in beats(spool)]
    assert kept == list(range(kept[0], 2000 + 25000, 10))
    assert used_bytes(spool._open) <= SMALL.max_bytes


def test_a_void_says_what_it_was_and_when(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=SMALL)
    fill(spool, 1500)
    body = voids(spool)[0]
    assert body.reason == "full"
    [(low, high)] = body.ranges[spool.epoch]
    assert low == 2  # the clock's record is no measurement and stays
    assert body.counts == {f"{STRAP}/heart_rate": high - low + 1}
    assert (body.from_ms, body.to_ms) == (2000, 2000 + (high - low) * 10)


def test_what_was_dropped_is_told_and_so_is_the_record_of_it(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=SMALL)
    rows: set[int] = set()
    for index in range(1500):
        change = spool_beat(spool, 2000 + index * 10)
        rows |= {entry.row for entry in change.added}
        rows -= set(change.gone)
        assert change.dropped == len(change.gone)
    assert {entry.row for entry in waiting(spool)} - {waiting(spool)[0].row} == rows


def test_acknowledged_rows_go_first(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=SMALL)
    fill(spool, 400)
    acknowledge_all(spool, 9000)
    fill(spool, 450, 100_000)
    assert voids(spool) == []
    assert len(beats(spool)) == 450


def test_gaps_clocks_voids_and_alarms_are_never_dropped(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=SMALL)
    spool.record([Subscribed(STRAP, "2A37", 1500)], at(1500))
    spool.close()
    spool = opened(path, bounds=SMALL)
    spool.record([Subscribed(STRAP, "2A37", 1900)], at(1900))

    def alarm(change: Change) -> None:
        change.added.append(spool._batches.add(Kind.ALARM, b"alarm", spool._identity.origin, Span(1, 1)))

    spool._transactions.run(alarm, durable=True)
    fill(spool, 2500)
    kinds = [kind for (kind,) in spool._open.execute("SELECT kind FROM batch")]
    assert kinds.count(Kind.ALARM) == 1
    assert kinds.count(Kind.GAP) == 2
    assert kinds.count(Kind.CLOCK) == 2
    assert kinds.count(Kind.VOID) > 1


def test_boots_and_modes_are_declared_apart(path: Path, opened: Opener) -> None:
    spool = opened(path, boot=1, mode=GenerationMode.TEST, bounds=SMALL)
    fill(spool, 100)
    spool.close()
    spool = opened(path, boot=2, mode=GenerationMode.DEMO, bounds=SMALL)
    fill(spool, 1500)
    found = {
        (identity.boot, identity.mode)
        for identity, body in messages(spool)
        if identity.kind == Kind.VOID and not isinstance(body, Data)
    }
    assert found == {(1, GenerationMode.TEST), (2, GenerationMode.DEMO)}


def test_what_is_older_than_the_bound_in_days_is_dropped(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=Bounds(max_age_ms=7 * DAY_MS))
    spool_beat(spool, 2000)
    spool_beat(spool, 3000)
    assert spool.expire(at(2000 + 7 * DAY_MS)).gone == []
    assert spool.expire(at(2001 + 7 * DAY_MS)).dropped == 1
    assert [at_ms for _, at_ms, _ in beats(spool)] == [3000]
    assert voids(spool)[0].counts == {f"{STRAP}/heart_rate": 1}


@pytest.mark.parametrize(
    ("then", "now", "dropped"),
    [
        (ClockState.HOLDOVER, ClockState.SYNCHRONISED, 1),
        (ClockState.UNSET, ClockState.SYNCHRONISED, 0),
        (ClockState.HOLDOVER, ClockState.UNSET, 0),
    ],
)
def test_age_across_a_reboot_counts_only_where_both_clocks_were_set(
    path: Path, opened: Opener, then: ClockState, now: ClockState, dropped: int
) -> None:
    bounds = Bounds(max_age_ms=7 * DAY_MS)
    spool = opened(path, boot=1, wall=WallClock(WALL.offset_ms, then), bounds=bounds)
    spool.record([beat(2000)], at(2000))
    spool.close_batch(at(2000, WallClock(WALL.offset_ms, then)))
    spool.close()
    later = WallClock(WALL.offset_ms + 8 * DAY_MS, now)
    spool = opened(path, 10, boot=2, wall=later, bounds=bounds)
    assert spool.expire(at(2500, later)).dropped == dropped


def test_with_nothing_left_to_drop_it_says_so_and_stores_nothing(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=SMALL)
    items = [Notification(STRAP, "2A37", 2000 + index, bytes(400)) for index in range(2_000)]
    with pytest.raises(DiskFull):
        spool.record(items, at(30_000))
    spool.record([beat(2000 + index) for index in range(10)], at(30_000))
    spool.close_batch(at(30_000))
    assert len(beats(spool)) == 10


def test_a_reserve_stands_by_and_comes_back(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=SMALL)
    reserve = path.with_name("spool.db.reserve")
    assert reserve.stat().st_size == 2 * 2**20
    fill(spool, 1500)
    assert voids(spool)
    assert reserve.stat().st_size == 2 * 2**20
    assert any(isinstance(body, Clock) for _, body in messages(spool))
