"""What goes into the registry and comes out of it: plain values, moments in UTC milliseconds."""

import re
import zoneinfo
from datetime import date
from typing import Final

import msgspec

from vitals.alarms import noanswer
from vitals.alarms import profile as profiles
from vitals.codes import BY_LABEL
from vitals.errors import ConfigurationError
from vitals.scores import named

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SENSOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,62}")


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """A person. *position* None takes the next free place on the wall; *birth_date* is ISO 8601."""

    id: str
    family: str
    given: str
    birth_date: str
    record_number: str
    time_zone: str = "UTC"
    position: int | None = None

    @property
    def name(self) -> str:
        """Family name first, as it stands on the wall."""
        return f"{self.family}, {self.given}"


class Sensor(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor by its Bluetooth identity address."""

    id: str
    model: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A monitoring plan. No plan, no green.

    *prescribed* maps a metric's label to its sensors in order of preference; without any, the order of binding
    decides. *profile* is a built-in one, or ``child`` (empty: the server's); *limits* is TOML of a profile's shape,
    prescribed for this patient over it. A child has no other limits than these.
    *no_answer* are the steps of ``alarms.noanswer``, one per line (empty: the usual ones).
    """

    prescribed: dict[str, list[str]]
    profile: str = ""
    limits: str = ""
    watched_hours: str = "00:00-24:00"
    responsible_nurse: str = ""
    cover: str = ""
    no_answer: str = ""
    on_oxygen: bool = False
    prescribed_by: str = ""
    from_utc_ms: int = 0


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor on a patient from one moment until another; open while *until_utc_ms* is None."""

    sensor: str
    patient: str
    from_utc_ms: int
    until_utc_ms: int | None = None

    def covers(self, utc_ms: int) -> bool:
        """Whether the sensor was on the patient at that moment."""
        return self.from_utc_ms <= utc_ms and (self.until_utc_ms is None or utc_ms < self.until_utc_ms)


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """A patient, the plan in force (None: nobody watches) and every binding there ever was, in order of binding."""

    patient: Patient
    plan: Plan | None
    bindings: tuple[Binding, ...]


class State(msgspec.Struct, frozen=True):
    """One row of ``alarm_state``; *state* None removes it."""

    subject: str
    condition: str
    state: bytes | None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``alarm_event``."""

    episode: str
    version: int
    subject: str
    patient_id: str | None
    condition: str
    kind: str
    change: str
    priority: str
    phase: str
    message: str
    metric: str | None
    value: float | None
    limit_value: float | None
    actor: str | None
    at_utc_ms: int
    observed_utc_ms: int | None
    observed_ms: int | None
    received_ms: int | None
    raised_ms: int


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``user_action``: *episode* is what it is about, *detail* what else was said, in JSON."""

    key: str
    actor: str
    action: str
    episode: str
    version: int
    at_utc_ms: int
    answer: bytes
    detail: str = ""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``missed_event``: what late data would have raised (S5, S6)."""

    id: str
    version: int
    patient_id: str
    metric: str
    side: str
    priority: str
    worst: float
    limit_value: float
    from_utc_ms: int
    to_utc_ms: int | None
    found_utc_ms: int
    reviewed_utc_ms: int | None = None
    reviewed_by: str | None = None


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``entered_observation``: what a person observed of a patient and entered.

    A *parameter* of a score has a number, *value* in *unit*, or a *word*. *at_ms* is on the collector's timeline.
    """

    id: str
    patient_id: str
    parameter: str
    value: float | None
    word: str | None
    unit: str
    entered_by: str
    at_ms: int
    at_utc_ms: int
    expires_utc_ms: int


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far consumer *name* has come in the log of *store*, and its timeline as it left it."""

    name: str
    store: int
    log_seq: int
    timeline: bytes = b""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """All of transaction B."""

    cursor: Cursor
    states: list[State] = []
    events: list[Event] = []
    actions: list[Action] = []
    missed: list[Missed] = []
    entered: list[Entered] = []


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``notification_outbox``: a message to one recipient.

    *kind* is ``alarm``, ``combined`` (one for several alarms), ``self_test`` or ``test``. *state* is ``queued``
    until it was tried, ``retry`` while it is tried again, and in the end ``sent``, ``refused`` (no channel takes
    it), ``given_up`` (tried often enough), ``superseded`` (a newer message of the same episode to the same
    recipient replaces it), ``stopped`` (nothing is left to acknowledge) or ``combined`` (the message
    *combined_into* went out instead). *stage* is whom the page was for. *channel* pins a message to one channel.
    """

    key: str
    kind: str
    recipient: str
    text: str
    created_utc_ms: int
    episode: str = ""
    version: int = 0
    reference: str = ""
    number: int = 0
    stage: str = ""
    priority: str = ""
    channel: str = ""
    state: str = "queued"
    next_ms: int | None = None
    taken_utc_ms: int | None = None
    combined_into: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``notification_attempt``: attempt *number* of message *key*.

    *outcome* is ``begun``, then ``sent``, ``retry`` or ``refused``. *receipt* is what the channel proves of it (S19).
    """

    key: str
    number: int
    channel: str
    began_utc_ms: int
    outcome: str = "begun"
    receipt: str = "unknown"
    why: str = ""
    ended_utc_ms: int | None = None


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``escalation``; *state* is the chain as ``alarms.escalation`` has it."""

    episode: str
    reference: str
    phase: str
    state: bytes
    changed_utc_ms: int


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What became known later of messages that were sent to *recipient*: of one (*key*), or of all of an *episode*.

    *receipt* takes the place of those named in *instead_of*.
    """

    recipient: str
    receipt: str
    instead_of: tuple[str, ...]
    episode: str = ""
    key: str = ""


class PushDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``push_device``: a browser's subscription, with the keys that it made (RFC 8291), base64url."""

    endpoint: str
    recipient: str
    p256dh: str
    auth: str
    added_utc_ms: int
    gone_utc_ms: int | None = None
    why: str = ""


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``hand_over``: *giver* offers all they have on call to *taker* until *until_utc_ms*.

    It does nothing before *accepted_utc_ms*, nor after *ended_utc_ms* (declined, withdrawn or taken back).
    """

    id: str
    giver: str
    taker: str
    offered_utc_ms: int
    until_utc_ms: int
    accepted_utc_ms: int | None = None
    ended_utc_ms: int | None = None


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the notifier that belongs together: chains as they are now, and the messages they asked for."""

    escalations: list[Escalation] = []
    notifications: list[Notification] = []
    attempts: list[Attempt] = []
    proofs: list[Proof] = []
    timeline: bytes = b""


def require_patient(patient: Patient) -> Patient:
    """*patient*, if it can be enrolled.

    Raises:
        ConfigurationError: an identifier, date or time zone cannot be one.
    """
    if _ID.fullmatch(patient.id) is None:
        raise ConfigurationError(f"patient id {patient.id!r}: letters, digits, dot, dash and underscore only")
    if not patient.family or not patient.record_number:
        raise ConfigurationError(f"patient {patient.id}: a family name and a record number are needed (S10)")
    try:
        date.fromisoformat(patient.birth_date)
    except ValueError:
        raise ConfigurationError(
            f"patient {patient.id}: {patient.birth_date!r} is no date such as 1951-03-14"
        ) from None
    try:
        zoneinfo.ZoneInfo(patient.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"patient {patient.id}: no time zone {patient.time_zone!r}") from None
    return patient


def require_sensor(sensor: Sensor) -> Sensor:
    """*sensor*, if its identifier can be one. Raises ConfigurationError."""
    if _SENSOR.fullmatch(sensor.id) is None:
        raise ConfigurationError(f"sensor id {sensor.id!r}: letters, digits, colon, dot, dash and underscore only")
    return sensor


def require_plan(plan: Plan) -> Plan:
    """*plan*, if its metrics, profile, limits and no-answer steps can be used. Raises ConfigurationError."""
    for label in plan.prescribed:
        if label not in BY_LABEL:
            raise ConfigurationError(f"monitoring plan: {label!r} is no metric")
    watched = [BY_LABEL[label] for label in plan.prescribed]
    profile = profiles.of_plan(plan.profile, plan.limits, watched, otherwise=profiles.built_in("adult"))
    for name, rule in profile.scores.items():
        if name in named.BUILT_IN:  # a site's own tables are the server's to know
            named.find(name, rule.spo2_scale, rule.priorities, {})
    noanswer.parse(plan.no_answer)
    return plan
