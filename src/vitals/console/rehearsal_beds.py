"""What stands behind one tile of the rehearsal ward: invented sources, and what a screen makes of them."""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from vitals.clock import Clock, iso
from vitals.codes import BY_LABEL, CODES
from vitals.console.rehearsal_people import Person
from vitals.delays import Delays
from vitals.scores import entry
from vitals.ward import Shown, ShownEntry, ShownInactivation, ShownLimit, ShownSuspension, Tile

LIMITS: Final = {
    "spo2": (
        ShownLimit("low", 90, "medium", 15),
        ShownLimit("low", 85, "high", 5),
        ShownLimit("low", 80, "high", 0),
    ),
    "heart_rate": (
        ShownLimit("low", 50, "medium", 15),
        ShownLimit("high", 120, "medium", 15),
        ShownLimit("low", 40, "high", 5),
        ShownLimit("high", 140, "high", 5),
    ),
}
ENTRY_COUNTS_S: Final = 4 * 3600.0
LIMITS_OF: Final = {**LIMITS, "pulse_rate": LIMITS["heart_rate"]}


class Source:
    """One metric of one patient: a slow swing around *level*, until it falls silent or is taken off."""

    def __init__(self, level: float, swing: float, phase: float) -> None:
        self.level = level
        self.swing = swing
        self.phase = phase
        self.missing: str | None = None
        self.last_ms: int | None = None
        self.silent = False

    def value(self, at_ms: int) -> float:
        """The invented value at *at_ms*."""
        s = at_ms / 1000
        wave = math.sin(s / 11 + self.phase) + 0.6 * math.sin(s / 3.1 + 2 * self.phase)
        return self.level + self.swing * wave


class Bed:
    """One patient: who, with what on, and whether anybody undertook to watch."""

    def __init__(self, number: int, person: Person) -> None:
        spread = math.sin(number * 12.9898) * 43758.5453 % 1
        self.person = person
        self.position = number
        self.battery: int | None = 40 + number * 7 % 60
        self.plan = True
        self.suspended: ShownSuspension | None = None
        self.suspended_until_ms = 0
        self.entries: dict[str, tuple[int, ShownEntry]] = {}
        self.inactivated: tuple[ShownInactivation, ...] = ()
        self.sources = {
            "heart_rate": Source(round(62 + 26 * spread), 1.6, number),
            "spo2": Source(round(95 + 3 * (number * 0.618 % 1)), 0.5, number / 2),
        }

    def tile(self, clock: Clock, delays: Delays) -> Tile:
        """This patient as a screen shows them now."""
        shown = {metric: self.shown(metric, clock) for metric in self.sources}
        return Tile(
            position=self.position,
            status=self._status(shown, delays),
            shown=shown,
            battery=self.battery,
            suspended=self.suspended,
            entries=tuple(_aged(each, clock.monotonic_ms() - at_ms) for at_ms, each in self.entries.values()),
            inactivated=self.inactivated,
            **msgspec.structs.asdict(self.person),
        )

    def shown(self, metric: str, clock: Clock) -> Shown:
        """The newest of *metric*."""
        source = self.sources[metric]
        now = clock.monotonic_ms()
        if not source.silent and source.missing is None:
            source.last_ms = now
        code = CODES[BY_LABEL[metric]]
        missing = "never" if source.last_ms is None and not source.missing else source.missing
        value = None if missing or source.last_ms is None else round(source.value(source.last_ms), 1)
        if value is not None:
            value = min(value, code.high)
        return Shown(
            metric=metric,
            display=code.display,
            unit=code.ucum,
            value=value,
            missing=missing,
            age_s=None if source.last_ms is None else (now - source.last_ms) / 1000,
            observed_at=None if source.last_ms is None else iso(clock.utc_ms() - (now - source.last_ms)),
            sensor=f"F0:00:00:00:00:{'01' if metric == 'heart_rate' else '02'}",
            limits=LIMITS_OF.get(metric, ()),
        )

    def enter(self, values: Mapping[str, float | str], actor: str, clock: Clock) -> tuple[ShownEntry, ...]:
        """Take in what a person observed. Raises ConflictError."""
        fields = {field.parameter: field for field in entry.FIELDS}
        shown = tuple(
            ShownEntry(
                parameter=parameter,
                display=entry.display(parameter),
                said=entry.said(parameter, value, fields[parameter].unit if parameter in fields else ""),
                by=actor,
                at=iso(clock.utc_ms()),
                age_s=0.0,
                expires_s=ENTRY_COUNTS_S,
            )
            for parameter, value in entry.read(values, {}).items()
        )
        self.entries |= {each.parameter: (clock.monotonic_ms(), each) for each in shown}
        return shown

    def _status(self, shown: dict[str, Shown], delays: Delays) -> str:
        if not self.plan:
            return "no_plan"
        if self.suspended:
            return "suspended"
        if not shown or all(one.missing == "never" for one in shown.values()):
            return "no_data"
        if any(one.missing == "sensor_off" for one in shown.values()):
            return "sensor_off"
        age = max(math.inf if one.age_s is None else one.age_s for one in shown.values())
        if age >= delays.not_monitored_shown_s:
            return "not_monitored"
        return "stale" if age >= delays.age_shown_s else "monitored"


def _aged(entered: ShownEntry, by_ms: int) -> ShownEntry:
    age_s = by_ms / 1000
    return msgspec.structs.replace(entered, age_s=age_s, expires_s=ENTRY_COUNTS_S - age_s)
