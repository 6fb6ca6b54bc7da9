"""The notifier as it runs: a ward in rehearsal, a registry on disk, channels that keep or refuse what they get."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.desk_scene import Scene
from tests.integration.notify.sinks import http_sink
from tests.notify_scene import SECTION, section

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.errors import ConflictError, StoreError
from vitals.notify import config
from vitals.notify.base import Outcome
from vitals.notify.memory import MemoryChannel
from vitals.notify.notifier import Alarms, Notifier, run_notifier
from vitals.observation import GenerationMode
from vitals.registry import Patient, Plan, Registry, open_registry

SCALE = 0.02
"""Stages of a high at 0, 0.6, 1.2 and 2.4 s."""
PATIENCE_S = 30.0


class Told:
    """What the notifier says of itself."""

    def __init__(self) -> None:
        self.holds: dict[str, str] = {}
        self.ever: list[str] = []

    def notice(self, code: str, text: str | None) -> None:
        self.ever.append(code)
        if text is None:
            del self.holds[code]
        else:
            self.holds[code] = text


@pytest.fixture
def ward() -> RehearsalWard:
    return RehearsalWard(SystemClock(), mode=GenerationMode.TEST, time_scale=SCALE)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "registry.db"


@pytest.fixture
def registry(place: Path, ward: RehearsalWard) -> Iterator[Registry]:
    opened = open_registry(place)
    for number, patient in enumerate(ward.patients):
        opened.enrol(
            Patient(id=patient, family="F", given="G", birth_date="1950-01-01", record_number=f"R-{number}"),
            at_utc_ms=1,
            by="tests",
            plan=Plan(prescribed={}, responsible_nurse="nurse-1", cover="nurse-2"),
        )
    yield opened
    opened.close()


def make(registry: Registry, ward: Alarms, told: Told, scale: float = SCALE, **changes: Any) -> Notifier:
    settings = config.read(section(**changes))
    assert settings is not None
    return Notifier(
        settings,
        ward,
        registry,
        mode=GenerationMode.TEST,
        clock=SystemClock(),
        notice=told.notice,
        time_scale=scale,
    )


@asynccontextmanager
async def running(notifier: Notifier) -> AsyncIterator[Notifier]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run_notifier(notifier))
        try:
            yield notifier
        finally:
            task.cancel()


async def until(look: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(within_s):
        while not look():
            await asyncio.sleep(0.01)


def channel(notifier: Notifier, recipient: str, place: int = 1) -> MemoryChannel:
    found = notifier.channels[recipient][place - 1]
    assert isinstance(found, MemoryChannel)
    return found


def got(notifier: Notifier) -> dict[str, int]:
    """How many messages each recipient got."""
    counts = {
        who: sum(len(one.messages) for one in several if isinstance(one, MemoryChannel))
        for who, several in notifier.channels.items()
    }
    return {who: count for who, count in counts.items() if count}


async def settled(registry: Registry) -> None:
    """Everything that was asked for is recorded to its end."""
    await until(lambda: all(one.state not in {"queued", "retry"} for one in registry.outbox.notifications()))
    await until(lambda: all(one.outcome != "begun" for one in registry.outbox.attempts()))


async def test_a_high_climbs_until_somebody_acknowledges_and_every_attempt_is_recorded(
    registry: Registry, ward: RehearsalWard
) -> None:
    told = Told()
    async with running(make(registry, ward, told)) as notifier:
        alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: channel(notifier, "desk-phone").messages)
        assert notifier.next_step(alarm.episode) is not None
        text = channel(notifier, "desk-phone").messages[0].text
        reference = text.rpartition(" ")[2]
        assert text == f"TEST, no real patient: High priority alarm, open the console: {reference}"
        assert notifier.episode(reference) == alarm.episode
        for copy in registry.outbox.notifications():
            if copy.recipient == "nurse-2":
                notifier.viewed(copy.key, "nurse-2")
        await ward.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k")
        assert got(notifier) == {"nurse-1": 2, "nurse-2": 1, "nurse-3": 1, "desk-phone": 1}
        await until(lambda: notifier.next_step(alarm.episode) is None)
        await settled(registry)
        await until(lambda: "acknowledged" in {one.receipt for one in registry.outbox.attempts()})
    rows = registry.outbox.notifications(episode=alarm.episode)
    assert [(row.stage, row.recipient, row.state) for row in rows] == [
        ("owner", "nurse-1", "sent"),
        ("team", "nurse-1", "sent"),
        ("team", "nurse-2", "sent"),
        ("charge_nurse", "nurse-3", "sent"),
        ("phone", "desk-phone", "sent"),
    ]
    receipts = {one.key.partition("/")[2]: one.receipt for one in registry.outbox.attempts()}
    assert receipts == {
        "nurse-1": "acknowledged",
        "nurse-2": "viewed",
        "nurse-3": "delivered",
        "desk-phone": "delivered",
    }
    assert all(row.taken_utc_ms is not None for row in rows)
    assert told.ever == []
    assert registry.outbox.episode(reference) == alarm.episode


async def test_s2_a_paused_sound_stops_no_escalation(registry: Registry, ward: RehearsalWard) -> None:
    async with running(make(registry, ward, Told())) as notifier:
        alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        paused = await ward.pause_audio(alarm.episode, alarm.version, actor="nurse-1", key="k")
        assert not paused.sounding
        ward.end(alarm.episode, 97)  # it latches
        await until(lambda: channel(notifier, "desk-phone").messages)


async def test_a_dead_channel_gives_way_at_once_and_says_so_until_it_is_back(
    registry: Registry, ward: RehearsalWard
) -> None:
    told = Told()
    async with running(make(registry, ward, told)) as notifier:
        channel(notifier, "nurse-1").otherwise = Outcome.RETRY
        first = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: channel(notifier, "nurse-1", 2).messages)
        says = "notifications: nurse-1/1 memory does not deliver: told to answer retry"
        assert told.holds == {"notification_channel:nurse-1/1 memory": says}
        await ward.acknowledge(first.episode, first.version, actor="n", key="k")
        channel(notifier, "nurse-1").otherwise = Outcome.SENT
        ward.raise_alarm(ward.patients[1], "high", metric="spo2", value=84, limit=85)
        await until(lambda: channel(notifier, "nurse-1").messages)
        assert told.holds == {}
        await settled(registry)
    assert {one.outcome for one in registry.outbox.attempts()} == {"sent", "retry"}


async def test_when_every_channel_is_dead_that_is_said_and_each_is_tried_until_it_is_back(
    registry: Registry, ward: RehearsalWard
) -> None:
    told = Told()
    async with http_sink() as sink:
        port = sink.port
    url = f"json://127.0.0.1:{port}/"
    recipients = {who: {"channels": [url]} for who in SECTION["recipients"]}
    async with running(make(registry, ward, told, recipients=recipients)):
        ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: "nobody_told" in told.holds)
        assert len([code for code in told.holds if code.startswith("notification_channel:")]) == 4
        async with http_sink(port) as sink:
            await until(lambda: len(sink.requests) >= 4)
            await until(lambda: "nobody_told" not in told.holds)


async def test_a_restart_goes_on_where_it_was_and_doubles_nothing(registry: Registry, ward: RehearsalWard) -> None:
    told = Told()
    before = make(registry, ward, told)
    async with running(before):
        alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: channel(before, "nurse-2").messages)
        await settled(registry)
    after = make(registry, ward, told)
    async with running(after):
        await until(lambda: channel(after, "desk-phone").messages)
    keys = [
        one.key
        for notifier in (before, after)
        for several in notifier.channels.values()
        for each in several
        if isinstance(each, MemoryChannel)
        for one in each.messages
    ]
    assert sorted(keys) == sorted(set(keys))
    numbers = [row.number for row in registry.outbox.notifications(episode=alarm.episode)]
    assert numbers[:5] == [1, 2, 2, 3, 4]


async def test_what_was_raised_while_nobody_ran_is_found_at_the_ward(registry: Registry, ward: RehearsalWard) -> None:
    ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    async with running(make(registry, ward, Told(), scale=1)) as notifier:
        await until(lambda: got(notifier))
        assert got(notifier) == {"nurse-1": 1}


async def test_s4_a_registry_that_hangs_delays_a_message_little_and_forgets_none(
    registry: Registry, ward: RehearsalWard, place: Path
) -> None:
    told = Told()
    async with running(make(registry, ward, told, scale=1)) as notifier:
        ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: got(notifier))
        await settled(registry)
        with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            ward.raise_alarm(ward.patients[1], "high", metric="spo2", value=84, limit=85)
            await until(lambda: got(notifier) == {"nurse-1": 2})
            await until(lambda: "notifications_not_recorded" in told.holds)
            other.execute("ROLLBACK")
        await until(lambda: "notifications_not_recorded" not in told.holds)
        await settled(registry)
    rows = registry.outbox.notifications()
    assert [(row.state, row.recipient) for row in rows] == [("sent", "nurse-1")] * 2


async def test_a_self_test_goes_to_every_channel_once_a_day_whatever_restarts(
    registry: Registry, ward: RehearsalWard
) -> None:
    told = Told()
    for _ in range(2):
        notifier = make(registry, ward, told, self_test_at="00:00")
        channel(notifier, "nurse-2").otherwise = Outcome.RETRY
        async with running(notifier):
            await until(registry.outbox.notifications)
            await settled(registry)
    rows = registry.outbox.notifications()
    assert {(row.channel, row.state) for row in rows} == {
        ("nurse-1/1 memory", "sent"),
        ("nurse-1/2 memory", "sent"),
        ("nurse-2/1 memory", "given_up"),
        ("nurse-3/1 memory", "sent"),
        ("desk-phone/1 memory", "sent"),
        ("technician/1 memory", "sent"),
    }
    assert len(rows) == 6
    assert "notification_channel:nurse-2/1 memory" in told.holds


async def test_a_failure_of_ours_is_said_and_the_notifier_begins_again(registry: Registry, ward: RehearsalWard) -> None:
    told = Told()
    ward.failing = StoreError("on purpose")
    async with running(make(registry, ward, told)) as notifier:
        await until(lambda: "notifier_failed" in told.holds)
        ward.failing = None
        ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: got(notifier))
        await until(lambda: "notifier_failed" not in told.holds)


async def test_a_second_notifier_on_the_registry_sends_nothing_until_the_first_is_gone(
    registry: Registry, ward: RehearsalWard
) -> None:
    told = Told()
    second = make(registry, ward, told)
    async with running(make(registry, ward, Told())) as first:
        ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: got(first))
        with pytest.raises(ConflictError, match="another server notifies"):
            second.claim()
        async with running(second):
            await until(lambda: "another server notifies" in told.holds.get("notifier_failed", ""))
            await until(lambda: channel(first, "desk-phone").messages)
            assert got(second) == {}
    async with running(second):
        await until(lambda: got(second))


async def test_s8_when_the_owner_leaves_the_alarm_is_asked_to_sound_again(
    registry: Registry, ward: RehearsalWard
) -> None:
    asked: list[str] = []

    def realarm(episode: str) -> bool:
        asked.append(episode)
        return True

    settings = config.read(section())
    assert settings is not None
    notifier = Notifier(
        settings,
        ward,
        registry,
        mode=GenerationMode.TEST,
        clock=SystemClock(),
        notice=Told().notice,
        realarm=realarm,
    )
    async with running(notifier):
        alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
        await until(lambda: got(notifier))
        await ward.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k")
        await until(lambda: notifier.next_step(alarm.episode) is None)
        notifier.handed_over(alarm.episode, to="nurse-2")
        notifier.left("nurse-1")
        assert asked == []
        notifier.left("nurse-2")
        assert asked == [alarm.episode]
        await until(lambda: len(channel(notifier, "nurse-1").messages) == 2)


async def test_the_alarm_desk_itself_is_notified_of_and_acknowledged() -> None:
    scene = Scene()
    settings = config.read(section())
    assert settings is not None
    notifier = Notifier(
        settings,
        scene.desk,
        scene.registry,
        mode=GenerationMode.TEST,
        clock=scene.clock,
        notice=scene.desk.notice,
    )
    async with running(notifier):
        scene.seconds(10, spo2=84)
        alarm = scene.only("spo2.low")
        await until(lambda: got(notifier))
        assert got(notifier) == {"nurse-1": 1}
        await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k")
        await until(lambda: notifier.next_step(alarm.episode) is None)
        await settled(scene.registry)
    (row,) = scene.registry.outbox.notifications()
    assert (row.episode, row.state, row.priority) == (alarm.episode, "sent", "high")
    scene.close()
