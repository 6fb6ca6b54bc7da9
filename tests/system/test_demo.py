"""The demonstration as a newcomer runs it, without a person."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from vitals.cli.demo.processes import free_port


def vitals(*arguments: str, timeout_s: float = 150) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vitals.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def test_until_alarm_balances_its_books() -> None:
    finished = vitals("demo", "--until-alarm", "--headless", "--json", "--time-scale", "0.2")
    assert finished.returncode == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["mode"] == "demo"
    assert report["unexplained"] == report["doubled"] == 0
    assert report["observations_sent"] > report["notifications_sent"] > 0
    assert report["observations_sent"] == (
        report["observations_committed"] + report["dropped"] + report["quarantined"] + report["unexplained"]
    )
    [alarm] = report["alarms"]
    assert (alarm["metric"], alarm["priority"]) == ("spo2", "high")
    assert alarm["value"] < alarm["limit"] == 85
    assert alarm["observed_at"] <= alarm["raised_at"] <= alarm["acknowledged_at"]
    for name in ("notification_to_commit", "condition_to_console"):
        assert 0 <= report["latency_ms"][name]["p50"] <= report["latency_ms"][name]["p99"]


async def test_interrupt_ends_every_process(tmp_path: Path) -> None:
    port = free_port()
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vitals.cli", "demo", "--port", str(port), "--state", str(tmp_path / "s")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert demo.stdout is not None
    line = await asyncio.wait_for(demo.stdout.readline(), 60)
    assert f"http://localhost:{port}" in line.decode()
    children = _children(demo.pid)
    assert len(children) == 4
    demo.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(demo.wait(), 40) == 0
    assert [pid for pid in children if _alive(pid)] == []


async def test_a_killed_demonstration_leaves_no_process_behind(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vitals.cli", "demo", "--headless", "--state", str(tmp_path / "s")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert demo.stdout is not None
    await asyncio.wait_for(demo.stdout.readline(), 60)
    children = _children(demo.pid)
    assert len(children) == 4
    demo.kill()
    await demo.wait()
    async with asyncio.timeout(40):
        while any(_alive(pid) for pid in children):
            await asyncio.sleep(0.1)


async def test_a_part_that_dies_is_named_and_ends_the_rest(tmp_path: Path) -> None:
    state = tmp_path / "s"
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vitals.cli", "demo", "--headless", "--state", str(state)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert demo.stdout is not None
    assert demo.stderr is not None
    await asyncio.wait_for(demo.stdout.readline(), 60)
    children = _children(demo.pid)
    [simulator] = [pid for pid in children if "vitals_firmware_sim" in _command(pid)]
    os.kill(simulator, signal.SIGKILL)
    assert await asyncio.wait_for(demo.wait(), 40) == 1
    [line] = (await demo.stderr.read()).decode().splitlines()
    assert line.startswith("vitals: the simulator ended (killed by SIGKILL)")
    assert [pid for pid in children if _alive(pid)] == []


def test_port_taken_is_one_line() -> None:

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = vitals("demo", "--port", str(port))
    assert refused.returncode == 1
    assert refused.stdout == ""
    [line] = refused.stderr.strip().splitlines()
    assert f"port {port}" in line
    assert "--port" in line


def test_commands_without_a_server_say_so_in_one_line() -> None:
    for command in ("status", "tail"):
        refused = vitals(command, "--url", f"http://127.0.0.1:{free_port()}", "--json")
        assert refused.returncode == 1
        [line] = refused.stderr.strip().splitlines()
        assert "vitals serve" in line


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def _alive(pid: int) -> bool:
    """A zombie that nobody has waited for yet is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_until_alarm_refuses_the_books_of_an_earlier_run(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_text("")
    refused = vitals("demo", "--until-alarm", "--headless", "--state", str(tmp_path))
    assert refused.returncode == 2
    [line] = refused.stderr.strip().splitlines()
    assert "earlier demonstration" in line
