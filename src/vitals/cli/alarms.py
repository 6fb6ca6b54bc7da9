"""``vitals alarms``: what a profile makes of a recorded course, before it is in force on anybody."""

import dataclasses
import json as json_module
import re
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cyclopts
import msgspec
from rich.console import Console
from rich.table import Table

from vitals import recording
from vitals.alarms.limits import STAND_INS, Side
from vitals.alarms.profile import Profile
from vitals.alarms.replay import Episode, Recorded, Report, guarded, report, unmatched
from vitals.cli import columns as columns_of
from vitals.cli.entry import Exit
from vitals.cli.stored import Stored
from vitals.codes import CODES, Metric
from vitals.collector.profiles import load_profile
from vitals.errors import ConfigurationError
from vitals.observation import Missing, Observation, Validity, observe
from vitals.recording import Recording

if TYPE_CHECKING:
    from types import ModuleType

_NO_PATIENT: Final = Stored()
app: Final = cyclopts.App(name="alarms", help="Alarms of recorded courses.")

_OF_DAY: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@app.command
def replay(
    file: Path | None = None,
    *,
    profile: str = "adult",
    columns: str | None = None,
    compare: str | None = None,
    begins: str | None = None,
    json: bool = False,
    stored: Stored = _NO_PATIENT,
) -> int:
    """Say which alarms a profile would have raised on a recorded course.

    Of a file: limit conditions only, as if every value had arrived at once; what is missing is told in seconds. Of a
    patient (--patient): what the server's stores hold, with technical alarms, and how it differs from what was in
    force and from what was recorded. An alarm that ended counts as acknowledged.

    Args:
        file: CSV file with a header, a column of times (HH:MM:SS, ISO 8601 or seconds) and columns of values; a value
            that is blank, no number, or 0 where the metric cannot be, is missing.
        profile: a built-in profile or a TOML file.
        columns: which columns to take: time=Time,spo2="SpO2 1",pulse="Pulse 1"; as their names say unless given.
        compare: another profile: the difference to it is shown too.
        begins: local time of day of the first row, HH:MM, where the file does not say; without it limits for a part of
            the day are left out.
        json: print one JSON object.
        stored: what of a server's stores is replayed in place of a file.

    Raises:
        ConfigurationError: the file, a column or a profile cannot be used.
    """
    if stored.patient is not None:
        _require_none(file=file, columns=columns, compare=compare, begins=begins)
        return int(_server().replay_stored(stored, profile, json=json))
    if file is None:
        raise ConfigurationError("name a FILE, or a patient of the server's with --patient")
    _require_no_patient(stored)
    return _replay_file(file, profile, compare, columns, begins, json=json)


def _replay_file(
    file: Path, profile: str, compare: str | None, columns: str | None, begins: str | None, *, json: bool
) -> int:
    proposed = load_profile(profile)
    other = None if compare is None else load_profile(compare)
    profiles = [proposed] if other is None else [proposed, other]
    course = _course(file, columns, begins, profiles)
    if course.notes:
        print(f"vitals: {file}: {'; '.join(course.notes)}", file=sys.stderr)
    ours = report(proposed, course.recorded, begins_ms=course.begins_ms)
    theirs = None if other is None else report(other, course.recorded, begins_ms=course.begins_ms)
    if json:
        print(json_module.dumps(_object(ours) if theirs is None else _compared(ours, theirs)))
        return Exit.DONE
    console = Console(highlight=False)
    _show(console, proposed.name, ours)
    if other is not None and theirs is not None:
        _show(console, other.name, theirs)
        _show_difference(console, f"{proposed.name} ({profile})", f"{other.name} ({compare})", _compared(ours, theirs))
    return Exit.DONE


def _require_none(**of_a_file: object) -> None:
    for name, given in of_a_file.items():
        if given is not None:
            said = "a FILE" if name == "file" else f"--{name}"
            raise ConfigurationError(f"{said} does not go with --patient, whose course comes from the server's stores")


def _require_no_patient(stored: Stored) -> None:
    for name, given in dataclasses.asdict(stored).items():
        if given != getattr(_NO_PATIENT, name):
            option = name.rstrip("_").replace("_", "-")
            raise ConfigurationError(f"--{option} goes with --patient, not with a FILE")


def _server() -> "ModuleType":
    try:
        from vitals.cli import replaying  # noqa: PLC0415 - the server's libraries are an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'openvitals[server]'") from None
    return replaying


def as_recorded(course: Recording) -> list[Recorded]:
    """A recording's values as observations: what is no plausible number of its metric is invalid."""
    metrics = columns_of.metric_of(dict.fromkeys(course.roles, ""))
    places = [(metric, course.roles.index(role)) for role, metric in metrics.items()]
    return [
        Recorded(round(row.at_s * 1000), tuple(_observation(metric, row.values[place]) for metric, place in places))
        for row in course.rows
    ]


def _observation(metric: Metric, value: float | None) -> Observation:
    if value is not None:
        observed = observe(metric, value)
        if observed.missing is Missing.PRESENT:
            return observed
    return Observation(metric, 0, Validity.INVALID, Missing.UNAVAILABLE)


class _Course(msgspec.Struct, frozen=True):
    """A file's values, the local time of day at which it begins (in milliseconds), and what is to be said of it."""

    recorded: list[Recorded]
    begins_ms: int | None
    notes: tuple[str, ...]


def _course(file: Path, columns: str | None, begins: str | None, profiles: Sequence[Profile]) -> _Course:
    begins_ms = None if begins is None else _minute(begins) * 60_000
    lines = recording.load_lines(file)
    try:
        chosen, ambiguous = _columns(recording.header(lines), columns, profiles)
        course = recording.read(lines, chosen)
        _require_numbers(course)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    notes = [recording.describe_junk(course.junk, "will not be replayed")]
    if ambiguous:
        notes.append("taken: --columns " + ",".join(f"{role}={name}" for role, name in chosen.items()))
    if begins_ms is None and course.begins_s is not None:
        begins_ms = round(course.begins_s * 1000)
    if begins_ms is None and _depends_on_time(profiles, columns_of.metric_of(chosen).values()):
        notes.append("its time of day is unknown and limits for a part of the day are left out (--begins HH:MM)")
    return _Course(as_recorded(course), begins_ms, tuple(note for note in notes if note is not None))


def _columns(header: Sequence[str], text: str | None, profiles: Sequence[Profile]) -> tuple[dict[str, str], bool]:
    """The column of every role, and whether others would have done as well."""
    acting = frozenset[Metric]().union(*(guarded(profile) for profile in profiles))
    if text is None:
        return columns_of.guessed(header, acting)
    chosen = columns_of.said(text, header)
    metrics = columns_of.metric_of(chosen)
    if acting.isdisjoint(metrics.values()):
        names = " and ".join(profile.name for profile in profiles)
        raise ConfigurationError(f"profile {names} has no limits for {', '.join(metrics)}")
    return chosen, False


def _require_numbers(course: Recording) -> None:
    if all(value is None for row in course.rows for value in row.values):
        raise ConfigurationError(f"no row has a number in the column of {' or '.join(course.roles)}")


def _depends_on_time(profiles: Sequence[Profile], metrics: Collection[Metric]) -> bool:
    changed = {metric for profile in profiles for override in profile.overrides for metric in override.metrics}
    return any(acting in metrics for metric in changed for acting in (metric, *STAND_INS.get(metric, ())))


def _minute(text: str) -> int:
    match = _OF_DAY.fullmatch(text)
    if match is None:
        raise ConfigurationError(f"--begins {text!r} is no time of day such as 22:00")
    return int(match[1]) * 60 + int(match[2])


# What is printed


def _object(found: Report) -> dict[str, Any]:
    return {
        "episodes": [_episode(episode) for episode in found.episodes],
        "seconds": found.coverage.seconds,
        "alarms_per_patient_day": _per_day(found),
        "missing_seconds": found.coverage.missing_s,
    }


def _episode(episode: Episode) -> dict[str, Any]:
    """One episode; one on a mean or a change over some seconds says so with ``side`` and ``over_s``."""
    over = {} if episode.over_s is None else {"side": episode.side.value, "over_s": episode.over_s}
    return {
        "metric": episode.metric.label,
        "priority": episode.priority.label,
        "limit": int(episode.limit) if episode.limit.is_integer() else episode.limit,
        "worst": episode.worst,
        "start": episode.start_ms / 1000,
        "alarm_at": episode.alarm_ms / 1000,
        "end": None if episode.end_ms is None else episode.end_ms / 1000,
        **over,
    }


def _per_day(found: Report) -> float | None:
    rate = found.alarms_per_patient_day
    return None if rate is None else round(rate, 1)


def _compared(ours: Report, theirs: Report) -> dict[str, Any]:
    """The object of one profile with that of the other under ``compared``; differences are ours less theirs."""
    rates = ours.alarms_per_patient_day, theirs.alarms_per_patient_day
    in_alarm = ours.seconds_in_alarm(), theirs.seconds_in_alarm()
    return {
        **_object(ours),
        "seconds_in_alarm": in_alarm[0],
        "compared": {**_object(theirs), "seconds_in_alarm": in_alarm[1]},
        "difference": {
            "episodes": len(ours.episodes) - len(theirs.episodes),
            "alarms_per_patient_day": None if rates[0] is None or rates[1] is None else round(rates[0] - rates[1], 1),
            "seconds_in_alarm": round(in_alarm[0] - in_alarm[1], 3),
            "only_here": [_episode(one) for one in unmatched(ours.episodes, theirs.episodes)],
            "only_compared": [_episode(one) for one in unmatched(theirs.episodes, ours.episodes)],
        },
    }


def _show(console: Console, name: str, found: Report) -> None:
    if found.episodes:
        console.print(_table(f"Profile {name}", found.episodes))
    length_s, in_alarm_s = found.coverage.seconds, found.seconds_in_alarm()
    rate = _per_day(found)
    alarms = f"{len(found.episodes)} alarm{'' if len(found.episodes) == 1 else 's'}"
    _line(
        console,
        f"{name}: {alarms} in {_seconds(length_s)} s; {'--' if rate is None else rate} alarms per patient-day; "
        f"{_seconds(in_alarm_s)} s in alarm",
    )
    missing = ", ".join(f"{reason} {_seconds(seconds)} s" for reason, seconds in found.coverage.missing_s.items())
    if missing:
        _line(console, f"MISSING: {missing} (technical alarms are not replayed)")


def _table(title: str, episodes: Sequence[Episode]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("metric", "priority"):
        table.add_column(heading)
    for heading in ("limit", "worst", "start s", "alarm s", "end s"):
        table.add_column(heading, justify="right")
    for episode in episodes:
        end = "lasts" if episode.end_ms is None else _seconds(episode.end_ms / 1000)
        table.add_row(
            f"{CODES[episode.metric].display} {CODES[episode.metric].ucum}",
            episode.priority.label,
            _limit(episode),
            f"{episode.worst:g}",
            _seconds(episode.start_ms / 1000),
            _seconds(episode.alarm_ms / 1000),
            end,
        )
    return table


def _limit(episode: Episode) -> str:
    """``< 90``, ``mean 10 s < 90`` or ``falls 4 in 60 s``."""
    over = "" if episode.over_s is None else f"{_seconds(episode.over_s)} s"
    if episode.side.rate:
        return f"{episode.side.value} {episode.limit:g} in {over}"
    sign = "<" if episode.side is Side.LOW else ">"
    return f"{f'mean {over} ' if over else ''}{sign} {episode.limit:g}"


def _show_difference(console: Console, ours: str, theirs: str, compared: dict[str, Any]) -> None:
    difference = compared["difference"]
    table = Table(title=f"{ours} less {theirs}", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("difference", justify="right")
    for what in ("episodes", "alarms_per_patient_day", "seconds_in_alarm"):
        value = difference[what]
        table.add_row(what.replace("_", " "), "--" if value is None else f"{value:+.10g}")
    table.add_row("only with the first", str(len(difference["only_here"])))
    table.add_row("only with the second", str(len(difference["only_compared"])))
    console.print(table)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
