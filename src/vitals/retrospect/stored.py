"""What a patient's sensors said, stretch by stretch: read from the series, for whoever wore them at the time."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from vitals.codes import Metric
from vitals.observation import ALARM_ELIGIBLE, Missing, Observation
from vitals.registry import Binding
from vitals.retrospect.period import Period
from vitals.series.reader import SqliteReader


class Notification(msgspec.Struct, frozen=True):
    """One notification: observed at *utc_ms* by its gateway's clock, received at *received_ms* by the collector's.

    *late*: it came too late to act live (S5). *place* is that of the binding in the order of binding.
    """

    utc_ms: int
    received_ms: int
    late: bool
    gateway: str
    sensor: str
    place: int
    characteristic: str
    observations: tuple[Observation, ...]


class Course:
    """The recorded course of one patient, in order of observation whenever it arrived; each notification once."""

    def __init__(
        self,
        reader: SqliteReader,
        bindings: Sequence[Binding],
        within: Period,
        *,
        late_ms: float,
        wanted: Collection[Metric],
    ) -> None:
        """*bindings*: every one that the patient ever had, in order. Only *wanted* metrics are read."""
        self._reader = reader
        self._late_ms = late_ms
        self._wanted = frozenset(wanted)
        self._worn: dict[str, list[tuple[int, Binding]]] = {}
        for place, bound in enumerate(bindings):
            if within.clipped(bound.from_utc_ms, bound.until_utc_ms).length_ms:
                self._worn.setdefault(bound.sensor, []).append((place, bound))
        self._newest: dict[tuple[str, str, str], int] = {}

    def between(self, stretch: Period) -> list[Notification]:
        """What was observed in *stretch*; ask for one after the other. Raises StoreError."""
        said = [one for sensor in self._worn for one in self._of(sensor, stretch)]
        said.sort(key=_order)
        return [one for one in said if self._follows(one)]

    def _of(self, sensor: str, stretch: Period) -> Iterator[Notification]:
        worn = self._worn[sensor]
        for said in self._reader.notifications(sensor, stretch.from_ms, stretch.to_ms, self._wanted):
            place = next((place for place, bound in worn if bound.covers(said.utc_ms)), None)
            if place is not None:
                yield Notification(
                    said.utc_ms,
                    said.received_utc_ms,
                    said.age_ms is None or said.age_ms > self._late_ms,
                    said.gateway,
                    sensor,
                    place,
                    said.characteristic,
                    said.observations,
                )

    def _follows(self, one: Notification) -> bool:
        """Whether it is newer than what its characteristic said before: equal ones do nothing, as live."""
        key = (one.gateway, one.sensor, one.characteristic)
        if one.utc_ms <= self._newest.get(key, -1):
            return False
        self._newest[key] = one.utc_ms
        return True


def eligible(observation: Observation) -> bool:
    """Whether a live alarm may act on it."""
    return observation.missing is Missing.PRESENT and observation.validity in ALARM_ELIGIBLE


def _order(one: Notification) -> tuple[int, int]:
    return one.utc_ms, one.place
