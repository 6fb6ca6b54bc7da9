"""What a message says: that there is an alarm, how urgent, and the word by which the console knows it.

Notifications pass through other people's systems and lie open on locked screens: no name, no identifier of a patient
or sensor, no metric, value or limit is ever in one. The reference is random, so that it cannot be guessed back.
"""

import re
import secrets
from typing import Final

from vitals.notify.base import Message
from vitals.observation import GenerationMode
from vitals.registry import Notification

_ALPHABET: Final = "23456789BCDFGHJKMNPQRSTVWXZ"
_LENGTH: Final = 8
REFERENCE: Final = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")
"""What a reference looks like: it is typed in and read out, so nothing that looks alike is in it."""


def new_reference() -> str:
    """A word that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def alarm_text(priority: str, reference: str, console_url: str = "") -> str:
    """``High priority alarm, open the console: K7QF3DMX``, and the console's address if one is configured."""
    text = f"{priority.capitalize()} priority alarm, open the console: {reference}"
    return f"{text}\n{console_url}" if console_url else text


def self_test_text(at: str) -> str:
    """The daily self-test: it also tells what its absence means."""
    return f"Daily self-test at {at}, nothing to do. Tell the technician on a day when it does not come."


TEST_TEXT: Final = "Test by a technician, nothing to do."


def compose(notification: Notification, mode: GenerationMode) -> Message:
    """The message as it leaves; one that is about simulated patients says so first."""
    about = f"{notification.reference}-{notification.number}" if notification.reference else notification.kind
    about = about.replace("_", "-")
    real = mode is GenerationMode.REAL
    label = mode.label.upper()
    return Message(
        key=notification.key,
        title=f"OpenVitals {about}" if real else f"OpenVitals {label} {about}",
        text=notification.text if real else f"{label}, no real patient: {notification.text}",
        priority=notification.priority,
    )
