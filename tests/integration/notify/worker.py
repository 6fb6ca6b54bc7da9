"""A notifier in a process of its own, to be killed.

Usage: worker.py FOLDER PORT SCALE. Its ward is the file FOLDER/alarms.json, which the test rewrites; everybody's
channel is a webhook on PORT, a path for each. Says "ready" when it runs.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.notify_scene import SECTION, section

from vitals.clock import SystemClock
from vitals.notify import config
from vitals.notify.notifier import Notifier, run_notifier
from vitals.observation import GenerationMode
from vitals.registry import Patient, Plan, open_registry
from vitals.ward import ShownAlarm, Snapshot

PATIENT = "p-1"


class FileWard:
    """The alarms that a file holds: it outlives the process, as the alarms of a desk do."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._listeners: list[Callable[[ShownAlarm], None]] = []
        self._alarms = self._read()

    def snapshot(self) -> Snapshot:
        return Snapshot(sequence=1, at="", mode="test", time_scale=1, tiles=(), alarms=tuple(self._alarms))

    def listen(self, listener: Callable[[ShownAlarm], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(0.01)
            before, self._alarms = self._alarms, self._read()
            for alarm in self._alarms:
                if alarm not in before:
                    for listener in self._listeners:
                        listener(alarm)

    def _read(self) -> list[ShownAlarm]:
        return msgspec.json.decode(self._place.read_bytes(), type=list[ShownAlarm])


async def run(folder: Path, port: int, scale: float) -> None:
    registry = open_registry(folder / "registry.db")
    if not registry.enrolled():
        registry.enrol(
            Patient(id=PATIENT, family="F", given="G", birth_date="1950-01-01", record_number="R-1"),
            at_utc_ms=1,
            by="tests",
            plan=Plan(prescribed={}, responsible_nurse="nurse-1", cover="nurse-2"),
        )
    recipients = {who: {"channels": [f"json://127.0.0.1:{port}/{who}"]} for who in SECTION["recipients"]}
    settings = config.read(section(recipients=recipients))
    assert settings is not None
    ward = FileWard(folder / "alarms.json")
    notifier = Notifier(
        settings,
        ward,
        registry,
        mode=GenerationMode.TEST,
        clock=SystemClock(),
        notice=logging.getLogger().warning,
        time_scale=scale,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_notifier(notifier))
        tasks.create_task(ward.follow())
        sys.stdout.write("ready\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
