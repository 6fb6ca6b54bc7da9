"""The web application: one page, its stream, the actions of a nurse, and the stations that can be heard."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import jinja2
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from vitals import __version__
from vitals.clock import Clock
from vitals.console.actions import ACTIONS, Action
from vitals.console.answers import answer, refusal
from vitals.console.feed import STALE_MS, STREAMS, Feed
from vitals.console.guard import HEADERS, Guard
from vitals.console.notifications import routes
from vitals.console.replay_pages import ReplayPages
from vitals.console.replays import Replays
from vitals.delays import Delays
from vitals.errors import ConflictError, NotFoundError, VitalsError
from vitals.life.path import Path as WholePath
from vitals.notify.frontdesk import FrontDesk
from vitals.scores.entry import FIELDS
from vitals.ward import INACTIVATION_REASONS, MOST_INACTIVATED_MINUTES, MOST_SUSPENDED_MINUTES, OUTCOMES, REASONS, Ward

_FOLDER: Final = Path(__file__).parent
_BODY_BYTES: Final = 4096
_WORDS: Final = {
    "spoke": "Spoke with the patient",
    "no_answer": "No answer",
    "ambulance": "Ambulance called",
    "artefact": "Artefact, no event",
}
_OUTCOMES: Final = {outcome: _WORDS[outcome] for outcome in OUTCOMES}


Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Said = TypeVar("Said")


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A station says whether its audio clock advances, unmuted, and the newest lap that it has put on the screen."""

    audible: bool
    drawn: int | None = None


StationId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{1,64}$")]


def build_app(
    ward: Ward,
    *,
    clock: Clock,
    actor: str = "demo",
    status: Callable[[], Any] | None = None,
    path: WholePath | None = None,
    replays: Replays | None = None,
    front_desk: FrontDesk | None = None,
) -> Starlette:
    """The application that shows *ward*.

    Its lifespan takes the snapshots; ``app.state.feed`` is the stream behind every page. *actor* is who acts
    until sign-in exists. *status* gives what ``GET /api/v1/status`` answers (for ``vitals status``); without it that
    address does not exist. *path* is the whole path, of which this is the last part; without it ``/healthz`` knows the
    console alone. *replays* are run for the page of alarm replay; without them there is none. *front_desk* is a
    server's that notifies; without it there is no page of notifications.
    """
    console = _Console(ward, clock, actor, status, Feed(ward, clock, path), path)
    console.notifies = front_desk is not None
    told = [] if front_desk is None else [Route("/notifications", console.notifications), *routes(front_desk, _said)]

    looking_back = [] if replays is None else console.looking_back(replays)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(console.feed.run(), name="console feed")]
            if replays is not None:
                running.append(tasks.create_task(replays.run(), name="replays"))
            yield
            for task in running:
                task.cancel()

    app = Starlette(
        routes=[*console.routes(), *looking_back, *told],
        middleware=[Middleware(Guard)],
        lifespan=lifespan,
        exception_handlers={HTTPException: _http_error, Exception: _failure},
    )
    app.state.feed = console.feed
    return app


class _Console:
    """The handlers and what they share."""

    def __init__(
        self,
        ward: Ward,
        clock: Clock,
        actor: str,
        status: Callable[[], Any] | None,
        feed: Feed,
        path: WholePath | None,
    ) -> None:
        self.feed = feed
        self._path = path
        self.replays = False
        self.notifies = False
        self._clock = clock
        self._ward = ward
        self._actor = actor
        self._status = status
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def routes(self) -> list[Route | Mount]:
        """Every address of the console."""
        routes: list[Route | Mount] = [
            Route("/", self.wall),
            Route("/a/{word}", self.wall),  # what a message points to: the page itself says that it was opened (S19)
            Route("/healthz", self.health),
            Route("/api/v1/snapshot", self.snapshot),
            Route("/api/v1/traces", self.traces),
            Route("/api/v1/stream", self.stream),
            Route("/api/v1/stations/{station}", self.station, methods=["POST"]),
            *(Route(action.path, self._handler(action), methods=["POST"]) for action in ACTIONS),
            Mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static"),
        ]
        if self._status:
            routes.append(Route("/api/v1/status", self.status))
        return routes

    def looking_back(self, replays: Replays) -> list[Route]:
        """The addresses of alarm replay."""
        self.replays = True
        return ReplayPages(replays, self._ward.snapshot, self._pages, _body).routes()

    async def wall(self, _: Request) -> Response:
        """The wall page. Mode and time scale are in it from the start: no script is needed to show the badge."""
        snapshot = self._ward.snapshot()
        page = self._pages.get_template("wall.html").render(
            mode=snapshot.mode,
            time_scale=snapshot.time_scale,
            delays=Delays(),
            outcomes=_OUTCOMES,
            reasons=REASONS,
            fields=FIELDS,
            most_minutes=MOST_SUSPENDED_MINUTES,
            off_reasons=INACTIVATION_REASONS,
            most_off=MOST_INACTIVATED_MINUTES,
            version=__version__,
            replays=self.replays,
            notifies=self.notifies,
        )
        return HTMLResponse(page)

    async def notifications(self, _: Request) -> Response:
        """Where a person has this browser tell them, and hands over."""
        snapshot = self._ward.snapshot()
        page = self._pages.get_template("notifications.html").render(mode=snapshot.mode, version=__version__)
        return HTMLResponse(page)

    async def snapshot(self, _: Request) -> Response:
        """The present, whole."""
        return answer(self._ward.snapshot())

    async def traces(self, _: Request) -> Response:
        """The last minute of every patient."""
        return answer(self.feed.traces.columns())

    async def status(self, _: Request) -> Response:
        """How the server is."""
        assert self._status
        return answer(self._status())

    async def health(self, _: Request) -> Response:
        """Whether the whole path is well, or without one, whether screens are being fed. No names, for whoever asks."""
        if self._path is not None:
            whole = self._path.report()
            return answer(whole, 200 if whole.whole else 503)
        age_ms = self.feed.age_ms
        fed = age_ms is not None and age_ms <= STALE_MS
        report = {"status": "ok" if fed else "no snapshot", "snapshot_age_ms": age_ms, "streams": self.feed.streams}
        return answer(report, 200 if fed else 503)

    async def stream(self, _: Request) -> Response:
        """Server-sent events."""
        if self.feed.streams >= STREAMS:
            return refusal(503, "streams", f"{STREAMS} screens are connected already")
        return StreamingResponse(self.feed.stream(), media_type="text/event-stream")

    async def station(self, request: Request) -> Response:
        """Hear from a page whether it could sound an alarm (S3)."""
        report = await _said(request, Report)
        try:
            station = msgspec.convert(request.path_params["station"], StationId)
            self.feed.stations.report(station, self._clock.monotonic_ms(), audible=report.audible)
            if self._path and report.audible and report.drawn is not None:
                self._path.drawn(report.drawn)
        except msgspec.ValidationError as error:
            return refusal(400, "station", f"not a station's identifier: {error}")
        except ConflictError as error:
            return refusal(503, "stations", str(error))
        return answer({"silent": self.feed.silent})

    def _handler(self, action: Action) -> Handler:
        async def handle(request: Request) -> Response:
            body = await _said(request, action.body)
            subject = request.path_params["subject"]
            try:
                done = await action.act(self._ward, subject, body, self._actor)
            except ConflictError as error:
                return refusal(409, "conflict", str(error), action.present(self._ward.snapshot(), subject))
            except NotFoundError as error:
                return refusal(404, "not_found", str(error))
            except VitalsError as error:
                return refusal(503, "refused", str(error))
            self.feed.tick()  # every screen shows it now, not with the next second
            return answer(done)

        return handle


async def _said(request: Request, shape: type[Said]) -> Said:
    try:
        return msgspec.json.decode(await _body(request), type=shape)
    except msgspec.DecodeError as error:
        raise HTTPException(400, f"this is not what the address takes: {error}") from None


async def _body(request: Request, most_bytes: int = _BODY_BYTES) -> bytes:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                raise HTTPException(413, "the body is too long")
    except ClientDisconnect:
        raise HTTPException(400, "the client went away") from None
    return body


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, "http", error.detail)


async def _failure(_: Request, __: Exception) -> Response:
    response = refusal(500, "failed", "the server failed to answer; its log says why")
    response.headers.update(HEADERS)  # this answer is made outside the guard
    return response
