"""Run every benchmark and record it with its date: ``python -m benchmarks [--tests REPORT.xml] [--json FILE]``.

A figure is what one run on this machine gave, with what the machine was. Machines are shared: read ratios, and read
single figures as an order of magnitude. Nothing here is a gate. *--json* writes one object: the date, the machine,
every part's figures under its name, and beside them those that others ask for (``HEADLINES``), null where not measured.
"""

import json
import os
import platform
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from vitals.clock import SystemClock, iso

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "benchmarks.md"
MARK = "<!-- newest first: written by python -m benchmarks -->"
PARTS = ("first_value", "collector", "life", "alarms", "alarm_speed", "receipt_to_console", "rhythm")
USAGE = "usage: python -m benchmarks [--tests REPORT.xml] [--json FILE]; one part: python -m benchmarks.PART"
HEADLINES = {"alarm_observations_per_s": "alarm_speed", "receipt_to_console_p99_ms": "receipt_to_console"}
"""Figures by the part that measures them."""


def main(arguments: list[str]) -> int:
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if len(arguments) % 2 or not options.keys() <= {"--tests", "--json"}:
        print(USAGE, file=sys.stderr)
        return 2
    report = Path(options["--tests"]) if "--tests" in options else None
    now = iso(SystemClock().utc_ms())
    lines = [f"## {now[:10]} {now[11:16]} UTC", "", f"Machine: {machine()}", ""]
    if report is not None:
        lines += [tests(report), ""]
    found: dict[str, dict[str, object]] = {}
    for part in PARTS:
        print(f"benchmarks.{part} ...", file=sys.stderr, flush=True)
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{part}"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if run.returncode:
            lines += [f"`{part}` failed: {run.stderr[-300:]}", ""]
            continue
        found[part] = json.loads(run.stdout[run.stdout.index("{") :])
        lines += [f"### {part.replace('_', ' ')}", "", "| figure | value |", "|---|---|", *rows(found[part]), ""]
    head, _, rest = RESULTS.read_text().partition(MARK)
    RESULTS.write_text(head + MARK + "\n\n" + "\n".join(lines) + rest)
    print("\n".join(lines))
    if "--json" in options:
        heads = {name: found.get(part, {}).get(name) for name, part in HEADLINES.items()}
        whole = {"at": now, "machine": machine(), **heads, **found}
        Path(options["--json"]).write_text(json.dumps(whole, indent=2) + "\n")
    return 0 if len(found) == len(PARTS) else 1


def machine() -> str:
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.machine()}, Python {platform.python_version()}"


def tests(report: Path) -> str:
    """One line about a long run of the tests, from pytest's own report."""
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - our own file
    total = {
        name: sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    }
    seconds = sum(float(suite.get("time", 0)) for suite in suites)
    return (
        f"`make test-long`: {total['tests']} tests, {total['failures'] + total['errors']} failed, "
        f"{total['skipped']} skipped, {seconds:.0f} s (full counts: 30 kills of each part on each broker)."
    )


def rows(figures: dict[str, object], prefix: str = "") -> list[str]:
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines += rows(value, f"{prefix}{name} ")
        else:
            lines.append(f"| {prefix}{name} | {value} |")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
