"""The notifier's part of the registry: chains, the outbox and every attempt.

A chain and the messages that it asked for are one transaction: a message that was to be sent is never forgotten, and
one that is asked for again is the same row. What is stored again replaces what was stored under the same key.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Connection, Row, Table, bindparam, delete, func, insert, select, update

from vitals.errors import StoreError, VitalsError
from vitals.registry.entities import Attempt, Dispatch, Escalation, Notification, Proof
from vitals.registry.tables import AttemptRow, EscalationRow, NotificationRow, NotifierRow, PlanRow

OPEN: Final = ("queued", "retry")
"""States of a message that is still to be sent."""
NOTIFIER: Final = "notify"

_FIELDS: Final = Notification.__struct_fields__
_CHUNK: Final = 500
_FORGET_CHAIN: Final = delete(EscalationRow).where(EscalationRow.episode == bindparam("of"))
_FORGET_ATTEMPT: Final = delete(AttemptRow).where(
    AttemptRow.key == bindparam("of"), AttemptRow.number == bindparam("nth")
)
_CHANGES: Final = ("state", "next_ms", "taken_utc_ms", "channel", "combined_into")
_CHANGE: Final = (
    update(cast("Table", NotificationRow.__table__))
    .where(NotificationRow.key == bindparam("of"))
    .values({name: bindparam(name) for name in _CHANGES})
)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a notifier finds when it starts. *attempted*: by message, the number of its newest attempt.

    *combined*: the messages instead of which one of *notifications* goes out.
    """

    escalations: list[Escalation] = []
    notifications: list[Notification] = []
    combined: list[Notification] = []
    attempted: dict[str, int] = {}
    timeline: bytes = b""


class Responsible(msgspec.Struct, frozen=True):
    """Who answers for a patient (S16)."""

    nurse: str = ""
    cover: str = ""


class Outbox:
    """Of an open registry: ``Registry.outbox``."""

    def __init__(
        self,
        writing: Callable[[str, type[VitalsError]], AbstractContextManager[Connection]],
        reading: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._writing = writing
        self._reading = reading

    def save(self, dispatch: Dispatch) -> None:
        """All of *dispatch*, or nothing. Raises StoreError: nothing of it was written."""
        with self._writing("a notification cannot be recorded", StoreError) as connection:
            if dispatch.escalations:
                connection.execute(_FORGET_CHAIN, [{"of": row.episode} for row in dispatch.escalations])
                connection.execute(insert(EscalationRow), [msgspec.structs.asdict(row) for row in dispatch.escalations])
            _post(connection, dispatch.notifications)
            if dispatch.attempts:
                connection.execute(_FORGET_ATTEMPT, [{"of": row.key, "nth": row.number} for row in dispatch.attempts])
                connection.execute(insert(AttemptRow), [msgspec.structs.asdict(row) for row in dispatch.attempts])
            for proof in dispatch.proofs:
                _prove(connection, proof)
            if dispatch.timeline:
                connection.execute(delete(NotifierRow).where(NotifierRow.name == NOTIFIER))
                connection.execute(insert(NotifierRow).values(name=NOTIFIER, timeline=dispatch.timeline))

    def load(self) -> Kept:
        """Chains that are not over, messages that are still to be sent, and the timeline. Raises StoreError."""
        chains = select(EscalationRow.__table__).where(EscalationRow.phase != "over")
        waiting = select(NotificationRow.__table__).where(NotificationRow.state.in_(OPEN), NotificationRow.key != "")
        newest = (
            select(AttemptRow.key, func.max(AttemptRow.number))
            .join(NotificationRow, NotificationRow.key == AttemptRow.key)
            .where(NotificationRow.state.in_(OPEN))
            .group_by(AttemptRow.key)
        )
        instead = select(NotificationRow.key).where(NotificationRow.state.in_(OPEN), NotificationRow.kind == "combined")
        combined = select(NotificationRow.__table__).where(
            NotificationRow.state == "combined", NotificationRow.combined_into.in_(instead)
        )
        with self._reading() as connection:
            timeline = connection.execute(select(NotifierRow.timeline).where(NotifierRow.name == NOTIFIER)).scalar()
            return Kept(
                escalations=[Escalation(**row._asdict()) for row in connection.execute(chains)],
                notifications=[_notification(row) for row in connection.execute(waiting.order_by(NotificationRow.id))],
                combined=[_notification(row) for row in connection.execute(combined.order_by(NotificationRow.id))],
                attempted={key: number for key, number in connection.execute(newest)},  # noqa: C416 - rows, not pairs
                timeline=timeline or b"",
            )

    def responsible(self) -> dict[str, Responsible]:
        """Who answers for each patient with a plan in force. Raises StoreError."""
        chosen = select(PlanRow.patient_id, PlanRow.responsible_nurse, PlanRow.cover).where(
            PlanRow.until_utc_ms.is_(None)
        )
        with self._reading() as connection:
            return {patient: Responsible(nurse, cover) for patient, nurse, cover in connection.execute(chosen)}

    def keys(self, prefix: str) -> set[str]:
        """Keys of messages that begin with *prefix*. Raises StoreError."""
        chosen = select(NotificationRow.key).where(NotificationRow.key.startswith(prefix, autoescape=True))
        with self._reading() as connection:
            return {key for key in connection.execute(chosen).scalars() if key is not None}

    def episode(self, reference: str) -> str | None:
        """The episode that *reference* stands for in messages. Raises StoreError."""
        chosen = select(EscalationRow.episode).where(EscalationRow.reference == reference)
        with self._reading() as connection:
            return connection.execute(chosen).scalar()

    def combined_references(self, reference: str) -> list[str] | None:
        """References of those that the combined message of *reference* stands for; None: it is none. StoreError."""
        keys = select(NotificationRow.key).where(
            NotificationRow.reference == reference, NotificationRow.kind == "combined"
        )
        members = select(NotificationRow.reference).where(NotificationRow.combined_into.in_(keys))
        with self._reading() as connection:
            if connection.execute(keys).first() is None:
                return None
            return list(connection.execute(members.order_by(NotificationRow.id)).scalars())

    def recipient(self, key: str) -> str | None:
        """Whom message *key* is for. Raises StoreError."""
        with self._reading() as connection:
            chosen = select(NotificationRow.recipient).where(NotificationRow.key == key)
            return connection.execute(chosen).scalar()

    def notifications(self, *, since_utc_ms: int = 0, episode: str | None = None) -> list[Notification]:
        """Messages in the order in which they were asked for. Raises StoreError."""
        chosen = select(NotificationRow.__table__).where(
            NotificationRow.created_utc_ms >= since_utc_ms, NotificationRow.key != ""
        )
        if episode is not None:
            chosen = chosen.where(NotificationRow.episode == episode)
        with self._reading() as connection:
            return [_notification(row) for row in connection.execute(chosen.order_by(NotificationRow.id))]

    def attempts(self, *, since_utc_ms: int = 0, key: str | None = None) -> list[Attempt]:
        """Attempts in order of time. Raises StoreError."""
        chosen = select(AttemptRow.__table__).where(AttemptRow.began_utc_ms >= since_utc_ms)
        if key is not None:
            chosen = chosen.where(AttemptRow.key == key)
        ordered = chosen.order_by(AttemptRow.began_utc_ms, AttemptRow.key, AttemptRow.number)
        with self._reading() as connection:
            return [Attempt(**row._asdict()) for row in connection.execute(ordered)]


def _post(connection: Connection, notifications: Iterable[Notification]) -> None:
    """New messages are inserted; of one that is there already, only how far it is changes."""
    by_key = {row.key: row for row in notifications}
    known = _known(connection, list(by_key))
    if known:
        connection.execute(
            _CHANGE, [{"of": key} | {name: getattr(by_key[key], name) for name in _CHANGES} for key in sorted(known)]
        )
    new = [msgspec.structs.asdict(row) for key, row in by_key.items() if key not in known]
    if new:
        connection.execute(insert(NotificationRow), new)


def _prove(connection: Connection, proof: Proof) -> None:
    """Of what went out: an attempt that failed proves nothing, whoever acknowledges."""
    about = NotificationRow.key == proof.key if proof.key else NotificationRow.episode == proof.episode
    keys = select(NotificationRow.key).where(about, NotificationRow.recipient == proof.recipient)
    connection.execute(
        update(AttemptRow)
        .where(
            AttemptRow.key.in_(keys.scalar_subquery()),
            AttemptRow.outcome == "sent",
            AttemptRow.receipt.in_(proof.instead_of),
        )
        .values(receipt=proof.receipt)
        .execution_options(synchronize_session=False)
    )


def _known(connection: Connection, keys: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(keys), _CHUNK):
        chosen = select(NotificationRow.key).where(NotificationRow.key.in_(keys[start : start + _CHUNK]))
        known |= {key for key in connection.execute(chosen).scalars() if key is not None}
    return known


def _notification(row: Row[Any]) -> Notification:
    return Notification(**{name: getattr(row, name) for name in _FIELDS})
