"""What may be prescribed, as the tables of a profile's TOML say it: limits, averaging, rates of change, rhythm.

Every reader takes what stands under one key and *where* that is; what cannot be used is refused in one line that names
the key and says what is allowed.
"""

import itertools
import math
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from vitals.alarms.limits import Limit, Priority, Side
from vitals.codes import BY_LABEL, CODES, Metric
from vitals.errors import ConfigurationError

LONGEST_AVERAGE_S: Final = 120.0
"""The longest time that a mean may be taken of: longer would hide what a nurse has to see."""
SHORTEST_RATE_S: Final = 5.0
LONGEST_RATE_S: Final = 900.0
"""The times that a rate of change may be taken over; slower is a trend, faster is noise."""

_PRIORITIES: Final = {priority.label: priority for priority in Priority}
_NEITHER_HIGH: Final = {label: priority for label, priority in _PRIORITIES.items() if priority is not Priority.HIGH}


class Overriding(msgspec.Struct, frozen=True):
    """What changes for one metric: limits that replace or join, hysteresis and averaging unless None."""

    hysteresis: float | None
    limits: tuple[Limit, ...]
    average_s: float | None = None

    def scaled(self, scale: float) -> "Overriding":
        """The same with every time multiplied by *scale*."""
        average_s = None if self.average_s is None else self.average_s * scale
        return Overriding(self.hysteresis, tuple(limit.scaled(scale) for limit in self.limits), average_s)


class FibrillationRule(msgspec.Struct, frozen=True):
    """Atrial fibrillation alarms with *priority*, low or medium, once it has lasted *after_s* seconds."""

    priority: Priority
    after_s: float = 30.0


class PaceRule(msgspec.Struct, frozen=True):
    """A rate from beats beyond *limit*, in 1/min, alarms with *priority*, low or medium, after *after_s* seconds."""

    limit: float
    priority: Priority
    after_s: float = 15.0


class RhythmRules(msgspec.Struct, frozen=True):
    """What is prescribed of the rhythm; None: nothing."""

    fibrillation: FibrillationRule | None = None
    bradycardia: PaceRule | None = None
    tachycardia: PaceRule | None = None

    @property
    def paced(self) -> bool:
        """Whether a rate from beats alarms."""
        return self.bradycardia is not None or self.tachycardia is not None

    @property
    def any(self) -> bool:
        """Whether anything is prescribed."""
        return self.paced or self.fibrillation is not None

    def over(self, other: "RhythmRules") -> "RhythmRules":
        """These, and those of *other* that these do not say."""
        return RhythmRules(
            self.fibrillation or other.fibrillation,
            self.bradycardia or other.bradycardia,
            self.tachycardia or other.tachycardia,
        )

    def scaled(self, scale: float) -> "RhythmRules":
        """The same with every time multiplied by *scale*."""
        return RhythmRules(
            _scaled(self.fibrillation, scale), _scaled(self.bradycardia, scale), _scaled(self.tachycardia, scale)
        )


R = TypeVar("R", FibrillationRule, PaceRule)


def _scaled(rule: R | None, scale: float) -> R | None:
    return None if rule is None else msgspec.structs.replace(rule, after_s=rule.after_s * scale)


def toml(text: str) -> dict[str, Any]:
    """The tables of *text*. Raises ConfigurationError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"profile is not readable TOML: {error}") from None


def metrics(given: dict[str, Any], prefix: str) -> dict[Metric, Overriding]:
    """Every table of a metric, such as ``[spo2]``. Raises ConfigurationError."""
    return {_metric(label, prefix): _overriding(value, label, prefix) for label, value in given.items()}


def rhythm(value: object) -> RhythmRules:
    """``[rhythm.atrial_fibrillation]``, ``[rhythm.bradycardia]`` and ``[rhythm.tachycardia]``.

    Raises:
        ConfigurationError: one line that names the key that cannot be used.
    """
    given = dict(table(value, "rhythm"))
    found = RhythmRules(
        fibrillation=_fibrillation(given.pop("atrial_fibrillation", None)),
        bradycardia=_pace(given.pop("bradycardia", None), "below", "rhythm.bradycardia"),
        tachycardia=_pace(given.pop("tachycardia", None), "above", "rhythm.tachycardia"),
    )
    require_empty(given, "rhythm")
    return found


def table(value: object, where: str) -> dict[str, Any]:
    """*value* as a table. Raises ConfigurationError."""
    if not isinstance(value, dict):
        raise refused(where, "must be a table")
    return value


def require_empty(rest: dict[str, Any], where: str) -> None:
    """Refuse keys that nobody read. Raises ConfigurationError."""
    if rest:
        raise refused(f"{where}.{next(iter(rest))}", "is no key of a profile")


def refused(where: str, why: str) -> ConfigurationError:
    """One line about one key."""
    return ConfigurationError(f"profile: {where} {why}")


def _fibrillation(value: object) -> FibrillationRule | None:
    where = "rhythm.atrial_fibrillation"
    if value is None:
        return None
    own = dict(table(value, where))
    priority, after_s = own.pop("priority", None), own.pop("after_s", 30)
    made = FibrillationRule(
        _priority(priority, f"{where}.priority", _NEITHER_HIGH), _number(after_s, f"{where}.after_s", low=0)
    )
    require_empty(own, where)
    return made


def _pace(value: object, key: str, where: str) -> PaceRule | None:
    if value is None:
        return None
    own = dict(table(value, where))
    bound, priority, after_s = own.pop(key, None), own.pop("priority", None), own.pop("after_s", 15)
    made = PaceRule(
        _number(bound, f"{where}.{key}", low=20, high=300),
        _priority(priority, f"{where}.priority", _NEITHER_HIGH),
        _number(after_s, f"{where}.after_s", low=0),
    )
    require_empty(own, where)
    return made


def _metric(label: str, prefix: str) -> Metric:
    metric = BY_LABEL.get(label)
    if metric is None or CODES[metric].waveform:
        raise refused(f"{prefix}{label}", "is no metric that limits can act on")
    return metric


def _overriding(value: object, label: str, prefix: str) -> Overriding:
    where, metric = f"{prefix}{label}", BY_LABEL[label]
    own = dict(table(value, where))
    hysteresis, average_s = own.pop("hysteresis", None), own.pop("average_s", None)
    limits = _listed(own.pop("limits", []), f"{where}.limits", lambda item, at: _limit(item, metric, at))
    falls = _listed(own.pop("falls", []), f"{where}.falls", lambda item, at: _rate(item, Side.FALLS, metric, at))
    rises = _listed(own.pop("rises", []), f"{where}.rises", lambda item, at: _rate(item, Side.RISES, metric, at))
    require_empty(own, where)
    if average_s is not None:
        _require_streaming(metric, f"{where}.average_s")
    return Overriding(
        None if hysteresis is None else _number(hysteresis, f"{where}.hysteresis", low=0),
        (*limits, *falls, *rises),
        None if average_s is None else _number(average_s, f"{where}.average_s", low=0, high=LONGEST_AVERAGE_S),
    )


def _listed(listed: object, where: str, read: Callable[[object, str], Limit]) -> list[Limit]:
    if not isinstance(listed, list):
        raise refused(where, "must be a list of limits")
    limits = [read(item, f"{where}[{index}]") for index, item in enumerate(listed)]
    for one, other in itertools.combinations(range(len(limits)), 2):
        if limits[one].slot == limits[other].slot:
            raise refused(
                f"{where}[{other}]", f"has the side, priority and kind of delay of {where.rpartition('.')[2]}[{one}]"
            )
    return limits


def _limit(value: object, metric: Metric, where: str) -> Limit:
    own = dict(table(value, where))
    side, bound = _one_of(own, ("below", "above"), where)
    kind, amount = _one_of(own, ("delay_s", "samples"), where)
    priority = _priority(own.pop("priority", None), f"{where}.priority", _PRIORITIES)
    require_empty(own, where)
    code = CODES[metric]
    return Limit(
        side=Side.LOW if side == "below" else Side.HIGH,
        value=_number(bound, f"{where}.{side}", low=code.low, high=code.high),
        priority=priority,
        delay_s=_number(amount, f"{where}.delay_s", low=0) if kind == "delay_s" else None,
        samples=_count(amount, f"{where}.samples") if kind == "samples" else None,
    )


def _rate(value: object, side: Side, metric: Metric, where: str) -> Limit:
    """``{ by = 4, within_s = 60, priority = "medium" }``, and a *delay_s* that is 0 unless given."""
    _require_streaming(metric, where)
    own = dict(table(value, where))
    by, within_s, delay_s = own.pop("by", None), own.pop("within_s", None), own.pop("delay_s", 0)
    priority = _priority(own.pop("priority", None), f"{where}.priority", _PRIORITIES)
    require_empty(own, where)
    code = CODES[metric]
    least = code.numerator / code.denominator
    return Limit(
        side=side,
        value=_number(by, f"{where}.by", low=least, high=code.high - code.low),
        priority=priority,
        delay_s=_number(delay_s, f"{where}.delay_s", low=0),
        within_s=_number(within_s, f"{where}.within_s", low=SHORTEST_RATE_S, high=LONGEST_RATE_S),
    )


def _require_streaming(metric: Metric, where: str) -> None:
    if CODES[metric].episodic:
        raise refused(where, f"needs a metric that streams; {metric.label} is measured now and then")


def _one_of(own: dict[str, Any], names: tuple[str, str], where: str) -> tuple[str, object]:
    given = [name for name in names if name in own]
    if len(given) != 1:
        raise refused(where, f"needs either {names[0]} or {names[1]}")
    return given[0], own.pop(given[0])


def _priority(value: object, where: str, allowed: Mapping[str, Priority]) -> Priority:
    if not isinstance(value, str) or value not in allowed:
        *others, last = sorted(allowed, key=lambda label: allowed[label], reverse=True)
        raise refused(where, f"{value!r} is not {', '.join(others)} or {last}")
    return allowed[value]


def _number(value: object, where: str, *, low: float, high: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or math.isinf(value):
        bounds = f"of at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise refused(where, f"{value!r} is no number {bounds}")
    return float(value)


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refused(where, f"{value!r} is no count of at least 1")
    return value
