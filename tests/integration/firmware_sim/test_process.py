"""``vitals-sim`` as a process: how it begins, how it ends, what it leaves."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest
from tests.integration.firmware_sim.central import plugged_in
from tests.integration.firmware_sim.simulator import PATIENCE_S, eventually, started

STRAP, OXIMETER = "F0:00:00:00:01:01", "F0:00:00:00:01:02"


async def refused(*arguments: str) -> tuple[int | None, str]:
    """Run a command that should not come to run; its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "vitals_firmware_sim",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert out == b""
    return process.returncode, err.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_links_and_process_in_order(tmp_path: Path, number: signal.Signals) -> None:
    async with (
        started(tmp_path, "run", "--time-scale", "0.05", "--person", "1=stable") as simulator,
        plugged_in(simulator.dial) as central,
    ):
        sensor = await central.connect(STRAP)
        beats = await sensor.subscribe("2A37")
        await eventually(lambda: len(beats) >= 10)
        assert await simulator.end(number) == 0
        await asyncio.wait_for(sensor.ended.wait(), PATIENCE_S)
        assert beats == simulator.said(STRAP, "2A37")
        events = [line.event for line in simulator.ledger.events]
        assert events == ["connected", "subscribed", "stopped", "disconnected"]
        assert not simulator.socket_path.exists()


async def test_a_killed_simulator_is_continued(tmp_path: Path) -> None:
    sent = 0
    for _ in range(2):
        async with (
            started(tmp_path, "run", "--time-scale", "0.05") as simulator,
            plugged_in(simulator.dial) as central,
        ):
            beats = await (await central.connect(STRAP)).subscribe("2A37")
            await eventually(lambda beats=beats: len(beats) >= 5)  # type: ignore[misc]
            assert await simulator.end(signal.SIGKILL) == -signal.SIGKILL
        lines = simulator.ledger.notifications
        assert [line.n for line in lines] == list(range(1, len(lines) + 1))
        assert len(lines) >= sent + 5
        sent = len(lines)


async def test_a_full_disk_ends_it_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").symlink_to("/dev/full")
    async with (
        started(tmp_path, "run", "--time-scale", "0.05") as simulator,
        plugged_in(simulator.dial) as central,
    ):
        await central.link(STRAP)
        assert await asyncio.wait_for(simulator.process.wait(), PATIENCE_S) == 1
        assert simulator.errors.splitlines()[-1].endswith("ledger.jsonl: No space left on device")


async def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = f"tcp-server:127.0.0.1:{holder.getsockname()[1]}"
        code, said = await refused("run", "--listen", address)
    assert code == 1
    assert said.startswith(f"vitals-sim: cannot listen on {address}: ")
    assert "in use" in said
    assert len(said.splitlines()) == 1
    with socket.socket(socket.AF_UNIX) as holder:
        holder.bind(str(tmp_path / "hci.sock"))
        holder.listen()
        code, said = await refused("run", "--listen", f"unix-server:{tmp_path}/hci.sock")
    assert code == 1
    assert "another simulator is there" in said


async def test_a_socket_that_nobody_answers_on_is_no_obstacle(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as remnant:
        remnant.bind(str(tmp_path / "hci.sock"))
    async with started(tmp_path, "run") as simulator, plugged_in(simulator.dial) as central:
        assert await (await central.connect(STRAP)).read("2A38") == b"\x01"
