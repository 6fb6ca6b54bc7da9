"""Where each message goes (ARCHITECTURE.md, Wire). Only a collector may write ``cmd/#``."""

import re
from typing import Final

from vitals.errors import DecodeError

_GATEWAY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")

VITALS_FILTER: Final = "v1/+/vitals"
ALARM_FILTER: Final = "v1/+/alarm"
STATE_FILTER: Final = "v1/+/state"
LIFE_FILTER: Final = "v1/+/life"
UNKNOWN_VERSION_FILTER: Final = "+/+/vitals"
UNKNOWN_VERSION_ALARM_FILTER: Final = "+/+/alarm"
"""Every version's batches and local alarms: what this release does not know is quarantined, not overlooked."""


def is_gateway_id(text: str) -> bool:
    """Whether *text* may name a gateway: it becomes a topic level and a certificate's common name."""
    return _GATEWAY.fullmatch(text) is not None


def vitals(gateway: str) -> str:
    """Batches."""
    return f"v1/{gateway}/vitals"


def alarm(gateway: str) -> str:
    """Local alarms, unbatched."""
    return f"v1/{gateway}/alarm"


def state(gateway: str) -> str:
    """Retained state, with a last will."""
    return f"v1/{gateway}/state"


def life(gateway: str) -> str:
    """Signs of life, not retained, QoS 0."""
    return f"v1/{gateway}/life"


def committed(gateway: str) -> str:
    """Ranges that the collector holds durably."""
    return f"cmd/{gateway}/committed"


def config(gateway: str) -> str:
    """Retained configuration."""
    return f"cmd/{gateway}/config"


def request(gateway: str) -> str:
    """A technician's requests."""
    return f"cmd/{gateway}/request"


def parse(topic: str) -> tuple[str, str, str]:
    """Split a topic into version or ``cmd``, gateway and leaf.

    Raises:
        DecodeError: the topic is none of ours.
    """
    parts = topic.split("/")
    if len(parts) != 3 or not is_gateway_id(parts[1]):
        raise DecodeError(f"not one of our topics: {topic!r}")
    return parts[0], parts[1], parts[2]
