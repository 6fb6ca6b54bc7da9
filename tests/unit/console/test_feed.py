"""What an open stream carries, without a socket."""

import json
from collections.abc import AsyncIterator

import pytest

from vitals.clock import ManualClock
from vitals.console.feed import WAITING, Feed
from vitals.console.rehearsal import RehearsalWard
from vitals.life.legs import Judged, Report


def events(chunk: bytes) -> list[tuple[str, dict[str, object]]]:
    """Name and data of every event in *chunk*."""
    found = []
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def names(chunk: bytes) -> list[str]:
    return [name for name, _ in events(chunk)]


def sequence(chunk: bytes) -> int:
    return int(str(dict(events(chunk))["snapshot"]["sequence"]))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(monotonic_ms=50_000, utc_ms=1_790_000_000_000)


@pytest.fixture
def ward(clock: ManualClock) -> RehearsalWard:
    return RehearsalWard(clock, 3)


@pytest.fixture
def feed(ward: RehearsalWard, clock: ManualClock) -> Feed:
    feed = Feed(ward, clock)
    ward.listen(feed.hear)
    return feed


async def opened(feed: Feed) -> tuple[AsyncIterator[bytes], bytes]:
    stream = feed.stream()
    return stream, await anext(stream)


async def test_a_stream_begins_with_the_whole_ward(feed: Feed, ward: RehearsalWard) -> None:
    _, first = await opened(feed)
    assert first.startswith(b"retry: ")
    assert names(first) == ["beat", "snapshot"]
    snapshot = dict(events(first))["snapshot"]
    assert len(snapshot["tiles"]) == len(ward.patients)  # type: ignore[arg-type]


async def test_every_event_has_an_identity_of_its_own(feed: Feed) -> None:
    stream, first = await opened(feed)
    feed.tick()
    chunks = first + await anext(stream)
    identities = [line for line in chunks.splitlines() if line.startswith(b"id: ")]
    assert len(identities) == len(set(identities)) == 4


async def test_one_snapshot_serves_every_stream(feed: Feed) -> None:
    streams = [await opened(feed) for _ in range(5)]
    before = sequence(streams[-1][1])
    feed.tick()
    chunks = [await anext(stream) for stream, _ in streams]
    assert len(set(chunks)) == 1
    assert sequence(chunks[0]) == before + 1  # the ward was asked once


class Laps:
    """Implements ``life.path.Path`` with laps of its own."""

    def __init__(self) -> None:
        self.lap = 0
        self.needed: list[bool] = []

    def fed(self, *, needed: bool) -> int | None:
        self.needed.append(needed)
        self.lap += 1
        return self.lap

    def drawn(self, lap: int) -> None:
        assert lap <= self.lap

    def silent(self, why: str | None) -> None:
        assert why is None

    def report(self) -> Report:
        late = Judged("broker", ok=False, needed=True, age_s=16.0, why="no connection to the broker", late=True)
        return Report("broker: no", whole=False, checked_s=16.5, broken_s=16.0, heard_s=None, legs=(late,))


async def test_a_lap_goes_with_the_snapshot_that_was_taken_after_it_began(
    ward: RehearsalWard, clock: ManualClock
) -> None:
    laps = Laps()
    feed = Feed(ward, clock, laps)
    stream, first = await opened(feed)
    beat = dict(events(first))["beat"]
    assert beat["path"] == {"lap": 1, "checked_s": 16.5, "broken": "no connection to the broker"}
    feed.tick()
    assert dict(events(await anext(stream)))["beat"]["path"]["lap"] == 2  # type: ignore[index]
    ward.failing = RuntimeError("no snapshot")
    feed.tick()
    alone = await anext(stream)
    assert names(alone) == ["beat"]
    assert dict(events(alone))["beat"]["path"]["lap"] is None  # type: ignore[index]
    assert laps.needed == [True, True]


async def test_an_alarm_comes_at_once(feed: Feed, ward: RehearsalWard) -> None:
    stream, _ = await opened(feed)
    raised = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    name, alarm = events(await anext(stream))[0]
    assert name == "alarm"
    assert (alarm["episode"], alarm["phase"], alarm["sounding"]) == (raised.episode, "active", True)


async def test_who_comes_after_an_alarm_knows_it_before_the_next_tick(feed: Feed, ward: RehearsalWard) -> None:
    feed.tick()
    raised = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    _, first = await opened(feed)
    alarms = dict(events(first))["snapshot"]["alarms"]
    assert [alarm["episode"] for alarm in alarms] == [raised.episode]  # type: ignore[attr-defined]


async def test_a_slow_client_gets_the_newest_and_nothing_else(feed: Feed, ward: RehearsalWard) -> None:
    slow, _ = await opened(feed)
    quick, _ = await opened(feed)
    newest = b""
    for _ in range(WAITING + 1):
        feed.tick()
        newest = await anext(quick)
    assert sequence(await anext(slow)) == sequence(newest) > WAITING
    raised = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    alarm = events(await anext(quick))[0][1]
    assert alarm["episode"] == raised.episode


async def test_a_ward_that_fails_leaves_the_beat_and_comes_back(
    feed: Feed, ward: RehearsalWard, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    stream, _ = await opened(feed)
    ward.failing = RuntimeError("no disk")
    for _ in range(3):
        clock.advance(1000)
        feed.tick()
        assert names(await anext(stream)) == ["beat"]
    assert feed.age_ms == 3000
    ward.failing = None
    feed.tick()
    assert names(await anext(stream)) == ["beat", "snapshot"]
    assert [record.message for record in caplog.records] == [
        "the ward gives no snapshot",
        "the ward gives snapshots again",
    ]


async def test_a_medium_that_ends_by_itself_is_listed_for_a_while(
    feed: Feed, ward: RehearsalWard, clock: ManualClock
) -> None:
    def listed(chunk: bytes) -> list[str]:
        return [alarm["episode"] for alarm in dict(events(chunk))["beat"]["ended"]]  # type: ignore[attr-defined]

    medium = ward.raise_alarm(ward.patients[0], "medium", metric="spo2", value=89, limit=90)
    high = ward.raise_alarm(ward.patients[1], "high", metric="spo2", value=80, limit=85)
    ward.end(medium.episode)
    ward.end(high.episode)
    _, first = await opened(feed)
    assert listed(first) == [medium.episode]
    clock.advance(16 * 60_000)
    _, later = await opened(feed)
    assert listed(later) == []


async def test_an_ended_feed_ends_its_streams(feed: Feed) -> None:
    stream, _ = await opened(feed)
    assert feed.streams == 1
    feed.close()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert feed.streams == 0
