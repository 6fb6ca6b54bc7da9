"""Where a demonstration keeps its files: a folder that it alone uses while it runs."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vitals.errors import ConfigurationError

SOCKET: Final = "hci.sock"
"""The virtual Bluetooth controller."""
SOCKET_PATH_BYTES: Final = 103
"""A unix socket's path may have so many bytes everywhere: Linux takes 107, others 103."""


@contextmanager
def state_folder(state: Path | None) -> Iterator[Path]:
    """*state* as an absolute path, made where it is not there, or a temporary folder that is removed.

    Absolute, because every part reads the paths in its configuration file from where that file is. The temporary one
    is short for the socket's sake.

    Raises:
        ConfigurationError: *state* is too long, no folder that may be written, or in use by another demonstration.
    """
    if state is None:
        temporary = Path(tempfile.mkdtemp(prefix="ov-"))
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return
    folder = state.absolute()
    beyond = len(os.fsencode(folder / SOCKET)) - SOCKET_PATH_BYTES
    if beyond > 0:
        raise ConfigurationError(
            f"--state {folder}: {beyond} bytes too long for the socket in it; choose a shorter path"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"--state {folder}: no folder that may be written ({error.strerror})") from None
    try:
        _hold(lock, folder)
        yield folder
    finally:
        os.close(lock)


def _hold(lock: int, folder: Path) -> None:
    """The kernel lets go of it however the process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ConfigurationError(f"--state {folder}: another demonstration runs there; choose another folder") from None
