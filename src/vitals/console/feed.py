"""One ward, many screens: every snapshot is serialised once and handed to every open stream.

A stream carries three kinds of event. ``snapshot`` is a whole :class:`vitals.ward.Snapshot`, once a second: whoever
holds the newest one knows everything, so a client that was away, or too slow, gets the newest and nothing else.
``alarm`` is one :class:`vitals.ward.ShownAlarm`, at once. ``beat`` comes with every snapshot, and without one while
the ward cannot give any: the server's monotonic time, the medium alarms that ended by themselves (S14), and why nobody
would hear an alarm (S3).
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from vitals.clock import Clock
from vitals.console.stations import Stations
from vitals.console.traces import Traces
from vitals.life.path import Path
from vitals.ward import ShownAlarm, Snapshot, Ward

PERIOD_MS: Final = 1000
STALE_MS: Final = 5000
WAITING: Final = 8
"""Events that one client may have waiting before they are replaced by the newest snapshot."""
STREAMS: Final = 256
ENDED_SHOWN: Final = 6
ENDED_FOR_MS: Final = 15 * 60 * 1000
UNWATCHED: Final = frozenset({"no_plan", "suspended"})
"""What a tile says of a patient whom nobody undertook to watch just now."""
OF_THE_PATH: Final = frozenset({"stations_silent", "path_broken"})
"""Conditions of the path to the nurse: by themselves they are no reason for somebody to hear."""

_log = logging.getLogger(__name__)


class ShownPath(msgspec.Struct, frozen=True):
    """The whole path on a page: the *lap* that the page reports back, the age of the last full round, what is broken.

    *lap* None: no snapshot was sent with this beat, or none has begun.
    """

    lap: int | None
    checked_s: float | None
    broken: str | None


class Beat(msgspec.Struct, frozen=True):
    """What comes with a snapshot and is none of the ward's business."""

    monotonic_ms: int
    ended: tuple[ShownAlarm, ...]
    silent: str | None
    path: ShownPath | None = None


class Feed:
    """Takes a snapshot of *ward* every second and hears its alarms, for as long as :meth:`run` runs.

    *path* is told what was sent, and gives the lap that goes with it; it is also told why nobody would hear an alarm,
    and None once somebody would (S3).
    """

    def __init__(self, ward: Ward, clock: Clock, path: Path | None = None) -> None:
        self.traces = Traces()
        self.stations = Stations()
        self.silent: str | None = None
        self._needed = False
        self._path = path
        self._lap: int | None = None
        self._ward = ward
        self._clock = clock
        self._encoder = msgspec.json.Encoder()
        self._clients: set[asyncio.Queue[bytes | None]] = set()
        self._ended: deque[tuple[int, ShownAlarm]] = deque(maxlen=ENDED_SHOWN)
        self._name = f"{clock.utc_ms():x}"
        self._events = 0
        self._frame: bytes | None = None
        self._taken_ms: int | None = None
        self._failing = False
        self._closed = False

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._clients)

    @property
    def age_ms(self) -> int | None:
        """Milliseconds since the newest snapshot; None before the first."""
        return None if self._taken_ms is None else self._clock.monotonic_ms() - self._taken_ms

    async def run(self) -> None:
        """Tick every second until cancelled."""
        stop = self._ward.listen(self.hear)
        try:
            while True:
                self.tick()
                await asyncio.sleep(PERIOD_MS / 1000)
        finally:
            stop()
            self.close()

    def tick(self) -> None:
        """Take one snapshot and send it to every stream; without one, send the beat alone."""
        frame = self._take()
        self._send(frame or self._beat())

    def hear(self, alarm: ShownAlarm) -> None:
        """An alarm changed: tell every stream at once."""
        if alarm.phase == "over" and alarm.priority == "medium" and alarm.acknowledged_at is None:
            self._ended.appendleft((self._clock.monotonic_ms(), alarm))
        self._frame = None  # the newest snapshot does not know this alarm: a new client must not start from it
        self._send(self._event("alarm", self._encoder.encode(alarm)))

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for client in self._clients:
            _drain(client)
            client.put_nowait(None)

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events for one client, beginning with a whole snapshot."""
        client: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)
        self._clients.add(client)
        try:
            yield b"retry: 1000\n\n" + self._newest()
            while not self._closed and (event := await client.get()) is not None:
                yield event
        finally:
            self._clients.discard(client)

    def _send(self, event: bytes) -> None:
        for client in self._clients:
            if client.full():
                _drain(client)
                client.put_nowait(self._newest())
            else:
                client.put_nowait(event)

    def _newest(self) -> bytes:
        if self._frame is None or (self.age_ms or 0) > PERIOD_MS:
            self._take()
        return self._frame or self._beat()

    def _take(self) -> bytes | None:
        try:
            snapshot = self._ward.snapshot()
        except Exception:  # noqa: BLE001 - the boundary: screens go grey, the stream stays open, the next tick tries again
            if not self._failing:
                _log.exception("the ward gives no snapshot")
            self._failing = True
            self._frame = None
            self._lap = None
            self._judge()
            return None
        if self._failing:
            _log.warning("the ward gives snapshots again")
        self._failing = False
        self._taken_ms = self._clock.monotonic_ms()
        self.traces.take(snapshot, self._taken_ms)
        self._needed = _needed(snapshot)
        self._judge()
        self._lap = self._path.fed(needed=self._needed) if self._path else None
        self._frame = self._beat() + self._event("snapshot", self._encoder.encode(snapshot))
        return self._frame

    def _judge(self) -> None:
        silent = self.stations.judge(self._clock.monotonic_ms(), needed=self._needed)
        if silent == self.silent:
            return
        self.silent = silent
        _log.warning("%s", silent or "an alarm would be heard again")
        if self._path:
            self._path.silent(silent)

    def _beat(self) -> bytes:
        now = self._clock.monotonic_ms()
        ended = tuple(alarm for at, alarm in self._ended if now - at < ENDED_FOR_MS)
        return self._event("beat", self._encoder.encode(Beat(now, ended, self.silent, self._shown_path())))

    def _shown_path(self) -> ShownPath | None:
        if self._path is None:
            return None
        report = self._path.report()
        late = report.late
        return ShownPath(self._lap, report.checked_s, None if late is None else late.why)

    def _event(self, name: str, data: bytes) -> bytes:
        self._events += 1
        return b"id: %s-%d\nevent: %s\ndata: %s\n\n" % (self._name.encode(), self._events, name.encode(), data)


def _needed(snapshot: Snapshot) -> bool:
    """Whether somebody must be able to hear an alarm: one is sounding, or somebody is monitored."""
    return any(alarm.sounding and alarm.condition not in OF_THE_PATH for alarm in snapshot.alarms) or any(
        tile.status not in UNWATCHED for tile in snapshot.tiles
    )


def _drain(client: asyncio.Queue[bytes | None]) -> None:
    while not client.empty():
        client.get_nowait()
