"""What the console's HTTP interface answers: JSON, and one shape for everything that is refused."""

from typing import Any

import msgspec
from starlette.responses import Response

from vitals.ward import MissedEvent, ShownAlarm, ShownRequest, Tile

Present = ShownAlarm | MissedEvent | ShownRequest | Tile
"""What an action can be about."""


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why not. *error* is a stable word, *message* one line for a person, the rest how the matter stands now (S9)."""

    error: str
    message: str
    alarm: ShownAlarm | None = None
    missed: MissedEvent | None = None
    request: ShownRequest | None = None
    tile: Tile | None = None


def answer(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - whatever msgspec can encode
    """*value* as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def refusal(status: int, error: str, message: str, present: Present | None = None) -> Response:
    """A refusal as JSON."""
    said = Refusal(
        error,
        message,
        alarm=present if isinstance(present, ShownAlarm) else None,
        missed=present if isinstance(present, MissedEvent) else None,
        request=present if isinstance(present, ShownRequest) else None,
        tile=present if isinstance(present, Tile) else None,
    )
    return answer(said, status)
