"""``vitals alarms replay --patient``: what the stores of a server hold, through a proposed profile."""

import json as json_module
import sys
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from vitals.alarms.limits import RATES, Side
from vitals.cli.entry import Exit
from vitals.cli.stored import Stored
from vitals.cli.waiting import waiting
from vitals.clock import SystemClock
from vitals.codes import BY_LABEL, CODES
from vitals.collector.profiles import load_profile
from vitals.errors import ConfigurationError
from vitals.observation import GenerationMode
from vitals.registry import Patient
from vitals.retrospect.house import opened
from vitals.retrospect.look import Findings, House, Proposal, look_back
from vitals.retrospect.period import at, period
from vitals.retrospect.team import Line, line, tell_team
from vitals.retrospect.telling import tell

ALL: Final = "all"


def replay_stored(asked: Stored, profile: str, *, json: bool) -> int:
    """Look back at one patient or at all of them, and print it.

    Raises:
        ConfigurationError: the configuration, the patient, the period or the profile cannot be used.
        VitalsError: there is no such patient, or a store cannot be read.
    """
    proposal = Proposal(load_profile(profile), asked.keep_prescribed)
    if asked.patient == ALL and asked.picture is not None:
        raise ConfigurationError("--picture shows one patient: name one with --patient")
    picture = None if asked.picture is None else _painter(asked.picture)
    with opened(asked.config) as house:
        if asked.patient == ALL:
            return _team(house, asked, proposal, json=json)
        assert asked.patient is not None
        found = _look(house, house.history.patient(asked.patient), asked, proposal)
    if picture is not None:
        picture(found)
    if json:
        print(json_module.dumps(tell(found)))
    else:
        _show(Console(highlight=False), found)
    for note in found.notes:
        print(f"vitals: {note}", file=sys.stderr)
    return Exit.DONE


def _painter(path: Path) -> Any:  # noqa: ANN401 - a function of the library that may not be there
    """What writes a picture to *path*, found out before the work begins."""
    if path.suffix not in {".png", ".svg"}:
        raise ConfigurationError(f"--picture {path} must end in .png or .svg")
    if not path.parent.is_dir():
        raise ConfigurationError(f"--picture {path}: there is no folder {path.parent}")
    try:
        from vitals.retrospect.picture import paint  # noqa: PLC0415 - matplotlib is an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'openvitals[report]'") from None
    return lambda found: path.write_bytes(paint(found, path.suffix.removeprefix(".")))


def _look(house: House, patient: Patient, asked: Stored, proposal: Proposal) -> Findings:
    within = period(asked.from_, asked.to, patient.time_zone, SystemClock().utc_ms())
    with waiting(f"replaying {patient.id}") as bar:
        return look_back(house, patient, within, proposal, bar)


def _team(house: House, asked: Stored, proposal: Proposal, *, json: bool) -> int:
    lines = [line(_look(house, patient, asked, proposal)) for patient in house.history.patients()]
    if not lines:
        raise ConfigurationError("nobody is enrolled: there is nothing to look back at")
    told = {"mode": house.reader.mode.label, **tell_team(lines)}
    if json:
        print(json_module.dumps(told))
    else:
        _show_team(Console(highlight=False), proposal.profile.name, lines, told)
    return Exit.DONE


# What is printed


def _show(console: Console, found: Findings) -> None:
    told = tell(found)
    zone = ZoneInfo(found.patient.time_zone)
    begins, ends = (at(ms, zone).strftime("%Y-%m-%d %H:%M") for ms in (found.period.from_ms, found.period.to_ms))
    if found.mode is not GenerationMode.REAL:
        _line(console, f"{found.mode.label.upper()}: simulated sensors, no patient")
    _line(console, f"{found.patient.id} from {begins} to {ends} ({found.patient.time_zone}), proposed: {found.name}")
    rows = episodes_of(told)
    if rows:
        console.print(_episodes(rows, found, zone))
    baseline = told["baseline"]
    summary = Table(show_header=True)
    for heading in ("", "alarms", "per patient-day", "in alarm"):
        summary.add_column(heading, justify="left" if not heading else "right")
    summary.add_row(f"proposed: {found.name}", *_numbers(told))
    summary.add_row(f"in force then: {', '.join(found.names)}", *_numbers(baseline))
    summary.add_row("recorded then", *_numbers(baseline["recorded"]))
    summary.add_row("proposed less in force", *_numbers(told["difference"], signed=True))
    console.print(summary)
    _show_rest(console, found, told)


def _show_rest(console: Console, found: Findings, told: dict[str, Any]) -> None:
    hours = found.seconds / 3600
    _line(console, f"Monitored {hours:.2f} h of {found.period.length_ms / 3_600_000:.2f} h.")
    missing = ", ".join(f"{reason} {_time(seconds)}" for reason, seconds in found.missing_s.items())
    if missing:
        _line(console, f"MISSING: {missing}")
    technical = told["technical"]
    if technical["episodes"]:
        counts: dict[str, int] = {}
        for each in technical["episodes"]:
            counts[each["condition"]] = counts.get(each["condition"], 0) + 1
        said = ", ".join(
            f"{condition.replace('_', ' ')} {count} ({_time(technical['seconds_in_alarm'][condition])})"
            for condition, count in sorted(counts.items())
        )
        _line(console, f"Technical alarms: {said}")
    if found.missed:
        _line(console, f"Found late then, and listed as missed: {len(found.missed)}")


def episodes_of(told: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    """Every episode once, in order of time: where it is, the episode, and how much later it alarms."""
    difference = told["difference"]
    rows = [("only proposed", each, "") for each in difference["only_proposed"]]
    rows += [("only then", each, "") for each in difference["only_then"]]
    for pair in difference["both"]:
        delay = "same alarm" if pair["delay_s"] is None else f"{pair['delay_s']:+g} s"
        rows.append(("both", pair["proposed"], delay))
    return sorted(rows, key=lambda row: (row[1]["alarm_at"], row[1]["metric"]))


def _episodes(rows: list[tuple[str, dict[str, Any], str]], found: Findings, zone: ZoneInfo) -> Table:
    table = Table(padding=(0, 0), pad_edge=False)
    for heading in ("", "metric", "priority"):
        table.add_column(heading, no_wrap=True)
    for heading in ("limit", "worst", "alarm", "lasts", "later"):
        table.add_column(heading, justify="right", no_wrap=True)
    for where, each, delay in rows:
        code = CODES[BY_LABEL[each["metric"]]]
        alarm_ms = found.period.from_ms + round(each["alarm_at"] * 1000)
        table.add_row(
            where,
            f"{code.display} {code.ucum}",
            each["priority"],
            beyond(each),
            f"{each['worst']:g}",
            at(alarm_ms, zone).strftime("%m-%d %H:%M:%S"),
            "on" if each["end"] is None else _time(each["end"] - each["alarm_at"]),
            delay,
        )
    return table


def beyond(each: dict[str, Any]) -> str:
    """``< 90``, ``mean 10 s < 90`` or ``falls 4 in 60 s``."""
    side, over_s = each["side"], each.get("over_s")
    if side in RATES:
        return f"{side} {each['limit']:g} in {over_s:g} s"
    mean = "" if over_s is None else f"mean {over_s:g} s "
    return f"{mean}{'<' if side == Side.LOW else '>'} {each['limit']:g}"


def _numbers(told: dict[str, Any], *, signed: bool = False) -> tuple[str, str, str]:
    count = told["episodes"] if isinstance(told["episodes"], int) else len(told["episodes"])
    rate = told["alarms_per_patient_day"]
    seconds = told["seconds_in_alarm"]
    if signed:
        return (
            f"{count:+d}",
            "--" if rate is None else f"{rate:+g}",
            ("-" if seconds < 0 else "+") + _time(abs(seconds)),
        )
    return str(count), "--" if rate is None else f"{rate:g}", _time(seconds)


def _show_team(console: Console, name: str, lines: list[Line], told: dict[str, Any]) -> None:
    if told["mode"] != GenerationMode.REAL.label:
        _line(console, f"{told['mode'].upper()}: simulated sensors, no patient")
    table = Table(title=f"Alarms per patient-day, proposed: {name}", title_justify="left")
    table.add_column("patient")
    for heading in ("hours", "recorded", "in force", "proposed", "lost", "added"):
        table.add_column(heading, justify="right")
    for row in told["patients"]:
        table.add_row(
            row["patient"],
            f"{row['seconds'] / 3600:.2f}",
            *(_rate(row[key]) for key in ("recorded_per_patient_day", "baseline_per_patient_day")),
            _rate(row["alarms_per_patient_day"]),
            str(row["lost"]),
            str(row["added"]),
        )
    console.print(table)
    for key, words in (("recorded", "recorded"), ("baseline", "in force then"), ("proposed", f"proposed: {name}")):
        part = told[key]
        few, share = part["top_tenth"]["patients"], part["top_tenth"]["share"]
        tenth = "" if share is None else f"; the top tenth ({few} of {len(lines)}) makes {100 * share:.0f} %"
        _line(
            console,
            f"{words}: {part['episodes']} alarms, {_rate(part['alarms_per_patient_day'])} per patient-day{tenth}",
        )


def _rate(rate: float | None) -> str:
    return "--" if rate is None else f"{rate:g}"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d} h" if whole >= 3600 else f"{whole / 60:.1f} min"


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
