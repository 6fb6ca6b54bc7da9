"""A writer that is killed in mid-commit: what it reported is there, and nothing twice."""

import random
import subprocess
import sys
import time
from pathlib import Path

from tests.batches import EPOCH, SENSOR, UTC_OFFSET_MS
from tests.integration.series.crash_writer import batch

from vitals.observation import GenerationMode
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
    """Rows 1 to *last* are there once each, in the log or sealed, in quarantine or among the voids."""
    log = list(store.replay(0))
    assert [entry.log_seq for entry in log] == sorted({entry.log_seq for entry in log})
    assert all(entry.arrival == batch(entry.arrival.header.seq) for entry in log)
    aside = [item.arrival.header.seq for item in store.quarantined() if item.arrival is not None]
    assert sorted(aside) == [seq for seq in range(1, last + 1) if seq % 7 == 0]
    assert sorted(item.log_seq for item in store.voids()) == sorted({item.log_seq for item in store.voids()})
    assert len(store.voids()) == sum(seq % 11 == 0 and seq % 7 != 0 for seq in range(1, last + 1))
    recorded = [seq for seq in range(1, last + 1) if seq % 7 and seq % 11]
    stored = sorted((item.seq, item.at_ms) for item in store.everything())
    assert stored == [(seq, 10_000 * seq + 1000 * row) for seq in recorded for row in range(seq % 5 + 1)]
    counts = store.counts()
    assert counts.observations == len(stored)
    assert counts.quarantined == sum(item.observations for item in store.quarantined())


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
            recorded = [(item.seq, item.at_ms) for item in reader.everything()]
            assert len(recorded) == len(set(recorded))
            data = {seq for seq in range(1, reported + 1) if seq % 7 and seq % 11}
            assert data <= {seq for seq, _ in recorded}
            trend = reader.buckets(SENSOR, "spo2", UTC_OFFSET_MS, UTC_OFFSET_MS + 10_000 * reported + 5000, 10)
            assert trend.count.sum() >= sum(seq % 5 + 1 for seq in data)
        reader.close()
        writer.kill()
