"""How the server is, for ``vitals status``: what passed by on its way to the desk, and how long it took."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from vitals.clock import Clock
from vitals.collector.base import Desk, Heard, heard
from vitals.life.legs import Report
from vitals.observation import GenerationMode
from vitals.series.base import Arrival, Counts, Logged
from vitals.ward import Snapshot
from vitals.wire.bodies import GatewayState
from vitals.wire.header import Kind

REMEMBERED: Final = 10_000
"""Notifications whose way to the commit is remembered."""


class StatusBoard:
    """A desk in front of the desk: implements ``base.Desk``, hands everything on and keeps what a status tells.

    The way from notification to commit is measured only for a gateway of the collector's own boot, because only there
    do the two share a clock: on a demonstration, not at a site.
    """

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._gateways: dict[str, GatewayState] = {}
        self._to_commit_ms: deque[int] = deque(maxlen=REMEMBERED)

    def observe(self, arrival: Arrival, rows: Sequence[Heard]) -> None:
        """See ``base.Desk``."""
        self._desk.observe(arrival, rows)

    def gateway_state(self, gateway: str, state: GatewayState, received_ms: int) -> None:
        """See ``base.Desk``."""
        self._gateways[gateway] = state
        self._desk.gateway_state(gateway, state, received_ms)

    def notice(self, code: str, text: str | None) -> None:
        """See ``base.Desk``."""
        self._desk.notice(code, text)

    def committed(self, logged: Sequence[Logged]) -> None:
        """See ``base.Desk``."""
        now_ms = self._clock.monotonic_ms()
        boot = self._clock.boot()
        for entry in logged:
            header = entry.arrival.header
            if header.boot == boot and header.kind == Kind.DATA and not header.backlog:
                self._to_commit_ms += (now_ms - row.at_ms for block in heard(entry.arrival) for row in block.rows)
        self._desk.committed(logged)

    def tick(self, now_ms: int) -> None:
        """See ``base.Desk``."""
        self._desk.tick(now_ms)

    async def persist(self) -> None:
        """See ``base.Desk``."""
        await self._desk.persist()

    def report(self, snapshot: Snapshot, mode: GenerationMode, counts: Counts, path: Report) -> dict[str, Any]:
        """The object that ``vitals status --json`` prints."""
        return {
            "mode": mode.label,
            "time_scale": snapshot.time_scale,
            "at": snapshot.at,
            "patients": {
                "total": len(snapshot.tiles),
                "status": dict(Counter(tile.status for tile in snapshot.tiles)),
            },
            "alarms": {
                priority: sum(alarm.priority == priority for alarm in snapshot.alarms)
                for priority in ("high", "medium", "low")
            },
            "series": {
                "observations": counts.observations,
                "quarantined": counts.quarantined,
                "redelivered": counts.redelivered,
            },
            "gateways": [_gateway(name, state) for name, state in sorted(self._gateways.items())],
            "path": path,
            "notices": list(snapshot.notices),
            "latency_ms": {"notification_to_commit": quantiles(self._to_commit_ms)},
        }


def quantiles(milliseconds: Iterable[float]) -> dict[str, float | None]:
    """Median and 99th percentile by nearest rank; None where nothing was measured."""
    ordered = sorted(milliseconds)
    if not ordered:
        return {"p50": None, "p99": None}
    last = len(ordered) - 1
    return {"p50": ordered[round(last * 0.5)], "p99": ordered[round(last * 0.99)]}


def _gateway(name: str, state: GatewayState) -> dict[str, Any]:
    return {
        "gateway": name,
        "online": state.online,
        "version": state.version,
        "published_ms": state.published_ms,
        "spool_rows": state.spool_rows,
        "spool_bytes": state.spool_bytes,
        "connected": sum(sensor.link == "connected" for sensor in state.sensors),
        "problems": list(state.problems),
    }
