"""Messages across SIGKILL: none forgotten; one that came twice is one whose attempt the kill cut short."""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from tests.counts import count
from tests.integration.notify.sinks import HttpSink, http_sink
from tests.notify_scene import shown

from vitals.clock import SystemClock, iso
from vitals.registry import Attempt, Notification, open_registry
from vitals.ward import ShownAlarm

ROOT = Path(__file__).parents[3]
WORKER = Path(__file__).with_name("worker.py")
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
KILLS = count(short=3, long=30)
SCALE = 0.02
"""Stages of a high at 0, 0.6, 1.2 and 2.4 s, the last one again every 2.4 s."""
PATIENCE_S = 60.0


def write(folder: Path, alarms: list[ShownAlarm]) -> None:
    """What the ward has now; whole, whenever somebody reads it."""
    new = folder / "alarms.new"
    new.write_bytes(msgspec.json.encode(alarms))
    new.replace(folder / "alarms.json")


@asynccontextmanager
async def worker(folder: Path, sink: HttpSink) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running notifier, killed at the end."""
    arguments = [str(WORKER), str(folder), str(sink.port), str(SCALE)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        await process.communicate()


async def until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():
            await asyncio.sleep(0.02)


def received(sink: HttpSink) -> Counter[str]:
    """How often each message came, by its key."""
    return Counter(f"{request.body['title'].split()[-1]}{request.path}" for request in sink.requests)


def climbed(sink: HttpSink) -> set[str]:
    """References of alarms that came to the last stage."""
    return {key.partition("-")[0] for key in received(sink) if key.endswith("/desk-phone")}


def recorded(folder: Path) -> tuple[list[Notification], list[Attempt]]:
    registry = open_registry(folder / "registry.db")
    try:
        return registry.outbox.notifications(), registry.outbox.attempts()
    finally:
        registry.close()


async def test_no_message_is_forgotten_or_doubled_whenever_the_notifier_is_killed(tmp_path: Path) -> None:
    alarms: list[ShownAlarm] = []
    write(tmp_path, alarms)
    chance = random.Random()
    async with http_sink() as sink:
        sink.answers_after_s = 0.03  # so that some kills fall between a message taken and its answer
        for number in range(KILLS):
            async with worker(tmp_path, sink):
                alarms.append(shown(f"p-1:spo2.low:{number}", raised_at=iso(SystemClock().utc_ms())))
                write(tmp_path, alarms)
                await asyncio.sleep(chance.uniform(0, 1.5))
        async with worker(tmp_path, sink):
            await until(lambda: len(climbed(sink)) == KILLS)
            acknowledged = [
                msgspec.structs.replace(alarm, version=2, phase="acknowledged", acknowledged_by="nurse-1")
                for alarm in alarms
            ]
            write(tmp_path, acknowledged)
            await until(lambda: all(row.state not in {"queued", "retry"} for row in recorded(tmp_path)[0]))
            came = received(sink)
            await asyncio.sleep(2.5 * 120 * SCALE)  # nothing is due any more: twice the last stage's time
            assert received(sink) == came
    notifications, attempts = recorded(tmp_path)
    _nothing_forgotten(alarms, notifications, came)
    _nothing_doubled(attempts, came)


def _nothing_forgotten(alarms: list[ShownAlarm], notifications: list[Notification], came: Counter[str]) -> None:
    for alarm in alarms:
        rows = [row for row in notifications if row.episode == alarm.episode]
        assert {row.number for row in rows} == set(range(1, rows[-1].number + 1))
        assert {row.recipient for row in rows if row.state == "sent"} == {"nurse-1", "nurse-2", "nurse-3", "desk-phone"}
    sent = {row.key for row in notifications if row.state == "sent"}
    assert sent - set(came) == set()
    assert {row.state for row in notifications} <= {"sent", "superseded", "stopped"}


def _nothing_doubled(attempts: list[Attempt], came: Counter[str]) -> None:
    """Each delivery has its attempt, and no more than one attempt of a message was ever answered."""
    made = Counter(attempt.key for attempt in attempts)
    answered = Counter(attempt.key for attempt in attempts if attempt.outcome == "sent")
    assert all(came[key] <= made[key] for key in came)
    assert set(answered.values()) == {1}
    doubled = {key for key, times in came.items() if times > 1}
    cut_short = {attempt.key for attempt in attempts if attempt.outcome == "begun"}
    assert doubled <= cut_short
