"""How long a patient was monitored, and for how long a value was lacking, for which reason.

As ``alarms.replay.coverage`` says it of a file, one stretch after the other: a value stands until the next of its
metric, or for its usual interval where that is more than one and a half of them away; the rest is a gap. Of several
metrics, one that is missing is enough.
"""

import itertools
from collections.abc import Collection, Iterable
from typing import Final

from vitals.alarms.replay import GAP, Recorded
from vitals.codes import Metric
from vitals.observation import Observation, Validity
from vitals.retrospect.period import Period
from vitals.retrospect.stored import eligible

_GAP_FROM: Final = 1.5
_USUAL_MS: Final = 1000
_FEW: Final = 5
"""So many steps tell how often a metric usually comes."""


class _Metric:
    __slots__ = ("at_ms", "covered_ms", "reason", "usual_ms")

    def __init__(self, since_ms: int) -> None:
        self.at_ms: int | None = None
        self.covered_ms = since_ms  # up to here it has been said how it was
        self.reason = ""
        self.usual_ms = _USUAL_MS


class Cover:
    """The coverage of one patient."""

    def __init__(self) -> None:
        self.length_ms = 0
        self._missing_ms: dict[str, int] = {}
        self._metrics: dict[Metric, _Metric] = {}
        self._pending: dict[str, list[tuple[int, int]]] = {}

    @property
    def missing_s(self) -> dict[str, float]:
        """Seconds by reason; call :meth:`leave` before."""
        return {reason: ms / 1000 for reason, ms in sorted(self._missing_ms.items()) if ms}

    def take(self, stretch: Period, wanted: Collection[Metric], said: Iterable[Recorded]) -> None:
        """One stretch of monitoring, and what was *said* in it; a metric that is not *wanted* lacks nothing."""
        self.length_ms += stretch.length_ms
        times: dict[Metric, list[tuple[int, str]]] = {metric: [] for metric in wanted}
        for one in said:
            for observation in one.observations:
                if observation.metric in times:
                    times[observation.metric].append((one.at_ms, _reason(observation)))
        for metric in self._metrics.keys() - times.keys():
            self._close(self._metrics.pop(metric), stretch.from_ms)
        for metric, moments in times.items():
            state = self._metrics.setdefault(metric, _Metric(stretch.from_ms))
            state.usual_ms = _usual([at_ms for at_ms, _ in moments], state.usual_ms)
            for at_ms, reason in moments:
                self._step(state, at_ms)
                state.at_ms, state.reason = at_ms, reason
            self._gap(state, stretch.to_ms)
        # What reaches over the end of the stretch may still be joined by another metric's.
        self._settle(stretch.to_ms - 10 * _USUAL_MS)

    def leave(self, at_ms: int) -> None:
        """Monitoring ends, or pauses, at *at_ms*."""
        for state in self._metrics.values():
            self._close(state, at_ms)
        self._metrics = {}
        self._settle(at_ms)

    def _step(self, state: _Metric, at_ms: int) -> None:
        """The next value of a metric is of *at_ms*: what stood until then is over."""
        if state.at_ms is None:
            self._missing(GAP, state.covered_ms, at_ms)
        else:
            step_ms = at_ms - state.at_ms
            ends_ms = state.at_ms + (state.usual_ms if step_ms > _GAP_FROM * state.usual_ms else step_ms)
            self._missing(state.reason, max(state.covered_ms, state.at_ms), ends_ms)
            self._missing(GAP, max(state.covered_ms, ends_ms), at_ms)
        state.covered_ms = max(state.covered_ms, at_ms)

    def _gap(self, state: _Metric, at_ms: int) -> None:
        """Nothing more came until *at_ms*: a gap is told as it grows, so that nothing waits for its end."""
        if state.at_ms is None:
            self._missing(GAP, state.covered_ms, at_ms)
            state.covered_ms = at_ms
        elif at_ms - state.at_ms > max(_GAP_FROM * state.usual_ms, 10 * _USUAL_MS):
            self._step(state, at_ms)

    def _close(self, state: _Metric, at_ms: int) -> None:
        if at_ms > state.covered_ms or state.at_ms is not None:
            self._step(state, max(at_ms, state.covered_ms))

    def _missing(self, reason: str, from_ms: int, to_ms: int) -> None:
        if reason and from_ms < to_ms:
            pending = self._pending.setdefault(reason, [])
            if pending and pending[-1][1] == from_ms:
                pending[-1] = (pending[-1][0], to_ms)
            else:
                pending.append((from_ms, to_ms))

    def _settle(self, until_ms: int) -> None:
        """Count what lies before *until_ms*, each moment once for a reason."""
        for reason, pending in self._pending.items():
            reached, later = 0, []
            for from_ms, to_ms in sorted(pending):
                if to_ms > until_ms:
                    later.append((max(from_ms, until_ms), to_ms))
                counted_ms = min(to_ms, until_ms) - max(from_ms, reached)
                if counted_ms > 0:
                    self._missing_ms[reason] = self._missing_ms.get(reason, 0) + counted_ms
                reached = max(reached, min(to_ms, until_ms))
            self._pending[reason] = later


def _usual(moments: list[int], before: int) -> int:
    steps = sorted(late - early for early, late in itertools.pairwise(moments) if late > early)
    return steps[(len(steps) - 1) // 2] if len(steps) >= _FEW else before


def _reason(observation: Observation) -> str:
    if eligible(observation):
        return ""
    if observation.validity is Validity.NOT_AVAILABLE:
        return observation.missing.label
    return observation.validity.name.lower()
