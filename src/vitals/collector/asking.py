"""A patient asks that monitoring be suspended (S15): a request that suppresses nothing until a nurse accepts it."""

from typing import Final

import msgspec

from vitals.clock import iso
from vitals.collector.standing import Moment, arranged
from vitals.registry import Event, Patient
from vitals.ward import ShownRequest

CONDITION: Final = "suspension_request"
"""Under which it is kept and recorded; it is no alarm."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; asked again before it is answered, it is the same request in a further *version*."""

    reason: str
    minutes: int
    by: str
    version: int
    since_ms: int
    since_utc_ms: int


def asked(before: Asked | None, reason: str, minutes: int, moment: Moment) -> Asked:
    """The request as it is from *moment* on."""
    return Asked(
        reason=reason,
        minutes=minutes,
        by=moment.actor or "",
        version=1 if before is None else before.version + 1,
        since_ms=moment.at_ms if before is None else before.since_ms,
        since_utc_ms=moment.utc_ms if before is None else before.since_utc_ms,
    )


def show(patient: Patient, request: Asked) -> ShownRequest:
    """What a nurse is shown of it."""
    return ShownRequest(
        patient=patient.id,
        version=request.version,
        name=patient.name,
        birth_date=patient.birth_date,
        record_number=patient.record_number,
        reason=request.reason,
        minutes=request.minutes,
        at=iso(request.since_utc_ms),
        by=request.by,
    )


def record(patient: Patient, request: Asked, change: str, moment: Moment) -> Event:
    """What the registry records: *change* is ``requested``, ``accepted``, ``refused`` or ``expired``."""
    going_on = change == "requested"
    return arranged(
        patient,
        moment,
        episode=(CONDITION, str(request.since_ms)),
        version=request.version if going_on else request.version + 1,
        change=change,
        message=f"Suspension {change} ({request.reason}, {request.minutes} min)",
        over=not going_on,
    )
