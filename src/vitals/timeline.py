"""One monotonic timeline across restarts and reboots.

Deadlines must survive a restart (S8), and a monotonic clock does not survive a reboot. Every boot therefore gets an
offset onto one timeline that goes on where the last checkpoint left it; what passed between two boots is estimated
from UTC, and never negative.
"""

from typing import Final

import msgspec

_REMEMBERED: Final = 4


class Timeline(msgspec.Struct, frozen=True):
    """Offsets by boot, and the moment of the last checkpoint on the timeline and in UTC."""

    offsets: dict[int, int] = {}
    at_ms: int = 0
    utc_ms: int = 0

    def entered(self, boot: int, monotonic_ms: int, utc_ms: int) -> "Timeline":
        """The timeline as a process of *boot* that starts now goes on with it."""
        if boot in self.offsets:
            return self
        if not self.offsets:
            return Timeline({boot: 0}, monotonic_ms, utc_ms)
        away_ms = max(0, utc_ms - self.utc_ms)
        kept = dict(list(self.offsets.items())[-_REMEMBERED + 1 :])
        return Timeline(kept | {boot: self.at_ms + away_ms - monotonic_ms}, self.at_ms, self.utc_ms)

    def at(self, boot: int, monotonic_ms: int) -> int:
        """A moment of *boot* on the timeline; of a boot that is forgotten, the last checkpoint."""
        offset = self.offsets.get(boot)
        return self.at_ms if offset is None else monotonic_ms + offset

    def marked(self, at_ms: int, utc_ms: int) -> "Timeline":
        """The timeline with the moment of a checkpoint."""
        return Timeline(self.offsets, at_ms, utc_ms)
