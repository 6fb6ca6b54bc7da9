"""Can anybody hear an alarm (S3)? Every open page says every 5 s whether its audio clock advances.

No clock and no socket: time is an argument, in monotonic milliseconds. Real time: no time scale makes a room listen
faster.
"""

from typing import Final

from vitals.errors import ConflictError

SILENT_MS: Final = 15_000
"""How long nobody may be able to hear an alarm."""
STATIONS: Final = 256
"""Stations that are kept at most; one that says nothing for :data:`SILENT_MS` is forgotten."""


class Stations:
    """The pages that could sound an alarm, by the identifier that each of them chose."""

    def __init__(self) -> None:
        self._heard: dict[str, int] = {}
        self._audible_ms: int | None = None
        self._needed_ms: int | None = None

    def report(self, station: str, at_ms: int, *, audible: bool) -> None:
        """*station* says whether it could be heard at *at_ms*.

        Raises:
            ConflictError: there are too many stations already.
        """
        if station not in self._heard:
            self._forget(at_ms)
            if len(self._heard) >= STATIONS:
                raise ConflictError(f"{STATIONS} stations report already")
        self._heard[station] = at_ms
        if audible:
            self._audible_ms = at_ms

    def judge(self, at_ms: int, *, needed: bool) -> str | None:
        """Why nobody would hear an alarm, or None: somebody would, or nobody needs to.

        *needed*: an alarm is sounding, or somebody is monitored. The 15 s run from the last time that a station could
        be heard, and from when it was first needed.
        """
        if not needed:
            self._needed_ms = None
            return None
        if self._needed_ms is None:
            self._needed_ms = at_ms
        if at_ms - max(self._needed_ms, self._audible_ms or self._needed_ms) < SILENT_MS:
            return None
        self._forget(at_ms)
        count = len(self._heard)
        if not count:
            return "Nobody would hear an alarm: no console is open"
        return f"Nobody would hear an alarm: no sound from {count} open console{'s' if count > 1 else ''}"

    def _forget(self, at_ms: int) -> None:
        self._heard = {station: heard for station, heard in self._heard.items() if at_ms - heard < SILENT_MS}
