"""What a monitoring plan prescribes for a patient who does not answer (S14): steps, one per line.

``5 min: call again`` is what to do, and how long after the one before, or after nobody answered.
"""

import re
from typing import Final

import msgspec

from vitals.errors import ConfigurationError

_STEP: Final = re.compile(r"(\d{1,3})\s*min:\s*(\S.{0,79})")
MOST_STEPS: Final = 10


class Step(msgspec.Struct, frozen=True):
    """Do *what*, *after_s* seconds after the step before."""

    after_s: float
    what: str


DEFAULT: Final = (Step(300, "call again"), Step(300, "call the contact"), Step(300, "send somebody"))
"""In force where the plan prescribes nothing of its own."""


def parse(text: str) -> tuple[Step, ...]:
    """The steps that *text* prescribes; :data:`DEFAULT` where it is empty.

    Raises:
        ConfigurationError: one line that names what cannot be read.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_STEPS:
        raise ConfigurationError(f"monitoring plan: no_answer has {len(lines)} steps; {MOST_STEPS} at most")
    return tuple(_step(line) for line in lines) or DEFAULT


def _step(line: str) -> Step:
    match = _STEP.fullmatch(line)
    if match is None:
        raise ConfigurationError(f'monitoring plan: no_answer: {line!r} is no step such as "5 min: call again"')
    return Step(int(match[1]) * 60.0, match[2].rstrip())
