"""Episodic results on their way to patients (S6): whose they are, when they were measured, and what becomes of them."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from vitals.codes import CODES
from vitals.collector.base import Heard
from vitals.collector.hindsight import Hindsight
from vitals.collector.results import Result, passed
from vitals.collector.roster import Roster
from vitals.collector.standing import Moment
from vitals.collector.watch import Watch
from vitals.observation import ALARM_ELIGIBLE, Missing, Observation, Validity
from vitals.wire.columns import Row

SPOT_CHECK: Final = "2A5E"
"""The characteristic whose values come one by one, although the same metrics are streamed elsewhere."""

_ELIGIBLE: Final = ALARM_ELIGIBLE | {Validity.STORED}
_METRICS: Final = frozenset(code.metric for code in CODES.values() if code.episodic)
_AHEAD_MS: Final = 60_000
"""How far ahead a device's own clock may be; beyond that it dates nothing."""


def is_episodic(heard: Heard) -> bool:
    """Whether *heard* are results rather than a stream."""
    if heard.characteristic == SPOT_CHECK:
        return True
    block = heard.block
    if block is not None and heard.listed is None:
        return bool(block.metrics) and all(column.code in _METRICS for column in block.metrics)
    metrics = {observation.metric for row in heard.rows for observation in row.reading.observations}
    return bool(metrics) and metrics <= _METRICS


class Episodic:
    """*aside* is told why an old result belongs to nobody, *stranger* of a sensor that nobody wears, and when."""

    def __init__(
        self,
        roster: Roster,
        hindsight: Hindsight,
        late_ms: float,
        *,
        aside: Callable[[str, str], None],
        stranger: Callable[[str, int], None],
    ) -> None:
        self._roster = roster
        self._hindsight = hindsight
        self._late_ms = late_ms
        self._aside = aside
        self._stranger = stranger

    def hear(self, gateway: str, heard: Heard, received: Moment, *, replaying: bool) -> list[Watch]:
        """Take in results; the patients they belong to."""
        watches = []
        for row in heard.rows:
            watch = self._wearer(heard, row, received, replaying=replaying)
            if watch is None:
                self._nobody(heard, row, received)
                continue
            worn = watch.sensors.get(heard.sensor)
            if worn is not None and heard.age_ms(row) <= self._late_ms:
                watch.notified(worn, heard, row, received)
                worn.kept.gateway = gateway
            self._take(watch, heard, row, received)
            watches.append(watch)
        return watches

    def _wearer(self, heard: Heard, row: Row, received: Moment, *, replaying: bool) -> Watch | None:
        """Live, the patient bound at receipt (S5); else whoever wore the sensor when it was measured."""
        age_ms = heard.age_ms(row)
        if age_ms <= self._late_ms and not replaying:
            found = self._roster.worn.get(heard.sensor)
            return None if found is None else found[0]
        known = math.isfinite(age_ms)
        utc_ms = received.utc_ms - round(age_ms) if known else row.at_ms + heard.utc_offset_ms
        return self._roster.wearer(heard.sensor, utc_ms)

    def _nobody(self, heard: Heard, row: Row, received: Moment) -> None:
        if heard.age_ms(row) <= self._late_ms:
            self._stranger(heard.sensor, received.at_ms)
        else:
            self._aside("late_aside", f"results of sensor {heard.sensor} belong to no patient: set aside")

    def _take(self, watch: Watch, heard: Heard, row: Row, received: Moment) -> None:
        observations = [
            one for one in row.reading.observations if one.missing is Missing.PRESENT and one.validity in _ELIGIBLE
        ]
        if not observations or not watch.results.fresh(_names(heard, row)):
            return
        stored = any(one.validity is Validity.STORED for one in observations)
        age_ms = self._stored_age_ms(watch, row, received) if stored else heard.age_ms(row)
        for observation in observations:
            self._judge(watch, heard, row, observation, age_ms, received)

    def _judge(
        self, watch: Watch, heard: Heard, row: Row, observation: Observation, age_ms: float, received: Moment
    ) -> None:
        known = math.isfinite(age_ms)
        result = Result(
            sensor=heard.sensor,
            observation=observation,
            measured_ms=received.at_ms - round(age_ms) if known else None,
            measured_utc_ms=received.utc_ms - round(age_ms) if known else row.at_ms + heard.utc_offset_ms,
        )
        rules = watch.rules(observation.metric, received)
        suspended = watch.suspended or (result.measured_ms is not None and watch.arranged.covers(result.measured_ms))
        live = watch.results.take(result, [] if suspended else rules, received)
        if not live and not suspended:
            for rule, limit in passed(result.value, rules):
                name = f"{_names(heard, row)[-1]}/{observation.metric.label}"
                self._hindsight.result(watch, name, result, rule.side, limit, received)

    @staticmethod
    def _stored_age_ms(watch: Watch, row: Row, received: Moment) -> float:
        """How old the device's own clock says that a result from its storage is; infinite where it cannot say."""
        if row.reading.device_time is None:
            return math.inf
        local = datetime.fromisoformat(row.reading.device_time).replace(tzinfo=ZoneInfo(watch.patient.time_zone))
        age_ms = received.utc_ms - round(local.timestamp() * 1000)
        return math.inf if age_ms < -_AHEAD_MS else max(0, age_ms)


def _names(heard: Heard, row: Row) -> list[str]:
    """By what a result is known again, should the gateway or the device send it twice."""
    names = [f"{heard.sensor}.{heard.boot:x}.{row.at_ms}"]
    if row.reading.device_time is not None:
        values = "-".join(str(one.raw) for one in row.reading.observations)
        names.append(f"{heard.sensor}.{row.reading.device_time}.{values}")
    return names
