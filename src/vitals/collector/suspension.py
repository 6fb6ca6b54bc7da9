"""Suspended monitoring: a person's word that nobody needs to watch for a while, with an end of its own (S15)."""

from typing import Final

import msgspec

from vitals.clock import iso
from vitals.collector.standing import Moment, arranged
from vitals.registry import Event, Patient
from vitals.ward import ShownSuspension

CONDITION: Final = "suspended"
"""Under which it is kept and recorded; it is no alarm."""


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """One suspension; suspended again before its end, it is the same one in a further *version*.

    Moments are of the desk's timeline; *ended_ms* is None while it lasts. The last one is kept when it is over: what
    was observed meanwhile and comes late was not to alarm either.
    """

    reason: str
    owner: str
    version: int
    since_ms: int
    since_utc_ms: int
    until_ms: int
    until_utc_ms: int
    ended_ms: int | None = None

    @property
    def lasts(self) -> bool:
        """Whether nobody is to watch now."""
        return self.ended_ms is None

    def covers(self, at_ms: float) -> bool:
        """Whether nobody was to watch at that moment."""
        return self.since_ms <= at_ms and (self.ended_ms is None or at_ms < self.ended_ms)


def begun(before: Suspension | None, reason: str, lasting_ms: int, moment: Moment) -> Suspension:
    """The suspension that begins at *moment*, or goes on from there."""
    going_on = before if before is not None and before.lasts else None
    return Suspension(
        reason=reason,
        owner=moment.actor or "",
        version=1 if going_on is None else going_on.version + 1,
        since_ms=moment.at_ms if going_on is None else going_on.since_ms,
        since_utc_ms=moment.utc_ms if going_on is None else going_on.since_utc_ms,
        until_ms=moment.at_ms + lasting_ms,
        until_utc_ms=moment.utc_ms + lasting_ms,
    )


def ended(suspension: Suspension, moment: Moment) -> Suspension:
    """The suspension as it is over."""
    return msgspec.structs.replace(suspension, version=suspension.version + 1, ended_ms=moment.at_ms)


def show(suspension: Suspension | None) -> ShownSuspension | None:
    """What a tile shows of it."""
    if suspension is None or not suspension.lasts:
        return None
    return ShownSuspension(
        reason=suspension.reason,
        owner=suspension.owner,
        since=iso(suspension.since_utc_ms),
        until=iso(suspension.until_utc_ms),
    )


def record(patient: Patient, suspension: Suspension, moment: Moment) -> Event:
    """What the registry records of its beginning, its going on or its end."""
    return arranged(
        patient,
        moment,
        episode=(CONDITION, str(suspension.since_ms)),
        version=suspension.version,
        change="suspended" if suspension.lasts else "resumed",
        message=f"Monitoring suspended ({suspension.reason})" if suspension.lasts else "Monitoring resumed",
        over=not suspension.lasts,
    )
