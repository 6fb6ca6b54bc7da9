"""Rot, damage and garbage: what is sound is kept, what is not is declared, and the gateway goes on."""

import random
import sqlite3
from pathlib import Path

import pytest
from tests.counts import count
from tests.spools import (
    STRAP,
    acknowledge_all,
    at,
    beat,
    beats,
    gaps,
    messages,
    spool_beat,
    voids,
    waiting,
)
from tests.unit.gateway.spool.conftest import Opener

from vitals.errors import CorruptStore
from vitals.wire.bodies import Gap
from vitals_gateway.spool.file import Spool
from vitals_gateway.spool.rows import Subscribed
from vitals_gateway.spool.tables import PAGE, signed, unsigned


def rot(spool: Spool, seq: int, change: str) -> int:
    """Let one row rot, *change* being SQL; returns its number."""
    row = next(entry.row for entry in waiting(spool) if entry.row & 0xFFFF == seq)
    spool._open.execute(f"UPDATE batch SET {change} WHERE id = ?", (row,))  # noqa: S608 - the test's own words
    return row


@pytest.mark.parametrize(
    "change",
    [
        "blob = substr(blob, 1, 60) || x'ff' || substr(blob, 62)",
        "blob = CAST(substr(blob, 1, 60) || x'ff' || substr(blob, 62) AS BLOB)",
        "blob = x''",
        "blob = 'text'",
        "blob = 17",
        "mode = 9, blob = zeroblob(50)",
        "boot = 'x'",
    ],
)
def test_a_rotten_row_becomes_a_void_and_is_never_sent(path: Path, opened: Opener, change: str) -> None:
    spool = opened(path)
    for index in range(3):
        spool_beat(spool, 2000 + index)
    row = rot(spool, 3, change)
    frame, told = spool.frame(row, at(5000))
    assert frame is None
    assert (told.gone, told.rotten, len(told.added)) == ([row], 1, 1)
    [body] = voids(spool)
    assert body.ranges == {spool.epoch: [(3, 3)]}
    assert body.reason == "corrupt"
    assert [at_ms for _, at_ms, _ in beats(spool)] == [2000, 2002]


def test_a_row_under_another_ones_number_is_not_sent(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool_beat(spool, 2000)
    spool_beat(spool, 3000)
    row = rot(spool, 2, "blob = (SELECT blob FROM batch ORDER BY id DESC LIMIT 1)")
    assert spool.frame(row, at(5000))[0] is None
    assert voids(spool)[0].ranges == {spool.epoch: [(2, 2)]}


def damaged(path: Path, opened: Opener, rows: int = 600) -> tuple[int, list[tuple[int, int, int]], bytes]:
    """A spool with two epochs' rows, one stream and one notification unbatched; its last epoch and contents."""
    spool = opened(path, boot=1)
    spool.record([Subscribed(STRAP, "2A37", 1500)], at(1500))
    for index in range(rows):
        spool.record([beat(2000 + index * 100, index % 200 + 30)], at(2000))
        spool.close_batch(at(2000 + index * 100))
    spool.record([beat(900_000, 99)], at(900_000))
    epoch, said = spool.epoch, beats(spool)
    spool.close()
    return epoch, said, path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 500, bytes(PAGE)])
def test_a_file_that_is_no_spool_is_set_aside_or_begun(path: Path, opened: Opener, content: bytes) -> None:
    path.write_bytes(content)
    spool = opened(path)
    spool_beat(spool, 2000)
    assert beats(spool) == [(1, 2000, 70)]
    aside = path.with_name("spool.db.corrupt-1")
    assert aside.exists() is (content != b"")
    assert (spool.aside == aside) is aside.exists()


def test_another_database_is_set_aside_and_not_written_into(path: Path, opened: Opener) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE precious (x)")
    other.commit()
    other.close()
    opened(path)
    kept = sqlite3.connect(path.with_name("spool.db.corrupt-1"))
    assert kept.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]
    kept.close()


def test_each_damaged_file_has_its_own_name(path: Path, opened: Opener) -> None:
    for number in (1, 2):
        path.write_bytes(b"garbage" * 1000)
        opened(path).close()
        assert path.with_name(f"spool.db.corrupt-{number}").read_bytes() == b"garbage" * 1000


def test_of_a_damaged_spool_all_is_either_kept_or_declared(path: Path, opened: Opener) -> None:
    epoch, said, sound = damaged(path, opened)
    seeds = random.Random(count(short=5, long=7))
    for round_number in range(count(short=12, long=200)):
        content = bytearray(sound)
        for _ in range(seeds.randrange(1, 4)):
            start = seeds.randrange(PAGE, len(content))
            content[start : start + 200] = seeds.randbytes(len(content[start : start + 200]))
        path.write_bytes(content)
        spool = opened(path, 1_000_000, boot=1)
        for entry in waiting(spool):  # a sound page may hold a rotten row: that one is declared when it is sent
            spool.frame(entry.row, at(1_000_000))
        kept = {identity.seq for identity, _ in messages(spool) if identity.epoch == epoch}
        missing = {
            seq for body in voids(spool) for low, high in body.ranges.get(epoch, []) for seq in range(low, high + 1)
        }
        known = epoch in spool.depth().epochs or missing or spool.aside is None
        if known:
            assert kept | missing >= set(range(1, len(said) + 2)), round_number
        assert not kept & missing, round_number
        assert set(beats(spool)) <= {*said, (1, 900_000, 99)}, round_number
        spool.close()
        for file in path.parent.glob("spool.db*"):
            file.unlink()


def break_table(path: Path, name: str) -> None:
    """Overwrite the root of one table."""
    connection = sqlite3.connect(path)
    [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchall()
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(b"\xff" * 100)


def test_unreadable_notifications_are_within_the_gap_of_their_stream(path: Path, opened: Opener) -> None:
    epoch, said, _ = damaged(path, opened, rows=50)
    break_table(path, "notification")
    spool = opened(path, 1_000_000, boot=1)
    assert spool.aside is not None
    spool.record([Subscribed(STRAP, "2A37", 1_001_000)], at(1_001_000))
    assert beats(spool) == said
    assert voids(spool) == []
    assert epoch in spool.depth().epochs
    assert gaps(spool) == [
        Gap(STRAP, "2A37", "spool_corrupt", 1, said[-1][1], 1, 1_000_000),
        Gap(STRAP, "2A37", "spool_corrupt", 1, 1_000_000, 1, 1_001_000),
    ]


def test_unreadable_rows_are_declared_and_notifications_kept(path: Path, opened: Opener) -> None:
    epoch, said, _ = damaged(path, opened, rows=50)
    break_table(path, "batch")
    spool = opened(path, 1_000_000, boot=1)
    assert beats(spool) == [(1, 900_000, 99)]
    [body] = voids(spool)
    assert body.ranges == {epoch: [(1, len(said) + 1)]}
    assert body.reason == "corrupt"


def test_of_a_spool_that_is_gone_altogether_the_gap_has_no_beginning(path: Path, opened: Opener) -> None:
    path.write_bytes(b"garbage" * 1000)
    spool = opened(path, 1000)
    spool.record([Subscribed(STRAP, "2A37", 2000)], at(2000))
    assert gaps(spool) == [Gap(STRAP, "2A37", "spool_corrupt", 0, 0, 1, 2000)]
    spool.close()
    spool = opened(path, 1000)
    spool.record([Subscribed("F0:00:00:00:09:09", "2A37", 9000)], at(9000))
    assert [gap.reason for gap in gaps(spool)] == ["spool_corrupt", "gateway_down"]


def test_damage_found_while_running_is_told_and_a_new_file_begun(path: Path, opened: Opener) -> None:
    spool = opened(path)
    for index in range(300):
        spool_beat(spool, 2000 + index)
    spool._open.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spool._open.execute("PRAGMA cache_size=0")
    content = bytearray(path.read_bytes())
    for number in range(1, len(content) // PAGE):
        content[number * PAGE] = 0xFF
    path.write_bytes(content)
    with pytest.raises(CorruptStore):
        spool.depth()
    spool.replace(at(9000))
    spool_beat(spool, 9500)
    assert (1, 9500, 70) in beats(spool)
    acknowledge_all(spool, 9600)
    assert waiting(spool) == []


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_numbers_of_64_bits_survive_the_file(number: int) -> None:
    assert unsigned(signed(number)) == number
    assert -(2**63) <= signed(number) < 2**63
