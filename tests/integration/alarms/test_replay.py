"""Recorded patients through ``vitals alarms replay``, and what the docs say of them."""

import csv
import json
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from benchmarks import alarm_load
from benchmarks.alarm_load import Span, Truth, true_episodes
from tests.peers import recorded_data

SECONDS = {"100001": 1090, "100002": 1122, "100003": 1066}


def recording(name: str) -> Path:
    return recorded_data() / "varied_fio2" / f"{name}.csv"


def replayed(name: str, *options: str) -> tuple[dict[str, Any], str]:
    """What the command prints, and its errors."""
    command = [sys.executable, "-m", "vitals.cli", "alarms", "replay", str(recording(name)), "--json", *options]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)
    return found, finished.stderr


def recorded(name: str, column: str) -> list[float]:
    """The file's own numbers."""
    with recording(name).open(encoding="utf-8-sig", newline="") as lines:
        return [float(row[column]) for row in csv.DictReader(lines) if row["Time"] != "Collection Halted"]


def in_a_row(values: list[float], below: float) -> list[int]:
    """How many values up to and including each have been below, without one that was not."""
    runs = [list(run) for _, run in groupby(values, key=lambda value: value < below)]
    return [index + 1 if run[0] < below else 0 for run in runs for index in range(len(run))]


def expected(values: list[float]) -> list[tuple[int, int, int | None, float]]:
    """Start, alarm, end and worst value by the adult SpO2 limits, without any state machine."""
    below = {limit: in_a_row(values, limit) for limit in (90, 85, 80)}
    due = [below[90][at] > 15 or below[85][at] > 5 or below[80][at] >= 3 for at in range(len(values))]
    episodes, at = [], 0
    while True in due[at:]:
        alarm = due.index(True, at)
        start = alarm - below[90][alarm] + 1
        end = next((later for later in range(alarm, len(values)) if values[later] >= 92), None)
        episodes.append((start, alarm, end, min(values[start:end])))
        at = len(values) if end is None else end
    return episodes


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("oximeter", [1, 2, 4, 5])
def test_recorded_patients(name: str, oximeter: int) -> None:
    found, said = replayed(name, "--columns", f"time=Time,spo2=SpO2 {oximeter}")
    shown = [(each["start"], each["alarm_at"], each["end"], each["worst"]) for each in found["episodes"]]
    assert shown == expected(recorded(name, f"SpO2 {oximeter}"))
    assert found["seconds"] == SECONDS[name]
    assert found["missing_seconds"] == {}
    assert found["alarms_per_patient_day"] == round(len(shown) * 86_400 / SECONDS[name], 1)
    assert said.count("\n") == 1
    assert "'Collection Halted'" in said


@pytest.mark.parametrize("name", SECONDS)
def test_an_oximeter_that_always_says_0_is_missing_and_never_normal(name: str) -> None:
    found, _ = replayed(name, "--columns", "spo2=SpO2 3,pulse=Pulse 3")
    assert found["episodes"] == []
    assert found["missing_seconds"] == {"invalid": SECONDS[name]}


def test_columns_named_otherwise_and_times_in_minutes() -> None:
    """Minutes, values missing as 0: an intensive care record."""
    [path] = (recorded_data() / "mimic_numerics").glob("*.csv")
    command = [sys.executable, "-m", "vitals.cli", "alarms", "replay", str(path), "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(finished.stdout)
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    lacking = sum(1 for row in rows if "0.0" in {row["HR [bpm]"], row["PULSE [bpm]"], row["SpO2 [%]"]})
    assert found["seconds"] == 60 * len(rows)
    assert found["missing_seconds"]["invalid"] >= 60 * lacking > 0


def test_the_published_alarm_load_is_what_the_code_gives() -> None:
    published = alarm_load.PAGE.read_text(encoding="utf-8")
    date = published.partition("Made on ")[2][:10]
    assert published == alarm_load.page(recorded_data(), date)


def test_what_a_true_episode_is() -> None:
    values: list[float | None] = [*[89.0] * 9, 90, *[89.0] * 10, *[90.0] * 29, *[89.0] * 10, *[95.0] * 30, *[80.0] * 10]
    seconds = {1000 * at: value for at, value in enumerate(values)}
    assert true_episodes(seconds, Truth()) == [Span(10_000, 59_000), Span(89_000, 99_000)]
    assert true_episodes(seconds, Truth(joined_s=0)) == [
        Span(10_000, 20_000),
        Span(49_000, 59_000),
        Span(89_000, 99_000),
    ]
    assert true_episodes({0: 80.0, 1000: None, 2000: 80.0}, Truth(1, 0)) == [Span(0, 1000), Span(2000, 3000)]
