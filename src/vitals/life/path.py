"""What the console tells the collector of the path, and what it may ask: neither imports the other."""

from typing import Protocol

from vitals.life.legs import Report


class Path(Protocol):
    """The whole path as the console sees it. Nothing here blocks."""

    def fed(self, *, needed: bool) -> int | None:
        """A snapshot goes out: the lap that it carries. *needed*: somebody must be able to hear an alarm."""

    def drawn(self, lap: int) -> None:
        """A page that can be heard has put on the screen what came with *lap*."""

    def silent(self, why: str | None) -> None:
        """Nobody would hear an alarm, for fifteen seconds by now, or somebody would again (S3)."""

    def report(self) -> Report:
        """How every leg is. No names, no values: it is shown to whoever asks."""
