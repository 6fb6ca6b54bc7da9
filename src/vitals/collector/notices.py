"""System conditions, told to the desk and the log when they change and not before."""

import logging
from typing import Final, Protocol

_log = logging.getLogger(__name__)

MOST_TEXTS: Final = 20


class Listener(Protocol):
    """The part of a desk that hears of conditions."""

    def notice(self, code: str, text: str | None) -> None:
        """A condition begins or says more (*text*), or ends (None)."""


class Notices:
    """Which conditions hold. One with an end of its own ends unless it is said again."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._texts: dict[str, str] = {}
        self._ends: dict[str, int] = {}
        self._told: dict[str, set[str]] = {}

    def begin(self, code: str, text: str, until_ms: int | None = None) -> None:
        """Say that *code* holds, until *until_ms* or until :meth:`end`."""
        if until_ms is not None:
            self._ends[code] = until_ms
        if self._texts.get(code) != text:
            self._texts[code] = text
            _log.warning("%s: %s", code, text)
            self._listener.notice(code, text)

    def add(self, code: str, text: str) -> None:
        """Say *text* of *code*, once for as long as it holds, whatever else is said in between; few texts in all."""
        told = self._told.setdefault(code, set())
        if text not in told and len(told) < MOST_TEXTS:
            told.add(text)
            self.begin(code, text)

    def end(self, code: str) -> None:
        """Say that *code* holds no longer; nothing if it did not."""
        self._ends.pop(code, None)
        self._told.pop(code, None)
        if self._texts.pop(code, None) is not None:
            _log.info("%s: over", code)
            self._listener.notice(code, None)

    def holds(self, code: str) -> bool:
        """Whether *code* holds."""
        return code in self._texts

    def tick(self, now_ms: int) -> None:
        """End what was not said again in time."""
        for code in [code for code, end_ms in self._ends.items() if end_ms <= now_ms]:
            self.end(code)
