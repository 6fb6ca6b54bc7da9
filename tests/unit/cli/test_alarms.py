"""``vitals alarms replay`` as a technician types it."""

import json
from pathlib import Path

import pytest

from vitals.cli.app import app
from vitals.cli.entry import Exit, run

NARROW = 'name = "narrow"\n[spo2]\nlimits = [{ below = 95, delay_s = 5, priority = "low" }]\n'


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """992 s: below 90 from 301 s on, below 85 later, back at 377 s; four values are 0."""
    values = [97] * 301 + [88] * 20 + [78] * 2 + [84] * 40 + [89] * 10 + [91] * 4 + [97] * 611 + [0] * 4
    return written(tmp_path, "time,spo2,pulse", *(f"{at},{value},60" for at, value in enumerate(values)))


def written(folder: Path, *lines: str) -> Path:
    path = folder / "course.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def replay(*tokens: str | Path) -> int:
    return run(app, ["alarms", "replay", *map(str, tokens)])


def test_json_is_the_object_of_the_architecture_page(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(course, "--json", "--columns", "time=time,spo2=spo2") == Exit.DONE
    printed = capsys.readouterr()
    assert printed.out == (
        '{"episodes": [{"metric": "spo2", "priority": "high", "limit": 85, "worst": 78.0, "start": 301.0, '
        '"alarm_at": 316.0, "end": 377.0}], "seconds": 992.0, "alarms_per_patient_day": 87.1, '
        '"missing_seconds": {"invalid": 4.0}}\n'
    )
    assert printed.err == ""


def test_columns_are_found_by_their_names(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(course, "--json") == Exit.DONE
    printed = capsys.readouterr()
    assert json.loads(printed.out)["missing_seconds"] == {"invalid": 4.0}
    assert printed.err == (
        f"vitals: {course}: its time of day is unknown and limits for a part of the day are left out (--begins HH:MM)\n"
    )


def test_of_columns_numbered_alike_the_first_are_taken_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "Time [s],Pulse 2,SpO2 2,SpO2 1 (%),PULSE_1"
    path = written(tmp_path, header, *(f"{at},150,97,97,60" for at in range(60)), "Collection Halted")
    assert replay(path, "--json", "--begins", "12:00") == Exit.DONE
    printed = capsys.readouterr()
    assert json.loads(printed.out)["episodes"][0]["metric"] == "pulse_rate"
    [line] = printed.err.splitlines()
    assert "the first is line 62: 'Collection Halted'; taken: --columns time=Time [s],pulse=Pulse 2,spo2=SpO2 2" in line


def test_a_readable_table(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(course, "--columns", "spo2=spo2") == Exit.DONE
    printed = capsys.readouterr().out
    [row] = [line for line in printed.splitlines() if "SpO2 %" in line]
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["SpO2 %", "high", "< 85", "78", "301", "316", "377"]
    assert "adult: 1 alarm in 992 s; 87.1 alarms per patient-day; 61 s in alarm\n" in printed
    assert "MISSING: invalid 4 s" in printed


def test_an_episode_that_lasts_has_no_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "t,spo2", *(f"{at},80" for at in range(60)))
    assert replay(path, "--json") == Exit.DONE
    assert json.loads(capsys.readouterr().out)["episodes"][0]["end"] is None
    assert replay(path) == Exit.DONE
    assert "lasts" in capsys.readouterr().out


def test_the_time_of_day_is_the_file_s_or_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = [f"{{}}:00:{at:02},47" for at in range(60)]
    for hour, options, alarms in (("12", (), 1), ("23", (), 0), ("12", ("--begins", "23:00"), 0), ("00", (), 1)):
        path = written(tmp_path, "Time,HR", *(line.format(hour) for line in slow))
        assert replay(path, "--json", *options) == Exit.DONE
        assert len(json.loads(capsys.readouterr().out)["episodes"]) == alarms, hour


def test_compare_says_what_is_more_and_what_is_less(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "narrow.toml"
    profile.write_text(NARROW)
    options = (course, "--columns", "spo2=spo2", "--profile", profile, "--compare", "adult")
    assert replay(*options, "--json") == Exit.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["difference"] == {
        "episodes": 0,
        "alarms_per_patient_day": 0.0,
        "seconds_in_alarm": 10.0,
        "only_here": [],
        "only_compared": [],
    }
    assert found["episodes"][0]["alarm_at"] == 306
    assert found["compared"]["episodes"][0]["alarm_at"] == 316
    assert (found["seconds_in_alarm"], found["compared"]["seconds_in_alarm"]) == (71, 61)
    assert replay(*options) == Exit.DONE
    lines = capsys.readouterr().out.splitlines()
    assert any("seconds in alarm" in line and "+10" in line for line in lines)


def test_what_only_one_profile_hears(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = tmp_path / "narrow.toml"
    profile.write_text(NARROW)
    path = written(tmp_path, "t,spo2", *(f"{at},{93 if 10 <= at < 30 else 97}" for at in range(60)))
    assert replay(path, "--json", "--profile", profile, "--compare", "adult") == Exit.DONE
    difference = json.loads(capsys.readouterr().out)["difference"]
    assert difference["episodes"] == 1
    assert [episode["start"] for episode in difference["only_here"]] == [10]
    assert replay(path, "--json", "--profile", "adult", "--compare", profile) == Exit.DONE
    difference = json.loads(capsys.readouterr().out)["difference"]
    assert (difference["episodes"], difference["alarms_per_patient_day"]) == (-1, -1440)
    assert [episode["start"] for episode in difference["only_compared"]] == [10]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("nowhere.csv",), "cannot read nowhere.csv: No such file or directory"),
        (("--columns", "spo2=SpO2 9"), "no column 'SpO2 9'; there are time, spo2, note"),
        (("--columns", "time=t,spo2=spo2"), "no column 't'; there are time, spo2, note"),
        (("--columns", "time=note,spo2=spo2"), "no row has a time"),
        (("--columns", "spo2=note"), "no row has a number in the column of spo2"),
        (("--columns", "oxygen=spo2"), "--columns: 'oxygen=spo2' is no ROLE=COLUMN; roles are time, spo2, pulse, pi,"),
        (("--columns", "time=time"), "--columns must name at least one metric"),
        (("--columns", "pulse=spo2,pulse_rate=spo2"), "--columns names one metric twice: pulse, pulse_rate"),
        (("--columns", "weight=spo2"), "profile adult has no limits for weight"),
        (("--profile", "child"), "profile 'child' has no default limits"),
        (("--profile", "nowhere.toml"), "profile nowhere.toml cannot be read"),
        (("--compare", "nowhere.toml"), "profile nowhere.toml cannot be read"),
        (("--begins", "25:00"), "--begins '25:00' is no time of day"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    options: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "time,spo2,note", "0,97,a", "1,97,b")
    file = () if options == ("nowhere.csv",) else (path,)
    assert replay(*file, *options, "--json") == Exit.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("vitals: ")
    assert message in printed.err


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("when,spo2", "no column is named after time; name it: --columns time=NAME,... There are when, spo2"),
        ("time,oxygen", "no column is named after heart_rate, pulse_rate, spo2; name one: --columns spo2=NAME. There"),
    ],
)
def test_columns_that_cannot_be_found(
    header: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(written(tmp_path, header, "0,97")) == Exit.USAGE
    assert message in capsys.readouterr().err
