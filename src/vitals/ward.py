"""What a screen shows: the contract between the collector, which knows, and the console, which draws.

Plain values; ages are by receive time (never by a sensor's clock), moments are ISO 8601 in UTC.
"""

from collections.abc import Callable
from typing import Final, Protocol

import msgspec


class ShownLimit(msgspec.Struct, frozen=True):
    """One alarm limit beside a value (S17); *value* in the metric's unit.

    *side* is ``low`` or ``high``; or ``falls`` or ``rises``, and *value* is a change within *within_s* seconds.
    *average_s* is set where the limit acts on the mean of so many seconds.
    """

    side: str
    value: float
    priority: str
    delay_s: float
    within_s: float | None = None
    average_s: float | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The newest of one metric for one patient.

    *value* is None where *missing* names the reason (``nan``, ``sensor_off``, ``never`` ...). *age_s* counts from the
    receipt of the newest alarm-eligible value; None if there never was one.
    """

    metric: str
    display: str
    unit: str
    value: float | None
    missing: str | None
    age_s: float | None
    observed_at: str | None
    sensor: str | None
    limits: tuple[ShownLimit, ...] = ()


class ShownSuspension(msgspec.Struct, frozen=True, kw_only=True):
    """Monitoring that somebody suspended (S15): *reason* ``shower``, ``clinic`` or ``other``; it ends by itself."""

    reason: str
    owner: str
    since: str
    until: str


class ShownPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part of a score: *said* is its value in words, with its *points* and age; or *lack* says why it is unknown.

    *source* is the metric that was measured, or ``entered``.
    """

    parameter: str
    display: str
    said: str = ""
    points: int | None = None
    age_s: float | None = None
    source: str = ""
    lack: str = ""


class ShownScore(msgspec.Struct, frozen=True, kw_only=True):
    """One early-warning score of one patient (S18).

    *total* is None where nothing is known, and a lower bound while *at_least*; *at_most* is what the missing parts
    could bring it to. *response* is None where it is unknown what is asked for: partial, and no trigger reached.
    *priority* is how urgently it alarms now. *age_s* is that of the oldest part that counts. Its alarm does not end
    before the parts that it *waits_for* are known.
    """

    score: str
    name: str
    scale: int | None
    total: int | None
    at_most: int
    at_least: bool
    response: str | None
    action: str
    priority: str | None
    age_s: float | None
    parts: tuple[ShownPart, ...]
    waits_for: tuple[str, ...] = ()


class ShownEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The newest observation of one parameter that a person entered: what, who, when; it counts *expires_s* longer."""

    parameter: str
    display: str
    said: str
    by: str
    at: str
    age_s: float
    expires_s: float


class ShownField(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of a site's own table that can be entered: a number in *unit*, or one of *words*."""

    parameter: str
    display: str
    unit: str = ""
    words: tuple[str, ...] = ()


class ShownInactivation(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm that somebody switched off, up to *priority*: *message* is what it said; it ends by itself."""

    condition: str
    message: str
    priority: str
    reason: str
    owner: str
    since: str
    until: str


class ShownRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A patient asks that monitoring be suspended (S15). Nothing is suspended until a nurse accepts it."""

    patient: str
    version: int
    name: str
    birth_date: str
    record_number: str
    reason: str
    minutes: int
    at: str
    by: str


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One patient's place on the wall.

    *status*: ``monitored``, ``sensor_off``, ``stale`` (age shown), ``not_monitored``, ``no_data`` (never a value),
    ``limits_unusable`` (what was prescribed is not in force), ``no_plan`` or ``suspended``. *position* is fixed for as
    long as the patient is on the wall.
    """

    patient: str
    position: int
    name: str
    birth_date: str
    record_number: str
    status: str
    shown: dict[str, Shown]
    battery: int | None = None
    suspended: ShownSuspension | None = None
    scores: tuple[ShownScore, ...] = ()
    entries: tuple[ShownEntry, ...] = ()
    fields: tuple[ShownField, ...] = ()
    inactivated: tuple[ShownInactivation, ...] = ()


class ShownAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm condition that wants attention (IEC 60601-1-8).

    *episode* and *version* name what an acknowledgement refers to (S9). *kind* is ``physiological`` or ``technical``;
    *priority* ``high``, ``medium`` or ``low``; *phase* ``active``, ``acknowledged`` or ``ended`` (a high that ended
    and latches until acknowledged). *sounding* says whether it is to be heard; *paused_until* is when a paused one
    is heard again (S2). *current* is a lower bound where it says *at_least* (S18). *offered_to* is whom an acknowledged
    one is offered to, empty for whoever accepts it (S8). *recorded* is False while the registry has not stored it yet.
    *over_s* is set where *value* is the mean of so many seconds, or how far the metric fell or rose within them
    (*condition* ``spo2.falls``).
    """

    episode: str
    version: int
    condition: str
    kind: str
    priority: str
    phase: str
    sounding: bool
    message: str
    patient: str | None = None
    name: str = ""
    birth_date: str = ""
    record_number: str = ""
    metric: str | None = None
    value: float | None = None
    limit: float | None = None
    current: float | None = None
    unit: str = ""
    observed_at: str | None = None
    raised_at: str = ""
    ended_at: str | None = None
    acknowledged_at: str | None = None
    acknowledged_by: str | None = None
    recorded: bool = True
    at_least: bool = False
    paused_until: str | None = None
    over_s: float | None = None
    offered_to: str | None = None


class MissedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What late data would have raised, had it come in time (S5, S6).

    It lasted *from_at* to *to_at* (None: not over in what has come so far) by the sensor's observations; *worst* is the
    value furthest out, *limit* the one passed, on *side* ``low`` or ``high``; both are changes where it is ``falls`` or
    ``rises``. *found_at* is when it was found. A missed high also stands among the
    alarms, as ``missed``, until it is reviewed.
    """

    id: str
    version: int
    patient: str
    name: str
    birth_date: str
    record_number: str
    metric: str
    priority: str
    worst: float
    limit: float
    unit: str
    from_at: str
    to_at: str | None
    found_at: str
    reviewed_at: str | None = None
    reviewed_by: str | None = None
    side: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the wall needs, whole: a console that lost its stream starts from one."""

    sequence: int
    at: str
    mode: str
    time_scale: float
    tiles: tuple[Tile, ...]
    alarms: tuple[ShownAlarm, ...]
    notices: tuple[str, ...] = ()
    missed: tuple[MissedEvent, ...] = ()
    requests: tuple[ShownRequest, ...] = ()


OUTCOMES: Final = ("spoke", "no_answer", "ambulance", "artefact")
"""What :meth:`Ward.resolve` may record (S14)."""
REASONS: Final = ("shower", "clinic", "other")
"""Why :meth:`Ward.suspend` may suspend monitoring (S15)."""
MOST_SUSPENDED_MINUTES: Final = 120
"""For how long :meth:`Ward.suspend` may suspend monitoring (S15)."""
INACTIVATION_REASONS: Final = ("known", "treated", "artefact", "other")
"""Why :meth:`Ward.inactivate` may switch an alarm off."""
MOST_INACTIVATED_MINUTES: Final = {"low": 720, "medium": 720, "high": 120}
"""For how long :meth:`Ward.inactivate` may switch an alarm off, by the priority that it has."""


class Ward(Protocol):
    """What the collector offers a console."""

    def snapshot(self) -> Snapshot:
        """The present, whole."""

    def listen(self, listener: Callable[[ShownAlarm], None]) -> Callable[[], None]:
        """Call *listener* at once on every change of an alarm; the returned function ends it.

        An alarm that is over (acknowledged and ended, or an ended medium) comes a last time with phase ``over``.
        The listener must not block.
        """

    async def acknowledge(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """Acknowledge one episode; the same *key* again gives the same answer.

        Raises:
            NotFoundError: there is no such open episode.
            ConflictError: it changed since *version* (S9).
        """

    async def pause_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """Silence one sounding episode for two minutes at most (S2); *paused_until* of the answer says until when.

        Nothing else stops, and nothing else falls silent: neither another condition of the same patient nor this one
        once it is worse.

        Raises:
            NotFoundError: there is no such open episode.
            ConflictError: it changed since *version* (S9), or makes no sound.
        """

    async def resume_audio(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """Let a paused episode sound again. Raises as :meth:`pause_audio`; ConflictError if it is not paused."""

    async def resolve(self, episode: str, version: int, *, outcome: str, note: str, actor: str, key: str) -> ShownAlarm:
        """Record what came of an alarm, one of :data:`OUTCOMES` (S14); it is acknowledged by that if it was not.

        Raises:
            NotFoundError: there is no such open episode.
            ConflictError: it changed since *version* (S9), or *outcome* is none.
        """

    async def offer(self, episode: str, version: int, *, to: str, actor: str, key: str) -> ShownAlarm:
        """Offer an acknowledged alarm to *to*, or to whoever accepts it (empty). Until then its owner has it (S8).

        Raises:
            NotFoundError: there is no such open episode.
            ConflictError: it changed since *version* (S9), or nobody has acknowledged it.
        """

    async def accept(self, episode: str, version: int, *, actor: str, key: str) -> ShownAlarm:
        """Accept an alarm that was offered: *actor* owns it from now on. Its owner takes the offer back by this.

        Raises:
            NotFoundError: there is no such open episode.
            ConflictError: it changed since *version* (S9), or was offered to nobody, or to somebody else.
        """

    async def suspend(self, patient: str, *, reason: str, minutes: int, actor: str, key: str) -> ShownSuspension:
        """Suspend the monitoring of *patient* for one of :data:`REASONS` (S15); again: from now on anew.

        Raises:
            NotFoundError: there is no such patient.
            ConflictError: *reason* is none, or *minutes* not between 1 and :data:`MOST_SUSPENDED_MINUTES`.
        """

    async def resume(self, patient: str, *, actor: str, key: str) -> None:
        """End a suspension now. Raises NotFoundError: there is no such patient; ConflictError: it is not suspended."""

    async def enter(
        self, patient: str, *, values: dict[str, float | str], actor: str, key: str
    ) -> tuple[ShownEntry, ...]:
        """Record what a person observed of *patient* just now, by parameter; all of it or nothing.

        A number is in the parameter's unit (``codes``), a word one that its scores know (``scores.entry``).

        Raises:
            NotFoundError: there is no such patient.
            ConflictError: a value is not plausible, or no such parameter can be entered; the message names it.
        """

    async def request_suspension(
        self, patient: str, *, reason: str, minutes: int, actor: str, key: str
    ) -> ShownRequest:
        """A patient asks for what :meth:`suspend` does (S15). It is listed, and suppresses nothing. Raises as that."""

    async def accept_request(self, patient: str, version: int, *, actor: str, key: str) -> ShownSuspension:
        """Suspend as the patient asked; the request is closed.

        Raises:
            NotFoundError: the patient asks for nothing.
            ConflictError: the patient asks for something else since *version*.
        """

    async def refuse_request(self, patient: str, version: int, *, actor: str, key: str) -> None:
        """Close the request without suspending. Raises as :meth:`accept_request`."""

    async def inactivate(
        self, episode: str, version: int, *, reason: str, minutes: int, actor: str, key: str
    ) -> ShownInactivation:
        """Switch one alarm of one patient off, up to the priority that it has; the episode is over by that.

        For one of :data:`INACTIVATION_REASONS`, and for :data:`MOST_INACTIVATED_MINUTES` at most.

        Raises:
            NotFoundError: there is no such open episode.
            ConflictError: it changed since *version* (S9), may not be switched off, or not for that long.
        """

    async def reactivate(self, patient: str, condition: str, *, actor: str, key: str) -> None:
        """Switch *condition* on again. Raises NotFoundError: there is no such patient, or it is not off."""

    async def review(self, missed: str, version: int, *, actor: str, key: str) -> MissedEvent:
        """Say that somebody has looked at a missed event: it is closed.

        Raises:
            NotFoundError: there is no such open event.
            ConflictError: it changed since *version* (S9).
        """
