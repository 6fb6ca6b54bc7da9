"""Start the parts of the chain as processes, notice when one dies, stop them in order by process id."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import IO

from vitals.errors import ConfigurationError, VitalsError

STOP_S = 8.0
"""How long a part may take to end after SIGTERM before it is killed."""
_HIGHEST_PORT = 65535
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class Part:
    """One running process of the demonstration; its output goes to ``NAME.log`` in the state folder."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self.command = [*command]
        self.log = folder / f"{name}.log"
        self._log_bytes = 0
        self._process: asyncio.subprocess.Process | None = None
        self._output: IO[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C reaches us alone, and we stop the parts in order.

        If we are killed, the kernel tells it to end (on Linux): nothing is left running behind a person's back.
        """
        self._output = self.log.open("ab")
        self._log_bytes = self._output.tell()
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    async def wait(self) -> int:
        """The exit code, when the process ends."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> int | None:
        """SIGTERM, then SIGKILL when it does not end in time; the exit code."""
        if self._process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            if self.running:
                self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        self._close()
        return self._process.returncode

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._close()

    def ended(self) -> str:
        """That the process ended, and by which signal if it was killed: then its last words do not say why."""
        code = None if self._process is None else self._process.returncode
        how = f" (killed by {signal.Signals(-code).name})" if code is not None and code < 0 else ""
        return f"the {self.name} ended{how}"

    def said(self) -> str:
        """What the process wrote since it was started; the log may hold what earlier ones wrote."""
        return self.log.read_bytes()[self._log_bytes :].decode(errors="replace") if self.log.exists() else ""

    def last_words(self) -> str:
        """The last line that the process wrote: the reason why it ended, if it said one."""
        lines = self.said().strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _close(self) -> None:
        if self._output is not None:
            self._output.close()
            self._output = None


def _end_with_parent() -> None:
    if hasattr(_LIBC, "prctl"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def ready(part: Part, look: Callable[[], Awaitable[bool]], *, within_s: float) -> None:
    """Wait until *look* says that *part*, which was started, is ready.

    Raises:
        VitalsError: it ended or was not ready in time; the message carries its last line.
    """
    try:
        async with asyncio.timeout(within_s):
            while not await look():
                if not part.running:
                    raise VitalsError(f"{part.ended()} at its start: {part.last_words()}")
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise VitalsError(f"the {part.name} is not ready after {within_s:g} s: {part.last_words()}") from None


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free_port(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on.

    Raises:
        ConfigurationError: there is no such port.
        VitalsError: somebody listens on it already, or this user may not.
    """
    if not 0 < port <= _HIGHEST_PORT:
        raise ConfigurationError(f"--port must lie between 1 and {_HIGHEST_PORT}, not {port}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise VitalsError(
                f"port {port} on {host} cannot be had ({error.strerror}); choose another with --port"
            ) from None


async def listening(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def nats_server() -> str:
    """The broker's program: ``NATS_SERVER``, or the one that the ``demo`` extra installed beside this Python."""
    program = os.environ.get("NATS_SERVER") or str(Path(sys.executable).with_name("nats-server"))
    if not os.access(program, os.X_OK):
        raise ConfigurationError(f"no nats-server at {program}; install openvitals[demo] or set NATS_SERVER")
    return program
