"""Local ends of notification channels: an SMTP server and an HTTP server (webhook, ntfy) that keep what they get."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any
from urllib.parse import parse_qs

import msgspec

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Request(msgspec.Struct, frozen=True):
    """One HTTP request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes = b""
    method: str = "POST"


class Mail(msgspec.Struct, frozen=True):
    """One message that was handed over."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain text of it."""
        part = self.message.get_body(("plain", "html"))
        assert part is not None
        return str(part.get_content())


class HttpSink:
    """Keeps requests that it accepts; answers *status*, after *answers_after_s*; while *hanging* it never answers."""

    def __init__(self) -> None:
        self.port = 0
        self.status = 200
        self.answers: dict[str, Any] = {}  # by path, what is said where {} is not enough
        self.hanging = False
        self.answers_after_s = 0.0
        self.requests: list[Request] = []
        self.asked = 0
        self.received = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked += 1
        if self.hanging:
            await reader.read()
        elif self.status < 300:
            method, path, _ = first.split()
            self.requests.append(Request(path, headers, _read(headers, body), body, method))
            self.received.set()
        await asyncio.sleep(self.answers_after_s)
        said = json.dumps(self.answers.get(first.split()[1].partition("?")[0], {})).encode()
        head = f"HTTP/1.1 {self.status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + said)
        await writer.drain()


class SmtpSink:
    """A mail server that accepts everything, or refuses everything with *refusal*."""

    def __init__(self) -> None:
        self.port = 0
        self.refusal = ""
        self.mails: list[Mail] = []
        self.received = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", list[str]()
        writer.write(b"220 sink\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            if verb == "MAIL":
                sender = line.partition("<")[2].partition(">")[0]
            elif verb == "RCPT":
                recipients.append(line.partition("<")[2].partition(">")[0])
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                data = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                self.mails.append(Mail(sender, tuple(recipients), _parse(data)))
                self.received.set()
            refused = self.refusal and verb in {"MAIL", "RCPT"}
            writer.write(f"{self.refusal}\r\n".encode() if refused else b"250 sink\r\n")
            if verb == "QUIT":
                break
            await writer.drain()


@asynccontextmanager
async def listening(handle: Handler, port: int = 0) -> AsyncIterator[int]:
    """Serve *handle* on loopback; the port. Connections that are open at the end are cut."""
    open_now: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await handle(reader, writer)
        finally:
            open_now.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in list(open_now):
            writer.transport.abort()
        await server.wait_closed()


@asynccontextmanager
async def http_sink(port: int = 0) -> AsyncIterator[HttpSink]:
    """A running HTTP sink."""
    sink = HttpSink()
    async with listening(sink.handle, port) as sink.port:
        yield sink


@asynccontextmanager
async def smtp_sink() -> AsyncIterator[SmtpSink]:
    """A running SMTP sink."""
    sink = SmtpSink()
    async with listening(sink.handle) as sink.port:
        yield sink


def _read(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The body as fields, of JSON or of a form; nothing of what only its recipient can read."""
    if "form" in headers.get("content-type", ""):
        return {name: value[0] for name, value in parse_qs(body.decode()).items()}
    return {} if headers.get("content-encoding") else dict(json.loads(body or b"{}"))


def _parse(data: bytes) -> EmailMessage:
    parsed = BytesParser(policy=default).parsebytes(data)
    assert isinstance(parsed, EmailMessage)
    return parsed
