"""Moments as people write them, on clocks that change."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.clock import iso, parse_iso
from vitals.errors import ConfigurationError
from vitals.retrospect.period import Period, clock_changes, moment, offset_ms, period

OSLO = "Europe/Oslo"
NOW = parse_iso("2026-11-22T16:00:00Z")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-22T03:00", "2026-11-22T02:00:00.000Z"),
        ("2026-07-01T03:00", "2026-07-01T01:00:00.000Z"),
        ("2026-11-22", "2026-11-21T23:00:00.000Z"),
        ("2026-11-22 03:00:05.250", "2026-11-22T02:00:05.250Z"),
        ("2026-11-22T03:00+05:30", "2026-11-21T21:30:00.000Z"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00.000Z"),
        ("2026-11-22T03:00Z", "2026-11-22T03:00:00.000Z"),
    ],
)
def test_a_moment_is_of_the_site_unless_it_says_otherwise(text: str, utc: str) -> None:
    assert iso(moment(text, OSLO, "--from")) == utc


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "--from 'yesterday' is no moment such as 2026-11-22T03:00"),
        ("2026-10-25T02:30", "came twice on the clock of Europe/Oslo.*T00:30.00:00 or .*T01:30.00:00"),
        ("2026-03-29T02:30", "was skipped on the clock of Europe/Oslo"),
        ("0001-01-01", "lies outside the calendar"),
    ],
)
def test_what_is_no_moment_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        moment(text, OSLO, "--from")
    assert "\n" not in str(refused.value)


def test_a_period_is_the_last_day_unless_said() -> None:
    assert period(None, None, OSLO, NOW) == Period(NOW - 86_400_000, NOW)
    assert period("2026-11-20", "2026-11-21", OSLO, NOW).length_ms == 86_400_000
    assert period("2026-11-20", "2026-12-24", OSLO, NOW).to_ms == NOW  # nothing is recorded of tomorrow


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        ("2026-11-21", "2026-11-20", "does not lie before"),
        ("2026-11-20", "2026-11-20", "does not lie before"),
        ("2026-12-01", "2026-12-02", "lies in the future"),
        ("2020-01-01", "2026-11-20", "366 days long at most"),
    ],
)
def test_a_period_that_holds_nothing_is_refused(begins: str, ends: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        period(begins, ends, OSLO, NOW)


@given(
    begins=st.integers(0, 2_000_000_000).map(lambda seconds: seconds * 1000),
    days=st.integers(1, 300),
    zone=st.sampled_from(["Europe/Oslo", "America/St_Johns", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
)
def test_between_two_changes_the_clock_keeps_its_offset(begins: int, days: int, zone: str) -> None:
    local, whole = ZoneInfo(zone), Period(begins, begins + days * 86_400_000)
    changes = clock_changes(local, whole)
    for change in changes:
        assert offset_ms(change, local) != offset_ms(change - 60_000, local)
    edges = [whole.from_ms, *changes, whole.to_ms]
    for early, late in pairwise(edges):
        looks = {offset_ms(early + (late - 1 - early) * part // 7, local) for part in range(8)} if late > early else {0}
        assert len(looks) == 1
