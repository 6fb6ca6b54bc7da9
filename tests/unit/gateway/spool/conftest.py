"""Spools that are closed when the test ends."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import spools

from vitals_gateway.spool.file import Spool

Opener = Callable[..., Spool]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: these tests close thousands of batches, each to be on the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as name:
        yield Path(name)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "spool.db"


@pytest.fixture
def opened() -> Iterator[Opener]:
    """``spools.opened``, and closed again."""
    held: list[Spool] = []

    def open_one(*args: Any, **kwargs: Any) -> Spool:
        held.append(spools.opened(*args, **kwargs))
        return held[-1]

    yield open_one
    for spool in held:
        spool.close()
