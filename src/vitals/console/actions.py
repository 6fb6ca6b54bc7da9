"""What a nurse may do, as a table: address, body, the ward's method, and what shows how the matter stands.

One handler serves them all, so that every action is refused, confirmed and repeated in the same way. A *key* makes a
repetition harmless; a *version* says what the person saw (S9).
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, NamedTuple

from msgspec import Meta, Struct

from vitals.console.answers import Present
from vitals.ward import Snapshot, Ward


class Body(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every action carries."""

    key: Annotated[str, Meta(min_length=1, max_length=200)]


class Versioned(Body, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An action on what the person saw at *version*."""

    version: int


class Resolution(Versioned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What came of an alarm (S14)."""

    outcome: str
    note: Annotated[str, Meta(max_length=500)] = ""


class Suspending(Body, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why, and for how long (S15)."""

    reason: str
    minutes: int


class Observed(Body, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person observed, by parameter: numbers and words."""

    values: dict[str, float | str]


class Offering(Versioned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom an alarm is offered to; empty: whoever accepts it (S8)."""

    to: Annotated[str, Meta(max_length=100)] = ""


class Inactivating(Versioned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why an alarm is switched off, and for how long."""

    reason: str
    minutes: int


class Reactivating(Body, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which condition is switched on again."""

    condition: Annotated[str, Meta(min_length=1, max_length=200)]


class Action(NamedTuple):
    """One row: *act* is given the ward, the subject, the body and the actor."""

    path: str
    body: type[Body]
    act: Callable[[Ward, str, Any, str], Awaitable[Any]]
    present: Callable[[Snapshot, str], Present | None]


def _alarm(snapshot: Snapshot, episode: str) -> Present | None:
    return next((alarm for alarm in snapshot.alarms if alarm.episode == episode), None)


def _tile(snapshot: Snapshot, patient: str) -> Present | None:
    return next((tile for tile in snapshot.tiles if tile.patient == patient), None)


def _request(snapshot: Snapshot, patient: str) -> Present | None:
    return next((request for request in snapshot.requests if request.patient == patient), None)


def _missed(snapshot: Snapshot, missed: str) -> Present | None:
    return next((event for event in snapshot.missed if event.id == missed), None)


ACTIONS: Final = (
    Action(
        "/api/v1/alarms/{subject}/acknowledge",
        Versioned,
        lambda ward, episode, body, actor: ward.acknowledge(episode, body.version, actor=actor, key=body.key),
        _alarm,
    ),
    Action(
        "/api/v1/alarms/{subject}/pause",
        Versioned,
        lambda ward, episode, body, actor: ward.pause_audio(episode, body.version, actor=actor, key=body.key),
        _alarm,
    ),
    Action(
        "/api/v1/alarms/{subject}/resume",
        Versioned,
        lambda ward, episode, body, actor: ward.resume_audio(episode, body.version, actor=actor, key=body.key),
        _alarm,
    ),
    Action(
        "/api/v1/alarms/{subject}/resolve",
        Resolution,
        lambda ward, episode, body, actor: ward.resolve(
            episode, body.version, outcome=body.outcome, note=body.note, actor=actor, key=body.key
        ),
        _alarm,
    ),
    Action(
        "/api/v1/alarms/{subject}/offer",
        Offering,
        lambda ward, episode, body, actor: ward.offer(episode, body.version, to=body.to, actor=actor, key=body.key),
        _alarm,
    ),
    Action(
        "/api/v1/alarms/{subject}/accept",
        Versioned,
        lambda ward, episode, body, actor: ward.accept(episode, body.version, actor=actor, key=body.key),
        _alarm,
    ),
    Action(
        "/api/v1/alarms/{subject}/inactivate",
        Inactivating,
        lambda ward, episode, body, actor: ward.inactivate(
            episode, body.version, reason=body.reason, minutes=body.minutes, actor=actor, key=body.key
        ),
        _alarm,
    ),
    Action(
        "/api/v1/patients/{subject}/reactivate",
        Reactivating,
        lambda ward, patient, body, actor: ward.reactivate(patient, body.condition, actor=actor, key=body.key),
        _tile,
    ),
    Action(
        "/api/v1/patients/{subject}/request",
        Suspending,
        lambda ward, patient, body, actor: ward.request_suspension(
            patient, reason=body.reason, minutes=body.minutes, actor=actor, key=body.key
        ),
        _tile,
    ),
    Action(
        "/api/v1/requests/{subject}/accept",
        Versioned,
        lambda ward, patient, body, actor: ward.accept_request(patient, body.version, actor=actor, key=body.key),
        _request,
    ),
    Action(
        "/api/v1/requests/{subject}/refuse",
        Versioned,
        lambda ward, patient, body, actor: ward.refuse_request(patient, body.version, actor=actor, key=body.key),
        _request,
    ),
    Action(
        "/api/v1/patients/{subject}/suspend",
        Suspending,
        lambda ward, patient, body, actor: ward.suspend(
            patient, reason=body.reason, minutes=body.minutes, actor=actor, key=body.key
        ),
        _tile,
    ),
    Action(
        "/api/v1/patients/{subject}/resume",
        Body,
        lambda ward, patient, body, actor: ward.resume(patient, actor=actor, key=body.key),
        _tile,
    ),
    Action(
        "/api/v1/patients/{subject}/enter",
        Observed,
        lambda ward, patient, body, actor: ward.enter(patient, values=body.values, actor=actor, key=body.key),
        _tile,
    ),
    Action(
        "/api/v1/missed/{subject}/review",
        Versioned,
        lambda ward, missed, body, actor: ward.review(missed, body.version, actor=actor, key=body.key),
        _missed,
    ),
)
