"""The programs of other projects that tests talk to, and what happens when one is not there."""

import os
import shutil
import sys
from pathlib import Path

import pytest

INSTALL = {
    "mosquitto": "apt-get install mosquitto",
    "chromium": "apt-get install chromium",
    "nats-server": "make setup",
}


def require(name: str) -> Path:
    """The program's path; without it the test skips with the line that installs it, or fails with CI=true."""
    beside_python = Path(sys.executable).parent / name
    places = [
        os.environ.get(name.upper().replace("-", "_")),
        str(beside_python),
        shutil.which(name),
        f"/usr/sbin/{name}",
    ]
    for place in places:
        if place and os.access(place, os.X_OK):
            return Path(place)
    lack = f"{name} is not installed: {INSTALL[name]}"
    if os.environ.get("CI") == "true":
        pytest.fail(lack)
    pytest.skip(lack)


def recorded_data() -> Path:
    """The folder of recorded patients: VITALS_TEST_DATA, or ../shared/data beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("VITALS_TEST_DATA") or beside)
    if folder.is_dir():
        return folder
    lack = f"no recorded data at {folder}: set VITALS_TEST_DATA"
    if os.environ.get("CI") == "true":
        pytest.fail(lack)
    pytest.skip(lack)
