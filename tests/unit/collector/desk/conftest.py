"""Desks for tests: made here, closed when the test ends."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.desk_scene import Scene


@pytest.fixture
def make_scene() -> Iterator[Callable[..., Scene]]:
    """A maker of scenes; all are closed at the end."""
    made: list[Scene] = []

    def make(**options: Any) -> Scene:
        made.append(Scene(**options))
        return made[-1]

    yield make
    for scene in made:
        scene.close()


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    """One patient with a strap and an oximeter, the adult profile, at noon."""
    return make_scene()
