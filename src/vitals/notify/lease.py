"""One notifier on one registry: a lease with an expiry, so that nobody is told everything twice.

Whoever holds it says so again every few seconds. One that was killed leaves its lease behind: another process on the
same machine sees that it is gone and takes over at once, one elsewhere when the lease has run out.
"""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Final

from vitals.clock import Clock, iso
from vitals.errors import ConflictError, StoreError
from vitals.registry import Duty, Lease

NAME: Final = "notifier"
LASTS_S: Final = 20.0
"""How long after its last word a notifier elsewhere is taken for dead. Not scaled: it is the machines' time."""
RENEWED_S: Final = 5.0
_PROC: Final = Path("/proc")


class Term:
    """The lease of one notifier."""

    def __init__(self, duty: Duty, clock: Clock) -> None:
        self._duty = duty
        self._clock = clock
        self._place = f"{clock.boot():x}/{_namespace()}"
        self._holder = f"{self._place} {os.getpid()} {_started(os.getpid())} {secrets.token_hex(4)}"

    def claim(self) -> None:
        """Take it, or prolong it.

        Raises:
            ConflictError: another notifier runs on this registry.
            StoreError: the registry cannot say.
        """
        now_ms = self._clock.utc_ms()
        wanted = Lease(self._holder, now_ms + round(LASTS_S * 1000))
        other = self._duty.claim(NAME, wanted, now_utc_ms=now_ms, over=self._is_gone)
        if other is not None:
            raise ConflictError(
                f"another server notifies on this registry (process {_pid(other.holder)}, last sure of it until "
                f"{iso(other.until_utc_ms)}): two would send everything twice; stop it, or wait until then"
            )

    async def hold(self) -> None:
        """Prolong it until cancelled. A registry that fails is waited for: alarms go on (S4).

        Raises:
            ConflictError: another notifier took over while this process was held up.
        """
        while True:
            await asyncio.sleep(RENEWED_S)
            try:
                await asyncio.to_thread(self.claim)
            except StoreError:
                continue

    def release(self) -> None:
        """Give it back; a registry that fails lets it run out."""
        try:
            self._duty.release(NAME, self._holder)
        except StoreError:
            return

    def _is_gone(self, held: Lease) -> bool:
        """Whether the holder was a process of this machine that is there no longer; False where nobody can know."""
        place, pid, started, *_ = (*held.holder.split(), "", "", "")
        return place == self._place and bool(started) and _started(int(pid)) != started


def _namespace() -> str:
    """In which process numbers mean something; empty where there is no such thing."""
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When process *pid* started, in ticks since the boot: its number may be given away again. Empty: it is gone."""
    try:
        fields = (_PROC / f"{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]


def _pid(holder: str) -> str:
    return (*holder.split(), "?", "?")[1]
