"""The spool: rows, epochs, acknowledgements and what a restart finds."""

from pathlib import Path

import pytest
from tests.spools import (
    GATEWAY,
    STRAP,
    WALL,
    acknowledge_all,
    at,
    beat,
    beats,
    messages,
    spool_beat,
    waiting,
)
from tests.unit.gateway.spool.conftest import Opener

from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode
from vitals.wire import header
from vitals.wire.bodies import Clock, ClockState, Data, EpochState
from vitals.wire.header import MAX_BODY, Kind
from vitals_gateway.spool.rows import Bounds, Notification
from vitals_gateway.spool.tables import connect
from vitals_gateway.wall_clock import WallClock


def test_a_new_spool_begins_an_epoch_with_its_clock(path: Path, opened: Opener) -> None:
    spool = opened(path, 1000)
    [(identity, body)] = messages(spool)
    assert (identity.epoch, identity.seq, identity.kind) == (spool.epoch, 1, Kind.CLOCK)
    assert body == Clock(1000, WALL.offset_ms, ClockState.HOLDOVER)


def test_every_opening_has_another_epoch(path: Path, opened: Opener) -> None:
    epochs = set()
    for _ in range(3):
        spool = opened(path)
        epochs.add(spool.epoch)
        spool.close()
    assert len(epochs) == 3


def test_what_arrives_is_in_one_batch_when_it_closes(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([beat(2000, 60)], at(2000))
    spool.record([beat(2100, 61), beat(2200, 62)], at(2200))
    assert beats(spool) == []
    change = spool.close_batch(at(2300))
    assert [entry.row for entry in change.added] == [waiting(spool)[-1].row]
    assert change.added[0].size == len(change.added[0].frame or b"")
    assert beats(spool) == [(1, 2000, 60), (1, 2100, 61), (1, 2200, 62)]


def test_sequence_numbers_have_no_holes(path: Path, opened: Opener) -> None:
    spool = opened(path)
    for index in range(5):
        spool_beat(spool, 2000 + index)
    assert [identity.seq for identity, _ in messages(spool)] == [1, 2, 3, 4, 5, 6]


def test_an_empty_batch_makes_no_row(path: Path, opened: Opener) -> None:
    spool = opened(path)
    assert spool.close_batch(at(2000)).added == []


def test_a_batch_is_at_most_eight_kilobytes_and_loses_nothing(path: Path, opened: Opener) -> None:
    spool = opened(path)
    items = [beat(2000 + index, 30 + index % 200) for index in range(4000)]
    spool.record(items, at(9000))
    spool.close_batch(at(9000))
    assert [at_ms for _, at_ms, _ in beats(spool)] == [item.at_ms for item in items]
    sizes = [entry.size for entry in waiting(spool)]
    assert len(sizes) > 2
    assert max(sizes) <= MAX_BODY + header.SIZE


def test_what_cannot_be_read_goes_along_as_it_came(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record(
        [beat(2000), Notification(STRAP, "2A37", 2001, b""), Notification(STRAP, "FFFF", 2002, b"\x01\x02")], at(2002)
    )
    spool.close_batch(at(2002))
    body = messages(spool)[-1][1]
    assert isinstance(body, Data)
    assert [(item.characteristic, item.at_ms, item.payload) for item in body.rejected] == [
        ("2A37", 2001, b""),
        ("FFFF", 2002, b"\x01\x02"),
    ]
    assert all(item.reason for item in body.rejected)
    assert beats(spool) == [(1, 2000, 70)]


def test_what_an_earlier_run_left_unbatched_keeps_its_boot_mode_and_clock(path: Path, opened: Opener) -> None:
    spool = opened(path, boot=2**63 + 7, mode=GenerationMode.TEST, wall=WallClock(5, ClockState.UNSET))
    spool.record([beat(2000, 61)], at(2000))
    spool.close()
    spool = opened(path, 50, boot=9, mode=GenerationMode.DEMO)
    found = [(identity, body) for identity, body in messages(spool) if isinstance(body, Data)]
    [(identity, body)] = found
    assert (identity.epoch, identity.boot, identity.mode) == (spool.epoch, 2**63 + 7, GenerationMode.TEST)
    assert (body.utc_offset_ms, body.clock) == (5, ClockState.UNSET)
    assert beats(spool) == [(2**63 + 7, 2000, 61)]


def test_acknowledged_rows_wait_no_more_and_the_others_do(path: Path, opened: Opener) -> None:
    spool = opened(path)
    for index in range(6):
        spool_beat(spool, 2000 + index)
    rows, _ = spool.acknowledge({spool.epoch: [(1, 2), (4, 4)], 12345: [(1, 9)]}, at(3000))
    assert len(rows) == 3
    assert [identity.seq for identity, _ in messages(spool)] == [3, 5, 6, 7]
    third = waiting(spool)[0].row
    assert spool.acknowledge({spool.epoch: [(1, 4)]}, at(3000))[0] == [third]
    assert [identity.seq for identity, _ in messages(spool)] == [5, 6, 7]


@pytest.mark.parametrize("span", [(5, 1), (-3, 0), (2**40, 2**63), (2**63, 2**64 - 1), (-(2**63), -1)])
def test_senseless_ranges_release_nothing(path: Path, opened: Opener, span: tuple[int, int]) -> None:
    spool = opened(path)
    spool_beat(spool, 2000)
    assert spool.acknowledge({spool.epoch: [span]}, at(3000))[0] == []
    assert len(waiting(spool)) == 2


def test_a_range_of_one_epoch_releases_nothing_of_another(path: Path, opened: Opener) -> None:
    first = opened(path)
    spool_beat(first, 2000)
    first.close()
    second = opened(path)
    spool_beat(second, 3000)
    second.acknowledge({first.epoch: [(1, 2**40)]}, at(3000))
    assert {identity.epoch for identity, _ in messages(second)} == {second.epoch}


def test_depth_tells_every_epoch_and_what_it_still_holds(path: Path, opened: Opener) -> None:
    first = opened(path)
    for index in range(3):
        spool_beat(first, 2000 + index)
    first.close()
    spool = opened(path)
    spool.acknowledge({first.epoch: [(1, 2)]}, at(3000))
    depth = spool.depth()
    assert depth.epochs == {first.epoch: EpochState(3, 4), spool.epoch: EpochState(1, 2)}
    assert depth.rows == 4
    assert depth.bytes == sum(entry.size for entry in waiting(spool))
    acknowledge_all(spool, 3000)
    assert spool.depth().epochs == {first.epoch: EpochState(5, 4), spool.epoch: EpochState(3, 2)}
    assert spool.newest() is None


def test_another_store_gets_everything_that_is_still_there(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool_beat(spool, 2000)
    assert spool.adopt(2**64 - 1, at(2000)) is False
    acknowledge_all(spool, 2100)
    assert spool.adopt(2**64 - 1, at(2200)) is False
    assert waiting(spool) == []
    assert spool.adopt(8, at(2300)) is True
    assert beats(spool) == [(1, 2000, 70)]
    spool.close()
    assert opened(path).setting("store") == 8


def test_acknowledged_rows_are_kept_for_a_day_and_then_forgotten(path: Path, opened: Opener) -> None:
    spool = opened(path, bounds=Bounds(keep_ms=1000))
    spool_beat(spool, 2000)
    acknowledge_all(spool, 2000)
    spool.expire(at(2999))
    assert spool.adopt(1, at(2999)) is False
    assert spool.adopt(2, at(2999)) is True
    assert len(waiting(spool)) == 2
    acknowledge_all(spool, 3000)
    spool.expire(at(4000))
    assert spool.adopt(3, at(4000)) is True
    assert waiting(spool) == []


def test_after_a_reboot_the_day_begins_anew(path: Path, opened: Opener) -> None:
    spool = opened(path, 500_000, boot=1, bounds=Bounds(keep_ms=1000))
    spool_beat(spool, 500_000)
    acknowledge_all(spool, 500_000)
    spool.close()
    spool = opened(path, 10, boot=2, bounds=Bounds(keep_ms=1000))
    spool.expire(at(900))
    spool.adopt(1, at(900))
    spool.adopt(2, at(900))
    assert beats(spool) == [(1, 500_000, 70)]


def test_a_clock_that_steps_is_recorded_and_one_that_drifts_is_not(path: Path, opened: Opener) -> None:
    spool = opened(path)
    assert spool.note_clock(at(2000, WallClock(WALL.offset_ms + 100, WALL.state))).added == []
    [entry] = spool.note_clock(at(2000, WallClock(WALL.offset_ms + 101, WALL.state))).added
    assert entry.row == waiting(spool)[-1].row
    assert len(spool.note_clock(at(2000, WallClock(WALL.offset_ms + 101, ClockState.SYNCHRONISED))).added) == 1
    clocks = [body for _, body in messages(spool) if isinstance(body, Clock)]
    assert [(body.utc_offset_ms - WALL.offset_ms, body.state) for body in clocks] == [
        (0, ClockState.HOLDOVER),
        (101, ClockState.HOLDOVER),
        (101, ClockState.SYNCHRONISED),
    ]


def test_a_batch_carries_the_clock_of_the_moment_it_closes(path: Path, opened: Opener) -> None:
    spool = opened(path, wall=WallClock(0, ClockState.UNSET))
    spool.record([beat(2000)], at(2000, WallClock(0, ClockState.UNSET)))
    spool.close_batch(at(2100))
    kinds = [type(body) for _, body in messages(spool)]
    assert kinds == [Clock, Clock, Data]
    body = messages(spool)[-1][1]
    assert isinstance(body, Data)
    assert (body.utc_offset_ms, body.clock) == (WALL.offset_ms, WALL.state)


def test_times_of_this_boot_are_remembered_for_the_next_run(path: Path, opened: Opener) -> None:
    spool = opened(path, boot=4)
    spool.record([beat(2000)], at(2000))
    spool.close()
    spool = opened(path, boot=4)
    assert spool.last_times() == {(STRAP, "2A37"): 2000}
    spool.close()
    assert opened(path, boot=5).last_times() == {}


def test_one_process_at_a_time(path: Path, opened: Opener) -> None:
    spool = opened(path)
    with pytest.raises(ConfigurationError, match="in use by another gateway process"):
        opened(path)
    spool.close()
    opened(path).close()


def test_a_spool_of_another_gateway_is_refused(path: Path, opened: Opener) -> None:
    opened(path).close()
    with pytest.raises(ConfigurationError, match=f"belongs to gateway {GATEWAY}, not gw-2"):
        opened(path, gateway="gw-2")
    opened(path).close()


def test_a_spool_of_a_newer_release_is_refused_and_left_alone(path: Path, opened: Opener) -> None:
    opened(path).close()
    connection = connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigurationError, match="newer release"):
        opened(path)
    assert [file.name for file in path.parent.glob("*corrupt*")] == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"spool\.path"):
        opened(tmp_path / "file" / "spool.db")


def test_a_row_is_never_given_out_twice(path: Path, opened: Opener) -> None:
    """I1: a restored copy of the file mints another epoch, so that no identity names two contents."""
    spool = opened(path)
    spool_beat(spool, 2000)
    spool.close()
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    frames: dict[tuple[int, int], bytes] = {}
    for place in (path, copy):
        again = opened(place)
        spool_beat(again, 3000 if place == path else 4000, 71)
        for entry in waiting(again):
            frame, _ = again.frame(entry.row, at(0))
            assert frame is not None
            identity = header.decode(GATEWAY, frame).header
            assert frames.setdefault((identity.epoch, identity.seq), frame) == frame
