"""Channels through Apprise: SMTP, ntfy, Gotify, Matrix, webhooks, SMS by HTTP and many more, one address each.

One instance per recipient and address, with our own retries: a list of addresses in one instance would be one answer
for all of them. Apprise blocks, so each attempt runs on a thread, bounded in time.
"""

import asyncio
import logging
import threading
import warnings
from typing import Any, Final

from vitals.errors import ConfigurationError
from vitals.notify.base import Answer, Message, Outcome, Receipt
from vitals.notify.bounded import in_thread

WITHIN_S: Final = 10.0
"""How long an attempt may take. Not scaled: what is at the other end does not know of our time."""
AT_ONCE: Final = 4
"""How many attempts may be under way on one channel, those that hang included."""
_NOTIFY_TYPES: Final = {"high": "failure", "medium": "warning"}


class AppriseChannel:
    """Implements ``base.Channel``.

    Raises:
        ConfigurationError: Apprise knows no service with such an address.
    """

    def __init__(self, name: str, url: str, *, within_s: float = WITHIN_S) -> None:
        self._service = _open(name, url)
        self._name = f"{name} {url.partition(':')[0]}"
        self._within_s = within_s
        self._slots = asyncio.Semaphore(AT_ONCE)

    @property
    def name(self) -> str:
        """See ``base.Channel``."""
        return self._name

    async def send(self, message: Message) -> Answer:
        """See ``base.Channel``. Apprise says no more than that the service took it: handed over."""
        try:
            async with asyncio.timeout(self._within_s):
                await self._slots.acquire()
        except TimeoutError:
            return Answer(Outcome.RETRY, Receipt.QUEUED, "earlier messages still hang on this channel")
        said: list[str] = []
        try:
            taken = await in_thread(
                lambda: self._attempt(message, said), self._within_s, name="notify", done=self._slots.release
            )
        except TimeoutError:
            return Answer(Outcome.RETRY, Receipt.UNKNOWN, f"no answer within {self._within_s:g} s")
        except Exception as error:  # noqa: BLE001 - the boundary to whatever service it is
            return Answer(Outcome.RETRY, Receipt.UNKNOWN, f"it failed: {error!r}")
        if taken:
            return Answer(Outcome.SENT, Receipt.HANDED_OVER)
        return Answer(Outcome.RETRY, Receipt.UNKNOWN, "; ".join(said) or "the service did not take it")

    def _attempt(self, message: Message, said: list[str]) -> bool:
        log = logging.getLogger("apprise")
        thread = threading.get_ident()

        def listen(record: logging.LogRecord) -> bool:
            """Apprise answers False and tells its log why, with secrets masked; this thread's are ours."""
            if record.thread == thread and record.levelno >= logging.WARNING:
                said.append(" ".join(record.getMessage().split()))
            return True

        log.addFilter(listen)
        try:
            notify_type = _NOTIFY_TYPES.get(message.priority, "info")
            return bool(self._service.notify(body=message.text, title=message.title, notify_type=notify_type))
        finally:
            log.removeFilter(listen)


def _open(name: str, url: str) -> Any:  # noqa: ANN401 - Apprise has no type for what it makes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it looks for imghdr, which Python drops
        import apprise  # noqa: PLC0415 - half a second, for those alone who notify

        asset = apprise.AppriseAsset(
            app_id="OpenVitals", app_desc="OpenVitals", app_url="", image_url_mask="", image_url_logo=""
        )
        service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        kind = url.partition(":")[0] if "://" in url else "it has no scheme"
        raise ConfigurationError(f"notify: Apprise knows no service for the address of {name} ({kind})")
    service.request_rate_per_sec = 0  # an alarm does not wait until its service would like another message
    return service
