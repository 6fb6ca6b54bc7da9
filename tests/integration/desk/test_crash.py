"""Alarms across SIGKILL: none lost, none doubled, against a run that nobody killed (protocol.md)."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.counts import count

from vitals.registry import Event, open_registry

WORKER = Path(__file__).with_name("worker.py")
KILLS = count(short=3, long=60)
BATCHES = count(short=300, long=6000)
END_S = 120


def start(folder: Path) -> "subprocess.Popen[str]":
    """A worker that is past its start."""
    folder.mkdir(exist_ok=True)
    worker = subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), str(BATCHES)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def finish(worker: "subprocess.Popen[str]") -> None:
    out, _ = worker.communicate(timeout=END_S)
    assert (worker.returncode, out) == (0, "done\n")


def kill(worker: "subprocess.Popen[str]", after_s: float) -> bool:
    """SIGKILL; False when the worker was quicker."""
    time.sleep(after_s)
    worker.send_signal(signal.SIGKILL)
    out, _ = worker.communicate(timeout=END_S)
    return "done" not in out


def recorded(folder: Path) -> list[tuple[object, ...]]:
    registry = open_registry(folder / "registry.db")
    try:
        return [_said(event) for event in registry.events()]
    finally:
        registry.close()


def _said(event: Event) -> tuple[object, ...]:
    return (
        event.episode,
        event.version,
        event.change,
        event.phase,
        event.priority,
        event.value,
        event.limit_value,
        event.actor,
        event.observed_utc_ms,
    )


def test_no_alarm_is_lost_or_doubled_whenever_the_collector_is_killed(tmp_path: Path) -> None:
    finish(start(tmp_path / "oracle"))
    expected = recorded(tmp_path / "oracle")
    assert len(expected) > BATCHES // 10
    assert {change for _, _, change, *_ in expected} >= {
        *("raised", "escalated", "ended", "acknowledged", "recurred", "resolved"),
        *("offered", "handed_over", "inactivated", "reactivated", "requested", "refused"),
    }

    kills, chance = 0, random.Random()
    while kills < KILLS:
        if not kill(start(tmp_path / "killed"), chance.uniform(0.0, 0.25)):
            break  # it had come to the end before
        kills += 1
    finish(start(tmp_path / "killed"))
    found = recorded(tmp_path / "killed")
    lost, invented = set(expected) - set(found), set(found) - set(expected)
    assert (kills > 0, lost, invented, len(found) - len(set(found))) == (True, set(), set(), 0)
