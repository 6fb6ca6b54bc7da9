"""``vitals score`` as somebody types it."""

import json
from pathlib import Path
from typing import Any

import cyclopts
import pytest

from vitals.cli.entry import Exit, run
from vitals.cli.score import score

COMPLETE = (
    *("--respiratory-rate", "22", "--spo2", "93", "--air", "--systolic", "108"),
    *("--pulse", "112", "--consciousness", "a", "--temperature", "38.4"),
)


def vitals(*tokens: str) -> int:
    app = cyclopts.App(name="vitals")
    app.command(score)
    return run(app, ["score", *tokens])


def said(capsys: pytest.CaptureFixture[str], *tokens: str) -> dict[str, Any]:
    assert vitals(*tokens, "--json") == Exit.DONE
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_a_complete_set(capsys: pytest.CaptureFixture[str]) -> None:
    answer = said(capsys, *COMPLETE)
    assert (answer["score"], answer["scale"], answer["total"], answer["at_most"]) == ("NEWS2", 1, 8, 8)
    assert answer["response"]["name"] == "high"
    assert (answer["trigger"], answer["partial"], answer["at_least"], answer["missing"]) == (True, False, False, {})
    assert {name: part["points"] for name, part in answer["parts"].items()} == {
        "respiratory_rate": 2,
        "spo2": 2,
        "oxygen": 0,
        "systolic": 1,
        "pulse": 2,
        "consciousness": 0,
        "temperature": 1,
    }
    assert answer["parts"]["spo2"] == {"value": 93.0, "points": 2, "at_most": 2, "age_s": 0.0}


def test_a_partial_set_that_reaches_a_trigger_is_at_least_that(capsys: pytest.CaptureFixture[str]) -> None:
    """S18."""
    answer = said(capsys, "--respiratory-rate", "25", "--spo2", "90")
    assert (answer["total"], answer["at_least"], answer["trigger"]) == (6, True, True)
    assert answer["response"]["name"] == "medium"
    assert set(answer["missing"]) == {"oxygen", "systolic", "pulse", "consciousness", "temperature"}
    assert vitals("--respiratory-rate", "25", "--spo2", "90") == Exit.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("NEWS2 (SpO2 scale 1): at least 6, PARTIAL: medium; ")
    assert "  systolic MISSING (not observed)" in lines
    assert "never replaces" in lines[-1]


def test_a_partial_set_below_every_trigger_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """S18."""
    answer = said(capsys, "--spo2", "98")
    assert (answer["total"], answer["at_least"], answer["response"], answer["at_most"]) == (0, False, None, 17)
    assert vitals("--spo2", "98") == Exit.DONE
    assert capsys.readouterr().out.splitlines()[0].endswith("0 so far, PARTIAL, up to 17: response unknown")


def test_scale_2_and_oxygen(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--spo2", "90", "--scale", "2")["total"] == 0
    assert said(capsys, "--spo2", "97", "--oxygen", "--scale", "2")["total"] == 5
    assert said(capsys, "--spo2", "97", "--scale", "2")["parts"]["spo2"]["at_most"] == 3


def test_a_file_with_ages_and_an_option_over_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "observed.json"
    file.write_text('{"spo2": 90, "consciousness": {"value": "V", "age_s": 14401}, "oxygen": "air"}', "utf-8")
    answer = said(capsys, str(file), "--spo2", "97")
    assert answer["missing"]["consciousness"] == "expired"
    assert answer["parts"]["spo2"]["value"] == 97
    assert answer["parts"]["oxygen"]["value"] == "air"


def test_qsofa(capsys: pytest.CaptureFixture[str]) -> None:
    answer = said(capsys, "--score", "qsofa", "--respiratory-rate", "22", "--systolic", "100")
    assert (answer["score"], answer["scale"], answer["total"], answer["at_least"]) == ("qSOFA", None, 2, True)


def test_a_table_of_ones_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, observed = tmp_path / "own.toml", tmp_path / "observed.json"
    table.write_text(
        'name = "own"\nsource = "this site"\n[worry]\nentered = true\npoints = { no = 0, yes = 2 }\n'
        '[[response]]\nname = "routine"\ntotal = 0\n[[response]]\nname = "call"\ntotal = 2\n',
        "utf-8",
    )
    observed.write_text('{"worry": "yes"}', "utf-8")
    answer = said(capsys, str(observed), "--table", str(table))
    assert (answer["score"], answer["total"], answer["response"]["name"]) == ("own", 2, "call")


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ((), "nothing to score: give observations as options, or a file of them"),
        (("--spo2", "0.97"), "spo2 0.97 is no number from 1 to 100 %"),
        (("--spo2", "nan"), "spo2 nan is no number from 1 to 100 %"),
        (("--temperature", "98.6"), "temperature 98.6 is no number from 20 to 46 Cel"),
        (("--consciousness", "X"), "consciousness 'X' is none of A, C, V, P, U"),
        (("--spo2", "93", "--scale", "3"), "NEWS2 has SpO2 scale 1 and, as prescribed for the patient, 2; not 3"),
        (("--spo2", "93", "--score", "qsofa", "--scale", "1"), "qSOFA has no SpO2: leave out --scale"),
        (("--spo2", "93", "--table", "own.toml", "--scale", "1"), "--table stands alone"),
        (("none.json",), "none.json: No such file or directory"),
        (("--spo2", "93", "--table", "none.toml"), "none.toml: No such file or directory"),
        (("--spo2", "high"), "Invalid value "),
    ],
)
def test_what_cannot_be_used_is_one_line(
    tokens: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vitals(*tokens) == Exit.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"vitals: {message}")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "Expected `object`, got `array`"),
        ("{", "Input data was truncated"),
        ('{"sop2": 93}', "'sop2' is no parameter; known are consciousness, diastolic, "),
        ('{"spo2": {"value": 93, "age": 3}}', "unknown field `age`"),
        ('{"spo2": {"value": 93, "age_s": -1}}', "spo2: its age of -1 s is below 0"),
        ('{"spo2": null}', "Expected `float | str | object`, got `null`"),
        ('{"spo2": "93"}', "spo2 '93' is no number"),
        ("{}", "nothing to score"),
        ("\xff", "is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    text: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "observed.json"
    file.write_bytes(text.encode("latin-1"))
    assert vitals(str(file)) == Exit.USAGE
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
