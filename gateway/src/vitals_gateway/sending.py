"""What to send next: two lanes, acknowledged by ranges, without a socket and without a clock (protocol.md, Gateway).

The live lane carries new rows, urgent ones first, at most ``window`` of them unacknowledged; a row that nobody
acknowledged within its timeout leaves it and is backlog. The backlog is what the spool holds beyond that, oldest
first, at most ``credit`` bytes unacknowledged and no faster than a token bucket allows. While nothing at all is
acknowledged the backlog rests and the newest row is sent as a probe, at growing intervals. The live lane never
rests: a collector that cannot write acknowledges nothing and goes on alarming (S4).
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from vitals_gateway.batching import Hearing
from vitals_gateway.spool.rows import Entry

PAGE_ROWS: Final = 128
"""Rows of backlog that are looked up at a time."""
_DOUBLINGS: Final = 5


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the protocol: milliseconds, rows, bytes, bytes per second.

    64 kB/s empties a week of four sensors (about 30 MB) in eight minutes.
    """

    window: int = 16
    timeout_ms: float = 3_000
    longest_ms: float = 60_000
    credit: int = 65_536
    bytes_per_s: float = 65_536

    def scaled(self, scale: float) -> "Pace":
        """The same pace under a time scale."""
        return msgspec.structs.replace(
            self,
            timeout_ms=self.timeout_ms * scale,
            longest_ms=self.longest_ms * scale,
            bytes_per_s=self.bytes_per_s / scale,
        )


class Send(msgspec.Struct, frozen=True):
    """Publish this row now."""

    entry: Entry
    backlog: bool


class Load(msgspec.Struct, frozen=True):
    """Look up the waiting rows beyond *after* and hand them to :meth:`Sender.loaded`."""

    after: int


class Wait(msgspec.Struct, frozen=True):
    """Nothing to send until *until_ms*, or until something happens (None)."""

    until_ms: float | None = None


class _Live(msgspec.Struct, frozen=True):
    entry: Entry
    since_ms: float


class _Flight(msgspec.Struct, frozen=True):
    entry: Entry
    sent_ms: float
    expires_ms: float
    backlog: bool
    since_ms: float


class Sender:
    """Both lanes. Every method takes the present as gateway-monotonic milliseconds.

    Args:
        pace: the protocol's numbers.
        jitter: a number in [0, 1) on every call; spreads the repetitions of many gateways.
    """

    def __init__(self, pace: Pace, jitter: Callable[[], float]) -> None:
        self.credit = pace.credit
        self._pace = pace
        self._jitter = jitter
        self._connected = False
        self._live: deque[_Live] = deque()
        self._tokens = float(pace.credit)
        self._tokens_ms = 0.0
        self._unheard_since_ms: float | None = None
        self._last_heard_ms = -1.0
        self._patience = Patience(pace, jitter)
        self._newest: Entry | None = None
        self._repeated: dict[int, int] = {}
        self._flying: dict[int, _Flight] = {}
        self._in_window = 0
        self._backlog_bytes = 0
        self._next_expiry_ms: float | None = None
        self._cursor = 0
        self._page: deque[Entry] = deque()
        self._exhausted = False
        self._probe_due = False

    @property
    def queued(self) -> int:
        """Live rows that have not been sent yet."""
        return len(self._live)

    def reset(self) -> None:
        """Another spool, or another store to fill: forget which rows were sent and which wait."""
        self._live.clear()
        self._newest = None
        self._repeated.clear()
        self._ground()

    def connected(self, newest: Entry | None, now_ms: float) -> None:
        """A connection stands; *newest* is the newest row that waits."""
        self._connected = True
        self._newest = newest
        self._tokens_ms = now_ms
        self._patience.reset(now_ms)
        if newest is not None and self._unheard_since_ms is None:
            self._unheard_since_ms = now_ms

    def disconnected(self, now_ms: float) -> None:
        """It is gone: all that is unacknowledged is backlog, except rows that have just come into being."""
        self._connected = False
        young = [
            _Live(flight.entry, flight.since_ms)
            for flight in self._flying.values()
            if not flight.backlog and now_ms - flight.since_ms < self._pace.timeout_ms
        ]
        self._live.extendleft(reversed(young))
        self._ground()

    def added(self, entries: Sequence[Entry], now_ms: float) -> None:
        """New rows: into the live lane, urgent ones at its head."""
        if not entries:
            return
        for entry in entries:
            if entry.urgent:
                self._live.appendleft(_Live(entry, now_ms))
            else:
                self._live.append(_Live(entry, now_ms))
        self._newest = entries[-1]
        if self._unheard_since_ms is None:
            self._unheard_since_ms = now_ms
            self._patience.reset(now_ms)
        self._leave_live(now_ms)

    def acknowledged(self, rows: Iterable[int], now_ms: float) -> None:
        """The collector holds *rows*."""
        known = set(rows)
        if not known:
            return
        self.gone(known)
        self._last_heard_ms = now_ms
        self._patience.reset(now_ms)
        self._probe_due = False
        waiting = self._flying or self._live or self._page or not self._exhausted
        self._unheard_since_ms = now_ms if waiting else None

    def gone(self, rows: Iterable[int]) -> None:
        """*rows* need not be sent any more."""
        known = set(rows)
        for row in known:
            self._land(row)
            self._repeated.pop(row, None)
        self._live = deque(item for item in self._live if item.entry.row not in known)
        self._page = deque(entry for entry in self._page if entry.row not in known)
        if self._newest is not None and self._newest.row in known:
            self._newest = None

    def loaded(self, entries: Sequence[Entry]) -> None:
        """The answer to :class:`Load`: the next page, empty at the end of the backlog."""
        self._page.extend(entries)
        self._exhausted = not entries
        if self._exhausted and not self._flying and not self._live:
            self._unheard_since_ms = None

    def hearing(self, now_ms: float) -> Hearing:
        """How well this gateway is heard, for the pace at which batches close."""
        unheard_ms = 0.0 if self._unheard_since_ms is None else now_ms - self._unheard_since_ms
        return Hearing(len(self._live) + self._in_window, unheard_ms, self._connected)

    def live(self, now_ms: float) -> Send | Wait:
        """What the live lane wants."""
        if not self._connected:
            return Wait()
        self._expire(now_ms)
        self._leave_live(now_ms)
        if not self._live:
            return Wait(self._next_expiry_ms)
        if self._in_window >= self._pace.window and not self._live[0].entry.urgent:
            return Wait(self._sooner(self._live[0].since_ms + self._pace.timeout_ms))
        item = self._live.popleft()
        return self._launch(item.entry, now_ms, backlog=False, since_ms=item.since_ms)

    def backlog(self, now_ms: float) -> Send | Load | Wait:
        """What the backlog lane wants."""
        if not self._connected:
            return Wait()
        self._expire(now_ms)
        if self._unheard_since_ms is not None and self._patience.over(now_ms):
            self._probe_due = True
        if self._probe_due:
            return self._probe(now_ms)
        if self._patience.lost:
            return Wait(self._sooner(self._patience.until_ms))
        return self._next_of_backlog(now_ms)

    def _probe(self, now_ms: float) -> Send | Load | Wait:
        """One row, to see whether anybody answers: the newest, or the oldest where the newest is not known."""
        order: Send | Load | Wait
        if self._newest is None:
            order = self._next_of_backlog(now_ms)
        elif self._newest.row in self._flying or any(item.entry.row == self._newest.row for item in self._live):
            order = Wait(self._patience.until_ms)
        else:
            order = self._launch(self._newest, now_ms, backlog=True, since_ms=now_ms)
        self._probe_due = isinstance(order, Load)
        return order

    def _next_of_backlog(self, now_ms: float) -> Send | Load | Wait:
        queued = {item.entry.row for item in self._live}
        while self._page and (self._page[0].row in self._flying or self._page[0].row in queued):
            self._cursor = self._page.popleft().row
        if not self._page:
            return Wait(self._next_expiry_ms) if self._exhausted else Load(self._cursor)
        entry = self._page[0]
        if self.credit <= 0 or (self._backlog_bytes and self._backlog_bytes + entry.size > self.credit):
            return Wait(self._next_expiry_ms)
        ready_ms = self._refill(entry.size, now_ms)
        if ready_ms > now_ms:
            return Wait(self._sooner(ready_ms))
        self._page.popleft()
        self._cursor = entry.row
        self._tokens -= entry.size
        return self._launch(entry, now_ms, backlog=True, since_ms=now_ms)

    def _refill(self, size: int, now_ms: float) -> float:
        """Fill the bucket up to now; returns when it holds what *size* bytes take."""
        depth = max(self.credit, self._pace.credit)
        self._tokens = min(depth, self._tokens + (now_ms - self._tokens_ms) * self._pace.bytes_per_s / 1000)
        self._tokens_ms = now_ms
        lack = min(size, depth) - self._tokens
        return now_ms + max(0.0, lack) * 1000 / self._pace.bytes_per_s

    def _launch(self, entry: Entry, now_ms: float, *, backlog: bool, since_ms: float) -> Send:
        timeout_ms = self._pace.timeout_ms
        if backlog:
            timeout_ms *= 2 ** min(self._repeated.get(entry.row, 0), _DOUBLINGS)
            timeout_ms = min(timeout_ms, self._pace.longest_ms) * (1 + self._jitter() / 4)
            self._backlog_bytes += entry.size
        else:
            self._in_window += 1
        expires_ms = now_ms + timeout_ms
        self._flying[entry.row] = _Flight(entry, now_ms, expires_ms, backlog, since_ms)
        self._next_expiry_ms = self._sooner(expires_ms)
        if self._unheard_since_ms is None:
            self._unheard_since_ms = now_ms
            self._patience.reset(now_ms)
        return Send(entry, backlog)

    def _expire(self, now_ms: float) -> None:
        """What was not acknowledged in time is backlog again."""
        if self._next_expiry_ms is None or now_ms < self._next_expiry_ms:
            return
        for row in [row for row, flight in self._flying.items() if flight.expires_ms <= now_ms]:
            flight = self._land(row)
            if flight is not None and flight.backlog and self._last_heard_ms > flight.sent_ms:
                # others were acknowledged since, this one was not: try it less and less often
                self._repeated[row] = self._repeated.get(row, 0) + 1
            self._rewind(row)
        self._next_expiry_ms = min((flight.expires_ms for flight in self._flying.values()), default=None)

    def _leave_live(self, now_ms: float) -> None:
        while self._live and not self._live[0].entry.urgent:
            if now_ms - self._live[0].since_ms < self._pace.timeout_ms:
                return
            self._rewind(self._live.popleft().entry.row)

    def _land(self, row: int) -> _Flight | None:
        flight = self._flying.pop(row, None)
        if flight is None:
            return None
        if flight.backlog:
            self._backlog_bytes -= flight.entry.size
        else:
            self._in_window -= 1
        return flight

    def _rewind(self, row: int) -> None:
        self._cursor = min(self._cursor, row - 1)
        self._page.clear()
        self._exhausted = False

    def _ground(self) -> None:
        """Nothing is on its way, and the backlog begins at the oldest row."""
        self._flying.clear()
        self._in_window = 0
        self._backlog_bytes = 0
        self._next_expiry_ms = None
        self._cursor = 0
        self._page.clear()
        self._exhausted = False

    def _sooner(self, at_ms: float) -> float:
        return at_ms if self._next_expiry_ms is None else min(at_ms, self._next_expiry_ms)


class Patience:
    """How long to wait for any acknowledgement before the next probe: doubled each time, reset by one."""

    def __init__(self, pace: Pace, jitter: Callable[[], float]) -> None:
        self.lost = False
        self.until_ms = 0.0
        self._pace = pace
        self._jitter = jitter
        self._length_ms = pace.timeout_ms

    def reset(self, now_ms: float) -> None:
        """Something was acknowledged, or everything begins anew."""
        self.lost = False
        self._length_ms = self._pace.timeout_ms
        self.until_ms = now_ms + self._length_ms

    def over(self, now_ms: float) -> bool:
        """Whether a probe is due; the next one is further off."""
        if now_ms < self.until_ms:
            return False
        self.lost = True
        self._length_ms = min(2 * self._length_ms, self._pace.longest_ms)
        self.until_ms = now_ms + self._length_ms * (1 + self._jitter() / 4)
        return True
