"""What the gateway says of its own wall clock."""

import pytest

from vitals.clock import ManualClock
from vitals.wire.bodies import ClockState
from vitals_gateway.wall_clock import EARLIEST_UTC_MS, WallClock, clock_state, kernel_disciplined, read


@pytest.mark.parametrize(
    ("utc_ms", "disciplined", "state"),
    [
        (0, False, ClockState.UNSET),
        (0, True, ClockState.UNSET),
        (EARLIEST_UTC_MS - 1, True, ClockState.UNSET),
        (EARLIEST_UTC_MS, False, ClockState.HOLDOVER),
        (EARLIEST_UTC_MS, True, ClockState.SYNCHRONISED),
    ],
)
def test_a_clock_from_before_this_software_was_never_set(utc_ms: int, disciplined: bool, state: ClockState) -> None:  # noqa: FBT001
    assert clock_state(utc_ms, disciplined=disciplined) is state


def test_the_offset_turns_monotonic_time_into_utc() -> None:
    clock = ManualClock(monotonic_ms=5000, utc_ms=EARLIEST_UTC_MS + 7000)
    assert read(clock, disciplined=False) == WallClock(EARLIEST_UTC_MS + 2000, ClockState.HOLDOVER)
    clock.advance(60_000)
    assert read(clock, disciplined=False).offset_ms == EARLIEST_UTC_MS + 2000
    clock.step_utc(-3_600_000)
    assert read(clock, disciplined=False).offset_ms == EARLIEST_UTC_MS + 2000 - 3_600_000


@pytest.mark.parametrize(
    ("offset_ms", "state", "differs"),
    [
        (1000, ClockState.HOLDOVER, False),
        (1100, ClockState.HOLDOVER, False),
        (1101, ClockState.HOLDOVER, True),
        (899, ClockState.HOLDOVER, True),
        (1000, ClockState.SYNCHRONISED, True),
    ],
)
def test_a_record_is_due_when_it_steps_or_its_state_changes(offset_ms: int, state: ClockState, differs: bool) -> None:  # noqa: FBT001
    assert WallClock(offset_ms, state).differs(WallClock(1000, ClockState.HOLDOVER)) is differs
    assert WallClock(offset_ms, state).differs(None) is True


def test_the_kernel_can_be_asked_and_asking_changes_nothing() -> None:
    assert kernel_disciplined() is kernel_disciplined()
