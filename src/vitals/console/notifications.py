"""The console's part in notification: what a message opens, this browser as a device, hand-overs on call."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vitals.console.answers import answer, refusal
from vitals.errors import ConfigurationError, ConflictError, NotFoundError, VitalsError
from vitals.notify.frontdesk import FrontDesk

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Read = Callable[[Request, type[Any]], Awaitable[Any]]


class Keys(msgspec.Struct, frozen=True):
    """The keys that a browser made for its subscription, base64url."""

    p256dh: Key
    auth: Key


class Device(msgspec.Struct, frozen=True):
    """What ``PushSubscription.toJSON()`` gives, and whose it is."""

    recipient: Name
    endpoint: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
    keys: Keys


class Endpoint(msgspec.Struct, frozen=True):
    """A subscription that is to be forgotten."""

    endpoint: str


class Offer(msgspec.Struct, frozen=True):
    """A hand-over that somebody offers."""

    giver: Name
    taker: Name
    minutes: int


class Seen(msgspec.Struct, frozen=True):
    """A message that a browser showed."""

    key: Key


Act = Callable[[FrontDesk, Request, Any], Awaitable[Any]]

_ACTS: Final[tuple[tuple[str, type[Any] | None, Act], ...]] = (
    ("/api/v1/messages/shown", Seen, lambda desk, _, said: desk.shown(said.key)),
    ("/api/v1/messages/{word}/viewed", None, lambda desk, request, _: desk.opened(request.path_params["word"])),
    (
        "/api/v1/push/devices",
        Device,
        lambda desk, _, said: desk.add_device(said.recipient, said.endpoint, said.keys.p256dh, said.keys.auth),
    ),
    ("/api/v1/push/devices/remove", Endpoint, lambda desk, _, said: desk.remove_device(said.endpoint)),
    ("/api/v1/hand-overs", Offer, lambda desk, _, said: desk.offer(said.giver, said.taker, said.minutes)),
    ("/api/v1/hand-overs/{id}/accept", None, lambda desk, request, _: desk.accept(request.path_params["id"])),
    ("/api/v1/hand-overs/{id}/end", None, lambda desk, request, _: desk.end(request.path_params["id"])),
)
"""Address, body, and what the front desk does; every one is a POST."""


def routes(desk: FrontDesk, read: Read) -> list[Route]:
    """Every address of a console whose server notifies; *read* takes a request's body as the shape it must have."""

    async def overview(_: Request) -> Response:
        return await _answer(desk.overview())

    def handler(shape: type[Any] | None, act: Act) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handle(request: Request) -> Response:
            said = None if shape is None else await read(request, shape)
            return await _answer(act(desk, request, said))

        return handle

    posts = [Route(path, handler(shape, act), methods=["POST"]) for path, shape, act in _ACTS]
    return [Route("/api/v1/notifications", overview), *posts]


async def _answer(doing: Awaitable[Any]) -> Response:
    try:
        return answer(await doing)
    except NotFoundError as error:
        return refusal(404, "not_found", str(error))
    except ConflictError as error:
        return refusal(409, "conflict", str(error))
    except ConfigurationError as error:
        return refusal(400, "refused", str(error))
    except VitalsError as error:
        return refusal(503, "refused", str(error))
