"""``vitals notify``: try every channel, say who is on call, list what was sent."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.notify.sinks import http_sink

from vitals.cli.app import app
from vitals.cli.entry import Exit, run
from vitals.clock import parse_iso
from vitals.registry import HandOver, open_registry

ROOT = Path(__file__).parents[3]
FILE = """\
mode = "demo"
[notify]
time_zone = "Europe/Oslo"
[notify.recipients.nurse-1]
channels = ["json://127.0.0.1:{well}/", "json://127.0.0.1:{dead}/"]
[notify.recipients.nurse-2]
channels = ["memory://"]
hours = [{{ between = ["07:00", "19:00"] }}]
[notify.teams.ward-a]
members = ["nurse-1", "nurse-2"]
[notify.teams.ward-a.duties.charge_nurse]
shifts = [{{ between = ["08:00", "20:00"], people = ["nurse-1"] }}]
"""


def write(folder: Path, *, well: int = 9, dead: int = 9) -> Path:
    path = folder / "server.toml"
    path.write_text(FILE.format(well=well, dead=dead))
    return path


async def command(*arguments: str | Path) -> tuple[int | None, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "vitals.cli",
        "notify",
        *map(str, arguments),
        "--json",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    return process.returncode, json.loads(out)


async def test_every_channel_is_tried_and_recorded(tmp_path: Path) -> None:
    open_registry(tmp_path / "registry.db").close()
    async with http_sink() as gone:
        dead = gone.port
    async with http_sink() as sink:
        code, result = await command("test", "--config", write(tmp_path, well=sink.port, dead=dead))
        (request,) = sink.requests
    assert request.body["message"] == "DEMO, no real patient: Test by a technician, nothing to do."
    assert (code, result["recorded"]) == (Exit.NOT_MET, True)
    assert [(one["channel"], one["outcome"], one["receipt"]) for one in result["channels"]] == [
        ("nurse-1/1 json", "sent", "handed_over"),
        ("nurse-1/2 json", "retry", "unknown"),
        ("nurse-2/1 memory", "sent", "delivered"),
    ]
    code, listed = await command("log", "--config", tmp_path / "server.toml")
    assert code == Exit.DONE
    assert {(one["recipient"], one["state"], len(one["attempts"])) for one in listed["messages"]} == {
        ("nurse-1", "sent", 1),
        ("nurse-1", "given_up", 1),
        ("nurse-2", "sent", 1),
    }


def test_one_recipient_whose_channels_all_take_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["notify", "test", "--config", str(write(tmp_path)), "--recipient", "nurse-2"]
    assert run(app, [*arguments, "--json"]) == Exit.DONE
    said = capsys.readouterr()
    assert json.loads(said.out)["recorded"] is False  # there is no registry, and none is made for a test
    assert said.err == "vitals: these attempts are not recorded: the registry cannot be written\n"
    assert not (tmp_path / "registry.db").exists()
    assert run(app, arguments) == Exit.DONE
    assert capsys.readouterr().out.split()[:4] == ["nurse-2/1", "memory", "sent", "delivered"]


@pytest.mark.parametrize(
    ("at", "team", "charge"),
    [("2026-11-22T12:00+01:00", ["nurse-1", "nurse-2"], ["nurse-1"]), ("2026-11-22T23:00+01:00", ["nurse-1"], [])],
)
def test_who_is_on_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], at: str, team: list[str], charge: list[str]
) -> None:
    arguments = ["notify", "on-call", "--config", str(write(tmp_path)), "--at", at]
    assert run(app, [*arguments, "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["teams"] == {"ward-a": {"team": team, "charge_nurse": charge}}
    assert run(app, arguments) == Exit.DONE
    assert ("NOBODY" in capsys.readouterr().out) is (not charge)


def test_s8_whoever_accepted_a_hand_over_is_on_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["notify", "on-call", "--config", str(write(tmp_path)), "--at", "2026-11-22T23:00+01:00", "--json"]
    registry = open_registry(tmp_path / "registry.db")
    at_ms = parse_iso("2026-11-22T22:00+01:00")
    offer = HandOver(id="h", giver="nurse-1", taker="nurse-2", offered_utc_ms=at_ms, until_utc_ms=at_ms + 8 * 3_600_000)
    registry.duty.offer(offer)
    assert run(app, arguments) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["teams"]["ward-a"]["team"] == ["nurse-1"]
    registry.duty.accept("h", at_utc_ms=at_ms)
    registry.close()
    assert run(app, arguments) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["teams"]["ward-a"]["team"] == ["nurse-2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["test", "--recipient", "nobody"], "'nobody' is no recipient"),
        (["on-call", "--at", "noon"], "'noon' is no moment"),
        (["log"], "nothing was ever sent"),
    ],
)
def test_used_wrongly(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert run(app, ["notify", *arguments, "--config", str(write(tmp_path))]) == Exit.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_server_that_tells_nobody_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "server.toml"
    path.write_text('mode = "demo"\n')
    assert run(app, ["notify", "test", "--config", str(path)]) == Exit.USAGE
    assert "has no section [notify]" in capsys.readouterr().err
    path.write_text('mode = "demo"\n[notify]\ntime_zone = "UTC"\nrecipients = {}\nchains.high.stages = []\n')
    assert run(app, ["notify", "on-call", "--config", str(path)]) == Exit.USAGE
    assert "somebody must be told of a high" in capsys.readouterr().err
