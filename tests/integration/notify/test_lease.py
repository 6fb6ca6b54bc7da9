"""One notifier on one registry: a second one refuses, a killed one is followed at once, a lost one after its time."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vitals.clock import ManualClock, SystemClock
from vitals.errors import ConflictError
from vitals.notify.lease import LASTS_S, NAME, Term
from vitals.registry import Lease, Registry, open_registry

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from vitals.clock import SystemClock
from vitals.notify.lease import Term
from vitals.registry import open_registry
Term(open_registry(sys.argv[1]).duty, SystemClock()).claim()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(tmp_path / "registry.db")
    yield opened
    opened.close()


def test_a_second_notifier_refuses_and_says_why(registry: Registry) -> None:
    clock = ManualClock(utc_ms=1_800_000_000_000)
    first, second = Term(registry.duty, clock), Term(registry.duty, clock)
    first.claim()
    first.claim()
    with pytest.raises(ConflictError, match=r"another server notifies on this registry \(process \d+, .*stop it"):
        second.claim()
    second.release()  # of what it never had
    with pytest.raises(ConflictError):
        second.claim()
    first.release()
    second.claim()


def test_one_elsewhere_is_taken_for_dead_when_its_lease_has_run_out(registry: Registry) -> None:
    clock = ManualClock(utc_ms=1_800_000_000_000)
    registry.duty.claim(NAME, Lease("another-boot/pid:[1] 17 99 a", clock.utc_ms() + 20_000), now_utc_ms=0)
    term = Term(registry.duty, clock)
    with pytest.raises(ConflictError, match="process 17"):
        term.claim()
    clock.advance(round(LASTS_S * 1000))
    term.claim()


async def test_one_that_was_killed_is_followed_at_once(registry: Registry, tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLD,
        str(tmp_path / "registry.db"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    async with asyncio.timeout(60):
        assert await holder.stdout.readline() == b"held\n"
    term = Term(registry.duty, SystemClock())
    with pytest.raises(ConflictError, match=f"process {holder.pid}"):
        term.claim()
    holder.kill()
    await holder.communicate()
    term.claim()
