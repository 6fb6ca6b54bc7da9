"""A console client without a screen: it hears alarms as a page does, acknowledges one, and measures what it can."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from vitals.clock import Clock
from vitals.errors import LinkError

STREAM_LIMIT = 4 * 1024 * 1024
"""Bytes of one event: a snapshot of a full wall is a few hundred kilobytes."""


async def post(port: int, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Status and JSON of a POST to the console on a loopback port."""
    payload = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await _open(port)
    async with _closing(writer):
        writer.write(head.encode() + payload)
        answer = await reader.read(STREAM_LIMIT)
    header, _, content = answer.partition(b"\r\n\r\n")
    return int(header.split(b" ", 2)[1]), json.loads(content or b"null")


async def events(port: int, path: str = "/api/v1/stream") -> AsyncIterator[tuple[str, Any]]:
    """Name and JSON of every server-sent event of the console on a loopback port.

    Raises:
        LinkError: nobody listens there, or the stream ended.
    """
    reader, writer = await _open(port)
    async with _closing(writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
        name = "message"
        while line := await reader.readline():
            field, separator, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
            if separator and field == "event":
                name = value.strip()
            elif separator and field == "data":
                yield name, json.loads(value)
    raise LinkError(f"the console on port {port} ended its stream")


async def alarm_from(port: int, *, metric: str, priority: str, clock: Clock) -> tuple[dict[str, Any], int]:
    """The first sounding alarm of that metric and priority, and when it was heard (monotonic milliseconds)."""
    async for name, value in events(port):
        alarms = [value] if name == "alarm" else value.get("alarms", []) if name == "snapshot" else []
        for alarm in alarms:
            if alarm["metric"] == metric and alarm["priority"] == priority and alarm["sounding"]:
                return alarm, clock.monotonic_ms()
    raise LinkError(f"the console on port {port} ended its stream")


async def _open(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_connection("127.0.0.1", port, limit=STREAM_LIMIT)
    except OSError as error:
        raise LinkError(f"no console answers on port {port}: {error}") from None


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
