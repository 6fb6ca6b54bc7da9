"""Web Push: a message to every browser in which a person asked for it, encrypted for that browser alone.

The push service in between reads nothing (RFC 8291) and knows us by our key (RFC 8292). That it took a message is all
that it says: *handed over*. The browser itself reports the rest (``static/push-worker.js``).
"""

import asyncio
import http.client
import logging
from collections.abc import Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

import msgspec

from vitals.clock import Clock
from vitals.errors import ConfigurationError, StoreError
from vitals.notify.base import Answer, Message, Outcome, Receipt
from vitals.notify.bounded import in_thread
from vitals.notify.push_keys import PushKey
from vitals.notify.push_services import require_address
from vitals.registry import PushDevice

_log = logging.getLogger(__name__)

WITHIN_S: Final = 10.0
"""How long one device may take. Not scaled."""
ALARM_TTL_S: Final = 600
"""How long a push service keeps an alarm for a device that is away; by then the chain has told others."""
TEST_TTL_S: Final = 3600
_URGENCY: Final = {"high": "high", "medium": "high"}
_GONE: Final = frozenset({404, 410})
_ANSWER_BYTES: Final = 500
_ANSWER_CHARS: Final = 120


class Devices(Protocol):
    """Where browsers are kept: ``registry.Duty``."""

    def devices(self, recipient: str | None = None) -> list[PushDevice]:
        """Those that are there. Raises StoreError."""

    def remove_device(self, endpoint: str, *, at_utc_ms: int, why: str) -> bool:
        """One is gone. Raises StoreError."""


class PushChannel:
    """Implements ``base.Channel`` for one recipient.

    Args:
        name: see ``base.Channel``.
        recipient: whose browsers.
        devices: where they are kept.
        key: ours.
        contact: an address of mail at which the operator of a push service reaches us.
        services: hosts of push services that may be sent to.
        clock: for the moment at which a device was found gone.
        within_s: how long one device may take.
    """

    def __init__(
        self,
        name: str,
        recipient: str,
        devices: Devices,
        key: PushKey,
        contact: str,
        services: Sequence[str],
        clock: Clock,
        *,
        within_s: float = WITHIN_S,
    ) -> None:
        self._name = name
        self._recipient = recipient
        self._devices = devices
        self._key = key
        self._contact = contact
        self._services = services
        self._clock = clock
        self._within_s = within_s
        self._known: list[PushDevice] = []

    @property
    def name(self) -> str:
        """See ``base.Channel``."""
        return self._name

    async def send(self, message: Message) -> Answer:
        """See ``base.Channel``: sent, if the push service of at least one browser took it."""
        await self._look()
        if not self._known:
            return Answer(Outcome.RETRY, Receipt.QUEUED, "no device is registered: open /notifications on it")
        async with asyncio.TaskGroup() as tasks:
            sending = [tasks.create_task(self._to(device, message)) for device in self._known]
        answers = [task.result() for task in sending]
        return min(answers, key=lambda answer: list(Outcome).index(answer.outcome))

    async def _look(self) -> None:
        """A registry that fails or hangs holds up no message: those that were there a moment ago are told."""
        try:
            self._known = await in_thread(lambda: self._devices.devices(self._recipient), 2.0, name="push devices")
        except (StoreError, TimeoutError) as error:
            _log.warning("%s: the devices cannot be read: %s", self._name, error)

    async def _to(self, device: PushDevice, message: Message) -> Answer:
        place = urlsplit(device.endpoint).hostname
        try:
            status, said = await in_thread(lambda: self._post(device, message), self._within_s, name="push")
        except TimeoutError:
            return Answer(Outcome.RETRY, Receipt.UNKNOWN, f"{place}: no answer within {self._within_s:g} s")
        except (OSError, http.client.HTTPException, ConfigurationError, ValueError) as error:
            return Answer(Outcome.RETRY, Receipt.UNKNOWN, f"{place}: {' '.join(str(error).split())}")
        if 200 <= status < 300:
            return Answer(Outcome.SENT, Receipt.HANDED_OVER)
        if status in _GONE:
            await self._forget(device, f"{status} {said}")
            return Answer(Outcome.RETRY, Receipt.QUEUED, f"{place}: the device is registered no longer ({status})")
        outcome = Outcome.RETRY if status == 429 or status >= 500 else Outcome.REFUSED
        return Answer(outcome, Receipt.QUEUED, f"{place}: {status} {said}")

    def _post(self, device: PushDevice, message: Message) -> tuple[int, str]:
        """Status and beginning of what the push service answers; no redirection is followed."""
        address = require_address(device.endpoint, self._services)
        headers, body = encrypted(device, message, self._key, self._contact)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=self._within_s)
        try:
            target = address.path + (f"?{address.query}" if address.query else "")
            connection.request("POST", target or "/", body, dict(headers))
            response = connection.getresponse()
            said = response.read(_ANSWER_BYTES).decode(errors="replace")
        finally:
            connection.close()
        return response.status, " ".join(said.split())[:_ANSWER_CHARS]

    async def _forget(self, device: PushDevice, why: str) -> None:
        self._known = [each for each in self._known if each != device]
        _log.warning("%s: a device is gone (%s)", self._name, why)
        try:
            await in_thread(
                lambda: self._devices.remove_device(device.endpoint, at_utc_ms=self._clock.utc_ms(), why=why),
                2.0,
                name="push devices",
            )
        except (StoreError, TimeoutError) as error:
            _log.warning("%s: that a device is gone cannot be recorded: %s", self._name, error)


def encrypted(device: PushDevice, message: Message, key: PushKey, contact: str) -> tuple[Mapping[str, str], bytes]:
    """Headers and body of the request that brings *message* to *device*.

    Raises:
        ConfigurationError: the extra is not installed, or what the browser gave as its key is none.
    """
    try:
        from webpush import WebPush, WebPushSubscription  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'openvitals[push]'") from None
    ttl_s = ALARM_TTL_S if message.priority else TEST_TTL_S
    payload = {
        "title": message.title,
        "body": message.text.partition("\n")[0],  # the address of the console is the browser's own
        "key": message.key,
        "word": message.word,
    }
    try:
        made = WebPush(key.private_pem, key.public_pem, subscriber=contact, ttl=ttl_s).get(
            msgspec.json.encode(payload),
            WebPushSubscription.model_validate(
                {"endpoint": device.endpoint, "keys": {"auth": device.auth, "p256dh": device.p256dh}}
            ),
        )
    except ValueError as error:
        raise ConfigurationError(f"the keys of this device cannot be used ({type(error).__name__})") from None
    headers = {
        "TTL": str(ttl_s),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "Authorization": made.headers["authorization"],
        "Urgency": _URGENCY.get(message.priority, "normal"),
    }
    reference = message.word.partition("-")[0]
    if reference:
        headers["Topic"] = reference  # a newer message of the same alarm replaces one that still waits for the device
    return headers, made.encrypted
