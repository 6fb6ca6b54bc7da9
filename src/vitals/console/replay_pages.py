"""The addresses of the replay page: the page, a question, how far its answer is, the picture, and cancelling it."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any, Final

import jinja2
import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vitals import __version__
from vitals.console.answers import answer, refusal
from vitals.console.replays import Job, Replays
from vitals.errors import ConflictError, NotFoundError
from vitals.ward import Snapshot

_QUESTION_BYTES: Final = 128 * 1024


class Asked(msgspec.Struct, frozen=True):
    """What the console must know of a question; the process that answers reads the rest."""

    patient: str


class ReplayPages:
    """The handlers."""

    def __init__(
        self,
        replays: Replays,
        snapshot: Callable[[], Snapshot],
        pages: jinja2.Environment,
        body: Callable[[Request, int], Awaitable[bytes]],
    ) -> None:
        self._body = body
        self._replays = replays
        self._snapshot = snapshot
        self._pages = pages

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/replay", self.page),
            Route("/api/v1/replays", self.ask, methods=["POST"]),
            Route("/api/v1/replays/{job}", self.state),
            Route("/api/v1/replays/{job}/picture", self.picture),
            Route("/api/v1/replays/{job}/cancel", self.cancel, methods=["POST"]),
        ]

    async def page(self, _: Request) -> Response:
        """The page, with everybody who is on the wall."""
        snapshot = self._snapshot()
        tiles = sorted(snapshot.tiles, key=lambda tile: tile.position)
        page = self._pages.get_template("replay.html").render(mode=snapshot.mode, tiles=tiles, version=__version__)
        return HTMLResponse(page)

    async def ask(self, request: Request) -> Response:
        """Begin to answer a question."""
        question = await self._body(request, _QUESTION_BYTES)
        try:
            asked = msgspec.json.decode(question, type=Asked)
            return answer(_shown(self._replays.ask(question, asked.patient)), 202)
        except msgspec.DecodeError as error:
            raise HTTPException(400, f"this is not what the address takes: {error}") from None
        except ConflictError as error:
            return refusal(409, "busy", str(error))

    async def state(self, request: Request) -> Response:
        """How far it is, and the answer once it is there."""
        return answer(_shown(self._job(request)))

    async def picture(self, request: Request) -> Response:
        """The picture of an answer."""
        found = (self._job(request).answer or {}).get("picture")
        if found is None:
            raise HTTPException(404, "there is no picture of that replay")
        return Response(base64.b64decode(found), media_type="image/svg+xml")

    async def cancel(self, request: Request) -> Response:
        """End it."""
        await self._body(request, _QUESTION_BYTES)
        return answer(_shown(self._replays.cancel(self._job(request).id)))

    def _job(self, request: Request) -> Job:
        try:
            return self._replays.job(request.path_params["job"])
        except NotFoundError as error:
            raise HTTPException(404, str(error)) from None


def _shown(job: Job) -> dict[str, Any]:
    """A job without its picture, which has an address of its own."""
    found = job.answer
    if isinstance(found, dict) and "picture" in found:
        found = found | {"picture": found["picture"] is not None}
    return {"id": job.id, "state": job.state, "progress": job.progress, "message": job.message, "answer": found}
