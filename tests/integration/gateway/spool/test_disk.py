"""The spool on a disk that is really full."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.gateway.disks import fill, small
from tests.spools import acknowledge_all, beats, messages, opened, spool_beat, voids

from vitals.errors import StoreError
from vitals_gateway.spool.reserve import RESERVE_BYTES


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small(tmp_path / "disk") as folder:
        yield folder


def test_a_full_disk_drops_the_oldest_says_so_and_never_stops(disk: Path) -> None:
    spool = opened(disk / "spool.db")
    at_ms = 2000
    for _ in range(300):
        at_ms += 100
        spool_beat(spool, at_ms)
    fill(disk)
    dropped = 0
    for _ in range(2500):
        at_ms += 100
        dropped += spool_beat(spool, at_ms).dropped
    assert dropped
    assert beats(spool)[-1][1] == at_ms
    kept = {identity.seq for identity, _ in messages(spool)}
    declared = {seq for body in voids(spool) for low, high in body.ranges[spool.epoch] for seq in range(low, high + 1)}
    last = spool.depth().epochs[spool.epoch].last
    assert kept | declared == set(range(1, last + 1))
    assert all(body.reason == "full" for body in voids(spool))
    acknowledge_all(spool, at_ms)
    (disk / "ballast").unlink()
    spool_beat(spool, at_ms + 1)
    spool.close()


def test_a_gateway_starts_on_a_full_disk(disk: Path) -> None:
    spool = opened(disk / "spool.db")
    for index in range(300):
        spool_beat(spool, 2000 + index)
    spool.close()
    assert (disk / "spool.db.reserve").stat().st_size == RESERVE_BYTES
    fill(disk)
    spool = opened(disk / "spool.db", 9000)
    spool_beat(spool, 9001)
    assert beats(spool)[-1][1] == 9001
    spool.close()


def test_a_disk_without_any_room_at_all_is_one_clear_line(disk: Path) -> None:
    fill(disk)
    with pytest.raises(StoreError, match=r"spool\.db: no room"):
        opened(disk / "spool.db")
