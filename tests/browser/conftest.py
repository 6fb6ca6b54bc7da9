"""A real Chromium, and pages that must not complain."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, async_playwright, expect
from tests.peers import require

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
        if message.type in {"error", "warning"} and not any(part in message.text for part in self.expected):
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
