"""The one action of the wall, by mouse and by keyboard, and every way it can end."""

import json

import pytest
from playwright.async_api import Route, expect
from tests.browser.conftest import Wall

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_by_mouse(wall: Wall) -> None:
    page = wall.page
    alarm = wall.high(3)
    await wall.card(alarm).locator(".acknowledge").click()
    await expect(wall.card(alarm)).to_have_attribute("data-phase", "acknowledged")
    await expect(wall.card(alarm).locator(".owner")).to_contain_text("✓ demo")
    await expect(wall.card(alarm).locator(".acknowledge")).to_be_hidden()
    tile = page.locator(f'.tile[data-patient="{wall.ward.patients[3]}"]')
    await expect(tile).to_have_attribute("data-phase", "acknowledged")
    await expect(tile).to_have_css("background-color", "rgb(24, 34, 43)")  # the frame alone
    assert wall.present(alarm).acknowledged_by == "demo"
    wall.ward.worsen(alarm.episode, 79, 80)
    await expect(tile).to_have_attribute("data-phase", "active")  # it returns
    await expect(wall.card(alarm).locator(".acknowledge")).to_be_visible()


async def test_by_keyboard(wall: Wall) -> None:
    page = wall.page
    await page.reload()
    first, second = wall.high(3), wall.medium(4)
    await expect(page.locator(".card")).to_have_count(2)
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(wall.card(first).locator(".acknowledge")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(wall.card(first)).to_have_attribute("data-phase", "acknowledged")
    await expect(wall.card(first)).to_be_focused()  # a second Enter must not take the next alarm
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(wall.card(first).locator(".resolve")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(wall.card(second).locator(".acknowledge")).to_be_focused()
    assert wall.present(second).phase == "active"
    await page.keyboard.press("Space")
    await expect(wall.card(second)).to_have_attribute("data-phase", "acknowledged")


async def test_from_a_tile_to_its_alarm(wall: Wall) -> None:
    page = wall.page
    wall.high(3)
    other = wall.high(5)
    await expect(page.locator(".card")).to_have_count(2)
    await page.locator(".tile").first.focus()
    for _ in range(2):
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowDown")
    await page.locator(f'.tile[data-patient="{wall.ward.patients[5]}"]').press("Enter")
    await expect(page.locator("#patient .find")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(wall.card(other).locator(".acknowledge")).to_be_focused()
    assert {alarm.phase for alarm in wall.ward.snapshot().alarms} == {"active"}  # found, not taken


async def test_a_changed_alarm_is_refused_shown_and_said(wall: Wall) -> None:
    wall.complaints.expected = ("409",)
    page = wall.page
    alarm = wall.high(3)
    shown = wall.card(alarm)
    await expect(shown.locator(".what")).to_have_text("SpO₂ 84 < 85")

    async def change_first(route: Route) -> None:
        if wall.present(alarm).version == 1:
            wall.ward.worsen(alarm.episode, 79, 80)
        await route.continue_()

    await page.route("**/acknowledge", change_first)
    await shown.locator(".acknowledge").click()
    await expect(shown.locator(".note")).to_contain_text("CHANGED")
    await expect(shown.locator(".what")).to_have_text("SpO₂ 79 < 80")
    assert wall.present(alarm).phase == "active"
    await shown.locator(".acknowledge").click()  # read again, and meant
    await expect(shown).to_have_attribute("data-phase", "acknowledged")
    await expect(shown.locator(".note")).to_be_hidden()


async def test_what_nobody_confirmed_says_so_and_is_sent_again_under_its_key(wall: Wall) -> None:
    wall.complaints.expected = ("ERR_FAILED", "503")
    page = wall.page
    alarm = wall.high(3)
    keys: list[str] = []

    async def lose_the_answer(route: Route) -> None:
        keys.append(json.loads(route.request.post_data or "")["key"])
        await (route.abort() if len(keys) == 1 else route.continue_())

    await page.route("**/acknowledge", lose_the_answer)
    shown = wall.card(alarm)
    await shown.locator(".acknowledge").click()
    await expect(shown.locator(".note")).to_contain_text("NOT SENT")
    await expect(shown.locator(".acknowledge")).to_have_text("Send again")
    assert wall.present(alarm).phase == "active"
    await shown.locator(".acknowledge").click()
    await expect(shown).to_have_attribute("data-phase", "acknowledged")
    await expect(shown.locator(".note")).to_be_hidden()
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_the_focused_row_never_moves(wall: Wall) -> None:
    page = wall.page
    first, second, third = wall.medium(1), wall.medium(2), wall.medium(3)
    await expect(page.locator(".card")).to_have_count(3)
    held = (await wall.order())[1]
    button = page.locator(f'.card[data-episode="{held}"] .acknowledge')
    await button.focus()
    before = await button.bounding_box()
    urgent = [wall.high(place) for place in range(4, 8)]
    wall.ward.end((await wall.order())[0], 80)  # the row above is over
    await expect(page.locator('.card[data-priority="high"]')).to_have_count(4)
    assert (await wall.order())[1] == held
    assert await button.bounding_box() == before
    await expect(page.locator(".card").first).to_have_attribute("data-phase", "over")
    await expect(button).to_be_focused()
    await page.locator("#sound").focus()
    await expect(page.locator('.card[data-phase="over"]')).to_have_count(0)
    assert set((await wall.order())[:4]) == {alarm.episode for alarm in urgent}
    assert set((await wall.order())[4:]) < {alarm.episode for alarm in (first, second, third)}


async def test_more_than_six_are_counted_and_no_unacknowledged_high_is_hidden(wall: Wall) -> None:
    page = wall.page
    mediums = [wall.medium(place) for place in range(4)]
    highs = [wall.high(place) for place in range(4, 12)]
    await expect(page.locator("#more")).to_have_text("+4 more: 4 !!")
    assert set(await wall.order()) == {alarm.episode for alarm in highs}
    for alarm in highs[:4]:
        await wall.ward.acknowledge(alarm.episode, 1, actor="nurse-2", key=alarm.episode)
    await expect(page.locator("#more")).to_have_text("+6 more: 2 !!!  4 !!")
    assert set((await wall.order())[:4]) == {alarm.episode for alarm in highs[4:]}
    await page.locator("#more").click()
    await expect(page.locator(".card")).to_have_count(12)
    assert set(await wall.order()) == {alarm.episode for alarm in mediums + highs}


async def test_the_newest_of_equals_comes_first(wall: Wall) -> None:
    page = wall.page
    low = wall.ward.raise_alarm(None, "low", condition="gateway_offline", message="Gateway gw-1 is offline")
    taken, older = wall.high(1), wall.high(2)
    await wall.ward.acknowledge(taken.episode, 1, actor="nurse-2", key="k")
    await expect(page.locator(".card")).to_have_count(3)
    newer = wall.high(3)
    await expect(page.locator(".card")).to_have_count(4)
    assert await wall.order() == [newer.episode, older.episode, taken.episode, low.episode]
    await expect(wall.card(low).locator(".what")).to_have_text("Gateway gw-1 is offline")
