"""``vitals alarms replay --patient`` as a person calls it."""

import asyncio
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.stored_scene import StoredScene

from vitals.cli.app import app
from vitals.cli.entry import Exit, run
from vitals.clock import iso, parse_iso
from vitals.registry import Patient, Plan, open_registry

PROPOSED = 'name = "quieter"\n[spo2]\nhysteresis = 2\nlimits = [{ below = 86, delay_s = 10, priority = "high" }]\n'


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """A server's folder with two desaturations, and from when to when."""
    folder = tmp_path_factory.mktemp("recorded")
    scene = StoredScene(folder, time_zone="Europe/Oslo", utc_ms=parse_iso("2025-06-01T10:00:00Z"))
    for lowest in (88, 82):
        scene.seconds(60, spo2=97, heart=72)
        scene.seconds(40, spo2=lowest, heart=72)
    scene.seconds(30, spo2=97, heart=72)
    asyncio.run(scene.record())
    (folder / "server.toml").write_text(f'mode = "test"\n[store]\nregistry = "{scene.people}"\n')
    (folder / "proposed.toml").write_text(PROPOSED)
    yield folder, iso(scene.began_ms), iso(scene.clock.utc_ms() + 1)
    scene.close()


def call(recorded: tuple[Path, str, str], *options: str) -> int:
    """The command over all that was recorded; *options* come in addition, or instead."""
    folder, begins, ends = recorded
    usual = {"--config": str(folder / "server.toml"), "--patient": "p-1", "--from": begins, "--to": ends}
    kept = [word for option, value in usual.items() if option not in options for word in (option, value)]
    return run(app, ["alarms", "replay", *options, *kept])


def told(recorded: tuple[Path, str, str], capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    assert call(recorded, "--json", *options) == Exit.DONE
    return json.loads(capsys.readouterr().out)


def test_the_object_has_what_a_file_s_has_and_the_difference(
    recorded: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(recorded, capsys, "--profile", str(recorded[0] / "proposed.toml"))
    assert (found["mode"], found["patient"], found["record_number"]) == ("test", "p-1", "R-p-1")
    assert found["time_zone"] == "Europe/Oslo"
    assert [(each["priority"], each["limit"]) for each in found["episodes"]] == [("high", 86)]
    assert found["seconds"] == pytest.approx(230, abs=0.1)
    assert found["alarms_per_patient_day"] == pytest.approx(86_400 / 230, abs=1)
    baseline = found["baseline"]
    assert baseline["profiles"] == ["adult"]
    assert [each["alarm_at"] for each in baseline["episodes"]] == [76.0, 166.0]
    assert [each["alarm_at"] for each in baseline["recorded"]["episodes"]] == [76.0, 166.0]
    assert baseline["technical"] == {"episodes": [], "seconds_in_alarm": {}}
    difference = found["difference"]
    assert difference["episodes"] == difference["recorded"]["episodes"] == -1
    assert [each["alarm_at"] for each in difference["only_then"]] == [76.0]
    assert [each["delay_s"] for each in difference["both"]] == [5.0]
    assert difference["only_proposed"] == []
    assert len(difference["recorded"]["only_recorded"]) == 1


def test_a_record_number_and_local_time_are_understood(
    recorded: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(recorded, capsys, "--from", "2025-06-01T12:00", "--patient", "R-p-1")
    assert found["from"] == recorded[1]


def test_the_table_says_it_in_words(recorded: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(recorded, "--profile", str(recorded[0] / "proposed.toml")) == Exit.DONE
    shown = capsys.readouterr().out
    assert "TEST: simulated sensors, no patient" in shown
    assert "p-1 from 2025-06-01 12:00 to 2025-06-01 12:03 (Europe/Oslo), proposed: quieter" in shown
    assert "only then" in shown
    assert "+5 s" in shown
    assert "recorded then" in shown
    assert "Halvorsen" not in shown


def test_everybody_and_the_few_that_make_most(
    recorded: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(recorded, capsys, "--patient", "all")
    assert [(each["patient"], each["then"], each["recorded"]) for each in found["patients"]] == [("p-1", 2, 2)]
    assert found["mode"] == "test"
    assert found["baseline"]["top_tenth"] == {"patients": 1, "share": 1.0}
    assert call(recorded, "--patient", "all") == Exit.DONE
    assert "the top tenth (1 of 1) makes 100 %" in capsys.readouterr().out


def test_a_picture_is_written(recorded: tuple[Path, str, str], tmp_path: Path) -> None:
    png, svg = tmp_path / "course.png", tmp_path / "course.svg"
    assert call(recorded, "--picture", str(png)) == Exit.DONE
    assert call(recorded, "--picture", str(svg)) == Exit.DONE
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    assert (width, height) > (1500, 500)
    assert svg.read_text().startswith("<?xml")
    assert "<script" not in svg.read_text()


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (["--patient", "p-9"], Exit.FAILED, "no patient has the identifier or record number 'p-9'"),
        (["--from", "soon"], Exit.USAGE, "--from 'soon' is no moment"),
        (["--from", "2025-07-01"], Exit.USAGE, "does not lie before"),
        (["--profile", "proposd.toml"], Exit.USAGE, "profile proposd.toml cannot be read"),
        (["--picture", "course.gif"], Exit.USAGE, "must end in .png or .svg"),
        (["--picture", "course.svg", "--patient", "all"], Exit.USAGE, "--picture shows one patient"),
        (["--picture", "nowhere/course.svg"], Exit.USAGE, "there is no folder nowhere"),
        (["--columns", "spo2=x"], Exit.USAGE, "--columns does not go with --patient"),
        (["--compare", "adult"], Exit.USAGE, "--compare does not go with --patient"),
        (["course.csv"], Exit.USAGE, "a FILE does not go with --patient"),
        (["--config", "nowhere.toml"], Exit.USAGE, "cannot read nowhere.toml"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    recorded: tuple[Path, str, str], capsys: pytest.CaptureFixture[str], options: list[str], code: Exit, why: str
) -> None:
    assert call(recorded, *options) == code
    said = capsys.readouterr()
    assert why in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_options_of_a_patient_do_not_go_with_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    for option, value in (("--from", "2026-11-22"), ("--picture", "x.png"), ("--config", "c.toml")):
        assert run(app, ["alarms", "replay", "course.csv", option, value]) == Exit.USAGE
        assert f"{option} goes with --patient" in capsys.readouterr().err
    assert run(app, ["alarms", "replay"]) == Exit.USAGE
    assert "name a FILE, or a patient" in capsys.readouterr().err


def test_a_server_that_never_ran_has_nothing_to_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server.toml").write_text('mode = "test"\n')
    command = ["alarms", "replay", "--config", str(tmp_path / "server.toml"), "--patient", "p-1"]
    assert run(app, command) == Exit.USAGE
    assert "there is no registry at" in capsys.readouterr().err


def test_a_word_that_may_mean_two_people_is_refused(
    recorded: tuple[Path, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = open_registry(tmp_path / "registry.db")
    for place, (patient, number) in enumerate([("a", "b"), ("b", "c")]):
        registry.enrol(
            Patient(id=patient, family=f"Family{place}", given="X", birth_date="1950-01-01", record_number=number),
            at_utc_ms=1,
            by="tests",
            plan=Plan(prescribed={}),
        )
    registry.close()
    (tmp_path / "server.toml").write_text(f'mode = "test"\n[store]\nseries = "{recorded[0]}/series.db"\n')
    assert run(app, ["alarms", "replay", "--config", str(tmp_path / "server.toml"), "--patient", "b"]) == Exit.USAGE
    assert "'b' may mean" in capsys.readouterr().err


def test_without_the_library_a_picture_names_the_extra(recorded: tuple[Path, str, str], tmp_path: Path) -> None:
    folder = recorded[0]
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from vitals.cli.app import app\nfrom vitals.cli.entry import run\nsys.exit(run(app, sys.argv[1:]))"
    )
    command = ["alarms", "replay", "--patient", "p-1", "--config", str(folder / "server.toml")]
    finished = subprocess.run(
        [sys.executable, "-c", program, *command, "--picture", str(tmp_path / "x.svg")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == Exit.USAGE
    assert finished.stderr == "vitals: matplotlib is not installed: pip install 'openvitals[report]'\n"
