"""The shell around ``notify.watchdog``: look, decide, page, say so."""

import asyncio
import contextlib
import http.client
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec

from vitals.cli.entry import Exit
from vitals.clock import SystemClock, iso
from vitals.errors import ConfigurationError, VitalsError
from vitals.notify.base import Channel, Message, Outcome
from vitals.notify.bounded import in_thread
from vitals.notify.channels import open_channel
from vitals.notify.watchdog import Look, Page, Phase, Rules, Watch, begun, step, text, told

_BODY_BYTES: Final = 16384
_SAW_CHARS: Final = 120
_LONGEST_S: Final = 1e9


class Address(msgspec.Struct, frozen=True):
    """Where the path's health is to be seen."""

    secure: bool
    host: str
    port: int | None
    target: str

    @property
    def place(self) -> str:
        """For a person; without what may be a secret."""
        scheme = "https" if self.secure else "http"
        port = "" if self.port is None else f":{self.port}"
        return f"{scheme}://{self.host}{port}{self.target.partition('?')[0]}"


class Watching:
    """One watch over one address.

    A failure is told by the first look that ends 7/12 of *within_s* after its beginning: the last healthy look, or what
    the path itself says. Looks are made every 1/6 and may take 1/12, so that at least 1/6 is left to send. It is over
    once every look has been healthy for 1/2 of *within_s*; longer if it comes back.

    Raises:
        ConfigurationError: the address or a channel cannot be used.
    """

    def __init__(
        self,
        url: str,
        channels: Sequence[str],
        *,
        within_s: float = 60.0,
        repeat_s: float = 600.0,
        life_s: float = 86_400.0,
        as_json: bool = False,
    ) -> None:
        self._address = parse_address(url)
        self._channels = [open_channel(f"watchdog/{place}", each) for place, each in enumerate(channels, start=1)]
        self._every_s, self._look_s, self._send_s = within_s / 6, within_s / 12, within_s / 6
        self._rules = Rules(
            after_ms=round(within_s * 1000 * 7 / 12),
            steady_ms=round(within_s * 1000 / 2),
            repeat_ms=round(repeat_s * 1000),
            life_ms=round(life_s * 1000),
        )
        self._as_json = as_json
        self._clock = SystemClock()

    async def once(self) -> int:
        """Look once, and page if it is not healthy.

        Raises:
            VitalsError: it is not, and no channel took the page.
        """
        look = await self._look()
        self._say(look.saw, healthy=look.healthy)
        if look.healthy:
            return Exit.DONE
        now_ms = self._clock.monotonic_ms()
        failed_ms = now_ms - look.broken_ms
        watch = Watch(
            phase=Phase.FAILED,
            healthy_ms=now_ms,
            failed_ms=failed_ms,
            told_ms=now_ms,
            due=Page.FAILURE,
            saw=look.saw,
        )
        if not await self._page(watch):
            raise VitalsError("no channel took the page; see above")
        return Exit.NOT_MET

    async def run(self) -> int:
        """Watch until SIGTERM."""
        watch = begun(self._clock.monotonic_ms(), life=self._rules.life_ms > 0)
        with _until_terminated() as terminated:
            while not terminated.is_set():
                due_ms = self._clock.monotonic_ms() + self._every_s * 1000
                watch = await self._turn(watch)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0, due_ms - self._clock.monotonic_ms()) / 1000):
                        await terminated.wait()
        return Exit.DONE

    async def _turn(self, watch: Watch) -> Watch:
        look = await self._look()
        after = step(watch, look, self._clock.monotonic_ms(), self._rules)
        if after.phase is not watch.phase or not watch.saw:
            self._say(look.saw, phase=after.phase.value)
        if after.due is not None and await self._page(after):
            return told(after, self._clock.monotonic_ms())
        return after

    async def _look(self) -> Look:
        try:
            return await in_thread(self._ask, self._look_s, name="look")
        except TimeoutError:
            return Look(healthy=False, saw=f"no answer within {self._look_s:g} s")
        except (OSError, http.client.HTTPException) as error:
            return Look(healthy=False, saw=f"no answer: {error}")

    def _ask(self) -> Look:
        kind = http.client.HTTPSConnection if self._address.secure else http.client.HTTPConnection
        connection = kind(self._address.host, self._address.port, timeout=self._look_s)
        try:
            connection.request("GET", self._address.target, headers={"Connection": "close"})
            response = connection.getresponse()
            said, broken_ms = _said(response.read(_BODY_BYTES))
        finally:
            connection.close()
        healthy = response.status == http.client.OK
        return Look(healthy, f"{response.status} {said or response.reason}", 0 if healthy else broken_ms)

    async def _page(self, watch: Watch) -> bool:
        """Whether some channel took what is due."""
        now_ms, utc = self._clock.monotonic_ms(), iso(self._clock.utc_ms())
        assert watch.due is not None
        page = Message(
            key=f"watchdog/{utc}",
            title=f"OpenVitals watchdog: {watch.due.value.replace('_', ' ')}",
            text=text(watch, self._address.place, now_ms),
            priority="high" if watch.due is Page.FAILURE else "",
        )
        async with asyncio.TaskGroup() as tasks:
            sending = [tasks.create_task(self._send(channel, page)) for channel in self._channels]
        return any(task.result() for task in sending)

    async def _send(self, channel: Channel, page: Message) -> bool:
        try:
            async with asyncio.timeout(self._send_s):
                answer = await channel.send(page)
        except TimeoutError:
            self._say(f"no answer within {self._send_s:g} s", channel=channel.name, page=page.title)
            return False
        self._say(answer.why, channel=channel.name, page=page.title, outcome=answer.outcome.value)
        return answer.outcome is Outcome.SENT

    def _say(self, saw: str, **facts: str | bool) -> None:
        at = iso(self._clock.utc_ms())
        if self._as_json:
            print(json.dumps({"at": at, **facts, "saw": saw}), flush=True)
        else:
            words = " ".join(f"{name}={value}" for name, value in facts.items())
            print(f"{at} {words}{': ' if saw else ''}{saw}", file=sys.stderr, flush=True)


def parse_address(url: str) -> Address:
    """Read the address. Raises ConfigurationError."""
    refusal = ConfigurationError("--url must have the form http://HOST:PORT/healthz, without user or password")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refusal from None
    if not host or parts.scheme not in {"http", "https"} or parts.username is not None:
        raise refusal
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme == "https", host, port, target)


class _Answer(msgspec.Struct, frozen=True):
    status: str = ""
    broken_s: Annotated[float, msgspec.Meta(ge=0, le=_LONGEST_S)] = 0.0


def _said(body: bytes) -> tuple[str, int]:
    """Status and age of the failure as the answer has them; whatever else is in it is not for a message."""
    try:
        found = msgspec.json.decode(body, type=_Answer)
    except msgspec.DecodeError:
        return "", 0
    return " ".join(found.status.split())[:_SAW_CHARS], round(found.broken_s * 1000)


@contextmanager
def _until_terminated() -> Iterator[asyncio.Event]:
    terminated = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    try:
        yield terminated
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
