"""The replay page in a real browser, with the real worker on real stores."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Complaints
from tests.browser.consoles import serving
from tests.stored_scene import StoredScene

from vitals.clock import SystemClock
from vitals.console.replays import Replays

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOLDER = os.environ.get("VITALS_PICTURES")
WORKER_S = 60_000


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A console over stores in which somebody desaturated twice within the last hour."""
    folder = tmp_path_factory.mktemp("replay")
    scene = StoredScene(folder, time_zone="Europe/Oslo", utc_ms=SystemClock().utc_ms() - 600_000)
    for lowest in (88, 82):
        scene.seconds(60, spo2=97, heart=72)
        scene.seconds(40, spo2=lowest, heart=72)
    scene.seconds(60, heart=72)
    scene.seconds(60, spo2=97, heart=72)
    await scene.record()
    config = folder / "server.toml"
    config.write_text(f'mode = "test"\n[store]\nregistry = "{scene.people}"\n')
    command = [sys.executable, "-m", "vitals.cli.replay_worker", "--config", str(config)]
    async with serving(scene.desk, replays=Replays(command, SystemClock())) as console:
        yield console.url
    scene.close()


async def opened(browser: Browser, address: str, complaints: Complaints, scheme: str = "dark") -> Page:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 1000}, color_scheme="light" if scheme == "light" else "dark"
    )
    page = await context.new_page()
    page.on("console", complaints.hear)
    page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
    await page.goto(f"{address}/replay")
    await page.get_by_label("Patient").select_option("p-1")
    await expect(page.locator("#limits")).to_be_visible(timeout=WORKER_S)
    return page


async def keep(page: Page, name: str) -> None:
    """A picture to look at, where VITALS_PICTURES names a folder."""
    if FOLDER:
        await page.screenshot(path=Path(FOLDER) / f"{name}.png", full_page=True)


async def replayed(page: Page) -> None:
    await page.get_by_role("button", name="Replay").click()
    await expect(page.locator("#result")).to_be_visible(timeout=WORKER_S)


async def test_limits_are_edited_and_replayed(browser: Browser, address: str, complaints: Complaints) -> None:
    page = await opened(browser, address, complaints)
    await expect(page.get_by_role("group", name="Limits of SpO2 %").locator("tbody tr")).to_have_count(3)
    await expect(page.locator("#zone")).to_contain_text("Europe/Oslo")
    values = [await page.get_by_label(f"SpO2 %, limit {number}: value").input_value() for number in (1, 2, 3)]
    assert sorted(values) == ["80", "85", "90"]
    place = values.index("90") + 1
    medium = page.get_by_label(f"SpO2 %, limit {place}: value")
    await medium.fill("86")
    await page.get_by_label(f"SpO2 %, limit {place}: after").fill("20")
    await replayed(page)
    await expect(page.locator("#result-title")).to_be_focused()
    await expect(page.locator("#result-title")).to_contain_text("1 alarm")
    summary = page.locator("#summary tbody tr")
    await expect(summary.nth(0).locator("td").first).to_have_text("1")
    await expect(summary.nth(1).locator("td").first).to_have_text("2")
    await expect(summary.nth(2).locator("td").first).to_have_text("2")
    only_then = page.locator('#episodes tr[data-where="only then"]')
    await expect(only_then).to_have_count(1)
    await expect(only_then).to_contain_text("SpO2 < 90 %")
    await expect(page.locator("#technical tbody")).to_contain_text("sensor silent")
    picture = page.locator("#picture img")
    await expect(picture).to_be_visible()
    await page.wait_for_function("document.querySelector('#picture img').naturalWidth > 500")
    assert "Values, limits and alarms" in str(await picture.get_attribute("alt"))
    await keep(page, "replay_dark")
    await page.context.close()
    assert complaints == []


async def test_a_profile_is_pasted_by_keyboard_and_a_wrong_one_refused(
    browser: Browser, address: str, complaints: Complaints
) -> None:
    complaints.expected = ("409",)
    page = await opened(browser, address, complaints, "light")
    await page.get_by_label("Edit those in force").focus()
    await page.keyboard.press("ArrowDown")
    text = page.get_by_label("Profile, as in a server's TOML file")
    await text.fill('name = "x"\n[spo2]\nlimits = [{ below = 900, delay_s = 5, priority = "high" }]')
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    said = page.locator("#said")
    await expect(said).to_contain_text("spo2.limits[0].below 900 is no number", timeout=WORKER_S)
    await expect(said).to_have_attribute("data-wrong", "true")
    if FOLDER:
        await text.fill('name = "earlier"\n[spo2]\nlimits = [{ below = 92, delay_s = 5, priority = "high" }]')
        await replayed(page)
        await keep(page, "replay_light")
    await page.context.close()
    assert complaints == []


async def test_busy_is_said_and_a_replay_is_cancelled(browser: Browser, address: str, complaints: Complaints) -> None:
    complaints.expected = ("409",)
    page = await opened(browser, address, complaints)
    await page.locator("[name=begins]").fill("2026-01-01T00:00")  # long enough for somebody to change their mind
    await page.get_by_role("button", name="Replay").click()
    await expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(f"{address}/replay")
    await other.get_by_label("Patient").select_option("p-1")
    await expect(other.locator("#said")).to_contain_text("one runs at a time")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#said")).to_have_text("Cancelled.")
    await page.context.close()
    assert complaints == []
