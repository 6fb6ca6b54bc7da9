"""What a request says: its body, bounded and of a known shape."""

from typing import Final, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

BODY_BYTES: Final = 4096
"""How long a body may be, unless an address takes more."""

Said = TypeVar("Said")


async def said(request: Request, shape: type[Said]) -> Said:
    """The body as *shape*. Raises HTTPException, which the client is told."""
    try:
        return msgspec.json.decode(await body(request), type=shape)
    except msgspec.DecodeError as error:
        raise HTTPException(400, f"this is not what the address takes: {error}") from None


async def body(request: Request, most_bytes: int = BODY_BYTES) -> bytes:
    """The body. Raises HTTPException where it is longer than *most_bytes*, or its client went away."""
    found = b""
    try:
        async for chunk in request.stream():
            found += chunk
            if len(found) > most_bytes:
                raise HTTPException(413, "the body is too long")
    except ClientDisconnect:
        raise HTTPException(400, "the client went away") from None
    return found
