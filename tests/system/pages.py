"""A console page without a screen: it follows the stream and says that it can be heard and what it has drawn."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vitals.cli.remote import events, post
from vitals.errors import LinkError


class Page:
    """Runs in a thread of its own; *audible* may be taken away and given back."""

    def __init__(self, url: str) -> None:
        self.audible = True
        self.path: dict[str, Any] = {}
        self._url = url
        self._closed = threading.Event()

    def run(self) -> None:
        """Follow the stream over as many connections as it takes, until closed."""
        while not self._closed.is_set():
            try:
                self._follow()
            except LinkError:
                self._closed.wait(0.2)

    def close(self) -> None:
        """End with the next event."""
        self._closed.set()

    def _follow(self) -> None:
        for name, value in events(self._url, "/api/v1/stream"):
            if self._closed.is_set():
                return
            if name == "beat":
                self.path = value["path"]
            elif name == "snapshot":
                post(self._url, "/api/v1/stations/page-1", {"audible": self.audible, "drawn": self.path["lap"]})


@contextmanager
def page(url: str) -> Iterator[Page]:
    """A page that is open for as long as this lasts."""
    opened = Page(url)
    thread = threading.Thread(target=opened.run, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        opened.close()
        thread.join(20)
