"""Alarm profiles: which limits are in force, by metric and local time of day.

The same TOML file serves collector, gateway and replay (``prescription`` reads its tables). An ``[[override]]`` between
two local times replaces the limit of the same side and priority, and keeps the others; a limit counted in samples
replaces only such a limit, so that a night limit with a delay never removes the deep-desaturation limit.
"""

import bisect
import importlib.resources
import re
from collections.abc import Collection
from typing import Any, Final

import msgspec

from vitals.alarms.limits import LEVELS, STAND_INS, Limits, Side
from vitals.alarms.prescription import (
    Overriding,
    RhythmRules,
    metrics,
    refused,
    rhythm,
    table,
    toml,
)
from vitals.alarms.score_rule import ScoreRule, over, parse_scores
from vitals.codes import Metric
from vitals.errors import ConfigurationError

BUILT_IN: Final = ("adult", "copd")
"""Profiles that are shipped."""

CHILD: Final = "child"
"""A profile that has no limits but those prescribed for the patient."""

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_NO_DEFAULTS: Final = "profile 'child' has no default limits: prescribe"
_UNPRESCRIBED: Final = f"{_NO_DEFAULTS} limits for the patient"


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


class Profile(msgspec.Struct, frozen=True):
    """A named set of limits; *schedule* holds those in force from a minute of the local day on, in order.

    *rhythm* and *scores* (by name) are what is prescribed of these.
    """

    name: str
    base: dict[Metric, Limits]
    overrides: tuple[Override, ...]
    schedule: tuple[tuple[int, dict[Metric, Limits]], ...]
    rhythm: RhythmRules = RhythmRules()
    scores: dict[str, ScoreRule] = {}

    def at(self, minute: int) -> dict[Metric, Limits]:
        """The limits in force at a minute of the local day: the same object for as long as they are the same."""
        return self.schedule[bisect.bisect_right(self.schedule, minute, key=lambda entry: entry[0]) - 1][1]

    def scaled(self, scale: float) -> "Profile":
        """The same profile with every time but those of day multiplied by *scale*."""
        base = {metric: of.scaled(scale) for metric, of in self.base.items()}
        overrides = [
            msgspec.structs.replace(
                override, metrics={metric: change.scaled(scale) for metric, change in override.metrics.items()}
            )
            for override in self.overrides
        ]
        scores = {name: rule.scaled(scale) for name, rule in self.scores.items()}
        return _profile(self.name, base, tuple(overrides), self.rhythm.scaled(scale), scores)


UNGUARDED: Final = Profile(CHILD, {}, (), ((0, {}),))
"""No limits at all: what those of a child are prescribed over."""


def parse(text: str) -> Profile:
    """Read a profile.

    Raises:
        ConfigurationError: one line that names the key that cannot be used.
    """
    tree = toml(text)
    name = tree.pop("name", None)
    if not isinstance(name, str) or not name:
        raise refused("name", "must be a name in quotes")
    overrides = _overrides(tree.pop("override", []))
    rules = rhythm(tree.pop("rhythm", {}))
    scores = over({}, parse_scores(tree.pop("scores", {})))
    base = {
        metric: Limits(change.hysteresis or 0.0, change.limits, change.average_s)
        for metric, change in metrics(tree, "").items()
    }
    if not base:
        raise ConfigurationError("profile: it guards no metric; add a table such as [spo2]")
    return _profile(name, base, overrides, rules, scores)


def prescribe(profile: Profile, text: str) -> Profile:
    """*profile* with what was prescribed for one patient over it: the same shape, without a name.

    Prescribed limits replace the profile's at every time of day, its own overrides those of the profile.

    Raises:
        ConfigurationError: one line that names the key that cannot be used.
    """
    tree = toml(text)
    own = _overrides(tree.pop("override", []))
    rules = rhythm(tree.pop("rhythm", {})).over(profile.rhythm)
    scores = over(profile.scores, parse_scores(tree.pop("scores", {})))
    whole_day = Override(0, 0, metrics(tree, ""))
    return _profile(profile.name, profile.base, (*profile.overrides, whole_day, *own), rules, scores)


def of_plan(name: str, limits: str, watched: Collection[Metric], *, otherwise: Profile) -> Profile:
    """The profile that a monitoring plan comes to: a built-in one, or *otherwise*, with its *limits* over it.

    A child's plan guards whatever an adult's would guard of the *watched* metrics by limits of its own, at every time
    of day.

    Raises:
        ConfigurationError: one line that names what cannot be used, or is missing.
    """
    if name != CHILD:
        base = built_in(name) if name else otherwise
        return prescribe(base, limits) if limits else base
    made = prescribe(UNGUARDED, limits)
    lacking = _lacking(made, watched)
    if lacking:
        raise ConfigurationError(f"{_NO_DEFAULTS} {', '.join(lacking)}")
    if not any(guards for _, guards in made.schedule):
        raise ConfigurationError(_UNPRESCRIBED)
    return made


def _lacking(made: Profile, watched: Collection[Metric]) -> list[str]:
    """What an adult's profile guards of the *watched* metrics and *made* does not, at some time of day."""
    lacking = []
    for metric, of in built_in("adult").base.items():
        stand_ins = STAND_INS.get(metric, ())
        if {metric, *stand_ins}.isdisjoint(watched):
            continue
        acting = (metric,) if metric in watched else (metric, *stand_ins)
        for side in LEVELS:
            guards = [any(at.get(one, Limits()).side(side) for one in acting) for _, at in made.schedule]
            if of.side(side) and not all(guards):
                when = " at every time of day" if any(guards) else ""
                lacking.append(f"{metric.label} {'below' if side is Side.LOW else 'above'}{when}")
    return lacking


def own(limits: str) -> Profile:
    """What can be used of limits that were prescribed for a patient, and nothing else: no limits at all if need be."""
    try:
        return prescribe(UNGUARDED, limits)
    except ConfigurationError:
        return UNGUARDED


def built_in(name: str) -> Profile:
    """A shipped profile.

    Raises:
        ConfigurationError: there is none of that name, or it may not be used without a prescription.
    """
    if name == CHILD:
        raise ConfigurationError(f"{_UNPRESCRIBED} in a profile of its own")
    if name not in BUILT_IN:
        raise ConfigurationError(f"no profile {name!r} is built in (there is: {', '.join(BUILT_IN)}); name a file")
    return parse(importlib.resources.files(__package__).joinpath("profiles", f"{name}.toml").read_text("utf-8"))


def _profile(
    name: str,
    base: dict[Metric, Limits],
    overrides: tuple[Override, ...],
    rules: RhythmRules,
    scores: dict[str, ScoreRule],
) -> Profile:
    minutes = {0} | {minute for each in overrides for minute in (each.from_minute, each.until_minute)}
    schedule = tuple((minute, _in_force(base, overrides, minute)) for minute in sorted(minutes))
    for minute, limits in schedule:
        for metric, of in limits.items():
            _require_range(metric, of, minute)
    return Profile(name, base, overrides, schedule, rules, scores)


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
    return Limits(
        limits.hysteresis if change.hysteresis is None else change.hysteresis,
        (*kept, *change.limits),
        limits.average_s if change.average_s is None else change.average_s,
    )


def _require_range(metric: Metric, limits: Limits, minute: int) -> None:
    low, high = limits.quiet_band()
    if low > high:
        when = f" at {minute // 60:02d}:{minute % 60:02d}"
        raise refused(f"{metric.label}.limits", f"leave no value that is within all of them{when}")


def _overrides(value: object) -> tuple[Override, ...]:
    if not isinstance(value, list):
        raise refused("override", "must be written [[override]]")
    return tuple(_override(item, f"override[{index}]") for index, item in enumerate(value))


def _override(value: object, where: str) -> Override:
    own: dict[str, Any] = dict(table(value, where))
    between = own.pop("between", None)
    if not isinstance(between, list) or len(between) != 2:
        raise refused(f"{where}.between", 'must be two local times, for example ["22:00", "07:00"]')
    start, end = (_minute(item, f"{where}.between") for item in between)
    if start == end:
        raise refused(f"{where}.between", "must be two different times")
    return Override(start, end, metrics(own, f"{where}."))


def _minute(value: object, where: str) -> int:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refused(where, f"{value!r} is no time of day such as 22:00")
    return int(match[1]) * 60 + int(match[2])
