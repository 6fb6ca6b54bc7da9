"""The registry's tables.

History is kept, never overwritten: a binding and a monitoring plan have a beginning and an end. Moments are UTC
milliseconds. Migrations expand first and contract a release later (``migrations``), so that the previous release
still runs on a registry that this one has opened.
"""

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


Long = Annotated[int, mapped_column(BigInteger)]
"""Milliseconds and log sequences: 64 bits, also where integers have 32."""


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can address it."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {dict[str, Any]: JSON}  # noqa: RUF012 - read by SQLAlchemy as it is


class PatientRow(Base):
    """A person who is monitored; *position* is the fixed place on the wall, *time_zone* that of the site."""

    __tablename__ = "patient"

    id: Mapped[str] = mapped_column(primary_key=True)
    family_name: Mapped[str]
    given_name: Mapped[str]
    birth_date: Mapped[str]
    record_number: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str]
    position: Mapped[int] = mapped_column(unique=True)
    enrolled_utc_ms: Mapped[Long]


class SensorRow(Base):
    """A sensor by its identity address."""

    __tablename__ = "sensor"

    id: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str]
    added_utc_ms: Mapped[Long]


class GatewayRow(Base):
    """A gateway that is expected to be there."""

    __tablename__ = "gateway"

    id: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str]
    added_utc_ms: Mapped[Long]


class BindingRow(Base):
    """A sensor on a patient from one moment until another; open while *until_utc_ms* is null."""

    __tablename__ = "binding"
    __table_args__ = (
        Index(
            "uq_binding_open",
            "sensor_id",
            unique=True,
            sqlite_where=text("until_utc_ms IS NULL"),
            postgresql_where=text("until_utc_ms IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sensor_id: Mapped[str] = mapped_column(ForeignKey("sensor.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    from_utc_ms: Mapped[Long]
    until_utc_ms: Mapped[Long | None]
    bound_by: Mapped[str]
    unbound_by: Mapped[str | None]


class PlanRow(Base):
    """What is prescribed for a patient from one moment until another (safety.md, the monitoring plan).

    *prescribed* maps a metric to its sensors in order of preference; *limits* is a profile fragment over *profile*.
    """

    __tablename__ = "monitoring_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    from_utc_ms: Mapped[Long]
    until_utc_ms: Mapped[Long | None]
    prescribed: Mapped[dict[str, Any]]
    profile: Mapped[str]
    limits: Mapped[str]
    watched_hours: Mapped[str]
    responsible_nurse: Mapped[str]
    cover: Mapped[str]
    no_answer: Mapped[str]
    on_oxygen: Mapped[bool]
    prescribed_by: Mapped[str]


class AlarmStateRow(Base):
    """One condition of one subject as it stands, or (condition empty) what was last heard of that subject."""

    __tablename__ = "alarm_state"

    subject: Mapped[str] = mapped_column(primary_key=True)
    condition: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[bytes]


class AlarmEventRow(Base):
    """One transition of one episode. Inserted, never updated: one that comes twice fails (protocol.md).

    *observed_ms*, *received_ms* and *raised_ms* are of the collector's monotonic timeline.
    """

    __tablename__ = "alarm_event"

    episode: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(index=True)
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patient.id"))
    condition: Mapped[str]
    kind: Mapped[str]
    change: Mapped[str]
    priority: Mapped[str]
    phase: Mapped[str]
    message: Mapped[str]
    metric: Mapped[str | None]
    value: Mapped[float | None]
    limit_value: Mapped[float | None]
    actor: Mapped[str | None]
    at_utc_ms: Mapped[Long] = mapped_column(index=True)
    observed_utc_ms: Mapped[Long | None]
    observed_ms: Mapped[Long | None]
    received_ms: Mapped[Long | None]
    raised_ms: Mapped[Long]


class CursorRow(Base):
    """How far a consumer of the series log has come, in which store, and its timeline."""

    __tablename__ = "cursor"

    name: Mapped[str] = mapped_column(primary_key=True)
    store: Mapped[str]
    log_seq: Mapped[Long]
    timeline: Mapped[bytes]


class NotificationRow(Base):
    """The outbox: one message to one recipient, stored before it is sent.

    *key* names it for good, so that a message that is asked for again is the same row. *state* and *kind*: see
    ``entities.Notification``. *channel* is empty for whichever takes it, *next_ms* (on the notifier's timeline) when
    it is tried again. *combined_into* is the key of the one message that went out instead of several. Columns after
    *taken_utc_ms* came with revision 0003 and later, and have defaults for what wrote before.
    """

    __tablename__ = "notification_outbox"
    __table_args__ = (Index("uq_notification_outbox_key", "key", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    episode: Mapped[str] = mapped_column(index=True)
    version: Mapped[int]
    created_utc_ms: Mapped[Long]
    taken_utc_ms: Mapped[Long | None]
    key: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default="alarm")
    reference: Mapped[str] = mapped_column(server_default="")
    number: Mapped[int] = mapped_column(server_default="0")
    stage: Mapped[str] = mapped_column(server_default="")
    recipient: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str] = mapped_column(server_default="")
    priority: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="queued", index=True)
    next_ms: Mapped[Long | None]
    combined_into: Mapped[str] = mapped_column(server_default="")


class AttemptRow(Base):
    """One attempt to hand a message to a channel: written before it is made, completed by its answer.

    One that was never completed is one that a crash cut short: nobody knows whether it arrived.
    """

    __tablename__ = "notification_attempt"

    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]
    outcome: Mapped[str]
    receipt: Mapped[str]
    why: Mapped[str]
    began_utc_ms: Mapped[Long] = mapped_column(index=True)
    ended_utc_ms: Mapped[Long | None]


class EscalationRow(Base):
    """The escalation chain of one episode; *reference* is the word that stands for it in messages."""

    __tablename__ = "escalation"

    episode: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    phase: Mapped[str] = mapped_column(index=True)
    state: Mapped[bytes]
    changed_utc_ms: Mapped[Long]


class NotifierRow(Base):
    """The notifier's own timeline, on which the deadlines of all chains lie."""

    __tablename__ = "notifier"

    name: Mapped[str] = mapped_column(primary_key=True)
    timeline: Mapped[bytes]


class LeaseRow(Base):
    """Who alone may do *name* until *until_utc_ms*: a notifier that sends. A process that was killed leaves its row."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until_utc_ms: Mapped[Long]


class PushDeviceRow(Base):
    """A browser that shows messages to *recipient*; *gone_utc_ms* is when its push service no longer knew it."""

    __tablename__ = "push_device"

    endpoint: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(index=True)
    p256dh: Mapped[str]
    auth: Mapped[str]
    added_utc_ms: Mapped[Long]
    gone_utc_ms: Mapped[Long | None]
    why: Mapped[str]


class HandOverRow(Base):
    """*giver* offers what they have on call to *taker*, who accepts or not; *ended_utc_ms* ends either."""

    __tablename__ = "hand_over"

    id: Mapped[str] = mapped_column(primary_key=True)
    giver: Mapped[str]
    taker: Mapped[str]
    offered_utc_ms: Mapped[Long]
    until_utc_ms: Mapped[Long]
    accepted_utc_ms: Mapped[Long | None]
    ended_utc_ms: Mapped[Long | None] = mapped_column(index=True)


class ActionRow(Base):
    """What a person did, by its idempotency key, and the answer that was given."""

    __tablename__ = "user_action"

    key: Mapped[str] = mapped_column(primary_key=True)
    actor: Mapped[str]
    action: Mapped[str]
    episode: Mapped[str]
    version: Mapped[int]
    at_utc_ms: Mapped[Long]
    answer: Mapped[bytes]
    detail: Mapped[str] = mapped_column(server_default="")


class MissedRow(Base):
    """What late data would have raised, had it come in time; reviewed when somebody has looked at it."""

    __tablename__ = "missed_event"

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    metric: Mapped[str]
    side: Mapped[str]
    priority: Mapped[str]
    worst: Mapped[float]
    limit_value: Mapped[float]
    from_utc_ms: Mapped[Long]
    to_utc_ms: Mapped[Long | None]
    found_utc_ms: Mapped[Long]
    reviewed_utc_ms: Mapped[Long | None] = mapped_column(index=True)
    reviewed_by: Mapped[str | None]


class EnteredRow(Base):
    """What a person observed of a patient and entered. Inserted, never updated: a correction is another row."""

    __tablename__ = "entered_observation"

    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    parameter: Mapped[str]
    value: Mapped[float | None]
    word: Mapped[str | None]
    unit: Mapped[str]
    entered_by: Mapped[str]
    at_ms: Mapped[Long]
    at_utc_ms: Mapped[Long] = mapped_column(index=True)
    expires_utc_ms: Mapped[Long]
