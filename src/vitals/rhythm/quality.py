"""Whether a row of beats can be analysed at all, judged from the intervals and the sensor's own word.

A detector of heartbeats that follows noise finds beats as soon as it is ready again, so its intervals crowd at the
bottom of what is possible; one that loses the signal skips beats. Both leave intervals that no rhythm explains.
"""

from typing import Final

import msgspec

from vitals.rhythm.beats import Beat

LOW_MS: Final = 300.0
HIGH_MS: Final = 2000.0
"""An interval outside is taken for an artefact: 200 and 30 beats a minute."""
WINDOW: Final = 30
"""Beats judged together."""
SHUT_AT: Final = 5
OPEN_AT: Final = 3
"""Artefacts among them that close the gate, and down to which it opens again."""

_MASK: Final = (1 << WINDOW) - 1


class Quality(msgspec.Struct, frozen=True):
    """The gate: one bit for each of the last beats, set for an artefact; the newest is the lowest."""

    artefacts: int = 0
    shut: bool = False


def judge(before: Quality, beat: Beat) -> tuple[Quality, bool]:
    """The gate after *beat*, and whether its interval is plausible."""
    plausible = beat.within(LOW_MS, HIGH_MS)
    artefacts = (before.artefacts << 1 & _MASK) | (not plausible)
    count = artefacts.bit_count()
    shut = count > OPEN_AT if before.shut else count >= SHUT_AT
    return Quality(artefacts, shut), plausible
