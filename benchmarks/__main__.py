"""Run every benchmark and record it with its date: ``python -m benchmarks [--tests REPORT.xml]``.

A figure is what one run on this machine gave, with what the machine was. Machines are shared: read ratios, and read
single figures as an order of magnitude. Nothing here is a gate.
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
PARTS = ("first_value", "collector", "life", "alarms", "rhythm")


def main(arguments: list[str]) -> int:
    if arguments and (arguments[0] != "--tests" or len(arguments) != 2):
        print("usage: python -m benchmarks [--tests REPORT.xml]; one part: python -m benchmarks.PART", file=sys.stderr)
        return 2
    report = Path(arguments[1]) if arguments else None
    now = iso(SystemClock().utc_ms())
    lines = [f"## {now[:10]} {now[11:16]} UTC", "", f"Machine: {machine()}", ""]
    if report is not None:
        lines += [tests(report), ""]
    failed = 0
    for part in PARTS:
        print(f"benchmarks.{part} ...", file=sys.stderr, flush=True)
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{part}"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        failed += run.returncode != 0
        lines += table(part, run.stdout) if run.returncode == 0 else [f"`{part}` failed: {run.stderr[-300:]}", ""]
    head, _, rest = RESULTS.read_text().partition(MARK)
    RESULTS.write_text(head + MARK + "\n\n" + "\n".join(lines) + rest)
    print("\n".join(lines))
    return 1 if failed else 0


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


def table(part: str, output: str) -> list[str]:
    figures = json.loads(output[output.index("{") :])
    return [f"### {part.replace('_', ' ')}", "", "| figure | value |", "|---|---|", *rows(figures), ""]


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
