"""The console on a running event loop: its socket, its start and its end."""

import errno
import socket
from collections.abc import Callable
from typing import Any, Final

import uvicorn

from vitals.clock import Clock
from vitals.console.app import build_app
from vitals.console.guard import loopback
from vitals.console.replays import Replays
from vitals.errors import ConfigurationError, VitalsError
from vitals.life.path import Path
from vitals.notify.frontdesk import FrontDesk
from vitals.ward import Ward

_GRACE_S: Final = 2
"""How long answers in progress may take once the console ends; open streams are ended before that."""

_KEPT_S: Final = 60
"""How long a connection is kept idle: far from the 5 s of a station's report, which must not meet its end."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on *host*, which must be this machine's own; *port* 0 takes a free one.

    Raises:
        ConfigurationError: *host* could be reached from elsewhere.
        VitalsError: the port is taken or not allowed.
    """
    if not loopback(host):
        raise ConfigurationError(
            f"the console refuses to listen on {host}: it has no sign-in yet; use 127.0.0.1 and a tunnel"
        )
    address = "127.0.0.1" if host == "localhost" else host
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(128)  # here, not later: two sockets may bind one port as long as neither listens
        listening.setblocking(False)
    except (OSError, OverflowError) as error:
        listening.close()
        raise VitalsError(_why_not(address, port, error)) from None
    return listening


async def serve_console(  # noqa: PLR0913 - each is a part that a console may be without
    ward: Ward,
    host: str = "127.0.0.1",
    port: int = 8470,
    *,
    clock: Clock,
    actor: str = "demo",
    status: Callable[[], Any] | None = None,
    ready: Callable[[str], None] | None = None,
    path: Path | None = None,
    replays: Replays | None = None,
    front_desk: FrontDesk | None = None,
) -> None:
    """Serve *ward* until cancelled; *ready* is called with the address once it answers, the rest as ``build_app`` says.

    Raises:
        ConfigurationError: *host* could be reached from elsewhere.
        VitalsError: the port is taken or not allowed.
    """
    with listen(host, port) as listening:
        address = _address(listening)
        app = build_app(
            ward, clock=clock, actor=actor, status=status, path=path, replays=replays, front_desk=front_desk
        )
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
            timeout_keep_alive=_KEPT_S,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        try:  # step by step: serve() would take over the signals, which belong to whoever owns the loop
            await server.startup(sockets=[listening])
            if ready:
                ready(address)
            await server.main_loop()
        finally:
            app.state.feed.close()
            await (server.shutdown([listening]) if server.started else server.lifespan.shutdown())


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host == "127.0.0.1":
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _why_not(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; stop what listens there, or choose another port for the console"
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"port {port} on {host} is not allowed; choose one above 1023 for the console"
    return f"the console cannot listen on {host} port {port}: {error}"
