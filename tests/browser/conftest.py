"""A real Chromium, and pages that must not complain."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)
from tests.browser.consoles import serving
from tests.peers import require

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.ward import ShownAlarm

SWITCHES = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WALL: ViewportSize = {"width": 1920, "height": 1080}

GONE = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")
"""What the browser itself says of a server that was stopped."""

PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)

Opened = Callable[..., Awaitable[Page]]


class Complaints(list[str]):
    """What pages complained about: errors of scripts, of the console, of the content security policy."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: tuple[str, ...] = ()

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what is wrong, unless a test expects it."""
        expected = self.expected
        if "/api/v1/stations/" in message.location["url"]:
            expected = (*expected, "net::ERR_")  # a report that met the end of the test's server
        elif "/api/v1/" in message.location["url"]:
            expected = (*expected, "ERR_CONNECTION_REFUSED")  # a page that outlived it by a second, and asked again
        if message.type in {"error", "warning"} and not any(part in message.text for part in expected):
            self.append(f"{message.type}: {message.text}")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for the whole session."""
    program = require("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture
def complaints() -> Complaints:
    """What this test's pages complained about so far; at its end there must be nothing."""
    return Complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser without a past."""
    async with AsyncExitStack() as stack:
        context = await browser.new_context(viewport=WALL)
        stack.push_async_callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def opened(context: BrowserContext, complaints: Complaints) -> AsyncIterator[Opened]:
    """Open the wall at an address and wait until it is live."""

    async def open_wall(url: str, *, live: bool = True) -> Page:
        page = await context.new_page()
        page.on("console", complaints.hear)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        await page.goto(url)
        if live:
            await page.wait_for_selector('body[data-link="live"]')
        return page

    yield open_wall
    assert complaints == []


class Wall:
    """A rehearsal ward and a page that shows it."""

    def __init__(self, ward: RehearsalWard, page: Page, url: str, complaints: Complaints) -> None:
        self.ward = ward
        self.page = page
        self.url = url
        self.complaints = complaints

    def high(self, place: int) -> ShownAlarm:
        return self.ward.raise_alarm(self.ward.patients[place], "high", metric="spo2", value=84, limit=85)

    def medium(self, place: int) -> ShownAlarm:
        return self.ward.raise_alarm(self.ward.patients[place], "medium", metric="heart_rate", value=128, limit=120)

    def card(self, alarm: ShownAlarm) -> Locator:
        return self.page.locator(f'.card[data-episode="{alarm.episode}"]')

    def tile(self, place: int) -> Locator:
        return self.page.locator(f'.tile[data-patient="{self.ward.patients[place]}"]')

    def present(self, alarm: ShownAlarm) -> ShownAlarm:
        return next(each for each in self.ward.snapshot().alarms if each.episode == alarm.episode)

    async def order(self) -> list[str]:
        """Episodes in the lane, from the top."""
        found: list[str] = await self.page.evaluate(
            "[...document.querySelectorAll('.card')].map(card => card.dataset.episode)"
        )
        return found

    async def calm(self) -> None:
        """Take and end whatever is open, so that the next test begins with an empty lane."""
        for alarm in self.ward.snapshot().alarms:
            self.ward.end(alarm.episode)
        for alarm in self.ward.snapshot().alarms:
            await self.ward.acknowledge(alarm.episode, alarm.version, actor="test", key=f"calm {alarm.episode}")
        await self.page.keyboard.press("Escape")
        await self.page.mouse.move(700, 1075)  # a row under the pointer would stay
        await self.page.evaluate("document.activeElement.blur()")
        await expect(self.page.locator(".card")).to_have_count(0)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def shared(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Wall]:
    """One wall for all tests of a module: a page takes longer to open than most of them take."""
    ward = RehearsalWard(SystemClock(), getattr(request.module, "PATIENTS", 12))
    complaints = Complaints()
    async with serving(ward) as console:
        context = await browser.new_context(viewport=WALL)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("console", complaints.hear)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        await page.goto(console.url)
        await page.wait_for_selector('body[data-link="live"]')
        await page.locator("#sound").click()
        yield Wall(ward, page, console.url, complaints)
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def wall(shared: Wall) -> AsyncIterator[Wall]:
    """The module's wall, calm."""
    shared.complaints.expected = ()
    yield shared
    await shared.page.unroute_all()
    await shared.calm()
    assert shared.complaints == []
