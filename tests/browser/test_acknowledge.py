"""The one action of the wall, by mouse and by keyboard, and every way it can end."""

import json

import pytest
from playwright.async_api import Page, Route, expect
from tests.browser.conftest import Complaints, Opened
from tests.browser.consoles import serving

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.ward import ShownAlarm

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def ward() -> RehearsalWard:
    return RehearsalWard(SystemClock(), 12)


def high(ward: RehearsalWard, place: int) -> ShownAlarm:
    return ward.raise_alarm(ward.patients[place], "high", metric="spo2", value=84, limit=85)


def medium(ward: RehearsalWard, place: int) -> ShownAlarm:
    return ward.raise_alarm(ward.patients[place], "medium", metric="heart_rate", value=128, limit=120)


def card(alarm: ShownAlarm) -> str:
    return f'.card[data-episode="{alarm.episode}"]'


def present(ward: RehearsalWard, alarm: ShownAlarm) -> ShownAlarm:
    return next(each for each in ward.snapshot().alarms if each.episode == alarm.episode)


async def order(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("[...document.querySelectorAll('.card')].map(card => card.dataset.episode)")
    return found


async def test_by_mouse(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        alarm = high(ward, 3)
        await page.locator(f"{card(alarm)} .acknowledge").click()
        await expect(page.locator(card(alarm))).to_have_attribute("data-phase", "acknowledged")
        await expect(page.locator(f"{card(alarm)} .owner")).to_contain_text("✓ demo")
        await expect(page.locator(f"{card(alarm)} .acknowledge")).to_be_hidden()
        tile = page.locator(f'.tile[data-patient="{ward.patients[3]}"]')
        await expect(tile).to_have_attribute("data-phase", "acknowledged")
        await expect(tile).to_have_css("background-color", "rgb(24, 34, 43)")  # the frame alone
        assert present(ward, alarm).acknowledged_by == "demo"
        ward.worsen(alarm.episode, 79, 80)
        await expect(tile).to_have_attribute("data-phase", "active")  # it returns
        await expect(page.locator(f"{card(alarm)} .acknowledge")).to_be_visible()


async def test_by_keyboard(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        first, second = high(ward, 3), medium(ward, 4)
        await expect(page.locator(".card")).to_have_count(2)
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator(f"{card(first)} .acknowledge")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator(card(first))).to_have_attribute("data-phase", "acknowledged")
        await expect(page.locator(card(first))).to_be_focused()  # a second Enter must not take the next alarm
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator(f"{card(first)} .resolve")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator(f"{card(second)} .acknowledge")).to_be_focused()
        assert present(ward, second).phase == "active"
        await page.keyboard.press("Space")
        await expect(page.locator(card(second))).to_have_attribute("data-phase", "acknowledged")


async def test_from_a_tile_to_its_alarm(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        high(ward, 3)
        other = high(ward, 5)
        await expect(page.locator(".card")).to_have_count(2)
        await page.locator(".tile").first.focus()
        for _ in range(2):
            await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowDown")
        await page.locator(f'.tile[data-patient="{ward.patients[5]}"]').press("Enter")
        await expect(page.locator("#patient .find")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator(f"{card(other)} .acknowledge")).to_be_focused()
        assert {alarm.phase for alarm in ward.snapshot().alarms} == {"active"}  # found, not taken


async def test_a_changed_alarm_is_refused_shown_and_said(
    opened: Opened, ward: RehearsalWard, complaints: Complaints
) -> None:
    complaints.expected = ("409",)
    async with serving(ward) as console:
        page = await opened(console.url)
        alarm = high(ward, 3)
        shown = page.locator(card(alarm))
        await expect(shown.locator(".what")).to_have_text("SpO₂ 84 < 85")

        async def change_first(route: Route) -> None:
            if present(ward, alarm).version == 1:
                ward.worsen(alarm.episode, 79, 80)
            await route.continue_()

        await page.route("**/acknowledge", change_first)
        await shown.locator(".acknowledge").click()
        await expect(shown.locator(".note")).to_contain_text("CHANGED")
        await expect(shown.locator(".what")).to_have_text("SpO₂ 79 < 80")
        assert present(ward, alarm).phase == "active"
        await shown.locator(".acknowledge").click()  # read again, and meant
        await expect(shown).to_have_attribute("data-phase", "acknowledged")
        await expect(shown.locator(".note")).to_be_hidden()


async def test_what_nobody_confirmed_says_so_and_is_sent_again_under_its_key(
    opened: Opened, ward: RehearsalWard, complaints: Complaints
) -> None:
    complaints.expected = ("ERR_FAILED", "503")
    async with serving(ward) as console:
        page = await opened(console.url)
        alarm = high(ward, 3)
        keys: list[str] = []

        async def lose_the_answer(route: Route) -> None:
            keys.append(json.loads(route.request.post_data or "")["key"])
            await (route.abort() if len(keys) == 1 else route.continue_())

        await page.route("**/acknowledge", lose_the_answer)
        shown = page.locator(card(alarm))
        await shown.locator(".acknowledge").click()
        await expect(shown.locator(".note")).to_contain_text("NOT SENT")
        await expect(shown.locator(".acknowledge")).to_have_text("Send again")
        assert present(ward, alarm).phase == "active"
        await shown.locator(".acknowledge").click()
        await expect(shown).to_have_attribute("data-phase", "acknowledged")
        await expect(shown.locator(".note")).to_be_hidden()
        assert len(keys) == 2
        assert len(set(keys)) == 1


async def test_the_focused_row_never_moves(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        first, second, third = medium(ward, 1), medium(ward, 2), medium(ward, 3)
        await expect(page.locator(".card")).to_have_count(3)
        held = (await order(page))[1]
        button = page.locator(f'.card[data-episode="{held}"] .acknowledge')
        await button.focus()
        before = await button.bounding_box()
        urgent = [high(ward, place) for place in range(4, 8)]
        ward.end((await order(page))[0], 80)  # the row above is over
        await expect(page.locator('.card[data-priority="high"]')).to_have_count(4)
        assert (await order(page))[1] == held
        assert await button.bounding_box() == before
        await expect(page.locator(".card").first).to_have_attribute("data-phase", "over")
        await expect(button).to_be_focused()
        await page.locator("#sound").focus()
        await expect(page.locator('.card[data-phase="over"]')).to_have_count(0)
        assert set((await order(page))[:4]) == {alarm.episode for alarm in urgent}
        assert set((await order(page))[4:]) < {alarm.episode for alarm in (first, second, third)}


async def test_more_than_six_are_counted_and_no_unacknowledged_high_is_hidden(
    opened: Opened, ward: RehearsalWard
) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        mediums = [medium(ward, place) for place in range(4)]
        highs = [high(ward, place) for place in range(4, 12)]
        await expect(page.locator("#more")).to_have_text("+4 more: 4 !!")
        assert set(await order(page)) == {alarm.episode for alarm in highs}
        for alarm in highs[:4]:
            await ward.acknowledge(alarm.episode, 1, actor="nurse-2", key=alarm.episode)
        await expect(page.locator("#more")).to_have_text("+6 more: 2 !!!  4 !!")
        assert set((await order(page))[:4]) == {alarm.episode for alarm in highs[4:]}
        await page.locator("#more").click()
        await expect(page.locator(".card")).to_have_count(12)
        assert set(await order(page)) == {alarm.episode for alarm in mediums + highs}


async def test_the_newest_of_equals_comes_first(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        low = ward.raise_alarm(None, "low", condition="gateway_offline", message="Gateway gw-1 is offline")
        taken, older = high(ward, 1), high(ward, 2)
        await ward.acknowledge(taken.episode, 1, actor="nurse-2", key="k")
        await expect(page.locator(".card")).to_have_count(3)
        newer = high(ward, 3)
        await expect(page.locator(".card")).to_have_count(4)
        assert await order(page) == [newer.episode, older.episode, taken.episode, low.episode]
        await expect(page.locator(card(low)).locator(".what")).to_have_text("Gateway gw-1 is offline")
