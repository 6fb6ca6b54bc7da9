"""What the wall shows of each state, in a real browser."""

import pytest
from playwright.async_api import Request, expect
from tests.browser.conftest import Opened, Wall
from tests.browser.consoles import serving

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.console.rehearsal_states import stage
from vitals.observation import GenerationMode

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENTS = 8

BOXES = """
() => [...document.querySelectorAll('.tile')].map(tile => {
  const box = tile.getBoundingClientRect();
  const of = part => tile.querySelector(part).getBoundingClientRect();
  const name = tile.querySelector('.name');
  return {
    left: box.left, top: box.top, right: box.right, bottom: box.bottom,
    gap: of('.spo2 .number').left - of('.rate .number').right,
    over: of('.spo2 .number').right - box.right,
    cut: name.scrollWidth - name.clientWidth > 1 || name.scrollHeight - name.clientHeight > 4,
    stateCut: tile.querySelector('.state').scrollWidth - tile.querySelector('.state').clientWidth > 1,
    says: tile.textContent,
    font: parseFloat(getComputedStyle(tile.querySelector('.number')).fontSize),
  };
})
"""


def tile(patient: str) -> str:
    return f'.tile[data-patient="{patient}"]'


async def test_a_tile_turns_red_and_the_lane_says_who_and_what(wall: Wall) -> None:
    page, ward = wall.page, wall.ward
    patient = ward.patients[2]
    shown = page.locator(tile(patient))
    await expect(shown).not_to_have_attribute("data-alarm", "high")
    alarm = ward.raise_alarm(patient, "high", metric="spo2", value=84, limit=85)
    await expect(shown).to_have_attribute("data-alarm", "high")
    await expect(shown).to_have_css("background-color", "rgb(213, 40, 27)")
    await expect(shown.locator(".badge")).to_have_text("!!!")
    await expect(shown.locator(".state")).to_have_text("SpO₂ 84 < 85 %")
    card = page.locator(".card")
    await expect(card.locator(".priority")).to_have_text("!!! HIGH")
    await expect(card.locator(".who")).to_have_text(alarm.name)
    await expect(card.locator(".identity")).to_have_text(f"born {alarm.birth_date} · {alarm.record_number}")
    await expect(card.locator(".what")).to_have_text("SpO₂ 84 < 85")
    await expect(page.locator("#count-high")).to_have_text("1")
    await expect(page.locator("#say")).to_contain_text(f"high priority: {alarm.name}")
    ward.end(alarm.episode, 96)
    await expect(shown).to_have_attribute("data-phase", "ended")
    await expect(shown).to_have_css("background-color", "rgb(213, 40, 27)")  # latched
    await expect(shown.locator(".state")).to_contain_text("ENDED · now 9")


async def test_two_hundred_patients_fit(opened: Opened) -> None:
    ward = RehearsalWard(SystemClock(), 200)
    ward.rename(ward.patients[20], "Featherstonehaugh-Cholmondeley, Alexandrina")
    ward.rename(ward.patients[21], "Maria del Carmen Rodriguez Hernandez")
    for patient in ward.patients[30:33]:
        ward.set_level(patient, "heart_rate", 188)
        ward.set_level(patient, "spo2", 105)  # shown as 100
    async with serving(ward) as console:
        page = await opened(console.url)
        await expect(page.locator(".tile .number")).to_have_count(400)
        calm = await page.evaluate(BOXES)
        stage(ward)
        await page.wait_for_selector('.tile[data-phase="ended"]')
        boxes = await page.evaluate(BOXES)
        sizes = await page.evaluate(
            "['#ward', 'body'].map(of => document.querySelector(of)).map(of => [of.scrollHeight - of.clientHeight, "
            "of.scrollWidth - of.clientWidth]).flat()"
        )
    assert len(boxes) == 200
    assert sizes == [0, 0, 0, 0]  # nothing scrolls
    assert all(box["bottom"] <= 1080 and box["right"] <= 1920 - 350 for box in boxes)
    assert [(box["left"], box["top"]) for box in boxes] == [(box["left"], box["top"]) for box in calm]
    assert min(box["gap"] for box in boxes) >= 4
    assert max(box["over"] for box in boxes) <= 0
    assert [box["says"] for box in boxes if box["cut"] or box["stateCut"]] == []


async def test_few_patients_use_the_room_and_show_their_limits(wall: Wall) -> None:
    page = wall.page
    first = page.locator(".tile").first
    await expect(first.locator(".value.rate .limits")).to_have_text("> 140 !!!> 120 !!< 50 !!< 40 !!!")
    await expect(first.locator(".value.spo2 .limits")).to_be_visible()
    await expect(first.locator(".identity")).to_be_visible()
    boxes = await page.evaluate(BOXES)
    assert {round(box["font"]) for box in boxes} == {84}
    assert all(box["bottom"] <= 1080 for box in boxes)


@pytest.mark.parametrize("patients", [14, 60])
async def test_every_state_says_what_it_is(opened: Opened, patients: int) -> None:
    ward = RehearsalWard(SystemClock(), patients)
    async with serving(ward) as console:
        page = await opened(console.url)
        alarms = stage(ward)
        taken = await ward.acknowledge(alarms["acknowledged"].episode, 1, actor="nurse-1", key="k")
        ward.withdraw_plan(ward.patients[12])
        ward.set_battery(ward.patients[1], 8)

        async def says(place: int, state: str, rate: str | None = None, spo2: str | None = None) -> None:
            shown = page.locator(tile(ward.patients[place]))
            await expect(shown.locator(".state")).to_contain_text(state)
            for side, text in (("rate", rate), ("spo2", spo2)):
                if text:
                    await expect(shown.locator(f".value.{side} .number")).to_have_text(text)

        assert taken.phase == "acknowledged"
        await says(1, "BATTERY 8 %")
        await says(4, "HR 128 > 120")
        await says(5, "✓ nurse-1")
        await says(6, "ENDED · now")
        await says(7, "SENSOR OFF", spo2="--")
        await says(8, "AGE 1")
        await says(9, "NOT MONITORED")
        await says(10, "NOT MONITORED", "--", "--")
        await says(11, "NO DATA", "--", "--")
        await says(12, "NO PLAN")
        struck = page.locator(f"{tile(ward.patients[9])} .value.rate")
        await expect(struck).to_have_attribute("data-look", "old")
        await expect(page.locator(tile(ward.patients[11]))).to_have_attribute("data-hatch", "true")
        await expect(page.locator(tile(ward.patients[5]))).to_have_attribute("data-phase", "acknowledged")
        await expect(page.locator("#census .blind")).to_have_text("4 not monitored")
        assert [box["says"] for box in await page.evaluate(BOXES) if box["stateCut"]] == []


async def test_a_pulse_rate_stands_in_and_says_so(opened: Opened) -> None:
    ward = RehearsalWard(SystemClock(), 60)
    strapless, both = ward.patients[:2]
    ward.remove(strapless, "heart_rate")
    for patient in (strapless, both):
        ward.set_level(patient, "pulse_rate", 108)
    async with serving(ward) as console:
        page = await opened(console.url)
        label = page.locator(f"{tile(strapless)} .value.rate .label")
        await expect(label).to_have_text("PR")
        await expect(label).to_be_visible()
        await expect(page.locator(f"{tile(both)} .value.rate .label")).to_be_hidden()  # the legend says HR
        ward.take_off(both, "heart_rate")
        await expect(page.locator(f"{tile(both)} .value.rate .label")).to_be_visible()
        assert min(box["gap"] for box in await page.evaluate(BOXES)) >= 4


@pytest.mark.parametrize(("mode", "scale"), [("demo", 1.0), ("test", 0.1), ("real", 1.0)])
async def test_the_mode_cannot_be_missed(opened: Opened, mode: str, scale: float) -> None:
    ward = RehearsalWard(SystemClock(), 8, mode=GenerationMode[mode.upper()], time_scale=scale)
    async with serving(ward) as console:
        page = await opened(console.url)
        badge = page.locator("#mode")
        if mode == "real":
            await expect(badge).to_be_hidden()
            assert "[" not in await page.title()
        else:
            await expect(badge).to_contain_text(mode.upper())
            box = await badge.bounding_box()
            assert box
            assert box["width"] * box["height"] > 10_000
            assert f"[{mode.upper()}]" in await page.title()
        scaled = page.locator("#scale")
        await (expect(scaled).to_have_text("time scale 0.1") if scale != 1 else expect(scaled).to_be_hidden())


async def test_everything_comes_from_this_server(wall: Wall) -> None:
    page = wall.page
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    await page.reload()
    await page.wait_for_selector('body[data-link="live"]')
    assert await page.evaluate("document.fonts.check('16px Inter')")
    assert any(url.endswith(".woff2") for url in asked)
    assert [url for url in asked if not url.startswith(wall.url)] == []


async def test_names_that_could_be_taken_for_one_another_are_marked(wall: Wall) -> None:
    page, ward = wall.page, wall.ward
    first, second = ward.patients[:2]
    ward.rename(first, "Novak, Anna")
    ward.rename(second, "Novak, Adam")
    await expect(page.locator(f"{tile(first)} .name")).to_contain_text("≈ Novak, Anna")
    ward.raise_alarm(first, "high", metric="spo2", value=84, limit=85)
    await expect(page.locator(".card .similar")).to_have_text("≈ similar name: Novak, Adam")


async def test_a_notice_and_a_medium_that_ended_are_listed_silently(wall: Wall) -> None:
    page, ward = wall.page, wall.ward
    ward.notices = ("Not recording: the disk is full",)
    await expect(page.locator("#notices")).to_contain_text("Not recording: the disk is full")
    alarm = ward.raise_alarm(ward.patients[0], "medium", metric="heart_rate", value=128, limit=120)
    await expect(page.locator(".card")).to_have_count(1)
    ward.end(alarm.episode, 88)
    await expect(page.locator(".card")).to_have_count(0)
    await expect(page.locator("#ended")).to_contain_text(f"{alarm.name}: HR 128 > 120")
