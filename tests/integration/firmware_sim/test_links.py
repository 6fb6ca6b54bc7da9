"""Scenarios of the link: one that drops, and a sensor that falls silent without a word."""

import asyncio
from pathlib import Path

import pytest
from bumble.core import TimeoutError as BumbleTimeoutError
from tests.integration.firmware_sim.central import plugged_in
from tests.integration.firmware_sim.simulator import PATIENCE_S, eventually, on_air

STRAP, OXIMETER = "F0:00:00:00:01:01", "F0:00:00:00:01:02"


async def test_a_flapping_link_drops_with_a_word_and_comes_back(tmp_path: Path) -> None:
    async with on_air(tmp_path, "flapping-link", time_scale=0.05) as simulator, plugged_in(simulator.dial) as central:
        links = []
        for _ in range(2):
            sensor = await central.connect(STRAP)
            links.append(await sensor.subscribe("2A37"))
            await asyncio.wait_for(sensor.ended.wait(), PATIENCE_S)
        assert all(links)
        assert simulator.events(STRAP) == ["connected", "subscribed", "disconnected"] * 2
        assert {line.reason for line in simulator.ledger.events if line.reason} == {"0x13"}
        assert simulator.said(STRAP, "2A37") == links[0] + links[1]


async def test_a_vanished_sensor_says_nothing_at_all(tmp_path: Path) -> None:
    async with (
        on_air(tmp_path, "vanish", "stable") as simulator,
        plugged_in(simulator.dial) as central,
    ):
        sensor = await central.connect(STRAP)
        beats = await sensor.subscribe("2A37")
        await eventually(lambda: "vanished" in simulator.events(STRAP))
        await eventually(lambda: len(beats) == len(simulator.said(STRAP, "2A37")))
        other = await (await central.connect("F0:00:00:00:02:01")).subscribe("2A37")
        await eventually(lambda: len(other) >= 20)
        assert len(beats) == len(simulator.said(STRAP, "2A37")) <= 30
        assert not sensor.ended.is_set()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sensor.read("2A38"), 0.3)
        await sensor.connection.disconnect()
        await central.scan()
        with pytest.raises(BumbleTimeoutError):
            await central.connect(STRAP, timeout_s=0.5)
        assert not {STRAP, OXIMETER} & central.advertised.keys()
        assert "disconnected" not in simulator.events(STRAP)


async def test_the_sensors_stop_and_end_their_links(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable", stop_after_s=20) as simulator, plugged_in(simulator.dial) as central:
        sensor = await central.connect(STRAP)
        beats = await sensor.subscribe("2A37")
        await asyncio.wait_for(sensor.ended.wait(), PATIENCE_S)
        assert beats == simulator.said(STRAP, "2A37")
        assert 1 <= len(beats) <= 21
        with pytest.raises(BumbleTimeoutError):
            await central.connect(OXIMETER, timeout_s=0.5)
        assert [line.event for line in simulator.ledger.events] == [
            "connected",
            "subscribed",
            "stopped",
            "disconnected",
        ]
