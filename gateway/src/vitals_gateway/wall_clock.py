"""What the gateway knows of its own wall clock (S5, protocol.md, Time).

A small computer without a battery-backed clock starts in 1970 and is set once the network is there: until then its
UTC is worth nothing, and the series runs on monotonic time all along.
"""

import ctypes
from functools import cache
from typing import Final

import msgspec

from vitals.clock import Clock
from vitals.wire.bodies import ClockState

EARLIEST_UTC_MS: Final = 1_704_067_200_000
"""2024-01-01T00:00:00Z: a clock that says less was never set."""
STEP_MS: Final = 100
"""A change of the offset beyond this is recorded."""
_TIMEX_BYTES: Final = 512
_TIME_ERROR: Final = 5


class WallClock(msgspec.Struct, frozen=True):
    """``utc = monotonic + offset_ms``, and how far that can be trusted."""

    offset_ms: int
    state: ClockState

    def differs(self, recorded: "WallClock | None") -> bool:
        """Whether a record of this is due, *recorded* being the last one."""
        if recorded is None or recorded.state is not self.state:
            return True
        return abs(self.offset_ms - recorded.offset_ms) > STEP_MS


def clock_state(utc_ms: int, *, disciplined: bool) -> ClockState:
    """Judge a wall clock by what it says and by whether something keeps it right.

    Args:
        utc_ms: what the clock says.
        disciplined: whether the kernel says that a time service keeps it synchronised.
    """
    if utc_ms < EARLIEST_UTC_MS:
        return ClockState.UNSET
    return ClockState.SYNCHRONISED if disciplined else ClockState.HOLDOVER


def read(clock: Clock, *, disciplined: bool) -> WallClock:
    """The present offset and state."""
    utc_ms = clock.utc_ms()
    return WallClock(utc_ms - clock.monotonic_ms(), clock_state(utc_ms, disciplined=disciplined))


def kernel_disciplined() -> bool:
    """Whether the kernel calls its clock synchronised; False where there is no way to ask.

    ``adjtimex`` with no modes set changes nothing; the fields it fills in differ from one platform to the next, its
    answer does not.
    """
    try:
        answer: int = _library().adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return False
    return 0 <= answer < _TIME_ERROR


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None)
