"""The channels there are, by the scheme of their address."""

from collections.abc import Callable
from typing import Final

from vitals.notify.apprise_channel import AppriseChannel
from vitals.notify.base import Channel
from vitals.notify.config import Settings
from vitals.notify.memory import MemoryChannel


def _memory(name: str, _url: str) -> Channel:
    return MemoryChannel(f"{name} memory")


KINDS: Final[dict[str, Callable[[str, str], Channel]]] = {"memory": _memory}
"""Channels of our own; every other scheme is Apprise's."""


def open_channel(name: str, url: str) -> Channel:
    """The channel at *url*.

    Raises:
        ConfigurationError: there is no such service; the address is not repeated, it may hold a secret.
    """
    return KINDS.get(url.partition("://")[0], AppriseChannel)(name, url)


def open_channels(settings: Settings) -> dict[str, list[Channel]]:
    """Every recipient's channels, in order: ``nurse-1/1 ntfys``, ``nurse-1/2 mailto``. Raises ConfigurationError."""
    return {
        recipient.id: [
            open_channel(f"{recipient.id}/{place}", url) for place, url in enumerate(recipient.channels, start=1)
        ]
        for recipient in settings.directory.recipients.values()
    }
