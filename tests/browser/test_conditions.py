"""Rates of change, means and refused limits on the wall, from a real desk."""

import sqlite3

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Opened
from tests.browser.consoles import serving
from tests.desk_scene import HEART, OXIMETER, OXIMETRY, STRAP, Scene, new_registry

from vitals.codes import Metric
from vitals.registry import Plan

pytestmark = pytest.mark.asyncio(loop_scope="session")

OTHERS = ("F0:00:00:00:02:01", "F0:00:00:00:02:02")
PRESCRIBED = """
[spo2]
average_s = 10
falls = [{ by = 4, within_s = 60, priority = "medium" }]
limits = [{ below = 94, delay_s = 5, priority = "high" }]
"""
CHILD = """
[spo2]
limits = [{ below = 92, delay_s = 5, priority = "high" }]
[heart_rate]
limits = [{ below = 60, delay_s = 10, priority = "high" }, { above = 160, delay_s = 10, priority = "medium" }]
"""


def plan(limits: str, profile: str = "") -> Plan:
    prescribed: dict[str, list[str]] = {"spo2": [], "heart_rate": []}
    return Plan(prescribed=prescribed, responsible_nurse="n", cover="c", profile=profile, limits=limits)


def two_patients() -> Scene:
    """One with a rate and averaging, and a child whose limits are gone from the registry."""
    place = new_registry()
    scene = Scene(place=place, plan=plan(PRESCRIBED))
    scene.enrol("p-2", OTHERS, plan(CHILD, "child"))
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE monitoring_plan SET limits = '' WHERE profile = 'child'")
    connection.close()
    scene.start()
    return scene


def second(scene: Scene, spo2: float) -> None:
    scene.clock.advance(1000)
    for strap, oximeter in ((STRAP, OXIMETER), OTHERS):
        scene.hear(strap, HEART, {Metric.HEART_RATE: 70})
        scene.hear(oximeter, OXIMETRY, {Metric.SPO2: spo2, Metric.PULSE_RATE: 70})
    scene.gateway_online()
    scene.tick()


async def test_s17_the_wall_shows_rates_and_means_and_says_what_fell(opened: Opened) -> None:
    scene = two_patients()
    for value in (*[98.0] * 30, *[93.0] * 5):
        second(scene, value)
    async with serving(scene.desk) as console:
        page = await opened(console.url)
        guarded, child = page.locator(".tile").nth(0), page.locator(".tile").nth(1)
        limits = guarded.locator(".value .limits").nth(1).locator("span")
        await expect(limits).to_have_text(["< 94 !!! ⌀10 s", "< 90 !! ⌀10 s", "< 80 !!!", "↓4/60 s !!"])
        await expect(guarded.locator(".state")).to_have_text("SpO₂ ↓5 % in 60 s")
        await expect(child.locator(".state")).to_have_text("CHECK LIMITS")
        await expect(child).to_have_attribute("data-hatch", "true")
        for _ in range(12):
            second(scene, 93)
        await expect(guarded.locator(".state")).to_have_text("SpO₂ mean 93 < 94 %")
    scene.close()
