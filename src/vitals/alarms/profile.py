"""Alarm profiles: which limits are in force, by metric and local time of day.

The same TOML file serves collector, gateway and replay. An ``[[override]]`` between two local times replaces the
limit of the same side and priority, and keeps the others; a limit counted in samples replaces only such a limit,
so that a night limit with a delay never removes the deep-desaturation limit.
"""

import bisect
import importlib.resources
import itertools
import math
import re
import tomllib
from typing import Any, Final

import msgspec

from vitals.alarms.limits import Limit, Limits, Priority, Side
from vitals.alarms.score_rule import ScoreRule, over, parse_scores
from vitals.codes import BY_LABEL, CODES, Metric
from vitals.errors import ConfigurationError

BUILT_IN: Final = ("adult",)
"""Profiles that are shipped."""

_DAY: Final = 24 * 60
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_PRIORITIES: Final = {priority.label: priority for priority in Priority}
_UNPRESCRIBED: Final = "profile 'child' has no default limits: prescribe limits for the patient in a profile of its own"


class Overriding(msgspec.Struct, frozen=True):
    """What changes for one metric: limits that replace or join, and the hysteresis unless None."""

    hysteresis: float | None
    limits: tuple[Limit, ...]


class Override(msgspec.Struct, frozen=True):
    """Changes in force from one minute of the local day until before another, across midnight if need be."""

    from_minute: int
    until_minute: int
    metrics: dict[Metric, Overriding]

    def covers(self, minute: int) -> bool:
        """Whether the override is in force at *minute*; equal ends mean the whole day."""
        if self.from_minute < self.until_minute:
            return self.from_minute <= minute < self.until_minute
        return minute >= self.from_minute or minute < self.until_minute


class FibrillationRule(msgspec.Struct, frozen=True):
    """Atrial fibrillation alarms with *priority*, low or medium, once it has lasted *after_s* seconds."""

    priority: Priority
    after_s: float = 30.0


class Profile(msgspec.Struct, frozen=True):
    """A named set of limits; *schedule* holds those in force from a minute of the local day on, in order.

    *fibrillation* is None unless it is prescribed; *scores* are those that are, by name.
    """

    name: str
    base: dict[Metric, Limits]
    overrides: tuple[Override, ...]
    schedule: tuple[tuple[int, dict[Metric, Limits]], ...]
    fibrillation: FibrillationRule | None = None
    scores: dict[str, ScoreRule] = {}

    def at(self, minute: int) -> dict[Metric, Limits]:
        """The limits in force at a minute of the local day: the same object for as long as they are the same."""
        return self.schedule[bisect.bisect_right(self.schedule, minute, key=lambda entry: entry[0]) - 1][1]

    def scaled(self, scale: float) -> "Profile":
        """The same profile with every delay multiplied by *scale*; times of day stay."""
        base = {
            metric: msgspec.structs.replace(of, limits=_scaled(of.limits, scale)) for metric, of in self.base.items()
        }
        overrides = [
            msgspec.structs.replace(
                override,
                metrics={
                    metric: Overriding(change.hysteresis, _scaled(change.limits, scale))
                    for metric, change in override.metrics.items()
                },
            )
            for override in self.overrides
        ]
        fibrillation = self.fibrillation
        if fibrillation is not None:
            fibrillation = FibrillationRule(fibrillation.priority, fibrillation.after_s * scale)
        scores = {name: rule.scaled(scale) for name, rule in self.scores.items()}
        return msgspec.structs.replace(_profile(self.name, base, tuple(overrides), fibrillation), scores=scores)


def parse(text: str) -> Profile:
    """Read a profile.

    Raises:
        ConfigurationError: one line that names the key that cannot be used.
    """
    tree = _toml(text)
    name = tree.pop("name", None)
    if not isinstance(name, str) or not name:
        raise _refused("name", "must be a name in quotes")
    overrides = _overrides(tree.pop("override", []))
    fibrillation = _rhythm(tree.pop("rhythm", {}))
    scores = over({}, parse_scores(tree.pop("scores", {})))
    base = {metric: Limits(change.hysteresis or 0.0, change.limits) for metric, change in _metrics(tree, "").items()}
    if not base:
        raise ConfigurationError("profile: it guards no metric; add a table such as [spo2]")
    return msgspec.structs.replace(_profile(name, base, overrides, fibrillation), scores=scores)


def prescribe(profile: Profile, text: str) -> Profile:
    """*profile* with what was prescribed for one patient over it: the same shape, without a name.

    Prescribed limits replace the profile's at every time of day, its own overrides those of the profile.

    Raises:
        ConfigurationError: one line that names the key that cannot be used.
    """
    tree = _toml(text)
    own = _overrides(tree.pop("override", []))
    fibrillation = _rhythm(tree.pop("rhythm", {})) or profile.fibrillation
    scores = over(profile.scores, parse_scores(tree.pop("scores", {})))
    whole_day = Override(0, 0, _metrics(tree, ""))
    made = _profile(profile.name, profile.base, (*profile.overrides, whole_day, *own), fibrillation)
    return msgspec.structs.replace(made, scores=scores)


def built_in(name: str) -> Profile:
    """A shipped profile.

    Raises:
        ConfigurationError: there is none of that name, or it may not be used without a prescription.
    """
    if name == "child":
        raise ConfigurationError(_UNPRESCRIBED)
    if name not in BUILT_IN:
        raise ConfigurationError(f"no profile {name!r} is built in (there is: {', '.join(BUILT_IN)}); name a file")
    return parse(importlib.resources.files(__package__).joinpath("profiles", f"{name}.toml").read_text("utf-8"))


def _profile(
    name: str,
    base: dict[Metric, Limits],
    overrides: tuple[Override, ...],
    fibrillation: FibrillationRule | None,
) -> Profile:
    minutes = {0} | {minute for each in overrides for minute in (each.from_minute, each.until_minute)}
    schedule = tuple((minute, _in_force(base, overrides, minute)) for minute in sorted(minutes))
    for minute, limits in schedule:
        for metric, of in limits.items():
            _require_range(metric, of, minute)
    return Profile(name, base, overrides, schedule, fibrillation)


def _in_force(base: dict[Metric, Limits], overrides: tuple[Override, ...], minute: int) -> dict[Metric, Limits]:
    limits = dict(base)
    for override in overrides:
        if override.covers(minute):
            for metric, change in override.metrics.items():
                limits[metric] = _changed(limits.get(metric, Limits()), change)
    return limits


def _changed(limits: Limits, change: Overriding) -> Limits:
    replaced = {limit.slot for limit in change.limits}
    kept = [limit for limit in limits.limits if limit.slot not in replaced]
    hysteresis = limits.hysteresis if change.hysteresis is None else change.hysteresis
    return Limits(hysteresis, (*kept, *change.limits))


def _require_range(metric: Metric, limits: Limits, minute: int) -> None:
    low, high = limits.quiet_band()
    if low > high:
        when = f" at {minute // 60:02d}:{minute % 60:02d}"
        raise _refused(f"{metric.label}.limits", f"leave no value that is within all of them{when}")


def _scaled(limits: tuple[Limit, ...], scale: float) -> tuple[Limit, ...]:
    return tuple(limit.scaled(scale) for limit in limits)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"profile is not readable TOML: {error}") from None


def _overrides(value: object) -> tuple[Override, ...]:
    if not isinstance(value, list):
        raise _refused("override", "must be written [[override]]")
    return tuple(_override(item, f"override[{index}]") for index, item in enumerate(value))


def _rhythm(value: object) -> FibrillationRule | None:
    """``[rhythm.atrial_fibrillation]`` with a priority and, if it is not to be 30, *after_s*."""
    table = dict(_table(value, "rhythm"))
    where = "rhythm.atrial_fibrillation"
    given = table.pop("atrial_fibrillation", None)
    _require_empty(table, "rhythm")
    if given is None:
        return None
    own = dict(_table(given, where))
    priority, after_s = own.pop("priority", None), own.pop("after_s", 30)
    if priority not in {"low", "medium"}:
        raise _refused(f"{where}.priority", f"{priority!r} is not medium or low")
    _require_empty(own, where)
    return FibrillationRule(_PRIORITIES[priority], _number(after_s, f"{where}.after_s", low=0))


def _override(value: object, where: str) -> Override:
    table = dict(_table(value, where))
    between = table.pop("between", None)
    if not isinstance(between, list) or len(between) != 2:
        raise _refused(f"{where}.between", 'must be two local times, for example ["22:00", "07:00"]')
    start, end = (_minute(item, f"{where}.between") for item in between)
    if start == end:
        raise _refused(f"{where}.between", "must be two different times")
    return Override(start, end, _metrics(table, f"{where}."))


def _minute(value: object, where: str) -> int:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _refused(where, f"{value!r} is no time of day such as 22:00")
    return int(match[1]) * 60 + int(match[2])


def _metrics(table: dict[str, Any], prefix: str) -> dict[Metric, Overriding]:
    return {_metric(label, prefix): _overriding(value, label, prefix) for label, value in table.items()}


def _metric(label: str, prefix: str) -> Metric:
    metric = BY_LABEL.get(label)
    if metric is None or CODES[metric].waveform:
        raise _refused(f"{prefix}{label}", "is no metric that limits can act on")
    return metric


def _overriding(value: object, label: str, prefix: str) -> Overriding:
    where = f"{prefix}{label}"
    table = dict(_table(value, where))
    hysteresis = table.pop("hysteresis", None)
    listed = table.pop("limits", [])
    _require_empty(table, where)
    if not isinstance(listed, list):
        raise _refused(f"{where}.limits", "must be a list of limits")
    limits = tuple(_limit(item, BY_LABEL[label], f"{where}.limits[{index}]") for index, item in enumerate(listed))
    for one, other in itertools.combinations(range(len(limits)), 2):
        if limits[one].slot == limits[other].slot:
            raise _refused(f"{where}.limits[{other}]", f"has the side, priority and kind of delay of limits[{one}]")
    return Overriding(None if hysteresis is None else _number(hysteresis, f"{where}.hysteresis", low=0), limits)


def _limit(value: object, metric: Metric, where: str) -> Limit:
    table = dict(_table(value, where))
    side, bound = _one_of(table, ("below", "above"), where)
    kind, amount = _one_of(table, ("delay_s", "samples"), where)
    priority = table.pop("priority", None)
    if not isinstance(priority, str) or priority not in _PRIORITIES:
        raise _refused(f"{where}.priority", f"{priority!r} is not high, medium or low")
    _require_empty(table, where)
    code = CODES[metric]
    return Limit(
        side=Side.LOW if side == "below" else Side.HIGH,
        value=_number(bound, f"{where}.{side}", low=code.low, high=code.high),
        priority=_PRIORITIES[priority],
        delay_s=_number(amount, f"{where}.delay_s", low=0) if kind == "delay_s" else None,
        samples=_count(amount, f"{where}.samples") if kind == "samples" else None,
    )


def _one_of(table: dict[str, Any], names: tuple[str, str], where: str) -> tuple[str, object]:
    given = [name for name in names if name in table]
    if len(given) != 1:
        raise _refused(where, f"needs either {names[0]} or {names[1]}")
    return given[0], table.pop(given[0])


def _number(value: object, where: str, *, low: float, high: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or math.isinf(value):
        bounds = f"of at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise _refused(where, f"{value!r} is no number {bounds}")
    return float(value)


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _refused(where, f"{value!r} is no count of at least 1")
    return value


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refused(where, "must be a table")
    return value


def _require_empty(table: dict[str, Any], where: str) -> None:
    if table:
        raise _refused(f"{where}.{next(iter(table))}", "is no key of a profile")


def _refused(where: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"profile: {where} {why}")
