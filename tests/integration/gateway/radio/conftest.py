"""The air that the radio's tests happen in."""

from pathlib import Path

import pytest
from tests.integration.gateway.radio.peripheral import Bench
from tests.integration.gateway.radio.recorder import Recorder


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An air without sensors, and a socket that nobody listens on yet."""
    return Bench(tmp_path / "hci.sock")


@pytest.fixture
def recorder() -> Recorder:
    """An intake that remembers."""
    return Recorder()
