"""What a message says: that there is an alarm, how urgent, and the word by which the console knows it.

Notifications pass through other people's systems and lie open on locked screens: no name, no identifier of a patient
or sensor, no metric, value or limit is ever in one. The reference is random, so that it cannot be guessed back.
"""

import hashlib
import re
import secrets
from typing import Final

from vitals.alarms.escalation import Page
from vitals.notify.base import Message
from vitals.observation import GenerationMode
from vitals.registry import Notification

_ALPHABET: Final = "23456789BCDFGHJKMNPQRSTVWXZ"
_LENGTH: Final = 8
_MARK_LENGTH: Final = 4
REFERENCE: Final = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")
"""What a reference looks like: it is typed in and read out, so nothing that looks alike is in it."""
OPENED: Final = re.compile(f"([{_ALPHABET}]{{{_LENGTH}}})(?:-([1-9][0-9]{{0,4}})-([{_ALPHABET}]{{{_MARK_LENGTH}}}))?")
"""What stands behind ``/a/``: a reference, and in a link also the message's number and the mark of its copy."""


def new_reference() -> str:
    """A word that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def mark(reference: str, recipient: str) -> str:
    """Tells apart the copies of a message that went to several people, without naming one: for the link in each.

    It is made from the reference, which only those have whom it was sent to, so it needs no place to be kept.
    """
    made = hashlib.blake2b(recipient.encode(), key=reference.encode(), digest_size=_MARK_LENGTH).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in made)


def word(reference: str, number: int, recipient: str) -> str:
    """What stands behind ``/a/`` in the link of one copy: ``K7QF3DMX-2-7QD4``."""
    return f"{reference}-{number}-{mark(reference, recipient)}"


def link(console_url: str, reference: str, number: int, recipient: str) -> str:
    """Where the message is opened: ``https://console.example/a/K7QF3DMX-2-7QD4``; empty without a console's address."""
    if not console_url:
        return ""
    return f"{console_url.rstrip('/')}/a/{word(reference, number, recipient)}"


def write(page: Page, version: int, reference: str, recipient: str, console_url: str, utc_ms: int) -> Notification:
    """The message to *recipient* that *page* asks for."""
    priority = page.priority.label
    return Notification(
        key=f"{reference}-{page.number}/{recipient}",
        kind="alarm",
        episode=page.episode,
        version=version,
        reference=reference,
        number=page.number,
        stage=page.to,
        recipient=recipient,
        priority=priority,
        text=alarm_text(priority, reference, link(console_url, reference, page.number, recipient)),
        created_utc_ms=utc_ms,
    )


def alarm_text(priority: str, reference: str, link: str = "") -> str:
    """``High priority alarm, open the console: K7QF3DMX``, and the link if there is one."""
    return _lines(f"{priority.capitalize()} priority alarm, open the console: {reference}", link)


def combined_text(counted: str, link: str = "") -> str:
    """``7 alarms (1 high, 6 medium), open the console``, and the link if there is one."""
    return _lines(f"{counted}, open the console", link)


def _lines(text: str, link: str) -> str:
    return f"{text}\n{link}" if link else text


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
        word=word(notification.reference, notification.number, notification.recipient)
        if notification.reference
        else "",
    )
