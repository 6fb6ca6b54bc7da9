"""What the page says when the server says nothing, and one connection for every tab."""

import asyncio

import httpx
import pytest
from playwright.async_api import Page, Route, expect
from tests.browser.conftest import GONE, PATIENCE_MS, Complaints, Opened
from tests.browser.consoles import serving

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.console.rehearsal_states import stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOST = 'body[data-link="lost"]'
LIVE = 'body[data-link="live"]'
GREY = "rgb(125, 141, 153)"
ACTIONS = ".card button, #missed button, dialog button:not(.close, .find)"


@pytest.fixture
def ward() -> RehearsalWard:
    return RehearsalWard(SystemClock(), 8)


async def colours(page: Page) -> set[str]:
    parts = "'.tile :is(.number, .name, .badge, .state), .card .what, #missed .what'"
    found: list[str] = await page.evaluate(
        f"[...document.querySelectorAll({parts})].map(part => getComputedStyle(part).color)"
    )
    frames: list[str] = await page.evaluate(
        "[...document.querySelectorAll('.tile, .card')].map(part => getComputedStyle(part).borderTopColor)"
    )
    return {*found, *frames}


async def test_a_stopped_server_greys_everything_and_its_return_ends_that(
    opened: Opened, complaints: Complaints
) -> None:
    complaints.expected = GONE
    ward = RehearsalWard(SystemClock(), 14)
    async with serving(ward) as console:
        page = await opened(console.url)
        for alarm in stage(ward).values():
            if alarm.metric == "heart_rate":
                await ward.acknowledge(alarm.episode, 1, actor="nurse-2", key=alarm.episode)
        ward.miss(ward.patients[2], "spo2", worst=78, limit=85)
        await expect(page.locator(".card")).to_have_count(6)
        await expect(page.locator("#missed li")).to_have_count(1)
        assert len(await colours(page)) > 5
        await page.locator(".tile").first.click()
        await console.stop()
        await page.wait_for_selector(LOST)
        await expect(page.locator("#lost")).to_contain_text("CONNECTION LOST")
        await expect(page.locator("#bar")).to_have_css("background-color", "rgb(213, 40, 27)")
        assert await colours(page) == {GREY}
        await expect(page.locator("#traces")).to_be_hidden()
        await expect(page.locator("#lane-title")).to_contain_text("LAST KNOWN")
        await expect(page.locator("#mode")).to_be_visible()
        button = page.locator(".card .acknowledge:visible").first
        for action in await page.locator(f":is({ACTIONS}):visible").all():
            await expect(action).to_have_attribute("aria-disabled", "true")
            await action.click(force=True)
        await expect(page.locator("#patient .note")).to_contain_text("CONNECTION LOST")
        await page.keyboard.press("Escape")
        for action in await page.locator(f":is({ACTIONS}):visible").all():
            await action.click(force=True)
        await console.start()
        await page.wait_for_selector(LIVE)
        taken = [alarm.acknowledged_by for alarm in ward.snapshot().alarms if alarm.acknowledged_by]
        assert taken == ["nurse-2", "nurse-2"]  # what was pressed while it was lost was never sent
        assert ward.resolved == {}
        assert not any(alarm.paused_until for alarm in ward.snapshot().alarms)
        assert not any(tile.suspended for tile in ward.snapshot().tiles)
        assert ward.snapshot().missed
        await expect(page.locator("#resolve")).to_be_hidden()
        await expect(page.locator("#lost")).to_be_hidden()
        assert len(await colours(page)) > 5
        await expect(button).to_have_attribute("aria-disabled", "false")


async def test_a_stream_without_snapshots_is_lost_too(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        ward.failing = RuntimeError("the collector hangs")
        await page.wait_for_selector(LOST)
        ward.failing = None
        await page.wait_for_selector(LIVE)


async def test_a_page_that_never_got_a_snapshot_says_so(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened("about:blank", live=False)

        async def fail(route: Route) -> None:
            ward.failing = RuntimeError("the collector hangs")
            await route.continue_()

        await page.route("**/wall.js", fail)
        await page.goto(console.url)
        await expect(page.locator("#link")).to_have_text("Connecting…")
        await page.wait_for_selector(LOST)


async def test_every_tab_shares_one_connection(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        pages = [await opened(console.url) for _ in range(3)]
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{console.url}/healthz")).json()["streams"] == 1
        ward.raise_alarm(ward.patients[1], "high", metric="spo2", value=84, limit=85)
        for page in pages:
            await expect(page.locator(".card")).to_have_count(1)
        await pages[0].close()
        ward.raise_alarm(ward.patients[2], "high", metric="spo2", value=84, limit=85)
        for page in pages[1:]:
            await expect(page.locator(".card")).to_have_count(2)


async def test_what_one_tab_takes_every_tab_shows(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        one, other = [await opened(console.url) for _ in range(2)]
        ward.raise_alarm(ward.patients[1], "high", metric="spo2", value=84, limit=85)
        await one.locator(".card .acknowledge").click()
        await expect(other.locator(".card")).to_have_attribute("data-phase", "acknowledged")


async def test_a_wall_that_was_just_opened_has_its_last_minute(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console, httpx.AsyncClient() as client:
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while len((await client.get(f"{console.url}/api/v1/traces")).json()[ward.patients[0]]["spo2"]) < 3:
                await asyncio.sleep(0.2)
        page = await opened(console.url)
        ward.failing = RuntimeError("no more")  # what is drawn was not gathered by this page
        drawn = "document.querySelector('#traces').getContext('2d').getImageData(0, 0, 1560, 1000).data.some(v => v)"
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not await page.evaluate(drawn):
                await asyncio.sleep(0.1)


async def test_a_snapshot_that_was_long_on_its_way_is_old(opened: Opened, ward: RehearsalWard) -> None:
    script = """
    async () => {
      const { Freshness } = await import("/static/link.js");
      const fresh = new Freshness();
      const came = (serverMs, server, heldMs) => {
        fresh.stamp(serverMs, server);
        fresh.seen(heldMs);
        return fresh.age();
      };
      const now = performance.now();
      return [came(now, "a"), came(now - 7000, "a"), came(now, "a", 6000), came(now - 90000, "restarted")];
    }
    """
    async with serving(ward) as console:
        page = await opened(console.url)
        prompt, late, held, restarted = await page.evaluate(script)
    assert prompt < 3000
    assert late >= 7000  # a full pipe delivers steadily, and late
    assert held >= 6000
    assert restarted < 3000  # another server, another clock
