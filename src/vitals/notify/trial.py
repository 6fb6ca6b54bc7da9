"""A test message over every channel, once, by a technician: the answer of each, at once."""

import asyncio

import msgspec

from vitals.clock import Clock
from vitals.notify.base import Answer, Channel
from vitals.notify.channels import open_channels
from vitals.notify.config import Settings
from vitals.notify.message import TEST_TEXT, compose
from vitals.notify.push_channel import Devices
from vitals.observation import GenerationMode
from vitals.registry import Attempt, Dispatch, Notification


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What one channel answered, and after how many milliseconds."""

    recipient: str
    channel: str
    outcome: str
    receipt: str
    ms: int
    why: str


async def try_channels(
    settings: Settings, devices: Devices, mode: GenerationMode, clock: Clock, *, recipient: str = ""
) -> tuple[list[Trial], Dispatch]:
    """Send a test over every channel, or those of one *recipient*; the answers, and the same for the outbox.

    Raises:
        ConfigurationError: an address is none that a channel can be made of.
    """
    chosen = [
        (who, channel)
        for who, several in open_channels(settings, devices, clock).items()
        for channel in several
        if recipient in {"", who}
    ]
    async with asyncio.TaskGroup() as tasks:
        trying = [tasks.create_task(_try(who, channel, mode, clock)) for who, channel in chosen]
    tried = [task.result() for task in trying]
    record = Dispatch(notifications=[row for _, row, _ in tried], attempts=[row for _, _, row in tried])
    return [trial for trial, _, _ in tried], record


async def _try(
    recipient: str, channel: Channel, mode: GenerationMode, clock: Clock
) -> tuple[Trial, Notification, Attempt]:
    began_utc_ms, began_ms = clock.utc_ms(), clock.monotonic_ms()
    notification = Notification(
        key=f"test/{began_utc_ms}/{channel.name}",
        kind="test",
        recipient=recipient,
        text=TEST_TEXT,
        channel=channel.name,
        created_utc_ms=began_utc_ms,
        taken_utc_ms=began_utc_ms,
    )
    answer: Answer = await channel.send(compose(notification, mode))
    outcome, receipt = answer.outcome.value, answer.receipt.value
    trial = Trial(
        recipient=recipient,
        channel=channel.name,
        outcome=outcome,
        receipt=receipt,
        ms=clock.monotonic_ms() - began_ms,
        why=answer.why,
    )
    attempt = Attempt(
        key=notification.key,
        number=1,
        channel=channel.name,
        began_utc_ms=began_utc_ms,
        outcome=outcome,
        receipt=receipt,
        why=answer.why,
        ended_utc_ms=clock.utc_ms(),
    )
    state = "given_up" if outcome == "retry" else outcome
    return trial, msgspec.structs.replace(notification, state=state), attempt
