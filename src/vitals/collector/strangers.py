"""Sensors that are heard and that nobody wears: named to whoever sets things up."""

from collections.abc import Container
from typing import Final

SHOWN_MS: Final = 60_000
_NAMED: Final = 3


class Strangers:
    """When which sensor of nobody was heard last."""

    def __init__(self) -> None:
        self._heard: dict[str, int] = {}

    def heard(self, sensor: str, at_ms: int) -> None:
        """Nobody wears *sensor*, which spoke at *at_ms*."""
        self._heard[sensor] = at_ms

    def text(self, worn: Container[str], now_ms: int) -> str | None:
        """Those that were heard within the last minute and are not *worn* meanwhile, on one line."""
        self._heard = {
            sensor: at_ms for sensor, at_ms in self._heard.items() if now_ms - at_ms < SHOWN_MS and sensor not in worn
        }
        named = ", ".join(sorted(self._heard)[:_NAMED])
        more = f" and {len(self._heard) - _NAMED} more" if len(self._heard) > _NAMED else ""
        return f"sensors on no patient: {named}{more}" if named else None
