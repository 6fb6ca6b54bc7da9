"""What a message opens, and a message as a browser shows it.

Chromium reaches no push service here: that a browser subscribes is not tested. What a push service would bring is
handed to the browser over its debugging protocol instead.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect
from tests.browser.conftest import Opened
from tests.browser.consoles import RunningConsole, serving
from tests.notify_scene import SECTION, settings

from vitals.clock import SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.notify import push_keys
from vitals.notify.base import Receipt
from vitals.notify.frontdesk import FrontDesk
from vitals.notify.memory import MemoryChannel
from vitals.notify.notifier import Notifier, run_notifier
from vitals.observation import GenerationMode
from vitals.registry import PushDevice, Registry, open_registry

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE_S = 20.0


class Scene:
    """A ward, its notifier and its console; everybody's channels keep what they are given."""

    def __init__(self, ward: RehearsalWard, notifier: Notifier, registry: Registry, console: RunningConsole) -> None:
        self.ward = ward
        self.notifier = notifier
        self.registry = registry
        self.console = console

    async def word(self) -> str:
        """The word in the newest message to whoever is told first."""
        channel = self.notifier.channels["nurse-1"][0]
        assert isinstance(channel, MemoryChannel)
        await until(lambda: channel.messages)
        return channel.messages[-1].word

    def receipts(self) -> list[str]:
        return [attempt.receipt for attempt in self.registry.outbox.attempts()]


async def until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture(loop_scope="session")
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    ward = RehearsalWard(SystemClock(), 6)
    registry = open_registry("sqlite://")
    people = {**SECTION["recipients"], "nurse-2": {"channels": ["push://"]}}
    key = push_keys.make(tmp_path / "push.pem")
    chosen = settings(recipients=people, push={"key": str(tmp_path / "push.pem"), "contact": "it@ward.example"})
    notifier = Notifier(
        chosen, ward, registry, mode=GenerationMode.DEMO, clock=SystemClock(), notice=lambda _code, _text: None
    )
    desk = FrontDesk(chosen, registry, notifier, SystemClock(), push_key=key.public)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run_notifier(notifier))
        async with serving(ward, front_desk=desk) as console:
            yield Scene(ward, notifier, registry, console)
        running.cancel()
    registry.close()


async def test_s19_a_message_opens_its_alarm_which_is_viewed_and_then_acknowledged_there(
    scene: Scene, opened: Opened
) -> None:
    for number in range(4):
        scene.ward.raise_alarm(scene.ward.patients[number], "medium", metric="heart_rate", value=128, limit=120)
    wanted = scene.ward.raise_alarm(scene.ward.patients[5], "high", metric="spo2", value=84, limit=85)
    await until(lambda: "delivered" in scene.receipts())
    word = await scene.word()
    await until(lambda: len(scene.receipts()) >= 5)
    page = await opened("about:blank", live=False)
    request = await page.request.get(f"{scene.console.url}/a/{word}")
    assert request.status == 200
    assert "viewed" not in scene.receipts()  # whatever looks at links is no person
    await page.goto(f"{scene.console.url}/a/{word}")
    card = page.locator(f'.card[data-episode="{wanted.episode}"]')
    await expect(card.locator(".acknowledge")).to_be_focused()
    await until(lambda: "viewed" in scene.receipts())
    await page.keyboard.press("Enter")
    await expect(page.locator(f'.card[data-episode="{wanted.episode}"]')).to_have_attribute(
        "data-phase", "acknowledged"
    )
    again = await opened(f"{scene.console.url}/a/{word}")
    await expect(again.locator("#opened")).to_be_hidden()


async def test_a_message_of_which_nothing_is_known_says_so(scene: Scene, opened: Opened, complaints: Any) -> None:
    complaints.expected = ("404 (Not Found)",)
    page = await opened(f"{scene.console.url}/a/K7QF3DMX")
    await expect(page.locator("#opened")).to_have_text("no message has the word K7QF3DMX")


async def test_a_hand_over_is_offered_and_accepted_on_the_page(scene: Scene, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{scene.console.url}/notifications")
    await expect(page.locator("#lacks")).to_have_text("Say who you are first.")
    await page.locator("#me").select_option("nurse-1")
    await expect(page.locator("#lacks")).to_contain_text("add push:// to the channels of nurse-1")
    await page.locator("#taker").select_option("nurse-2")
    await page.locator("#offer button").click()
    row = page.locator("#hand-overs li")
    await expect(row).to_contain_text("nurse-1 asks nurse-2")
    await expect(row).to_contain_text("NOT accepted yet")
    await expect(row.get_by_role("button", name="Accept")).to_have_count(
        0
    )  # nobody accepts what they offered themselves
    await page.locator("#me").select_option("nurse-2")
    await expect(page.locator("#tell")).to_be_enabled()
    await row.get_by_role("button", name="Accept").click()
    await expect(row).to_contain_text("nurse-2 stands in for nurse-1")
    (hand_over,) = scene.registry.duty.hand_overs(now_utc_ms=SystemClock().utc_ms())
    assert hand_over.accepted_utc_ms is not None
    await row.get_by_role("button", name="End").click()
    await expect(page.locator("#none")).to_be_visible()


async def pushed(page: Page, scene: Scene, data: str) -> None:
    """Have the browser's worker get *data*, as if a push service had brought it."""
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def registered(said: dict[str, Any]) -> None:
        for registration in said["registrations"]:
            if not found.done() and registration["scopeURL"].endswith("/static/"):
                found.set_result(registration["registrationId"])

    session = await page.context.new_cdp_session(page)
    session.on("ServiceWorker.workerRegistrationUpdated", registered)
    await session.send("ServiceWorker.enable")
    async with asyncio.timeout(PATIENCE_S):
        registration = await found
    await session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": scene.console.url, "registrationId": registration, "data": data},
    )


SHOWN = """
async () => {
  const registration = await navigator.serviceWorker.getRegistration("/static/");
  return (await registration.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}
"""
REGISTER = """
async () => {
  const policy = trustedTypes.createPolicy("vitals-push-worker", { createScriptURL: (url) => url });
  const registration = await navigator.serviceWorker.register(
    policy.createScriptURL("/static/push-worker.js"), { scope: "/static/" });
  while (!registration.active) await new Promise((done) => setTimeout(done, 20));
}
"""


async def test_s19_a_message_that_a_browser_showed_is_delivered(scene: Scene, context: BrowserContext) -> None:
    await context.grant_permissions(["notifications"], origin=scene.console.url)
    channel = scene.notifier.channels["nurse-1"][0]
    assert isinstance(channel, MemoryChannel)
    channel.proves = Receipt.HANDED_OVER
    page = await context.new_page()
    await page.goto(f"{scene.console.url}/notifications")
    await page.evaluate(REGISTER)
    scene.ward.raise_alarm(scene.ward.patients[0], "high", metric="spo2", value=84, limit=85)
    word = await scene.word()
    message = next(row for row in scene.registry.outbox.notifications() if row.recipient == "nurse-1")

    def receipts() -> list[str]:
        return [attempt.receipt for attempt in scene.registry.outbox.attempts(key=message.key)]

    await until(lambda: receipts() == ["handed_over"])
    payload = {"title": "OpenVitals DEMO", "body": message.text, "key": message.key, "word": word}
    await pushed(page, scene, msgspec.json.encode(payload).decode())
    await until(lambda: receipts() == ["delivered"])
    (shown,) = await page.evaluate(SHOWN)
    assert shown == {
        "title": "OpenVitals DEMO",
        "body": message.text,
        "tag": message.reference,
        "data": {"word": word},
    }
    await pushed(page, scene, "not for us")
    async with asyncio.timeout(PATIENCE_S):
        while len(said := await page.evaluate(SHOWN)) < 2:
            await asyncio.sleep(0.05)
    assert any("cannot be read" in one["body"] for one in said)


async def test_a_browser_is_registered_and_forgotten(scene: Scene, context: BrowserContext) -> None:
    url, origin = scene.console.url, {"Origin": scene.console.url}
    device = {"recipient": "nurse-2", "endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "a", "auth": "b"}}
    post = context.request.post
    assert (await post(f"{url}/api/v1/push/devices", data=device, headers=origin)).status == 200
    stored = scene.registry.duty.devices("nurse-2")
    assert [one.endpoint for one in stored] == [device["endpoint"]]
    assert isinstance(stored[0], PushDevice)
    inside = device | {"endpoint": "https://10.0.0.1/x"}
    assert (await post(f"{url}/api/v1/push/devices", data=inside, headers=origin)).status == 400
    other = device | {"recipient": "nurse-1"}
    assert (await post(f"{url}/api/v1/push/devices", data=other, headers=origin)).status == 409
    gone = {"endpoint": device["endpoint"]}
    assert (await post(f"{url}/api/v1/push/devices/remove", data=gone, headers=origin)).status == 200
    assert (await post(f"{url}/api/v1/push/devices/remove", data=gone, headers=origin)).status == 404
    assert scene.registry.duty.devices() == []
