"""Alarm conditions that a nurse switched off: one of one patient, with a reason, an owner and an end of its own.

What is switched off is the condition up to the priority it had: one that gets more urgent alarms all the same.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from vitals.alarms import crossing, lapse, scored
from vitals.alarms.limits import Priority, Rule, Side
from vitals.clock import iso
from vitals.collector.standing import Happening, Moment, Standing, arranged
from vitals.registry import Event, Patient
from vitals.ward import ShownInactivation

CONDITION: Final = "inactivated"
"""Under which they are kept and recorded; it is no alarm."""

_NEVER: Final = frozenset({"missed", "not_monitored", "unassigned", "uncovered", "no_answer", "limits_unusable"})
"""What nobody may switch off: a patient who is not to be watched is suspended (S15), the others have an answer."""


class Inactivation(msgspec.Struct, frozen=True, kw_only=True):
    """One condition, by its key, that does not alarm up to *priority*. Moments are of the desk's timeline."""

    condition: str
    message: str
    priority: Priority
    reason: str
    owner: str
    since_ms: int
    since_utc_ms: int
    until_ms: int
    until_utc_ms: int

    @classmethod
    def of(cls, standing: Standing, reason: str, lasting_ms: int, moment: Moment) -> "Inactivation":
        """That of *standing* as it alarms now."""
        return cls(
            condition=standing.key,
            message=standing.shown.message if standing.shown is not None else standing.condition,
            priority=standing.state.alarm.priority,
            reason=reason,
            owner=moment.actor or "",
            since_ms=moment.at_ms,
            since_utc_ms=moment.utc_ms,
            until_ms=moment.at_ms + lasting_ms,
            until_utc_ms=moment.utc_ms + lasting_ms,
        )


class _Kept(msgspec.Struct):
    """By the key of the condition, those that last, and when those that are over ended."""

    made: dict[str, Inactivation] = {}
    ended_ms: dict[str, int] = {}


class Inactivations:
    """Those of one patient."""

    def __init__(self, kept: _Kept | None = None) -> None:
        self._kept = kept or _Kept()

    def __iter__(self) -> Iterator[Inactivation]:
        return iter(self._kept.made.values())

    def begin(self, made: Inactivation) -> None:
        """One begins, or goes on anew."""
        self._kept.made[made.condition] = made

    def end(self, condition: str, at_ms: int) -> Inactivation | None:
        """One is over; None if there was none."""
        made = self._kept.made.pop(condition, None)
        if made is not None:
            self._kept.ended_ms[condition] = at_ms
        return made

    def due(self, at_ms: int) -> list[Inactivation]:
        """Those whose time is up."""
        return [made for made in self if at_ms >= made.until_ms]

    def keep(self) -> bytes | None:
        """For the registry; None when there is nothing to keep."""
        return msgspec.msgpack.encode(self._kept) if self._kept.made or self._kept.ended_ms else None

    def passing(self, standing: Standing, event: Happening, at_ms: int) -> Happening | None:
        """What of *event*, received at *at_ms*, still acts on *standing*; None: nothing."""
        kept = self._kept
        made = kept.made.get(standing.key) if kept.made else None
        if made is None or at_ms >= made.until_ms:  # to the millisecond, whenever a tick ends it
            return self._anew(standing, event) if kept.ended_ms else event
        match event:
            case lapse.Absent() if event.priority <= made.priority:
                return lapse.Returned() if standing.raised else None
            case scored.Judged() if event.priority is not None and event.priority <= made.priority:
                return msgspec.structs.replace(event, priority=None)
            case crossing.Measured():
                rule = _above(event.rule, made.priority)
                return None if rule is None else msgspec.structs.replace(event, rule=rule)
            case _:
                return event

    def _anew(self, standing: Standing, event: Happening) -> Happening:
        """What has been missing since before it was switched off is a new episode, not the old one again."""
        ended_ms = self._kept.ended_ms.get(standing.key)
        if ended_ms is None or not isinstance(event, lapse.Absent) or event.since_ms >= ended_ms:
            return event
        return msgspec.structs.replace(event, since_ms=ended_ms)


def restore(state: bytes) -> Inactivations:
    """What :meth:`Inactivations.keep` gave."""
    return Inactivations(msgspec.msgpack.decode(state, type=_Kept))


def allowed(standing: Standing) -> bool:
    """Whether a nurse may switch this condition off."""
    return standing.condition not in _NEVER


def show(made: Inactivation) -> ShownInactivation:
    """What a tile shows of it."""
    return ShownInactivation(
        condition=made.condition,
        message=made.message,
        priority=made.priority.label,
        reason=made.reason,
        owner=made.owner,
        since=iso(made.since_utc_ms),
        until=iso(made.until_utc_ms),
    )


def record(patient: Patient, made: Inactivation, moment: Moment, *, over: bool = False) -> Event:
    """What the registry records of its beginning or its end."""
    word = "Alarm on again" if over else f"Alarm off ({made.reason})"
    return arranged(
        patient,
        moment,
        episode=(CONDITION, f"{made.condition}:{made.since_ms}"),
        version=2 if over else 1,
        change="reactivated" if over else "inactivated",
        message=f"{word}: {made.message}",
        priority=made.priority,
        over=over,
    )


def _above(rule: Rule, priority: Priority) -> Rule | None:
    """*rule* without its limits up to *priority*; None where none is left."""
    limits = tuple(limit for limit in rule.limits if limit.priority > priority)
    if not limits:
        return None
    values = [limit.value for limit in limits]
    outermost = max(values) if rule.side is Side.LOW else min(values)
    return msgspec.structs.replace(
        rule, limits=limits, outermost=outermost, clear=outermost + rule.clear - rule.outermost
    )
