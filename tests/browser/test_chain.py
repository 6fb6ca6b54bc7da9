"""The whole chain in a real browser: a simulated finger desaturates, a person acknowledges, the server stops."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.brokers import KINDS, Broker
from tests.browser.conftest import GONE, Complaints, Opened
from tests.system import chains

from vitals.cli.demo.chain import Chain

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHAIN_MS = 60_000


async def test_from_a_sensor_to_the_nurse_and_back(opened: Opened, complaints: Complaints, tmp_path: Path) -> None:
    complaints.expected = GONE
    with Broker(KINDS[0], tmp_path) as broker:
        chain = Chain(chains.plan_for(tmp_path / "s", broker.url))
        async with chain.running():
            page = await opened(chain.plan.console_url)
            await expect(page.locator("#mode")).to_contain_text("TEST")
            patient = chain.plan.people[0].patient
            tile = page.locator(f'.tile[data-patient="{patient}"]')
            await expect(tile).to_have_css("background-color", "rgb(213, 40, 27)", timeout=CHAIN_MS)
            card = page.locator(".card", has_text="Halvorsen").filter(has_text="< 85")
            await card.locator(".acknowledge").click()
            await expect(card).to_have_attribute("data-phase", re.compile("acknowledged|over"))  # it may have ended
            await expect(card).to_contain_text("✓ demo")
            await chain.server.stop()
            await page.wait_for_selector('body[data-link="lost"]')
            await expect(page.locator("#lost")).to_contain_text("CONNECTION LOST")
            await chain.server.start()
            await page.wait_for_selector('body[data-link="live"]', timeout=CHAIN_MS)
            account = await chains.drained_account(chain)
    assert account.unexplained_sent == []
    assert account.doubled_stored == []
