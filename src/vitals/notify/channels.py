"""The channels there are, by the scheme of their address."""

from collections.abc import Callable
from typing import Final

from vitals.clock import Clock
from vitals.errors import ConfigurationError
from vitals.notify.apprise_channel import AppriseChannel
from vitals.notify.base import Channel
from vitals.notify.config import PUSH, Settings
from vitals.notify.memory import MemoryChannel
from vitals.notify.push_channel import Devices, PushChannel
from vitals.notify.push_keys import load


def _memory(name: str, _url: str) -> Channel:
    return MemoryChannel(f"{name} memory")


def _homeless(name: str, _url: str) -> Channel:
    raise ConfigurationError(f"notify: {name}: push:// is for recipients of a server, whose registry knows the devices")


KINDS: Final[dict[str, Callable[[str, str], Channel]]] = {"memory": _memory, "push": _homeless}
"""Channels of our own; every other scheme is Apprise's."""


def open_channel(name: str, url: str) -> Channel:
    """The channel at *url*.

    Raises:
        ConfigurationError: there is no such service; the address is not repeated, it may hold a secret.
    """
    return KINDS.get(url.partition("://")[0], AppriseChannel)(name, url)


def open_channels(settings: Settings, devices: Devices, clock: Clock) -> dict[str, list[Channel]]:
    """Every recipient's channels, in order: ``nurse-1/1 ntfys``, ``nurse-1/2 push``. *devices*: browsers by recipient.

    Raises:
        ConfigurationError: an address is none that a channel can be made of, or the push key cannot be used.
    """
    push = _pushing(settings, devices, clock)
    return {
        recipient.id: [
            push(f"{recipient.id}/{place} push", recipient.id)
            if url.startswith(PUSH)
            else open_channel(f"{recipient.id}/{place}", url)
            for place, url in enumerate(recipient.channels, start=1)
        ]
        for recipient in settings.directory.recipients.values()
    }


def _pushing(settings: Settings, devices: Devices, clock: Clock) -> Callable[[str, str], Channel]:
    push = settings.push
    if push is None:  # no address asks for it: the settings were read so
        return _homeless
    key = load(push.key)
    return lambda name, recipient: PushChannel(name, recipient, devices, key, push.contact, push.services, clock)
