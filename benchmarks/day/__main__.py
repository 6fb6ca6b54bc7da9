"""Run a day and print what came of it: ``python -m benchmarks.day --patients 200 --hours 24 --seed 7``."""

import argparse
import json
import os
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.day import figures, report
from benchmarks.day.ward import LOWER, Setting, live

from vitals.alarms.profile import Profile, built_in, parse
from vitals.errors import VitalsError

WARD: Final = 50
"""Patients of a ward at most: each ward is a server of its own, in a process of its own."""
PLAIN: Final = """
name = "without delay and hysteresis"
[spo2]
hysteresis = 0
limits = [{ below = 90, delay_s = 0, priority = "medium" }, { below = 85, delay_s = 0, priority = "high" }]
[heart_rate]
hysteresis = 0
limits = [{ below = 50, delay_s = 0, priority = "medium" }, { above = 120, delay_s = 0, priority = "medium" },
          { below = 40, delay_s = 0, priority = "high" }, { above = 140, delay_s = 0, priority = "high" }]
[[override]]
between = ["22:00", "07:00"]
heart_rate.limits = [{ below = 45, delay_s = 0, priority = "medium" }]
"""
"""The adult profile's limits, each acted on at its first value."""


def main(arguments: list[str]) -> int:
    """Run it; 0 when nothing was missed and all that was told is recorded, 3 otherwise."""
    given = _parser().parse_args(arguments)
    try:
        profile = parse(PLAIN) if given.without_delays else _profile(given.profile)
    except (VitalsError, OSError) as error:
        print(f"benchmarks.day: {error}", file=sys.stderr)
        return 2
    if given.read:
        return _tell(json.loads(given.read.read_text(encoding="utf-8")), given)
    began_s = time.monotonic()
    day = run(
        given.patients,
        given.hours,
        given.seed,
        profile,
        every_second=given.every_second,
        busy=given.busy,
        processes=given.processes,
    )
    day |= {"seed": given.seed, "profile": profile.name, "took_s": round(time.monotonic() - began_s)}
    return _tell(day, given)


def run(
    patients: int,
    hours: float,
    seed: int,
    profile: Profile,
    *,
    every_second: bool = False,
    busy: float = 1.0,
    processes: int | None = None,
) -> dict[str, Any]:
    """The figures of a day, its wards side by side on the cores there are."""
    lower = re.sub(r"hysteresis = 2|delay_s = \d+", _none, LOWER) if profile.name == parse(PLAIN).name else LOWER
    settings = [
        Setting(
            seed=seed,
            ward=number,
            patients=min(WARD, patients - number * WARD),
            hours=hours,
            profile=profile,
            lower=lower,
            every_second=every_second,
            busy=busy,
        )
        for number in range(-(-patients // WARD))
    ]
    if len(settings) == 1:
        return figures.of_day([_ward(settings[0])])
    with ProcessPoolExecutor(max_workers=processes or os.cpu_count()) as pool:
        return figures.of_day(list(pool.map(_ward, settings)))


def _tell(day: dict[str, Any], given: argparse.Namespace) -> int:
    print(json.dumps(day, indent=2) if given.json else report.text(day))
    if given.write:
        report.write(day)
    return 3 if day["missed"] or day["told_but_not_recorded_in_order"] else 0


def _ward(setting: Setting) -> figures.Ward:
    return figures.of_ward(live(setting))


def _none(found: re.Match[str]) -> str:
    return f"{found.group().partition(' = ')[0]} = 0"


def _profile(path: str) -> Profile:
    return parse(Path(path).read_text(encoding="utf-8")) if path else built_in("adult")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument("--patients", type=_at_least_one, default=200)
    parser.add_argument("--hours", type=_at_most_a_day, default=24.0)
    parser.add_argument("--seed", type=int, default=7)
    profile = parser.add_mutually_exclusive_group()
    profile.add_argument("--profile", default="", help="a TOML file; the adult profile by default")
    profile.add_argument("--without-delays", action="store_true", help="the adult limits, no delay, no hysteresis")
    parser.add_argument("--every-second", action="store_true", help="send quiet seconds too: five times as slow")
    parser.add_argument("--busy", type=float, default=1.0, help="so many times as many events and outages")
    parser.add_argument("--processes", type=_at_least_one, default=os.cpu_count(), help="wards that run at a time")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--read", type=Path, metavar="FILE", help="print the tables of what --json printed before")
    parser.add_argument("--write", action="store_true", help="write the result into docs/day.md")
    return parser


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} patients: at least one")
    return value


def _at_most_a_day(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 24:
        raise argparse.ArgumentTypeError(f"{text} hours: from 0.1 to 24")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
