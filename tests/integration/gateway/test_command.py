"""``vitals-gateway`` as a process: its configuration, its one-line errors, how it starts, ends and dies."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.brokers import Broker
from tests.integration.gateway.collector import Collector
from tests.integration.gateway.running import configured
from tests.spools import opened

from vitals.clock import SystemClock
from vitals_gateway.config import load
from vitals_gateway.life import file_beside

COMMAND = [sys.executable, "-m", "vitals_gateway"]
WITHIN_S = 30


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=WITHIN_S, check=False, stdin=subprocess.DEVNULL
    )


def config_file(folder: Path, url: str = "mqtt://127.0.0.1:1") -> Path:
    configured(folder, url)
    return folder / "gateway.toml"


@contextmanager
def process(folder: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running gateway; its log is ``gateway.log``."""
    path = config_file(folder, url)
    with (folder / "gateway.log").open("ab") as log:
        started = subprocess.Popen([*COMMAND, "run", "--config", str(path)], stdout=log, stderr=log)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.wait(WITHIN_S)


def log(folder: Path) -> str:
    return (folder / "gateway.log").read_text()


def test_version() -> None:
    done = command("--version")
    assert done.returncode == 0
    assert done.stdout.strip() == "0.1.0"


def test_status_says_whether_anybody_watches(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    refused = command("status", "--config", str(path))
    assert refused.returncode == 2
    assert "has this gateway run?" in refused.stderr
    clock = SystemClock()
    at_ms = clock.monotonic_ms()
    known = {"boot": f"{clock.boot():016x}", "written_ms": at_ms, "round_ms": None, "heard_ms": at_ms}
    file_beside(Path(load(path).spool.path)).write_text(json.dumps(known | {"unwatched": "nobody watches: no sign"}))
    alone = command("status", "--config", str(path))
    assert alone.returncode == 3
    assert alone.stdout.startswith("last full round to a console and back never, a sensor heard ")
    assert "nobody watches: no sign (said " in alone.stdout
    file_beside(Path(load(path).spool.path)).write_text(json.dumps(known | {"round_ms": at_ms, "unwatched": None}))
    watched = command("status", "--config", str(path), "--json")
    assert (watched.returncode, json.loads(watched.stdout)["unwatched"]) == (0, None)


def test_check_shows_what_the_file_means_without_its_password(tmp_path: Path) -> None:
    path = config_file(tmp_path, "mqtt://gw:secret@broker:1884")
    done = command("check", "--config", str(path), "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["broker"]["url"] == "mqtt://broker:1884"
    assert shown["spool"]["path"] == str(tmp_path / "spool.db")
    assert "secret" not in done.stdout + command("check", "--config", str(path)).stdout


@pytest.mark.parametrize("name", ["run", "check"])
def test_a_wrong_configuration_is_one_line_and_exit_code_2(tmp_path: Path, name: str) -> None:
    path = config_file(tmp_path)
    path.write_text(path.read_text().replace("[spool]", "[spool]\ndays = -1"))
    done = command(name, "--config", str(path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"vitals-gateway: {path}: spool.days: ")


def test_a_time_scale_is_refused_in_real_mode(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    path.write_text(path.read_text().replace('"test"', '"real"'))
    done = command("run", "--config", str(path))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "time_scale 0.1 is refused in real mode" in done.stderr


def test_a_spool_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    spool = opened(tmp_path / "spool.db")
    done = command("run", "--config", str(path))
    spool.close()
    assert done.returncode == 2
    assert "in use by another gateway process" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_option_that_does_not_exist_is_exit_code_2() -> None:
    assert command("run", "--nonsense").returncode == 2


async def test_sigterm_ends_it_in_order(broker: Broker, tmp_path: Path) -> None:
    async with Collector(broker.port) as collector:
        with process(tmp_path, broker.url) as gateway:
            await collector.until(lambda: collector.state and collector.state.spool_rows == 0, "running")
            gateway.send_signal(signal.SIGTERM)
            assert gateway.wait(WITHIN_S) == 0
        await collector.until(lambda: collector.state and not collector.state.online, "offline")
        assert {state.session for state in collector.states} == {collector.states[0].session}
    assert "gateway gw-1 started" in log(tmp_path)
    assert "gateway gw-1 stopped" in log(tmp_path)
    assert "Traceback" not in log(tmp_path)


async def test_the_will_of_a_killed_gateway_names_its_session(broker: Broker, tmp_path: Path) -> None:
    async with Collector(broker.port) as collector:
        with process(tmp_path, broker.url) as gateway:
            await collector.until(lambda: collector.state and collector.state.spool_rows == 0, "running")
            gateway.kill()
            gateway.wait(WITHIN_S)
            await collector.until(lambda: collector.state and not collector.state.online, "the will")
        assert len({state.session for state in collector.states}) == 1
        with process(tmp_path, broker.url):
            await collector.until(lambda: collector.states[-1].online, "running again")
        assert len({state.session for state in collector.states}) == 2


async def test_without_a_radio_and_a_broker_it_waits_and_ends_when_told(tmp_path: Path) -> None:
    with process(tmp_path, "mqtt://127.0.0.1:1") as gateway:
        deadline = 200
        while "retrying" not in log(tmp_path) and deadline:
            with pytest.raises(subprocess.TimeoutExpired):
                gateway.wait(0.1)
            deadline -= 1
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(WITHIN_S) == 0
    assert log(tmp_path).count("broker mqtt://127.0.0.1:1 is not reachable") == 1


async def test_a_damaged_spool_is_set_aside_said_and_shown(nats: Broker, tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(os.urandom(20_000))
    async with Collector(nats.port) as collector:
        with process(tmp_path, nats.url):
            await collector.until(lambda: collector.state and collector.state.problems, "the problem")
    assert collector.states[-1].problems == [
        "the spool was damaged and set aside as spool.db.corrupt-1; a new one was begun"
    ]
    assert (tmp_path / "spool.db.corrupt-1").stat().st_size == 20_000
