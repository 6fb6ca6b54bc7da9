"""One source alarms at a time (safety.md): of several sensors that measure the same, the plan's order decides."""

from vitals.alarms.replay import Recorded
from vitals.codes import Metric
from vitals.observation import Observation
from vitals.registry import Plan
from vitals.retrospect.stored import Notification, eligible


class Sources:
    """Whose values act. One that is preferred silences the others until *held_ms* after its newest value."""

    def __init__(self, held_ms: float) -> None:
        self._held_ms = held_ms
        self._heard: dict[Metric, dict[tuple[str, str], Notification]] = {}
        self._order: dict[str, list[str]] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def prescribe(self, plan: Plan | None) -> None:
        """The order of *plan* counts from now on; without one, and behind it, the order of binding."""
        self._order = {} if plan is None else plan.prescribed

    def acting(self, one: Notification) -> Recorded:
        """What of a notification acts, and what is missing because of it."""
        kept = tuple(each for each in one.observations if self._counts(each, one))
        number = self._numbers.setdefault((one.sensor, one.gateway), len(self._numbers))
        return Recorded(one.utc_ms, kept if len(kept) < len(one.observations) else one.observations, number)

    def _counts(self, observation: Observation, one: Notification) -> bool:
        """Whether it acts, or nothing else acts in its place."""
        heard = self._heard.setdefault(observation.metric, {})
        acts = eligible(observation)
        if acts:
            heard[one.sensor, one.gateway] = one
            if len(heard) == 1:
                return True
        source = (one.sensor, one.gateway)
        fresh = [other for of, other in heard.items() if of != source and one.utc_ms - other.utc_ms <= self._held_ms]
        if not acts:
            return not fresh
        rank = self._rank(observation.metric, one)
        return not any(self._rank(observation.metric, other) < rank for other in fresh)

    def _rank(self, metric: Metric, one: Notification) -> tuple[int, int, str]:
        order = self._order.get(metric.label, [])
        return order.index(one.sensor) if one.sensor in order else len(order), one.place, one.gateway
