"""Spools that are closed when the test ends."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import spools

from vitals_gateway.spool.file import Spool

Opener = Callable[..., Spool]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


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
