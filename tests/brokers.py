"""Real MQTT brokers as child processes, for every test that needs one.

Use the fixtures of ``tests/integration/conftest.py`` (``broker`` runs a test on each kind), or make one::

    with Broker("nats-server", folder) as broker:
        ...                # broker.url, broker.port
        broker.kill()      # SIGKILL
        broker.start()     # again, on the same port and the same store
"""

import os
import random
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests import peers

KINDS = ("nats-server", "mosquitto")
START_S = 20.0
STOP_S = 10.0
# An MQTT 3.1.1 CONNECT with a clean session and the client id "ready?"
_CONNECT = bytes([0x10, 18, 0, 4]) + b"MQTT" + bytes([4, 2, 0, 10, 0, 6]) + b"ready?"
_DISCONNECT = bytes([0xE0, 0])
_CONNACK_ACCEPTED = bytes([0x20, 2, 0, 0])


class Broker:
    """One broker process on a loopback port that stays the same over every restart.

    mosquitto keeps nothing over a restart (retained messages included), nats-server what its store had synced:
    what the product relies on must survive both.
    """

    def __init__(self, kind: str, folder: Path, port: int | None = None) -> None:
        self.kind = kind
        self.port = port or free_port()
        self.log = folder / f"{kind}-{self.port}.log"
        self._folder = folder
        self._program = peers.require(kind)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What a configuration file names."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start (again) and return once a client is accepted."""
        assert self._process is None, f"{self.kind} runs already"
        config = self._folder / f"{self.kind}-{self.port}.conf"
        config.write_text(self._configuration(), encoding="utf-8")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._program), "-c", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_S  # noqa: TID251 - a bound on a test's wait
        while not self.accepts():
            assert self._process.poll() is None, f"{self.kind} ended at once:\n{self.log.read_text()}"
            if time.monotonic() > deadline:  # noqa: TID251 - a bound on a test's wait
                self.kill()
                raise AssertionError(f"{self.kind} accepts no client:\n{self.log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as a service manager would (SIGTERM); nothing if it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL); nothing if it does not run."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stop it where it stands (SIGSTOP), every thread of it: connections stay open and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a paused one go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def accepts(self) -> bool:
        """Whether a client gets a CONNACK now."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as client:
            client.settimeout(0.5)
            client.sendall(_CONNECT)
            answer = client.recv(4)
            client.sendall(_DISCONNECT)
            return answer == _CONNACK_ACCEPTED
        return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)  # a paused one would not hear the next
        process.send_signal(number)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)

    def _configuration(self) -> str:
        if self.kind == "nats-server":
            store = self._folder / f"nats-store-{self.port}"
            return (
                f'server_name: "test-{self.port}"\nhost: "127.0.0.1"\nport: -1\n'
                f'jetstream {{ store_dir: "{store}", max_file_store: 1GB, max_memory_store: 64MB }}\n'
                f'mqtt {{ host: "127.0.0.1", port: {self.port} }}\n'
            )
        as_root = "user root\n" if os.geteuid() == 0 else ""
        return (
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n{as_root}"
            "max_queued_messages 0\nmax_inflight_messages 0\n"
        )


def free_port() -> int:
    """A loopback port that nobody listens on.

    Below the range that the kernel gives to outgoing connections: a client that retries while its server is down
    can otherwise be given the server's own port, and then talks to itself.
    """
    for _ in range(200):
        port = random.randrange(20000, 32000)
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free loopback port")
