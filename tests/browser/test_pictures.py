"""Pictures for the README, made only where VITALS_PICTURES names a folder."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Page
from tests.browser.conftest import GONE, Complaints, Opened
from tests.browser.consoles import serving

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.console.rehearsal_states import stage

FOLDER = os.environ.get("VITALS_PICTURES")

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not FOLDER, reason="set VITALS_PICTURES to the folder where pictures go"),
]


async def keep(page: Page, name: str) -> None:
    """Write one picture."""
    folder = Path(FOLDER or ".")
    await page.locator("#sound").click()
    await page.mouse.move(900, 1075)
    await page.evaluate("document.activeElement.blur()")
    await asyncio.sleep(1.2)
    await page.screenshot(path=folder / f"{name}.png")


async def test_a_ward_of_two_hundred(opened: Opened, complaints: Complaints) -> None:
    complaints.expected = GONE
    ward = RehearsalWard(SystemClock(), 200)
    for place in (57, 120, 163):
        ward.set_level(ward.patients[place], "heart_rate", 104)
    async with serving(ward) as console:
        page = await opened(console.url)
        await asyncio.sleep(50)  # most of a minute of traces
        alarms = stage(ward)
        await ward.acknowledge(alarms["acknowledged"].episode, 1, actor="nurse K. Ito", key="k")
        ward.raise_alarm(ward.patients[88], "high", metric="heart_rate", value=38, limit=40)
        ward.raise_alarm(ward.patients[141], "medium", metric="spo2", value=88, limit=90)
        await asyncio.sleep(12)
        await keep(page, "wall_alarms")
        await console.stop()
        await page.wait_for_selector('body[data-link="lost"]')
        await keep(page, "wall_lost")


async def test_a_ward_of_eight(opened: Opened) -> None:
    ward = RehearsalWard(SystemClock(), 8)
    low, racing, off = (ward.patients[place] for place in (3, 1, 6))
    async with serving(ward) as console:
        page = await opened(console.url)
        await asyncio.sleep(35)
        for level in (94, 93, 91, 90, 88, 87, 86, 84):  # a desaturation, as the demonstration has it
            ward.set_level(low, "spo2", level)
            await asyncio.sleep(2)
        ward.raise_alarm(low, "high", metric="spo2", value=84, limit=85)
        ward.raise_alarm(racing, "medium", metric="heart_rate", value=128, limit=120)
        ward.take_off(off, "spo2")
        ward.raise_alarm(off, "low", condition="sensor_off", message="Sensor off the finger")
        await asyncio.sleep(8)
        await keep(page, "wall_demo")
