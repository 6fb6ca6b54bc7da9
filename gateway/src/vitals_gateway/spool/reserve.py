"""Room on the disk that is kept for one purpose: to write down what was dropped when the disk is full."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 2 * 2**20


class Reserve:
    """A preallocated file beside the spool, given up to make room and taken again when there is some."""

    def __init__(self, spool: Path, size: int = RESERVE_BYTES) -> None:
        self._path = spool.with_name(spool.name + ".reserve")
        self._size = size

    def take(self) -> bool:
        """Hold the room; False where the disk has none to give."""
        try:
            with self._path.open("ab") as file:
                if os.fstat(file.fileno()).st_size < self._size:
                    os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give the room to the file system."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
