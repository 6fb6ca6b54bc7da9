"""What the console's HTTP interface answers: JSON, and one shape for everything that is refused."""

from typing import Any

import msgspec
from starlette.responses import Response

from vitals.ward import ShownAlarm


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why not. *error* is a stable word, *message* one line for a person, *alarm* what it is now (S9)."""

    error: str
    message: str
    alarm: ShownAlarm | None = None


def answer(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - whatever msgspec can encode
    """*value* as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def refusal(status: int, error: str, message: str, alarm: ShownAlarm | None = None) -> Response:
    """A refusal as JSON."""
    return answer(Refusal(error, message, alarm), status)
