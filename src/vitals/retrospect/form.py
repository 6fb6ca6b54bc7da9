"""Limits as the rows of a form: what a nurse lead edits, and back to a profile.

A row is one limit of one metric, all day or between two local times, exactly as a profile's TOML has it.
"""

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from vitals.alarms import profile as profiles
from vitals.alarms.limits import Limit, Limits, Priority, Side
from vitals.alarms.profile import Profile
from vitals.codes import CODES, Metric

_DAY: Final = 24 * 60
_NOON: Final = 12 * 60
_MOST_ROWS: Final = 200

_WORDS: Final[dict[Priority | Side, Any]] = {
    **{priority: priority.label for priority in Priority},
    Side.LOW: "below",
    Side.HIGH: "above",
    Side.FALLS: "falls",
    Side.RISES: "rises",
}
_UNOFFERED: Final = frozenset({Metric.RR_INTERVAL, Metric.BATTERY})
_SIDES: Final = list(Side)
_KEYS: Final = {"below": "limits", "above": "limits"}

Time = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One limit: below or above a value, or a fall or rise by so much within *within_s* seconds.

    *after* is of *counted*: seconds, or values in a row. Without *between* it holds all day.
    """

    metric: str
    side: Literal["below", "above", "falls", "rises"]
    value: float
    within_s: float | None = None
    after: float
    counted: Literal["s", "values"] = "s"
    priority: Literal["low", "medium", "high"]
    between: tuple[Time, Time] | None = None


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a person may edit: rows; by metric, how far a value must be back, and of how long the mean acts."""

    name: Annotated[str, Meta(min_length=1, max_length=80)] = "proposed"
    hysteresis: dict[str, float] = {}
    average_s: dict[str, float] = {}
    limits: Annotated[list[Row], Meta(max_length=_MOST_ROWS)] = []


class Described(msgspec.Struct, frozen=True):
    """A metric that the form may hold limits of."""

    metric: str
    display: str
    unit: str


def described() -> list[Described]:
    """The metrics that a person would guard: a battery has conditions of its own."""
    return [
        Described(metric.label, code.display, code.ucum)
        for metric, code in CODES.items()
        if not code.waveform and metric not in _UNOFFERED
    ]


def form_of(profile: Profile) -> Form:
    """The rows of *profile*: limits that hold all day, and those of a part of it."""
    rows: list[Row] = []
    hysteresis: dict[str, float] = {}
    average_s: dict[str, float] = {}
    for metric in sorted({metric for _, limits in profile.schedule for metric in limits}):
        noon = profile.at(_NOON).get(metric, Limits())
        hysteresis[metric.label] = noon.hysteresis
        if noon.average_s:
            average_s[metric.label] = noon.average_s
        slots = dict.fromkeys(
            (_SIDES.index(limit.side), -limit.priority, limit.slot)
            for _, of in _parts(profile, metric)
            for limit in of.limits
        )
        for _, _, slot in sorted(slots):
            rows += _rows(profile, metric, slot)
    return Form(name=profile.name, hysteresis=hysteresis, average_s=average_s, limits=rows)


def profile_of(form: Form) -> Profile:
    """The profile that a form says. Raises ConfigurationError."""
    return profiles.parse(toml_of(form))


def lacking(profile: Profile, form: Form) -> bool:
    """Whether *profile* has limits that *form* does not hold."""
    said = profile_of(form) if form.hysteresis or form.limits else profiles.UNGUARDED
    minutes = {minute for each in (profile, said) for minute, _ in each.schedule}
    return any(_judged(profile, minute) != _judged(said, minute) for minute in minutes)


def toml_of(form: Form) -> str:
    """The form as a profile's file has it."""
    text = [f"name = {_quoted(form.name)}"]
    all_day = [row for row in form.limits if row.between is None]
    for metric in dict.fromkeys([*(row.metric for row in all_day), *form.hysteresis]):
        text += [f"[{_quoted(metric)}]", f"hysteresis = {_number(form.hysteresis.get(metric, 0.0))}"]
        if metric in form.average_s:
            text.append(f"average_s = {_number(form.average_s[metric])}")
        text += [f"{key} = {listed}" for key, listed in _lists(row for row in all_day if row.metric == metric)]
    parts = sorted((row for row in form.limits if row.between is not None), key=lambda row: row.between or ("", ""))
    for between, rows in groupby(parts, key=lambda row: row.between):
        assert between is not None
        text += ["[[override]]", f'between = ["{between[0]}", "{between[1]}"]']
        for metric, of in groupby(sorted(rows, key=lambda row: row.metric), key=lambda row: row.metric):
            text += [f"{_quoted(metric)}.{key} = {listed}" for key, listed in _lists(of)]
    return "\n".join(text) + "\n"


def _lists(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Under which key of a metric's table which limits stand."""
    by_key: dict[str, list[str]] = {}
    for row in rows:
        by_key.setdefault(_KEYS.get(row.side, row.side), []).append(_limit(row))
    return [(key, f"[{', '.join(listed)}]") for key, listed in by_key.items()]


def _parts(profile: Profile, metric: Metric) -> list[tuple[int, Limits]]:
    return [(minute, limits.get(metric, Limits())) for minute, limits in profile.schedule]


def _rows(profile: Profile, metric: Metric, slot: str) -> list[Row]:
    """One slot through the day: what holds at noon stands for the day where every part has one."""
    parts = [
        (minute, next((limit for limit in of.limits if limit.slot == slot), None))
        for minute, of in _parts(profile, metric)
    ]
    usual = next((limit for minute, limit in reversed(parts) if minute <= _NOON), None)
    if any(limit is None for _, limit in parts):
        usual = None
    rows = [] if usual is None else [_row(metric, usual, None)]
    merged = [(minutes[0], limit) for limit, minutes in _runs(parts)]
    for place, (begins, limit) in enumerate(merged):
        if limit is None or limit == usual:
            continue
        ends = merged[(place + 1) % len(merged)][0] if len(merged) > 1 else begins
        if begins == 0 and merged[-1][1] == limit and len(merged) > 1:
            continue  # it goes on from the evening before
        if place == len(merged) - 1 and merged[0][1] == limit and len(merged) > 1:
            ends = merged[1][0]
        rows.append(_row(metric, limit, (_clock(begins), _clock(ends))))
    return rows


def _runs(parts: list[tuple[int, Limit | None]]) -> list[tuple[Limit | None, list[int]]]:
    """Parts of the day that follow each other and have the same limit, joined."""
    runs: list[tuple[Limit | None, list[int]]] = []
    for minute, limit in parts:
        if runs and runs[-1][0] == limit:
            runs[-1][1].append(minute)
        else:
            runs.append((limit, [minute]))
    return runs


def _row(metric: Metric, limit: Limit, between: tuple[str, str] | None) -> Row:
    return Row(
        metric=metric.label,
        side=_WORDS[limit.side],
        value=limit.value,
        within_s=limit.within_s,
        after=float(limit.samples or 0) if limit.delay_s is None else limit.delay_s,
        counted="values" if limit.delay_s is None else "s",
        priority=_WORDS[limit.priority],
        between=between,
    )


def _judged(profile: Profile, minute: int) -> dict[Metric, Any]:
    limits = {metric: of for metric, of in profile.at(minute).items() if of.limits}
    return {metric: (of.hysteresis, of.average_s or 0, frozenset(of.limits)) for metric, of in limits.items()}


def _limit(row: Row) -> str:
    after = f"samples = {_number(row.after)}" if row.counted == "values" else f"delay_s = {_number(row.after)}"
    if row.within_s is not None:
        after = f"within_s = {_number(row.within_s)}, {after}"
        return f'{{ by = {_number(row.value)}, {after}, priority = "{row.priority}" }}'
    return f'{{ {row.side} = {_number(row.value)}, {after}, priority = "{row.priority}" }}'


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
