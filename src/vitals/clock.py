"""The only reader of time.

Everything else takes the time as an argument. Monotonic time is what delays, silence and lateness run on;
UTC is an attribute (protocol, section Time).
"""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Two clocks and the name of the boot that the monotonic one belongs to."""

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary moment of this boot; never steps."""

    def utc_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z; may step."""

    def boot(self) -> int:
        """64-bit name of this boot: the same for every process until the machine restarts."""


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self._boot = _read_boot()

    def monotonic_ms(self) -> int:
        """CLOCK_MONOTONIC in milliseconds."""
        return time.monotonic_ns() // 1_000_000  # noqa: TID251 - the one place

    def utc_ms(self) -> int:
        """CLOCK_REALTIME in milliseconds."""
        return time.time_ns() // 1_000_000  # noqa: TID251 - the one place

    def boot(self) -> int:
        """The kernel's boot identifier, folded to 64 bits."""
        return self._boot


class ManualClock:
    """A clock that moves when told to: for tests and for replay."""

    def __init__(self, *, monotonic_ms: int = 0, utc_ms: int = 0, boot: int = 1) -> None:
        self._monotonic_ms = monotonic_ms
        self._utc_ms = utc_ms
        self._boot = boot

    def monotonic_ms(self) -> int:
        """Milliseconds advanced so far."""
        return self._monotonic_ms

    def utc_ms(self) -> int:
        """The wall clock: advances with the monotonic one, and steps when told to."""
        return self._utc_ms

    def boot(self) -> int:
        """The boot that was given."""
        return self._boot

    def advance(self, milliseconds: int) -> None:
        """Let time pass on both clocks."""
        self._monotonic_ms += milliseconds
        self._utc_ms += milliseconds

    def step_utc(self, milliseconds: int) -> None:
        """Step the wall clock alone, as NTP does."""
        self._utc_ms += milliseconds


def iso(utc_ms: int) -> str:
    """UTC milliseconds as ISO 8601 with milliseconds, for example ``2026-11-22T03:14:15.926Z``."""
    moment = _EPOCH + timedelta(milliseconds=utc_ms)  # a float of seconds would lose the last millisecond
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> int:
    """UTC milliseconds of what :func:`iso` wrote. Raises ValueError."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _read_boot() -> int:
    try:
        text = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:  # not Linux: the process is the best name there is
        text = f"process-{time.monotonic_ns()}"  # noqa: TID251 - the one place
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
