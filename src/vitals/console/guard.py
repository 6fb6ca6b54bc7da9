"""What every request must pass and every answer carries, before and around the application.

Until sign-in exists the console listens on loopback only. A page of another site must not reach it through the
nurse's own browser: a name that somebody points at 127.0.0.1 (DNS rebinding) is refused by the Host header, a
request forged by another origin by the Origin header.
"""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitals.console.answers import refusal

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; require-trusted-types-for 'script'; trusted-types vitals-worker vitals-push-worker"
)

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

READING: Final = frozenset({"GET", "HEAD"})


class Guard:
    """ASGI middleware: checks Host on every request and Origin on every one that changes something."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        # a file is always revalidated: after an upgrade no page may run half old, half new
        kept = "no-cache" if scope["path"].startswith("/static/") else "no-store"

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", kept)
            await send(message)

        answer = self._app
        if reason := _refused(scope["method"], Headers(scope=scope)):
            answer = refusal(*reason)
        await answer(scope, receive, send_guarded)


def loopback(host: str) -> bool:
    """Whether *host*, a name or an address without a port, means this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(method: str, headers: Headers) -> tuple[int, str, str] | None:
    host = headers.get("host", "")
    if not loopback(_host_name(f"http://{host}")):
        return 421, "host", "this console answers on localhost only"
    if method in READING:
        return None
    origin = headers.get("origin", "")
    if not origin.startswith("http://") or urlsplit(origin).netloc != host:
        return 403, "origin", "the request does not come from a page of this console"
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return 403, "origin", "the request does not come from a page of this console"
    return None


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
