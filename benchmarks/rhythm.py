"""How well atrial fibrillation is found, by record, and what a beat costs: ``python -m benchmarks.rhythm [--check]``.

Writes the tables of docs/rhythm.md (``--check`` leaves the file alone) and prints one JSON object. The data is the
folder that VITALS_TEST_DATA names, ../shared/data beside the checkout by default.
"""

import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from vitals.clock import SystemClock, iso
from vitals.rhythm import rate
from vitals.rhythm.beats import Beat
from vitals.rhythm.fibrillation import SHIPPED, START, Thresholds, Verdict, decide, step

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rhythm.md"
MARKS = ("<!-- results: written by python -m benchmarks.rhythm -->", "<!-- end of results -->")

FIXED_ON = ("00735", "04048", "04746", "05121", "06453", "07859", "08215", "08455")
"""The records that the shipped thresholds were fixed on: every other one, by number. The rest is scored."""
SENSITIVITY, SPECIFICITY = 0.96, 0.97
HYSTERESIS = 0.2
EPISODE_S = 30.0
GRID = tuple(Thresholds(-hundredths / 100, -hundredths / 100 - HYSTERESIS) for hundredths in range(110, 172, 2))


class Record(NamedTuple):
    """Beats: when (s), how long since the one before (ms), and whether it is annotated as fibrillation."""

    name: str
    at_s: list[float]
    rr_ms: list[float]
    af: list[bool]


class Heard(NamedTuple):
    """What the detector knew at each beat before any threshold: averaged entropy, and whether the gate was shut."""

    entropy: list[float | None]
    shut: list[bool]


class Counts(NamedTuple):
    """Beats: fibrillation found and not, other found and not, and those of both called unanalysable."""

    tp: int = 0
    fn: int = 0
    tn: int = 0
    fp: int = 0
    unanalysable: int = 0

    @property
    def sensitivity(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 1.0

    @property
    def specificity(self) -> float:
        return self.tn / (self.tn + self.fp) if self.tn + self.fp else 1.0

    @property
    def unanalysed(self) -> float:
        return self.unanalysable / max(1, self.tp + self.fn + self.tn + self.fp)


def afdb(data: Path, names: Sequence[str] = (), *, beats: int | None = None) -> list[Record]:
    """Records of the MIT-BIH atrial fibrillation database, whole or their first *beats*."""
    rows: dict[str, list[tuple[float, str]]] = {}
    with gzip.open(data / "afdb" / "beats.csv.gz", "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            name, sample, rhythm = line.rstrip("\n").split(",")
            if not names or name in names:
                rows.setdefault(name, []).append((int(sample) / 250, rhythm))
    return [_record(name, found[: None if beats is None else beats + 1]) for name, found in rows.items()]


def _record(name: str, rows: list[tuple[float, str]]) -> Record:
    at_s = [at for at, _ in rows]
    rr_ms = [(now - before) * 1000 for before, now in pairwise(at_s)]
    return Record(name, at_s[1:], rr_ms, [rhythm == "AFIB" for _, rhythm in rows[1:]])


def strips(data: Path) -> dict[str, list[Record]]:
    """Strips of the PhysioNet/CinC Challenge 2017 by label: N normal, A fibrillation, O other, ~ noise."""
    found: dict[str, list[Record]] = {}
    with gzip.open(data / "cinc2017" / "rr.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            strip = json.loads(line)
            rr_ms = [seconds * 1000 for seconds in strip["rr_s"]]
            at_s = list(accumulate(strip["rr_s"]))
            found.setdefault(strip["label"], []).append(Record(strip["record"], at_s, rr_ms, []))
    return found


def listen(record: Record) -> Heard:
    """Run the detector over a record."""
    state = START
    entropy: list[float | None] = []
    shut: list[bool] = []
    for at_s, rr_ms in zip(record.at_s, record.rr_ms, strict=True):
        state, finding = step(state, Beat(rr_ms), at_s * 1000)
        entropy.append(finding.entropy)
        shut.append(finding.verdict is Verdict.UNANALYSABLE)
    return Heard(entropy, shut)


def verdicts(heard: Heard, thresholds: Thresholds) -> list[Verdict]:
    """What the detector says at each beat with other thresholds."""
    said: list[Verdict] = []
    fibrillating = False
    for entropy, shut in zip(heard.entropy, heard.shut, strict=True):
        verdict = decide(entropy, thresholds, shut=shut, fibrillating=fibrillating)
        fibrillating = verdict is Verdict.FIBRILLATION
        said.append(verdict)
    return said


def score(record: Record, said: Iterable[Verdict]) -> Counts:
    """Beat by beat; what is unanalysable or still being learnt counts as no fibrillation."""
    table = {(af, found): 0 for af in (True, False) for found in (True, False)}
    unanalysable = 0
    for af, verdict in zip(record.af, said, strict=True):
        table[af, verdict is Verdict.FIBRILLATION] += 1
        unanalysable += verdict in {Verdict.UNANALYSABLE, Verdict.LEARNING}
    return Counts(table[True, True], table[True, False], table[False, False], table[False, True], unanalysable)


class Episodes(NamedTuple):
    """Annotated episodes of 30 s or more, how many were found, after how long; stretches that touch no annotation."""

    annotated: int
    found: int
    delays_s: list[float]
    false: int
    hours: float


def episodes(record: Record, said: Sequence[Verdict]) -> Episodes:
    """What a nurse would count: episodes, not beats."""
    runs = stretches([verdict is Verdict.FIBRILLATION for verdict in said])
    delays_s: list[float] = []
    annotated = 0
    for begin, end in stretches(record.af):
        if record.at_s[end - 1] - record.at_s[begin] < EPISODE_S:
            continue
        annotated += 1
        touching = [max(begin, start) for start, stop in runs if start < end and stop > begin]
        delays_s += [record.at_s[place] - record.at_s[begin] for place in touching[:1]]
    false = sum(not any(record.af[start:stop]) for start, stop in runs)
    return Episodes(annotated, len(delays_s), delays_s, false, (record.at_s[-1] - record.at_s[0]) / 3600)


def stretches(marks: Sequence[bool]) -> list[tuple[int, int]]:
    """First place, and place after the last, of every run of True."""
    edges = [place for place, (before, now) in enumerate(pairwise([False, *marks, False])) if before != now]
    return list(zip(edges[::2], edges[1::2], strict=True))


def counted(found: Sequence[Episodes]) -> str:
    """One sentence about the episodes of some records."""
    annotated, hits, false = (sum(getattr(one, name) for one in found) for name in ("annotated", "found", "false"))
    delays_s = sorted(delay for one in found for delay in one.delays_s)
    days = sum(one.hours for one in found) / 24
    return (
        f"{hits} of {annotated} annotated episodes of {EPISODE_S:.0f} s or more were found, half of them within "
        f"{statistics.median(delays_s):.0f} s; {false} stretches touch no annotated fibrillation, "
        f"{false / days:.0f} a day."
    )


Scored = dict[str, dict[Thresholds, Counts]]


def together(counts: Iterable[Counts]) -> Counts:
    """The sum, beats pooled."""
    return Counts(*map(sum, zip(*counts, strict=True)))


def pooled(scored: Scored, names: Iterable[str], thresholds: Thresholds) -> Counts:
    """All beats of some records together."""
    return together(scored[name][thresholds] for name in names)


def fix(scored: Scored, names: Sequence[str]) -> Thresholds:
    """The thresholds with the greatest margin to both aims on these records."""

    def margin(thresholds: Thresholds) -> float:
        counts = pooled(scored, names, thresholds)
        return min(counts.sensitivity - SENSITIVITY, counts.specificity - SPECIFICITY)

    return max(GRID, key=margin)


def flagged(found: dict[str, list[Record]]) -> dict[str, tuple[int, int, int]]:
    """By label: strips, those with fibrillation found at any beat, those with any beat analysed."""
    out = {}
    for label, records in found.items():
        said = [set(verdicts(listen(record), SHIPPED)) for record in records]
        out[label] = (
            len(records),
            sum(Verdict.FIBRILLATION in one for one in said),
            sum(not one <= {Verdict.UNANALYSABLE, Verdict.LEARNING} for one in said),
        )
    return out


def cost_us(record: Record, beats: int = 10_000) -> dict[str, float]:
    """Microseconds of processor time a beat, of each detector; the best of three runs."""
    given = list(zip(record.at_s[:beats], record.rr_ms[:beats], strict=True))

    def fibrillation() -> None:
        state = START
        for at_s, rr_ms in given:
            state, _ = step(state, Beat(rr_ms), at_s * 1000)

    def rates() -> None:
        state = rate.START
        for at_s, rr_ms in given:
            state, _ = rate.step(state, Beat(rr_ms), at_s * 1000)

    best = {}
    for run in (fibrillation, rates):
        spent = []
        for _ in range(3):
            begin = time.process_time()
            run()
            spent.append(time.process_time() - begin)
        best[run.__name__] = round(min(spent) / len(given) * 1e6, 1)
    return best


def percent(share: float) -> str:
    return f"{100 * share:.2f}"


def row(name: str, counts: Counts) -> str:
    af, other = counts.tp + counts.fn, counts.tn + counts.fp
    sensitivity = percent(counts.sensitivity) if af else "-"
    specificity = percent(counts.specificity) if other else "-"
    return f"| {name} | {af} | {other} | {sensitivity} | {specificity} | {percent(counts.unanalysed)} |"


def tables(
    scored: Scored,
    found: dict[str, Episodes],
    marked: dict[str, tuple[int, int, int]],
    cost: dict[str, float],
) -> str:
    """The part of the page that a run writes."""
    names = sorted(scored)
    scored_on = [name for name in names if name not in FIXED_ON]
    head = [
        "| record | AF beats | other beats | sensitivity % | specificity % | unanalysable % |",
        "|---|---|---|---|---|---|",
    ]
    today, thresholds = iso(SystemClock().utc_ms())[:10], f"{SHIPPED.onset:.2f} and {SHIPPED.offset:.2f}"
    lines = [
        f"Run of {today}: `python -m benchmarks.rhythm`; thresholds as shipped, {thresholds}.",
        "",
        "### Records that the thresholds were not fixed on",
        "",
        *head,
        *(row(name, scored[name][SHIPPED]) for name in scored_on),
        row("**pooled**", pooled(scored, scored_on, SHIPPED)),
        "",
        "### Records that the thresholds were fixed on",
        "",
        *head,
        *(row(name, scored[name][SHIPPED]) for name in FIXED_ON),
        row("**pooled**", pooled(scored, FIXED_ON, SHIPPED)),
        row("**all 15**", pooled(scored, names, SHIPPED)),
        "",
        "### Episodes",
        "",
        f"- Records that the thresholds were not fixed on: {counted([found[name] for name in scored_on])}",
        f"- All 15: {counted(list(found.values()))}",
        "",
        "### Thresholds fixed again, scored on records left out",
        "",
        *folds(scored, names, scored_on),
        "",
        "### Strips",
        "",
        "| label | strips | flagged | flagged % | analysed % |",
        "|---|---|---|---|---|",
        *(
            f"| {label} {STRIPS[label]} | {count} | {seen} | {percent(seen / count)} | {percent(analysed / count)} |"
            for label, (count, seen, analysed) in sorted(marked.items())
        ),
        "",
        "### Cost",
        "",
        *(f"- {name}: {us} µs of processor time a beat" for name, us in cost.items()),
    ]
    return "\n".join(lines)


STRIPS = {"N": "normal", "A": "fibrillation", "O": "other", "~": "noisy"}


def folds(scored: Scored, names: Sequence[str], scored_on: Sequence[str]) -> list[str]:
    """Two halves, each scored with what was fixed on the other, and every record left out in turn."""
    lines = [
        "| left out and scored | fixed on | onset | sensitivity % | specificity % |",
        "|---|---|---|---|---|",
    ]
    halves: list[Counts] = []
    for left, on in ((scored_on, list(FIXED_ON)), (list(FIXED_ON), scored_on)):
        lines.append(fold(scored, left, on, f"the {len(left)} {'first' if left is scored_on else 'second'} above"))
        halves.append(pooled(scored, left, fix(scored, on)))
    lines.append(summed("both halves", halves))
    single: list[Counts] = []
    for name in names:
        on = [other for other in names if other != name]
        lines.append(fold(scored, [name], on, name))
        single.append(scored[name][fix(scored, on)])
    return [*lines, summed("each record", single)]


def summed(name: str, parts: Iterable[Counts]) -> str:
    counts = together(parts)
    return f"| **{name}, pooled** | | | {percent(counts.sensitivity)} | {percent(counts.specificity)} |"


def fold(scored: Scored, left: Sequence[str], on: Sequence[str], name: str) -> str:
    thresholds = fix(scored, on)
    counts = pooled(scored, left, thresholds)
    sensitivity = percent(counts.sensitivity) if counts.tp + counts.fn else "-"
    specificity = percent(counts.specificity) if counts.tn + counts.fp else "-"
    return f"| {name} | {len(on)} others | {thresholds.onset:.2f} | {sensitivity} | {specificity} |"


def score_all(records: Iterable[Record]) -> tuple[Scored, dict[str, Episodes]]:
    """Every record with every pair of thresholds, and its episodes with the shipped; each is listened to once."""
    scored: Scored = {}
    found: dict[str, Episodes] = {}
    for record in records:
        heard = listen(record)
        scored[record.name] = {thresholds: score(record, verdicts(heard, thresholds)) for thresholds in GRID}
        found[record.name] = episodes(record, verdicts(heard, SHIPPED))
        print(record.name, file=sys.stderr, flush=True)
    return scored, found


def main(arguments: Sequence[str]) -> int:
    data = Path(os.environ.get("VITALS_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not data.is_dir():
        print(f"no recorded data at {data}: set VITALS_TEST_DATA", file=sys.stderr)
        return 1
    records = afdb(data)
    scored, found = score_all(records)
    marked, cost = flagged(strips(data)), cost_us(records[-1])
    if "--check" not in arguments:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
        _, _, tail = rest.partition(MARKS[1])
        body = "\n\n".join((MARKS[0], tables(scored, found, marked, cost), MARKS[1]))
        PAGE.write_text(head + body + tail, encoding="utf-8")
    unseen = pooled(scored, [name for name in scored if name not in FIXED_ON], SHIPPED)
    every = pooled(scored, scored, SHIPPED)
    count, noisy, _ = marked["~"]
    figures = {
        "not_fixed_on": {"sensitivity": round(unseen.sensitivity, 4), "specificity": round(unseen.specificity, 4)},
        "all": {"sensitivity": round(every.sensitivity, 4), "specificity": round(every.specificity, 4)},
        "unanalysable": round(every.unanalysed, 4),
        "noisy_strips_flagged": round(noisy / count, 4),
        "fixed_on_first_half": fix(scored, FIXED_ON).onset,
        "us_per_beat": cost,
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
