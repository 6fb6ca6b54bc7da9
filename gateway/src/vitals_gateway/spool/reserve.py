"""Room on the disk that is kept for one purpose: to write down what was dropped when the disk is full."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 2 * 2**20
_LEAST_BYTES: Final = 2**18


class Reserve:
    """A preallocated file beside the spool, given up to make room and taken again when there is some."""

    def __init__(self, spool: Path, size: int = RESERVE_BYTES) -> None:
        self._path = spool.with_name(spool.name + ".reserve")
        self._size = size

    def take(self) -> None:
        """Hold the room, or as much of it as the disk has to give."""
        size = self._size
        while size >= _LEAST_BYTES:
            try:
                self._allocate(size)
            except OSError:
                self.release()
                size //= 2
            else:
                return

    def _allocate(self, size: int) -> None:
        with self._path.open("ab") as file:
            if os.fstat(file.fileno()).st_size < size:
                os.posix_fallocate(file.fileno(), 0, size)

    def give(self) -> None:
        """Give the room to the file system, if that is what lacks it."""
        with suppress(OSError):
            state = os.statvfs(self._path.parent)
            if state.f_bavail * state.f_frsize < self._size:
                self.release()

    def release(self) -> None:
        """Give the room to the file system."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
