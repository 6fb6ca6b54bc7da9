"""Technical conditions of the notifier, told when they change and not before."""

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)

Notice = Callable[[str, str | None], None]
"""Told that a named condition begins or says more (a text), or ends (None): ``AlarmDesk.notice``."""


class Notices:
    """Which conditions hold."""

    def __init__(self, tell: Notice) -> None:
        self._tell = tell
        self._texts: dict[str, str] = {}

    def say(self, code: str, text: str | None) -> None:
        """Condition *code* holds with *text*, or not (None)."""
        if self._texts.get(code) == text:
            return
        if text is None:
            del self._texts[code]
            _log.info("%s: over", code)
        else:
            self._texts[code] = text
            _log.warning("%s: %s", code, text)
        self._tell(code, text)
