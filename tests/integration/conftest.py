"""Fixtures that every integration test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.brokers import KINDS, Broker


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """A started broker; a test that asks for it runs on each kind."""
    kind: str = request.param
    with Broker(kind, tmp_path) as started:
        yield started


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Broker]:
    """The embedded broker alone, where the kind does not matter."""
    with Broker("nats-server", tmp_path) as started:
        yield started
