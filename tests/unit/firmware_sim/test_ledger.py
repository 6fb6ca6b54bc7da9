"""The ledger: whole lines before anything is sent, and readable whatever a kill left of it."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.clock import ManualClock
from vitals.errors import CorruptStore, StoreError
from vitals_firmware_sim.ledger import Event, Ledger, Sent, read

SENSOR = "F0:00:00:00:01:01"


def clock() -> ManualClock:
    return ManualClock(monotonic_ms=5000, utc_ms=1_795_000_000_000)


def test_lines_are_in_the_file_before_anything_else_happens(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    now = clock()
    with Ledger(path, now) as ledger:
        ledger.happened("connected", SENSOR)
        ledger.happened("subscribed", SENSOR, "2A37")
        now.advance(250)
        ledger.notified(SENSOR, "2A37", bytes.fromhex("16483d03"))
        ledger.notified(SENSOR, "2A37", b"\x10")
        contents = read(path)
        ledger.happened("stopped")
    assert contents.notifications == (
        Sent(
            n=1,
            sensor=SENSOR,
            characteristic="2A37",
            at_ms=5250,
            utc="2026-11-18T11:06:40.250Z",
            payload="16483d03",
            observations=2,
        ),
        Sent(
            n=2,
            sensor=SENSOR,
            characteristic="2A37",
            at_ms=5250,
            utc="2026-11-18T11:06:40.250Z",
            payload="10",
            observations=1,
        ),
    )
    assert contents.events == (
        Event(event="connected", sensor=SENSOR, at_ms=5000),
        Event(event="subscribed", sensor=SENSOR, characteristic="2A37", at_ms=5000),
    )
    assert [event.event for event in read(path).events] == ["connected", "subscribed", "stopped"]


def test_lines_are_the_documented_json(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, clock()) as ledger:
        ledger.notified(SENSOR, "2A19", b"\x61")
        ledger.happened("disconnected", SENSOR, reason="0x08")
    first, second = (msgspec.json.decode(line) for line in path.read_bytes().splitlines())
    assert first == {
        "n": 1,
        "sensor": SENSOR,
        "characteristic": "2A19",
        "at_ms": 5000,
        "utc": "2026-11-18T11:06:40.000Z",
        "payload": "61",
        "observations": 1,
    }
    assert second == {"event": "disconnected", "sensor": SENSOR, "at_ms": 5000, "reason": "0x08"}


@given(cut=st.integers(0, 400))
def test_whatever_a_kill_leaves_is_readable_and_can_be_continued(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    with Ledger(path, clock()) as ledger:
        for level in range(3):
            ledger.notified(SENSOR, "2A19", bytes([level]))
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    assert [line.n for line in read(path).notifications] == list(range(1, kept + 1))
    with Ledger(path, clock()) as ledger:
        assert ledger.count == kept
        ledger.notified(SENSOR, "2A19", b"\x09")
    notifications = read(path).notifications
    assert [line.n for line in notifications] == list(range(1, kept + 2))
    assert notifications[-1].payload == "09"


def test_damage_before_the_last_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"event":"connected","at_ms":1}\n{"n":1,"sensor":\n{"event":"stopped","at_ms":2}\n')
    with pytest.raises(CorruptStore, match="line 2 is no ledger line"):
        read(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "ledger.jsonl"
    with pytest.raises(StoreError, match=r"cannot write the ledger .*nowhere.*No such file"), Ledger(path, clock()):
        pass
    with pytest.raises(StoreError, match="cannot read the ledger"):
        read(path)


def test_a_full_disk_stops_the_notification() -> None:
    with Ledger(Path("/dev/full"), clock()) as ledger:
        with pytest.raises(StoreError, match="No space left"):
            ledger.notified(SENSOR, "2A19", b"\x61")
        assert ledger.count == 0


def test_without_a_path_it_only_counts() -> None:
    with Ledger(None, clock()) as ledger:
        ledger.notified(SENSOR, "2A19", b"\x61")
        ledger.happened("stopped")
        assert ledger.count == 1
