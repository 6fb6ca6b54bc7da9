"""A writer that is killed in mid-commit: what it reported is there, and nothing twice."""

import random
import subprocess
import sys
import time
from pathlib import Path

from tests.batches import EPOCH
from tests.integration.series.crash_writer import batch

from vitals.observation import GenerationMode
from vitals.series import contents
from vitals.series.sqlite import SqliteSeries, open_reader

ROUNDS = 3


def test_what_was_reported_survives_sigkill_and_nothing_is_doubled(tmp_path: Path) -> None:
    path = tmp_path / "series.db"
    chance = random.Random(29)
    reported = 0
    for round_ in range(ROUNDS):
        reported = killed_writer(path, reported + 1, round_, chance.uniform(0.0, 0.4))
        store = SqliteSeries(path, GenerationMode.DEMO)
        held = store.committed("gw-1")[EPOCH]
        assert len(held) == 1
        assert held[0][0] == 1
        assert held[0][1] >= reported
        reported = held[0][1]
        check(store, reported)
        store.close()


def killed_writer(path: Path, first: int, seed: int, after_s: float) -> int:
    """The last row that a writer reported before it was killed *after_s* from its first report."""
    command = [sys.executable, "-m", "tests.integration.series.crash_writer", str(path), str(first), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        last = int(writer.stdout.readline())
        time.sleep(after_s)
        writer.kill()
        for line in writer.stdout:
            last = int(line) if line.endswith("\n") else last
    return last


def check(store: SqliteSeries, last: int) -> None:
    log = list(store.replay(0))
    identities = [entry.arrival.header.seq for entry in log]
    assert len(identities) == len(set(identities))
    aside = [item.arrival.header.seq for item in store.quarantined() if item.arrival is not None]
    assert sorted(identities + aside) == list(range(1, last + 1))
    assert all(entry.arrival == batch(entry.arrival.header.seq) for entry in log)
    stored = list(contents.stored(log))
    counts = store.counts()
    assert (counts.rows, counts.observations) == (len(log), len(stored))
    assert counts.quarantined == sum(item.observations for item in store.quarantined())
    assert len(store.voids()) == sum(1 for entry in log if entry.arrival.header.seq % 11 == 0)


def test_another_process_reads_while_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "series.db"
    command = [sys.executable, "-m", "tests.integration.series.crash_writer", str(path), "1", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        reader = open_reader(path)
        for _ in range(5):
            reported = int(writer.stdout.readline())
            held = reader.committed("gw-1")[EPOCH]
            assert held[0][1] >= reported
            log = list(reader.replay(0))
            assert [entry.log_seq for entry in log] == list(range(1, len(log) + 1))
            assert reader.counts().rows >= len(log)
            batches = {item.arrival.header.seq for item in reader.quarantined() if item.arrival is not None}
            assert {entry.arrival.header.seq for entry in log} | batches >= set(range(1, reported + 1))
        reader.close()
        writer.kill()
