"""What a screen shows: the contract between the collector, which knows, and the console, which draws.

Plain values; ages are by receive time (never by a sensor's clock), moments are ISO 8601 in UTC.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec


class ShownLimit(msgspec.Struct, frozen=True):
    """One alarm limit beside a value (S17). *side* is ``low`` or ``high``; *value* in the metric's unit."""

    side: str
    value: float
    priority: str
    delay_s: float


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


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One patient's place on the wall.

    *status*: ``monitored``, ``sensor_off``, ``stale`` (age shown), ``not_monitored``, ``no_data`` (never a value) or
    ``no_plan``. *position* is fixed for as long as the patient is on the wall.
    """

    patient: str
    position: int
    name: str
    birth_date: str
    record_number: str
    status: str
    shown: dict[str, Shown]
    battery: int | None = None


class ShownAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm condition that wants attention (IEC 60601-1-8).

    *episode* and *version* name what an acknowledgement refers to (S9). *kind* is ``physiological`` or ``technical``;
    *priority* ``high``, ``medium`` or ``low``; *phase* ``active``, ``acknowledged`` or ``ended`` (a high that ended
    and latches until acknowledged). *sounding* says whether it is to be heard. *recorded* is False while the
    registry has not stored it yet.
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


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the wall needs, whole: a console that lost its stream starts from one."""

    sequence: int
    at: str
    mode: str
    time_scale: float
    tiles: tuple[Tile, ...]
    alarms: tuple[ShownAlarm, ...]
    notices: tuple[str, ...] = ()


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
