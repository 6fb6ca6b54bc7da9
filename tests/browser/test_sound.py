"""What is to be heard: the bursts themselves, and when they sound."""

import math
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import GONE, WALL, Complaints, Opened
from tests.browser.consoles import serving

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard

pytestmark = pytest.mark.asyncio(loop_scope="session")

RATE = 16_000
RENDER = """
async ([priority, rate]) => {
  const { render, BURSTS } = await import("/static/bursts.js");
  const buffer = await render(priority, rate);
  const samples = [...buffer.getChannelData(0)].map(each => Math.round(each * 1e4) / 1e4);
  return { samples, every: BURSTS[priority].every };
}
"""


@pytest.fixture
def ward() -> RehearsalWard:
    return RehearsalWard(SystemClock(), 8)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def silent(browser: Browser) -> AsyncIterator[Page]:
    """A wall that nobody gave its sound, open since the first of these tests; the only one of its server."""
    complaints = Complaints()
    async with serving(RehearsalWard(SystemClock(), 8)) as console:
        context = await browser.new_context(viewport=WALL)
        page = await context.new_page()
        page.on("console", complaints.hear)
        await page.goto(console.url)
        yield page
        await context.close()
    assert complaints == []


def pulses(samples: list[float]) -> list[tuple[float, float]]:
    """Start and end, in seconds, of every stretch of sound."""
    step = RATE // 200
    loud = [max(map(abs, samples[at : at + step])) > 0.02 for at in range(0, len(samples), step)]
    edges = [index for index, (one, next_) in enumerate(pairwise([False, *loud, False])) if one != next_]
    return [(start / 200, end / 200) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def harmonics(pulse: list[float]) -> tuple[float, list[float]]:
    """The fundamental of one pulse in hertz, and the levels of its multiples in decibels against it."""
    size = 1 << 16
    spectrum = np.abs(np.fft.rfft(np.asarray(pulse) * np.hanning(len(pulse)), size))
    step = RATE / size
    tone = float(np.argmax(spectrum[: round(1000 / step)])) * step

    def level(hertz: float) -> float:
        at = round(hertz / step)
        return float(spectrum[at - 8 : at + 9].max())

    multiples = [number * tone for number in range(2, 8) if 300 <= number * tone <= 4000]
    return tone, [20 * math.log10(level(hertz) / level(tone)) for hertz in multiples]


@pytest.mark.parametrize(
    ("priority", "count", "longest_s", "repeat_s"),
    [("high", 10, 0.2, 10), ("medium", 3, 0.25, 20), ("low", 2, 0.25, 60)],
)
async def test_a_burst_says_its_priority(
    silent: Page, priority: str, count: int, longest_s: float, repeat_s: float
) -> None:
    rendered = await silent.evaluate(RENDER, [priority, RATE])
    samples: list[float] = rendered["samples"]
    found = pulses(samples)
    assert len(found) == count
    assert all(0.075 <= end - start <= longest_s + 0.02 for start, end in found)
    assert max(map(abs, samples)) <= 1
    assert len(samples) / RATE < rendered["every"] <= repeat_s
    for start, end in found:
        pulse = samples[round(start * RATE) : round(end * RATE)]
        tone, levels = harmonics(pulse)
        assert 150 <= tone <= 1000
        assert len([level for level in levels if abs(level) <= 15]) >= 4


async def bursts(page: Page) -> int:
    return int(await page.locator("#sound").get_attribute("data-bursts") or 0)


async def test_silence_is_loud_to_the_eye_and_a_gesture_ends_it(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        page = await opened(console.url)
        sound = page.locator("#sound")
        await expect(sound).to_contain_text("Sound is OFF")
        ward.raise_alarm(ward.patients[1], "medium", metric="heart_rate", value=128, limit=120)
        await expect(page.locator("body")).to_have_attribute("data-unheard", "true")
        assert await bursts(page) == 0
        await sound.click()
        await expect(page.locator("body")).to_have_attribute("data-sound", "on")
        await expect(sound).to_have_text("Sound on")
        await expect(sound).to_have_attribute("data-burst", "medium")
        await expect(page.locator("body")).not_to_have_attribute("data-unheard", "true")
        alarm = ward.raise_alarm(ward.patients[2], "high", metric="spo2", value=84, limit=85)
        await expect(sound).to_have_attribute("data-burst", "high")  # at once, not after the medium's pause
        assert await bursts(page) == 2
        await expect(sound).to_have_attribute("data-bursts", "3")  # and again
        await expect(sound).to_have_attribute("data-burst", "high")
        await ward.acknowledge(alarm.episode, 1, actor="nurse-2", key="k")
        await expect(page.locator(".card").first).to_have_attribute("data-phase", "acknowledged")


async def test_one_window_sounds_and_the_next_takes_over(opened: Opened, ward: RehearsalWard) -> None:
    async with serving(ward) as console:
        one, other = [await opened(console.url) for _ in range(2)]
        for page in (one, other):
            await page.bring_to_front()
            await page.locator("#sound").click()
        await expect(one.locator("body")).to_have_attribute("data-sound", "on")
        await expect(other.locator("body")).to_have_attribute("data-sound", "elsewhere")
        ward.raise_alarm(ward.patients[1], "high", metric="spo2", value=84, limit=85)
        await expect(one.locator("#sound")).to_have_attribute("data-burst", "high")
        assert await bursts(other) == 0
        await one.close()
        await expect(other.locator("#sound")).to_have_attribute("data-burst", "high")


async def test_a_lost_connection_is_heard_from_what_the_page_holds(
    opened: Opened, ward: RehearsalWard, complaints: Complaints
) -> None:
    complaints.expected = GONE
    async with serving(ward) as console:
        page = await opened(console.url)
        await page.locator("#sound").click()
        await expect(page.locator("body")).to_have_attribute("data-sound", "on")
        await console.stop()
        await page.wait_for_selector('body[data-link="lost"]')
        assert await bursts(page) == 0
        await expect(page.locator("#sound")).to_have_attribute("data-burst", "high", timeout=30_000)
        said = await page.locator("#lost small").inner_text()
        assert int(said.split()[1]) >= 15


async def test_every_page_says_when_nobody_would_hear_until_somebody_would(silent: Page) -> None:
    notice = silent.locator("#silent")
    await expect(notice).to_have_text("Nobody would hear an alarm: no sound from 1 open console")
    await expect(notice).to_have_css("background-color", "rgb(213, 40, 27)")
    await silent.locator("#sound").click()
    await expect(notice).to_be_hidden()
    station = await silent.evaluate("sessionStorage.station")
    async with silent.expect_request(f"**/api/v1/stations/{station}") as told:
        pass  # and again, every 5 s
    assert (await told.value).post_data_json == {"audible": True, "drawn": None}
