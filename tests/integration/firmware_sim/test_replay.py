"""Recorded patients through the oximeter's services, each file whole and in order."""

import asyncio
import csv
from pathlib import Path

import pytest
from tests.integration.firmware_sim.central import plugged_in
from tests.integration.firmware_sim.simulator import PATIENCE_S, eventually, started
from tests.peers import recorded_data

from vitals.gatt import plx_continuous_measurement

OXIMETER = "F0:00:00:00:01:02"
COLUMNS = "spo2=SpO2 1,pulse=Pulse 1,pi=PI 1"


def recording(name: str) -> Path:
    return recorded_data() / "varied_fio2" / f"{name}.csv"


def recorded(name: str, *columns: str) -> list[tuple[float, ...]]:
    """The file's own numbers."""
    with recording(name).open(encoding="utf-8-sig", newline="") as lines:
        return [
            tuple(float(row[column]) for column in columns)
            for row in csv.DictReader(lines)
            if row["Time"] != "Collection Halted"
        ]


@pytest.mark.parametrize("name", ["100001", "100002", "100003"])
async def test_a_recorded_patient(tmp_path: Path, name: str) -> None:
    options = ("--columns", COLUMNS, "--time-scale", "0.001")
    async with (
        started(tmp_path, "replay", str(recording(name)), *options) as simulator,
        plugged_in(simulator.dial) as central,
    ):
        sensor = await central.connect(OXIMETER)
        pulse = await sensor.subscribe("2A5F")
        await asyncio.wait_for(sensor.ended.wait(), PATIENCE_S)
        await eventually(lambda: len(pulse) == len(simulator.said(OXIMETER, "2A5F")))
        assert pulse == simulator.said(OXIMETER, "2A5F")
        told = [plx_continuous_measurement.decode(payload) for payload in pulse]
        assert [(one.spo2, one.pr, one.pai) for one in told] == recorded(name, "SpO2 1", "Pulse 1", "PI 1")
        assert simulator.events(OXIMETER) == ["connected", "subscribed", "ended", "disconnected"]
        junk = [line for line in simulator.errors.splitlines() if "will not be played" in line]
        assert len(junk) == 1
        assert "'Collection Halted'" in junk[0]
        assert await simulator.end() == 0
