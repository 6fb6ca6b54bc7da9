"""``vitals rhythm`` as a technician types it."""

import json
from itertools import accumulate
from pathlib import Path

import cyclopts
import pytest
from tests.unit.rhythm import rows

from vitals.cli.entry import Exit, run
from vitals.cli.rhythm import rhythm


def vitals(*tokens: str) -> int:
    app = cyclopts.App(name="vitals")
    app.command(rhythm)
    return run(app, ["rhythm", *tokens])


def written(path: Path, row: list[float], start_s: float = 0, header: str = "t,rr_ms") -> Path:
    times = accumulate((rr_ms / 1000 for rr_ms in row), initial=start_s)
    next(times)
    lines = [f"{t:.3f},{rr_ms:.0f}" for t, rr_ms in zip(times, row, strict=True)]
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "beats.csv"


def test_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(file, rows.steady(200) + rows.fibrillating(200) + rows.steady(200, seed=9), start_s=1000)
    assert vitals(str(file), "--json") == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"af", "unanalysable"}
    [[start, end]] = found["af"]
    onset, offset = 1000 + sum(rows.steady(200)) / 1000, 1000 + sum(rows.steady(200) + rows.fibrillating(200)) / 1000
    assert onset < start < onset + 40
    assert offset < end < offset + 40
    [[begin, learnt]] = found["unanalysable"]
    assert begin < 1001
    assert learnt < 1020


def test_no_fibrillation_across_a_gap(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(file, rows.fibrillating(200))
    last_s = float(file.read_text().splitlines()[-1].split(",")[0])
    after = written(file.with_name("after.csv"), rows.fibrillating(200, seed=8), start_s=last_s + 60)
    file.write_text(file.read_text() + after.read_text().partition("\n")[2])
    assert vitals(str(file), "--json") == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    before_gap, after_gap = found["af"]
    assert before_gap[1] == last_s
    assert after_gap[0] > last_s + 60
    assert found["unanalysable"][-1] == [last_s, after_gap[0]]


def test_what_a_longer_file_says_begins_like_the_shorter(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = rows.steady(100) + rows.fibrillating(100) + rows.noise(60) + rows.fibrillating(100, seed=7)
    written(file, row)
    vitals(str(file), "--json")
    whole = json.loads(capsys.readouterr().out)
    for count in range(20, len(row), 23):
        written(file, row[:count])
        vitals(str(file), "--json")
        part = json.loads(capsys.readouterr().out)
        for name, stretches in part.items():
            assert [start for start, _ in stretches] == [start for start, _ in whole[name][: len(stretches)]]


def test_rates(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(file, [800.0] * 50 + [400.0] * 50 + [800.0] * 50 + [1500.0] * 50)
    assert vitals(str(file), "--rate", "--json") == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["af"] == []
    [[fast, fast_end]] = found["tachycardia"]
    [[slow, slow_end]] = found["bradycardia"]
    assert 40 < fast < 44
    assert 60 < fast_end < 65
    assert 100 < slow < 112
    assert slow_end == 175


def test_readable_lines(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(file, [800.0] * 50)
    assert vitals(str(file)) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "50 beats in 39.2 s",
        "atrial fibrillation: 0.0 s",
        "unanalysable: 8.8 s",
        "  0.800 to 9.600 s",
        "Judged from intervals alone; a rhythm is diagnosed from an electrocardiogram.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\ufefft,rr_ms\n0.8,800\n",
        "rr_ms, note ,t\n800,x,0.8\n",
        "t,rr_ms\n0.8,800\n\n1.6\n2.4,\n3.2,nan\n3.2,-20\n",
        "t,rr_ms\r\n-0.02,-20\r\n0.8,8e2\r\n",
    ],
    ids=["byte-order mark", "other columns", "no interval", "before the start"],
)
def test_what_recorders_leave_behind_is_read(text: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(text, encoding="utf-8", newline="")
    assert vitals(str(file), "--json") == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["af"] == []
    assert len(found["unanalysable"]) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FILE is empty; it needs the columns t (seconds) and rr_ms"),
        ("\n", "FILE is empty; it needs the columns t (seconds) and rr_ms"),
        ("t,rr_ms\n", "FILE has no beats: no row follows the header"),
        ("t,rr\n0.8,800\n", "FILE has no column 'rr_ms'; there are t, rr"),
        ("0.8,800\n", "FILE has no column 't'; there are 0.8, 800"),
        ("t,rr_ms\n0.8,800\n1.6,fast\n", "FILE line 3: rr_ms 'fast' is no number of milliseconds"),
        ("t,rr_ms\nnoon,800\n", "FILE line 2: t 'noon' is no number of seconds"),
        ("t,rr_ms\n,800\n", "FILE line 2: t '' is no number of seconds"),
        ("t,rr_ms\ninf,800\n", "FILE line 2: t 'inf' is no number of seconds"),
        ("t,rr_ms\n1.6,800\n0.8,800\n", "FILE line 3: t goes back from 1.6 to 0.8; sort the file by t"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    text: str, message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(text, encoding="utf-8")
    assert vitals(str(file), "--json") == Exit.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"vitals: {message.replace('FILE', str(file))}\n"


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vitals(str(tmp_path / "none.csv")) == Exit.USAGE
    assert capsys.readouterr().err == f"vitals: cannot read {tmp_path / 'none.csv'}: No such file or directory\n"
