"""What a nurse does beside acknowledging. One ward and one page serve the file: each test has its own patients."""

import json

import pytest
from playwright.async_api import Route, expect
from tests.browser.conftest import Wall

pytestmark = pytest.mark.asyncio(loop_scope="session")


PATIENTS = 60


async def test_a_pause_is_seen_counts_down_and_hushes_one_alarm_alone(wall: Wall) -> None:
    page, sound = wall.page, wall.page.locator("#sound")
    alarm = wall.high(3)
    await expect(page.locator("body")).to_have_attribute("data-sound", "on")
    await expect(sound).to_have_attribute("data-burst", "high")
    before = int(await sound.get_attribute("data-bursts") or 0)
    card, tile = wall.card(alarm), wall.tile(3)
    await expect(card.locator(".pause")).to_have_text("Silence 2 min")
    await card.locator(".pause").click()
    await expect(card).to_have_attribute("data-quiet", "true")
    await expect(card.locator(".phase")).to_have_text("1:58")  # it counts
    await expect(tile).to_have_attribute("data-quiet", "true")
    await expect(tile.locator(".state")).to_contain_text("1:5")
    await expect(tile).to_have_css("background-color", "rgb(213, 40, 27)")  # silent, and as red as before
    await expect(card.locator(".pause")).to_be_hidden()
    await expect(card).to_be_focused()
    assert wall.present(alarm).phase == "active"
    assert int(await sound.get_attribute("data-bursts") or 0) == before
    wall.high(4)  # another patient's sounds at once
    await expect(sound).to_have_attribute("data-bursts", str(before + 1), timeout=5000)
    await card.locator(".resume").click()
    await expect(card.locator(".pause")).to_be_visible()
    assert wall.present(alarm).sounding


async def test_an_outcome_by_keyboard_and_the_focus_comes_back(wall: Wall) -> None:
    page = wall.page
    alarm = wall.high(5)
    card, dialog = wall.card(alarm), wall.page.locator("#resolve")
    await card.locator(".acknowledge").press("a")  # the key of the card that has the focus
    await expect(card).to_have_attribute("data-phase", "acknowledged")
    await card.locator(".resolve").press("Enter")
    await expect(dialog).to_be_visible()
    await expect(dialog.locator(".who")).to_have_text(alarm.name)
    await expect(dialog.locator(".identity")).to_have_text(f"born {alarm.birth_date} · {alarm.record_number}")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(card.locator(".resolve")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog.locator("input").first).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("rang twice")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(card.locator(".resolve")).to_be_focused()
    assert wall.ward.resolved[alarm.episode] == ("no_answer", "rang twice")


async def test_an_outcome_of_what_changed_is_refused_and_what_ended_may_be_resolved(wall: Wall) -> None:
    wall.complaints.expected = ("409",)
    alarm = wall.high(6)
    wall.ward.end(alarm.episode, 96)
    card, dialog = wall.card(alarm), wall.page.locator("#resolve")
    await card.locator(".resolve").click()
    wall.ward.worsen(alarm.episode, 79, 80)
    await expect(card.locator(".what")).to_have_text("SpO₂ 79 < 80")
    await expect(dialog.locator(".what")).to_have_text("!!! SpO₂ 84 < 85 %")  # what the person read
    await dialog.get_by_text("Artefact, no event").click()
    await dialog.locator("[type=submit]").click()
    await expect(dialog.locator(".note")).to_contain_text("CHANGED")
    await expect(dialog.locator(".what")).to_have_text("!!! SpO₂ 79 < 80 %")
    assert wall.present(alarm).phase == "active"
    await dialog.locator("[type=submit]").click()
    await expect(dialog).to_be_hidden()
    assert wall.ward.resolved[alarm.episode] == ("artefact", "")


async def test_what_is_over_while_somebody_asks_can_still_be_resolved(wall: Wall) -> None:
    alarm = wall.high(6)
    card, dialog = wall.card(alarm), wall.page.locator("#resolve")
    await card.locator(".acknowledge").click()
    await card.locator(".resolve").click()
    wall.ward.end(alarm.episode, 96)
    await expect(dialog.locator(".note")).to_contain_text("OVER")
    await dialog.get_by_text("Spoke").click()
    await dialog.locator("[type=submit]").click()
    await expect(dialog).to_be_hidden()
    assert wall.ward.resolved[alarm.episode] == ("spoke", "")


async def test_from_a_tile_monitoring_is_suspended_and_resumed(wall: Wall) -> None:
    page, tile, dialog = wall.page, wall.tile(7), wall.page.locator("#patient")
    await tile.focus()
    await page.keyboard.press("Enter")
    shown = wall.ward.snapshot().tiles[7]
    await expect(dialog.locator(".who")).to_have_text(shown.name)
    await expect(dialog.locator(".identity")).to_have_text(f"born {shown.birth_date} · {shown.record_number}")
    rate = dialog.locator("tbody tr", has_text="Heart rate")
    await expect(rate).to_contain_text("/min")
    await expect(rate).to_contain_text("> 140 !!!")
    await expect(dialog.locator(".suspended")).to_be_hidden()
    await dialog.locator("[name=reason]").select_option("clinic")
    await dialog.locator("[name=minutes]").select_option("120")
    await dialog.get_by_role("button", name="Suspend").click()
    await expect(tile).to_be_focused()
    await expect(tile).to_have_attribute("data-status", "suspended")
    await expect(tile.locator(".state")).to_have_text("SUSPENDED")
    await expect(tile.locator(".why")).to_contain_text("demo")
    await expect(tile.locator(".number").first).to_be_hidden()
    suspended = wall.ward.snapshot().tiles[7].suspended
    assert suspended
    await expect(page.locator("#census")).to_contain_text("1 suspended")
    await page.keyboard.press("Enter")
    await expect(dialog.locator(".state")).to_contain_text("SUSPENDED (clinic) by demo")
    await dialog.get_by_role("button", name="Resume monitoring").click()
    await expect(tile).to_have_attribute("data-status", "monitored")


async def test_a_missed_high_waits_for_its_review_without_a_sound(wall: Wall) -> None:
    page, section = wall.page, wall.page.locator("#missed")
    high = wall.ward.miss(wall.ward.patients[8], "spo2", worst=78, limit=85)
    medium = wall.ward.miss(wall.ward.patients[9], "spo2", worst=88, limit=90, priority="medium")
    await expect(section.locator("li")).to_have_count(2)
    await expect(section.locator("li").last).to_contain_text("!! SpO₂ 88 < 90 %")
    row = section.locator(f'[data-missed="{high.id}"]')
    await expect(row).to_contain_text(high.record_number)
    await expect(row).to_contain_text("!!! SpO₂ 78 < 85 %")
    await row.locator("button").click()
    await expect(row).to_have_count(0)
    assert [event.id for event in wall.ward.snapshot().missed] == [medium.id]
    await wall.ward.review(medium.id, 1, actor="test", key="m")
    await expect(section).to_be_hidden()
    assert await page.locator("body").get_attribute("data-unheard") is None


@pytest.mark.parametrize("verb", ["pause", "resolve", "suspend", "review"])
async def test_what_nobody_confirmed_says_so_whatever_it_was(wall: Wall, verb: str) -> None:
    wall.complaints.expected = ("ERR_FAILED",)
    page = wall.page
    keys: list[str] = []

    async def lose_the_first(route: Route) -> None:
        keys.append(json.loads(route.request.post_data or "")["key"])
        await (route.abort() if len(keys) == 1 else route.continue_())

    await page.route(f"**/{verb}", lose_the_first)
    if verb == "review":
        wall.ward.miss(wall.ward.patients[10], "spo2", worst=78, limit=85)
        box = page.locator("#missed li")
        await box.locator("button").click()
    elif verb == "suspend":
        box = page.locator("#patient")
        await wall.tile(11).click()
        await box.get_by_role("button", name="Suspend").click()
    else:
        alarm = wall.high(12)
        wall.ward.end(alarm.episode, 96)
        box = wall.card(alarm)
        await box.locator(f".{verb}").click()
        if verb == "resolve":
            box = page.locator("#resolve")
            await box.get_by_text("Ambulance").click()
            await box.locator("[type=submit]").click()
    await expect(box.locator("p.note")).to_contain_text("NOT SENT")
    await box.get_by_role("button", name="Send again").click()
    await expect(box.locator("p.note")).to_have_count(0) if verb == "review" else await expect(
        box.locator("p.note")
    ).to_be_hidden()
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_letters_act_on_the_focused_card_alone_and_can_be_switched_off(wall: Wall) -> None:
    page = wall.page
    first, second = wall.high(13), wall.high(14)
    await expect(wall.card(second)).to_be_visible()
    await page.locator("#keys").uncheck()
    await wall.card(first).focus()
    await page.keyboard.press("s")
    await page.keyboard.press("a")
    await page.locator("#keys").check()
    await page.keyboard.press("a")  # the focus is on no card
    await wall.card(second).focus()
    await page.keyboard.press("s")
    await expect(wall.card(second)).to_have_attribute("data-quiet", "true")
    assert [(wall.present(alarm).phase, wall.present(alarm).sounding) for alarm in (first, second)] == [
        ("active", True), ("active", False),
    ]  # fmt: skip
    await page.locator("#keys").uncheck()
    assert await page.evaluate("localStorage['vitals-keys']") == "off"
    await page.locator("#keys").check()


async def test_whatever_can_be_pressed_is_large_enough(wall: Wall) -> None:
    page = wall.page
    alarms = [wall.high(place) for place in (15, 16, 17)]
    wall.ward.end(alarms[0].episode, 96)
    await wall.ward.acknowledge(alarms[1].episode, 1, actor="a", key="size")
    missed = wall.ward.miss(wall.ward.patients[10], "spo2", worst=78, limit=85)
    await expect(page.locator("#missed li")).to_be_visible()
    await expect(wall.card(alarms[1]).locator(".resolve")).to_be_visible()
    await wall.tile(15).click()
    sizes = await page.evaluate(
        "[...document.querySelectorAll('button, select, label:has(input)')].filter(each => each.checkVisibility())"
        ".map(each => [each.textContent, each.getBoundingClientRect().width, each.getBoundingClientRect().height])"
    )
    await wall.ward.review(missed.id, 1, actor="test", key="size too")
    assert len(sizes) >= 10
    assert [size for size in sizes if size[1] < 44 or size[2] < 44] == []
    sticking_out = "[...document.querySelectorAll('.card')].filter(each => each.scrollWidth > each.clientWidth).length"
    assert await page.evaluate(sticking_out) == 0


async def test_s8_an_alarm_is_handed_over_by_keyboard_and_accepted(wall: Wall) -> None:
    page = wall.page
    alarm = wall.high(18)
    card, dialog = wall.card(alarm), page.locator("#resolve")
    await card.locator(".acknowledge").click()
    await card.locator(".resolve").click()
    await dialog.locator("summary").press("Enter")
    await dialog.locator("[name=to]").fill("nurse-2")
    await dialog.locator(".offer").press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(card.locator(".owner")).to_contain_text("→ nurse-2?")
    assert wall.present(alarm).offered_to == "nurse-2"
    await card.locator(".accept").click()  # by its owner: the offer is taken back
    await expect(card.locator(".accept")).to_be_hidden()
    await expect(card.locator(".owner")).not_to_contain_text("→")
    assert wall.present(alarm).offered_to is None


async def test_an_alarm_is_switched_off_for_a_while_and_stays_on_the_tile(wall: Wall) -> None:
    page = wall.page
    alarm = wall.high(19)
    card, dialog, tile = wall.card(alarm), page.locator("#resolve"), wall.tile(19)
    await card.locator(".acknowledge").click()
    await card.locator(".resolve").click()
    await dialog.locator("summary").click()
    allowed = await dialog.locator("[name=minutes] option:not([disabled])").all_inner_texts()
    assert allowed == ["15 min", "30 min", "1 h", "2 h"]  # a high
    await dialog.locator("[name=minutes]").select_option("30")
    await dialog.locator(".inactivate").click()
    await expect(dialog).to_be_hidden()
    still = page.locator(f'.card[data-episode="{alarm.episode}"]:not([data-phase="over"])')
    await expect(still).to_have_count(0)  # the row that a person works at may stay a while, as over
    await expect(tile.locator(".badge")).to_contain_text("⊘")
    await expect(tile.locator(".state")).to_contain_text("ALARM OFF")
    await tile.click()
    row = page.locator("#patient .switched-off li")
    await expect(row).to_contain_text("(known), demo")
    await row.locator("button").press("Enter")
    await expect(page.locator("#patient .switched-off")).to_be_hidden()
    assert wall.ward.snapshot().tiles[19].inactivated == ()
    await page.keyboard.press("Escape")


async def test_s15_a_patient_s_request_is_listed_and_answered(wall: Wall) -> None:
    section = wall.page.locator("#requests")
    for place, verb in ((20, "refuse"), (21, "accept")):
        patient = wall.ward.patients[place]
        await wall.ward.request_suspension(patient, reason="shower", minutes=20, actor=patient, key=f"ask {place}")
        row = section.locator(f'[data-request="{patient}"]')
        await expect(row).to_contain_text("asks to suspend: shower, 20 min")
        assert wall.ward.snapshot().tiles[place].suspended is None
        await row.locator(f".{verb}").press("Enter")
        await expect(section).to_be_hidden()
        assert (wall.ward.snapshot().tiles[place].suspended is not None) is (verb == "accept")
    await expect(wall.tile(21)).to_have_attribute("data-status", "suspended")
    await wall.ward.resume(wall.ward.patients[21], actor="demo", key="resume 21")
    await expect(wall.tile(21)).to_have_attribute("data-status", "monitored")
