"""A site's own score tables in the server's file, and a profile that prescribes what there is not."""

from pathlib import Path

import pytest

from vitals.alarms import profile as profiles
from vitals.collector.config import load
from vitals.collector.scoretables import load_tables, require_scores
from vitals.errors import ConfigurationError
from vitals.registry import Plan
from vitals.registry.entities import require_plan

TABLE = """name = "Worry"
source = "this site"
[worry]
entered = true
points = { no = 0, yes = 2 }
[[response]]
name = "routine"
total = 0
[[response]]
name = "call"
total = 2
"""


def test_a_table_lies_beside_the_server_s_file(tmp_path: Path) -> None:
    (tmp_path / "worry.toml").write_text(TABLE)
    (tmp_path / "server.toml").write_text('mode = "test"\n[scores]\nworry = "worry.toml"\n')
    tables = load_tables(load(tmp_path / "server.toml").scores)
    assert tables["worry"].name == "Worry"
    profile = profiles.prescribe(profiles.built_in("adult"), "[scores]\nworry = {}\nnews2 = {}\n")
    require_scores(profile, tables)
    with pytest.raises(ConfigurationError, match="profile adult: score worry is not known"):
        require_scores(profile, {})


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("news2", TABLE, "scores.news2: a table of your own needs another name"),
        ("My MEWS", TABLE, "needs another name"),
        ("worry", "name = 1", "worry.toml: score table"),
        ("worry", None, "scores.worry: .* cannot be read"),
    ],
)
def test_one_that_cannot_be_used_is_named(tmp_path: Path, name: str, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / "worry.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=why):
        load_tables({name: tmp_path / "worry.toml"})


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ("[scores]\nqsofa = { spo2_scale = 2 }", "qsofa has no SpO2 scales"),
        ('[scores]\nnews2 = { priorities = { severe = "high" } }', "news2 has no response 'severe'"),
        ('[scores]\nnews2 = { priorities = { low = "high" } }', "news2 has no response 'low' that could alarm"),
    ],
)
def test_a_plan_that_prescribes_what_no_score_has_is_refused(limits: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        require_plan(Plan(prescribed={"spo2": []}, limits=limits))
