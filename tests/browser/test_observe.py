"""What a nurse observed, entered on the wall of a real alarm desk: refused by name, alarmed at once, listed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect
from tests.browser.conftest import WALL, Complaints
from tests.browser.consoles import serving
from tests.desk_scene import Scene

from vitals.registry import Plan

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEWS2 = Plan(prescribed={"spo2": []}, responsible_nurse="nurse-1", limits="[scores]\nnews2 = {}\n")


class Desk:
    """A desk with one patient whose NEWS2 is prescribed, and a page that shows it."""

    def __init__(self, scene: Scene, page: Page, complaints: Complaints) -> None:
        self.scene = scene
        self.page = page
        self.complaints = complaints
        self.patient = page.locator("#patient")
        self.form = page.locator("#observe")

    async def open(self) -> None:
        """From the tile to the form, by keyboard."""
        await self.page.locator(".tile").focus()
        await self.page.keyboard.press("Enter")
        await self.patient.locator("button.enter").press("Enter")
        await expect(self.form).to_be_visible()

    def field(self, name: str) -> Locator:
        return self.form.get_by_label(name)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    scene = Scene(plan=NEWS2, sensors=())
    complaints = Complaints()
    complaints.expected = ("409",)  # what the browser itself says of a refusal
    async with serving(scene.desk) as console:
        context = await browser.new_context(viewport=WALL)
        page = await context.new_page()
        page.on("console", complaints.hear)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        await page.goto(console.url)
        await page.wait_for_selector('body[data-link="live"]')
        yield Desk(scene, page, complaints)
        await context.close()
    scene.close()
    assert complaints == []


async def test_s18_what_is_entered_is_refused_by_name_alarms_at_least_and_is_listed_with_its_age(desk: Desk) -> None:
    page, form, patient = desk.page, desk.form, desk.patient
    await desk.open()
    shown = desk.scene.desk.snapshot().tiles[0]
    await expect(form.locator(".who")).to_have_text(shown.name)
    await expect(form.locator(".identity")).to_have_text(f"born {shown.birth_date} · {shown.record_number}")
    await expect(desk.field("Consciousness")).to_be_focused()
    await desk.field("Oxygen").select_option("oxygen")
    await desk.field("Systolic pressure").fill("400")
    await desk.field("Respiratory rate").fill("25")
    await page.keyboard.press("Enter")
    await expect(form.locator(".note")).to_contain_text("Systolic pressure: 400 is not plausible: 20 to 330 mmHg")
    await expect(desk.field("Systolic pressure")).to_be_focused()
    await expect(desk.field("Systolic pressure")).to_have_attribute("aria-invalid", "true")
    assert desk.scene.desk.snapshot().tiles[0].entries == ()
    await desk.field("Systolic pressure").fill("")
    await desk.field("Temperature").fill("38,4")
    await page.keyboard.press("Enter")
    await expect(form).to_be_hidden()
    await expect(patient.locator("button.enter")).to_be_focused()
    entries = patient.locator(".entries li")
    await expect(entries).to_have_count(3)
    await expect(entries.nth(2)).to_contain_text("Temperature 38.4 °C · demo · ")
    await expect(entries.nth(2)).to_contain_text("counts 4 h more")
    await expect(patient.locator(".score")).to_contain_text("NEWS2 ≥6 · 3 of 7 parts")
    await expect(patient.locator(".scores")).to_contain_text("Missing: SpO2 (not observed), Systolic pressure")
    card = page.locator(".card")
    await expect(card.locator(".what")).to_have_text("NEWS2 ≥6")
    await expect(card.locator(".detail")).to_contain_text("Respiratory rate 25 /min (3), supplemental oxygen (2)")
    await expect(card.locator(".now")).to_have_text("now ≥6 ")
    await page.keyboard.press("Escape")
    await expect(page.locator(".tile .state")).to_contain_text("NEWS2 ≥6 · 3 of 7 parts")


async def test_every_field_has_a_name_and_is_large_enough_and_nothing_is_entered_by_cancelling(desk: Desk) -> None:
    await desk.open()
    await desk.field("Pulse").fill("200")
    controls: list[list[Any]] = await desk.form.evaluate(
        "form => [...form.querySelectorAll('input, select, button')].map(each => "
        "[each.name, each.matches('button') || each.labels.length > 0, each.getBoundingClientRect().height])"
    )
    assert [control for control in controls if not control[1] or control[2] < 44] == []
    await desk.page.keyboard.press("Escape")
    await expect(desk.form).to_be_hidden()
    assert desk.scene.desk.snapshot().tiles[0].entries == ()
    await desk.patient.locator("button.enter").click()
    await expect(desk.field("Pulse")).to_have_value("")
    await desk.form.get_by_role("button", name="Record").click()
    await expect(desk.form.locator(".note")).to_contain_text("nothing was entered")
