"""Which addresses a browser may give us to send to: those of push services, and nothing inside the house."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from vitals.errors import ConfigurationError

SERVICES: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""The push services of the common browsers; ``*.`` stands for any name below."""
_LONGEST: Final = 2048


def require_address(endpoint: str, services: Sequence[str] = SERVICES) -> SplitResult:
    """The parts of *endpoint*, if it is one of *services*: over TLS, except where a service is given with ``http://``.

    Raises:
        ConfigurationError: it is not.
    """
    refusal = ConfigurationError("this is no address of a push service that is sent to (notify.push.services)")
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise refusal from None
    if not host or parts.username is not None or len(endpoint) > _LONGEST:
        raise refusal
    if not any(_is(service, parts.scheme, host) for service in services):
        raise refusal
    return parts


def _is(service: str, scheme: str, host: str) -> bool:
    plain = service.startswith("http://")
    if scheme != ("http" if plain else "https"):
        return False
    name = service.removeprefix("http://")
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
