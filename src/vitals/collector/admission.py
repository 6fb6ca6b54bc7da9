"""Whether a message is recorded or set aside: every check that follows the checksum, in one place."""

from typing import Final

import msgspec

from vitals.errors import DecodeError
from vitals.observation import GenerationMode
from vitals.series import contents
from vitals.series.contents import Contents
from vitals.wire.header import Header, require_version

TOPIC_VERSION: Final = "v1"


class Admitted(msgspec.Struct, frozen=True):
    """What to do with a message whose checksum held: record its *contents*, or set it aside for *refusal*."""

    contents: Contents | None
    refusal: str | None


def admit(header: Header, body: bytes, mode: GenerationMode, topic_version: str = TOPIC_VERSION) -> Admitted:
    """Examine a message for a server of *mode*. A pure function: a quarantined one is examined again by it.

    Args:
        header: whose checksum held.
        body: as it arrived.
        mode: the server's only generation mode (S13).
        topic_version: the topic's first level.

    Returns:
        Its contents, or the reason why it goes to quarantine.
    """
    try:
        refusal = _refusal(header, mode, topic_version)
        return Admitted(None, refusal) if refusal else Admitted(contents.read(header.kind, body), None)
    except DecodeError as error:
        return Admitted(None, str(error))


def _refusal(header: Header, mode: GenerationMode, topic_version: str) -> str | None:
    if topic_version != TOPIC_VERSION:
        return f"topic version {topic_version}; this release reads {TOPIC_VERSION}"
    require_version(header)
    if header.mode is not mode:
        return wrong_mode(header.mode, mode)
    return None


def wrong_mode(found: GenerationMode, mode: GenerationMode) -> str:
    """Why data of mode *found* is not recorded by a server of *mode* (S13)."""
    return f"{found.label} data, and this server's mode is {mode.label}"
