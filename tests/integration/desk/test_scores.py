"""Score alarms and entered observations across SIGKILL: what was recorded is there, once (S18)."""

import asyncio
import subprocess
import sys
from pathlib import Path

from vitals.alarms.profile import built_in
from vitals.clock import ManualClock
from vitals.collector.desk import AlarmDesk
from vitals.observation import GenerationMode
from vitals.registry import Patient, Plan, Registry, open_registry
from vitals.series.memory import MemorySeries

START_UTC_MS = 1_800_014_400_000
END_S = 60


def desk_of(registry: Registry, monotonic_ms: int) -> tuple[AlarmDesk, ManualClock]:
    clock = ManualClock(monotonic_ms=monotonic_ms, utc_ms=START_UTC_MS + monotonic_ms)
    desk = AlarmDesk(registry, mode=GenerationMode.TEST, profile=built_in("adult"), clock=clock, confirm_s=0)
    desk.start(MemorySeries())
    return desk, clock


async def work(folder: Path) -> None:
    """What runs in the process that is killed: an entry that is recorded, and one that is not."""
    registry = open_registry(folder / "registry.db")
    registry.enrol(
        Patient(id="p-1", family="F", given="G", birth_date="1950-01-01", record_number="R"),
        at_utc_ms=START_UTC_MS,
        by="tests",
        plan=Plan(prescribed={}, responsible_nurse="n", cover="c", limits="[scores]\nnews2 = {}\n"),
    )
    desk, _ = desk_of(registry, 1000)
    await desk.enter("p-1", values={"consciousness": "V", "oxygen": "oxygen"}, actor="n", key="recorded")
    await desk.persist()
    await desk.enter("p-1", values={"systolic": 85}, actor="n", key="not recorded")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.sleep(END_S)


def killed(folder: Path) -> None:
    """A worker in its middle."""
    worker = subprocess.Popen([sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    worker.kill()
    worker.communicate(timeout=END_S)


async def test_s18_a_score_alarm_and_what_it_was_made_of_survive_a_kill(tmp_path: Path) -> None:
    killed(tmp_path)
    registry = open_registry(tmp_path / "registry.db")
    desk, clock = desk_of(registry, 61_000)
    (alarm,) = [alarm for alarm in desk.snapshot().alarms if alarm.condition == "score.news2"]
    assert (alarm.phase, alarm.value, alarm.recorded) == ("active", 5, True)
    again = await desk.enter(
        "p-1", values={"consciousness": "V", "oxygen": "oxygen"}, actor="n", key="recorded"
    )  # nobody confirmed it to whoever entered it
    assert [entry.parameter for entry in again] == ["consciousness", "oxygen"]
    await desk.enter("p-1", values={"systolic": 85}, actor="n", key="not recorded")
    clock.advance(10_000)
    desk.tick(clock.monotonic_ms())
    (tile,) = desk.snapshot().tiles
    assert {entry.parameter: round(entry.age_s) for entry in tile.entries} == {
        "consciousness": 70, "oxygen": 70, "systolic": 10,
    }  # fmt: skip
    assert (tile.scores[0].total, tile.scores[0].response) == (8, "high")
    await desk.persist()
    assert [row.parameter for row in registry.entered()] == ["consciousness", "oxygen", "systolic"]
    changes = [event.change for event in registry.events() if event.condition == "score.news2"]
    assert changes == ["raised", "escalated"]
    registry.close()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
