"""The aims on recorded hearts: what is scored was not what the thresholds were fixed on."""

import json
import re
from pathlib import Path

import cyclopts
import pytest
from benchmarks.rhythm import (
    FIXED_ON,
    PAGE,
    Record,
    afdb,
    fix,
    flagged,
    listen,
    pooled,
    score,
    score_all,
    strips,
    together,
    verdicts,
)
from tests.counts import full
from tests.peers import recorded_data

from vitals.cli.entry import Exit, run
from vitals.cli.rhythm import rhythm
from vitals.rhythm.fibrillation import SHIPPED

QUICK = ("04908", "08434")
"""Two of the seven records that are scored; `make test-long` and docs/rhythm.md have all."""


@pytest.fixture(scope="module")
def data() -> Path:
    return recorded_data()


def test_the_aims_on_records_that_the_thresholds_were_not_fixed_on(data: Path) -> None:
    assert not set(QUICK) & set(FIXED_ON)
    records = [record for record in afdb(data, () if full() else QUICK) if record.name not in FIXED_ON]
    assert len(records) == (7 if full() else 2)
    counts = together(score(record, verdicts(listen(record), SHIPPED)) for record in records)
    assert counts.sensitivity >= 0.96
    assert counts.specificity >= 0.97
    assert counts.unanalysed <= 0.05


@pytest.mark.skipif(not full(), reason="all records with all thresholds: VITALS_COUNTS=full")
def test_thresholds_fixed_on_either_half_hold_on_the_other(data: Path) -> None:
    scored, _ = score_all(afdb(data))
    rest = [name for name in scored if name not in FIXED_ON]
    assert fix(scored, FIXED_ON) == SHIPPED
    for left, on in ((rest, FIXED_ON), (FIXED_ON, rest)):
        counts = pooled(scored, left, fix(scored, on))
        assert counts.sensitivity >= 0.96
        assert counts.specificity >= 0.97
    assert pooled(scored, scored, SHIPPED).unanalysed <= 0.05


def test_noisy_strips_are_seldom_flagged_and_fibrillation_mostly(data: Path) -> None:
    found = strips(data)
    marked = flagged(found if full() else {label: found[label] for label in ("~", "A")})
    noisy, flagged_noisy, _ = marked["~"]
    strips_of_af, flagged_af, _ = marked["A"]
    assert noisy > 100
    assert flagged_noisy <= 0.20 * noisy
    assert flagged_af >= 0.70 * strips_of_af
    if full():
        normal, flagged_normal, _ = marked["N"]
        assert flagged_normal <= 0.10 * normal


def test_the_command_says_what_the_detector_says(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [record] = afdb(data, ("08434",), beats=13_000)
    file = tmp_path / "record.csv"
    beats = zip(record.at_s, record.rr_ms, strict=True)
    file.write_text("t,rr_ms\n" + "".join(f"{at_s:.3f},{rr_ms:.1f}\n" for at_s, rr_ms in beats))
    app = cyclopts.App(name="vitals")
    app.command(rhythm)
    assert run(app, ["rhythm", str(file), "--json"]) == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert covered(record, found["af"]) == said(record, {"fibrillation"})
    assert covered(record, found["unanalysable"]) == said(record, {"learning", "unanalysable"})


def covered(record: Record, stretches: list[list[float]]) -> list[float]:
    """Beats within half-open stretches; the last beat of all belongs to the stretch that it ends."""
    last = record.at_s[-1]
    return [at_s for at_s in record.at_s if any(start <= at_s < end or at_s == end == last for start, end in stretches)]


def said(record: Record, names: set[str]) -> list[float]:
    found = zip(record.at_s, verdicts(listen(record), SHIPPED), strict=True)
    return [at_s for at_s, verdict in found if verdict in names]


def test_the_page_is_of_the_thresholds_that_are_shipped() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"begins at {SHIPPED.onset:.2f}, ends below {SHIPPED.offset:.2f}" in page
    assert f"thresholds as shipped, {SHIPPED.onset:.2f} and {SHIPPED.offset:.2f}." in page
    rows = re.findall(r"^\| (\d{5}) \| \d+ \| \d+ \|", page, re.MULTILINE)
    assert len(rows) == len(set(rows)) == 15
    assert set(FIXED_ON) < set(rows)
