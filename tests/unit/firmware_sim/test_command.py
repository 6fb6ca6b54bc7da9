"""The command line: what it refuses, with which code and which line."""

import json
from pathlib import Path

import pytest

from vitals.cli import entry
from vitals.errors import ConfigurationError
from vitals_firmware_sim.__main__ import app, parse_people
from vitals_firmware_sim.listener import parse_endpoint
from vitals_firmware_sim.scenarios import SCENARIOS


def test_people() -> None:
    assert parse_people(["3=vanish", "12=stable"]) == ((3, SCENARIOS["vanish"]), (12, SCENARIOS["stable"]))


@pytest.mark.parametrize("text", ["stable", "0=stable", "256=stable", "-1=stable", "x=stable", "1="])
def test_people_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_people([text])


def test_endpoints() -> None:
    unix = parse_endpoint("unix-server:/run/a b:c.sock")
    assert (unix.path, unix.port) == ("/run/a b:c.sock", 0)
    tcp = parse_endpoint("tcp-server:127.0.0.1:9001")
    assert (tcp.host, tcp.port, tcp.path) == ("127.0.0.1", 9001, "")


@pytest.mark.parametrize(
    "text",
    ["", "unix-server:", "tcp-server:9001", "tcp-server:127.0.0.1:", "tcp-server:h:0", "tcp-server:h:65536", "usb:0"],
)
def test_endpoints_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigurationError, match="use unix-server:PATH or tcp-server:HOST:PORT"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run"], "--listen"),
        (["run", "--listen", "usb:0"], "cannot listen on 'usb:0'"),
        (["run", "--listen", "unix-server:x", "--person", "1=stabel"], "no scenario 'stabel'"),
        (["run", "--listen", "unix-server:x", "--person", "1=stable", "--person", "1=vanish"], "comes twice"),
        (["run", "--listen", "unix-server:x", "--listen", "unix-server:x"], "an address twice"),
        (["run", "--listen", "unix-server:x", "--time-scale", "0"], "time_scale"),
        (["run", "--listen", "unix-server:x", "--garbage", "0"], "--garbage"),
        (["run", "--listen", "unix-server:x", "--stop-after", "-1"], "--stop-after"),
        (["run", "--listen", "unix-server:x", "--seed", "seven"], "--seed"),
        (["replay", "nowhere.csv", "--listen", "unix-server:x", "--columns", "spo2=a"], "cannot read nowhere.csv"),
        (["fly"], "fly"),
    ],
)
def test_wrong_use_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str], arguments: list[str], line: str) -> None:
    assert entry.run(app, arguments) == entry.Exit.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("vitals-sim: ")
    assert line in printed.err
    assert len(printed.err.splitlines()) == 1


def test_unknown_column_is_code_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recording = tmp_path / "recording.csv"
    recording.write_text("Time,SpO2 1\n0,97\n")
    arguments = ["replay", str(recording), "--listen", "unix-server:x", "--columns", "spo2=SpO2 2"]
    assert entry.run(app, arguments) == entry.Exit.USAGE
    assert capsys.readouterr().err == "vitals-sim: no column 'SpO2 2'; there are Time, SpO2 1\n"


def test_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(app, ["scenarios"]) == entry.Exit.DONE
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SCENARIOS)
    assert entry.run(app, ["scenarios", "--json"]) == entry.Exit.DONE
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(SCENARIOS)
