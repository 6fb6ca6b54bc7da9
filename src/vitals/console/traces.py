"""The last minute of every patient, so that a wall that was just opened has its sparklines."""

from collections import deque
from typing import Final

from vitals.delays import Delays
from vitals.ward import Shown, Snapshot

SECONDS: Final = 60
TRACED: Final = ("heart_rate", "pulse_rate", "spo2")


class Traces:
    """One value a second and traced metric for every patient on the wall; None where there was none to rely on."""

    def __init__(self) -> None:
        self._second = -1
        self._kept: dict[str, dict[str, deque[float | None]]] = {}

    def take(self, snapshot: Snapshot, at_ms: int) -> None:
        """Add what *snapshot*, taken at *at_ms*, shows; a second snapshot within one second adds nothing."""
        if at_ms // 1000 == self._second:
            return
        self._second = at_ms // 1000
        limit_s = Delays().scaled(snapshot.time_scale).age_shown_s
        kept = {}
        for tile in snapshot.tiles:
            traces = self._kept.get(tile.patient) or {metric: deque(maxlen=SECONDS) for metric in TRACED}
            for metric, trace in traces.items():
                trace.append(_live(tile.shown.get(metric), limit_s))
            kept[tile.patient] = traces
        self._kept = kept

    def columns(self) -> dict[str, dict[str, list[float | None]]]:
        """Patient to metric to values, oldest first; a metric that never had one is left out."""
        return {
            patient: {
                metric: list(trace) for metric, trace in traces.items() if any(value is not None for value in trace)
            }
            for patient, traces in self._kept.items()
        }


def _live(shown: Shown | None, limit_s: float) -> float | None:
    if shown is None or shown.missing is not None or shown.age_s is None or shown.age_s > limit_s:
        return None
    return shown.value
