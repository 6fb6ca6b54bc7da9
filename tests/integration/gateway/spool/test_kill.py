"""SIGKILL at any moment: what a process says it stored is there when the next one looks."""

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

from tests.counts import count
from tests.spools import beats, opened

ROOT = Path(__file__).resolve().parents[4]
RUN_MS = 1_000_000


def stored_until_killed(path: Path, first: int, after: int) -> list[int]:
    """Numbers that the process reported; it is killed at a random moment after *after* of them."""
    script = Path(__file__).with_name("writer.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(path), str(first)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(after)]
    killer = threading.Timer(random.uniform(0, 0.05), process.kill)
    killer.start()
    said += [int(line) for line in process.stdout if line.endswith("\n")]
    killer.join()
    process.stdout.close()
    process.wait(10)
    return said


def test_what_was_reported_as_stored_survives_kills(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    said: list[int] = []
    kills = count(short=3, long=50)
    for run in range(kills):
        said += stored_until_killed(path, RUN_MS * (run + 1), random.randrange(1, 60))
    spool = opened(path, RUN_MS * (kills + 1))
    found = [at_ms for _, at_ms, _ in beats(spool)]
    epochs = spool.depth().epochs
    spool.close()
    assert len(found) == len(set(found))
    assert found == sorted(found)
    assert set(said) <= set(found)
    assert len(set(found) - set(said)) <= kills  # stored, and killed before it could say so
    assert len(epochs) >= 2
