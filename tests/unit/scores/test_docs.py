"""What docs/scores.md says is what the code does."""

from pathlib import Path

import pytest

from vitals.alarms import profile as profiles
from vitals.alarms.limits import Priority
from vitals.alarms.score_rule import ScoreRule
from vitals.delays import Delays
from vitals.scores import configured, news2, qsofa
from vitals.scores.findings import DEFAULT_AGE_LIMITS, entered
from vitals.scores.scoring import score
from vitals.scores.table import Bands, Row, Table

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "scores.md").read_text("utf-8")


def shown(bands: Bands, step: float) -> str:
    """``≤ 8: 3, 9 to 11: 1, ≥ 25: 3``."""
    said, low = [], None
    for band in bands:
        above = "" if low is None else f"{low:g}"
        if band.up_to is None:
            span = f"≥ {above}"
        else:
            span = f"{above} to {band.up_to:g}" if above else f"≤ {band.up_to:g}"
            low = band.up_to + step
        said.append(f"{span}: {band.points}")
    return ", ".join(said)


def lines(row: Row, scale: int | None) -> list[str]:
    if row.choices:
        return [f"| {row.parameter} | {', '.join(f'{word}: {points}' for word, points in row.choices.items())} |"]
    if row.scales:
        return [f"| {row.parameter}, scale {scale}, {w} | {shown(b, row.step)} |" for w, b in row.scales.items()]
    name = f"{row.parameter}, scale {scale}" if row.parameter == "spo2" else row.parameter
    return [f"| {name} | {shown(row.bands, row.step)} |"]


@pytest.mark.parametrize(
    "table", [*news2.TABLES.values(), qsofa.TABLE], ids=lambda table: f"{table.name}-{table.scale}"
)
def test_the_documented_table_is_the_one_that_scores(table: Table) -> None:
    for row in table.rows:
        for line in lines(row, table.scale):
            assert line in PAGE.splitlines()


def test_the_documented_responses_are_those_of_news2() -> None:
    for each in news2.RESPONSES:
        start = f"a total of {each.total}" if each.single is None else f"{each.single} in a single parameter"
        assert f"| {each.name} | {start} | {each.action} |" in PAGE.splitlines()


def test_the_documented_ages_are_the_defaults() -> None:
    assert f"| {DEFAULT_AGE_LIMITS.streamed_s:g} s, as long as" in PAGE
    assert f"(blood pressure, temperature) | {DEFAULT_AGE_LIMITS.episodic_s / 3600:g} h |" in PAGE
    assert f"entered by a person | {DEFAULT_AGE_LIMITS.entered_s / 3600:g} h |" in PAGE


def test_the_documented_times_of_a_live_score_are_the_defaults() -> None:
    rule = ScoreRule()
    assert f"the median of the last {rule.window_s:g} s (`window_s`), and not before {rule.window_s / 2:g} s" in PAGE
    assert f"known again and no trigger is reached: {rule.clear_s:g} s later (`clear_s`)" in PAGE
    assert f"Inputs are sampled every {Delays().score_pace_s:g} s" in PAGE


def test_the_example_of_a_prescription_can_be_prescribed() -> None:
    text = PAGE.split("## As a live alarm")[1].split("```toml\n")[1].split("```")[0]
    scores = profiles.prescribe(profiles.built_in("adult"), text).scores
    assert set(scores) == {"news2", "qsofa", "mews"}
    assert scores["mews"] == ScoreRule(priorities={"call": Priority.HIGH})


def test_the_example_is_a_table_that_scores() -> None:
    table = configured.parse(PAGE.split("## A table of your own")[1].split("```toml\n")[1].split("```")[0])
    values: dict[str, float | str] = {
        "systolic": 95,
        "pulse": 115,
        "respiratory_rate": 24,
        "temperature": 38.5,
        "consciousness": "V",
    }
    result = score(table, [entered(name, value, 0) for name, value in values.items()], 0)
    assert [part.points for part in result.parts] == [1, 2, 2, 2, 1]
    assert result.total == 8
    assert result.response is not None
    assert result.response.name == "call"
    assert table.most == 14


def test_the_page_says_that_it_never_replaces_judgement() -> None:
    assert "supports clinical judgement and never\nreplaces it" in PAGE
