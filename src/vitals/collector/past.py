"""What was over before a restart, read back from the record, so that an outcome can still be given to it (S14)."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from vitals.alarms.machine import RAISING, Change
from vitals.clock import iso
from vitals.codes import BY_LABEL, CODES
from vitals.collector.roster import Roster
from vitals.collector.standing import OVER
from vitals.registry import Event
from vitals.ward import ShownAlarm

_CHANGES: Final = frozenset(change.value for change in Change)
_RAISING: Final = frozenset(change.value for change in RAISING)


def shown(events: Iterable[Event], roster: Roster, still_open: Collection[str]) -> Iterator[ShownAlarm]:
    """The alarms among *events* (oldest first) that are over, as they were last shown."""
    alarms: dict[str, ShownAlarm] = {}
    for event in events:
        if event.change in _CHANGES:  # what is recorded beside them (a suspension) is no alarm
            alarms[event.episode] = _after(alarms.get(event.episode) or _first(event, roster), event)
    return (alarm for alarm in alarms.values() if alarm.phase == OVER and alarm.episode not in still_open)


def _first(event: Event, roster: Roster) -> ShownAlarm:
    watch = roster.watches.get(event.patient_id or "")
    patient = None if watch is None else watch.patient
    return ShownAlarm(
        episode=event.episode,
        version=event.version,
        condition=event.condition.partition(":")[0],
        kind=event.kind,
        priority=event.priority,
        phase=event.phase,
        sounding=False,
        message=event.message,
        patient=event.patient_id,
        name="" if patient is None else patient.name,
        birth_date="" if patient is None else patient.birth_date,
        record_number="" if patient is None else patient.record_number,
        metric=event.metric,
        unit="" if event.metric is None else CODES[BY_LABEL[event.metric]].ucum,
        raised_at=iso(event.at_utc_ms),
    )


def _after(alarm: ShownAlarm, event: Event) -> ShownAlarm:
    at = iso(event.at_utc_ms)
    changes: dict[str, object] = {
        "version": event.version,
        "priority": event.priority,
        "phase": event.phase,
        "message": event.message,
        "value": event.value,
        "limit": event.limit_value,
    }
    if event.change in _RAISING:
        changes |= {"raised_at": at, "ended_at": None, "acknowledged_at": None, "acknowledged_by": None}
    elif event.change == Change.ENDED.value:
        changes["ended_at"] = at
    elif event.actor is not None:
        changes |= {"acknowledged_at": at, "acknowledged_by": event.actor}
    return msgspec.structs.replace(alarm, **changes)
