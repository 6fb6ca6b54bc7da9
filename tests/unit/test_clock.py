"""The only reader of time, and the clock that moves when told to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.clock import Clock, ManualClock, SystemClock, iso


def test_the_manual_clock_moves_only_when_told_to() -> None:
    clock: Clock = ManualClock(monotonic_ms=5, utc_ms=1000, boot=7)
    assert (clock.monotonic_ms(), clock.utc_ms(), clock.boot()) == (5, 1000, 7)
    assert (clock.monotonic_ms(), clock.utc_ms(), clock.boot()) == (5, 1000, 7)


def test_time_passes_on_both_clocks_and_a_step_moves_one() -> None:
    clock = ManualClock(utc_ms=1000)
    clock.advance(250)
    clock.step_utc(-500)
    assert (clock.monotonic_ms(), clock.utc_ms()) == (250, 750)


def test_the_system_clock_does_not_go_back_and_names_its_boot() -> None:
    clock: Clock = SystemClock()
    readings = [clock.monotonic_ms() for _ in range(100)]
    assert readings == sorted(readings)
    assert 0 <= clock.boot() < 2**64
    assert clock.boot() == SystemClock().boot()
    assert clock.utc_ms() > 1_600_000_000_000


@pytest.mark.parametrize(
    ("utc_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_317_255_926, "2026-11-22T03:14:15.926Z"),
        (1_795_317_255_001, "2026-11-22T03:14:15.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_iso(utc_ms: int, text: str) -> None:
    assert iso(utc_ms) == text


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_iso_keeps_every_millisecond(utc_ms: int) -> None:
    assert int(iso(utc_ms)[-4:-1]) == utc_ms % 1000
