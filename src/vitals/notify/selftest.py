"""The daily self-test: one message per channel, on the way that an alarm takes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from vitals.notify.base import Channel
from vitals.notify.config import Settings
from vitals.notify.message import self_test_text
from vitals.notify.schedule import latest
from vitals.registry import Notification

PREFIX: Final = "self-test"


def prefix(settings: Settings, utc_ms: int) -> str:
    """What the keys of the latest self-test that is due begin with; empty where there is to be none."""
    if settings.self_test is None:
        return ""
    return f"{PREFIX}/{latest(settings.directory.zone, settings.self_test, utc_ms).isoformat()}/"


def due(
    settings: Settings, channels: Mapping[str, Sequence[Channel]], known: Collection[str], utc_ms: int
) -> list[Notification]:
    """Self-tests that are due and not *known*: after a day without a server, or for a new channel, at once."""
    begins = prefix(settings, utc_ms)
    if not begins or settings.self_test is None:
        return []
    text = self_test_text(f"{settings.self_test // 60:02}:{settings.self_test % 60:02}")
    return [
        Notification(
            key=f"{begins}{channel.name}",
            kind="self_test",
            recipient=recipient,
            text=text,
            channel=channel.name,
            created_utc_ms=utc_ms,
        )
        for recipient, several in channels.items()
        for channel in several
        if f"{begins}{channel.name}" not in known
    ]
