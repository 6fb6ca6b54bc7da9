"""Hand-overs on the site's clock: somebody is always on call, exactly one by exact shifts, also when it is changed."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.notify.schedule import Rota, Rotation, Shift, Swap, instant, latest, on_call

OSLO = ZoneInfo("Europe/Oslo")
ZONES = [OSLO, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")]
DAY, NIGHT = ("day",), ("night",)


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


MOMENTS = st.integers(utc("2026-01-01"), utc("2028-01-01"))
AROUND_CHANGES = st.sampled_from(["2026-03-28T18:00", "2026-10-24T18:00"]).flatmap(
    lambda start: st.integers(0, 24 * 60).map(lambda minutes: utc(start) + minutes * 60_000)
)


@given(MOMENTS | AROUND_CHANGES, st.sampled_from(ZONES), st.integers(0, 1439), st.integers(0, 1439))
def test_shifts_that_touch_leave_nobody_out_and_nobody_twice(
    utc_ms: int, zone: ZoneInfo, first: int, second: int
) -> None:
    if first == second:
        return
    rota = Rota(shifts=(Shift(DAY, first, second), Shift(NIGHT, second, first)))
    assert on_call(rota, zone, utc_ms) in {DAY, NIGHT}


@given(MOMENTS, st.integers(0, 1439), st.integers(1, 5), st.sampled_from(ZONES))
def test_a_rotation_hands_over_to_the_next_and_never_back(
    utc_ms: int, hand_over: int, every_days: int, zone: ZoneInfo
) -> None:
    people = ("a", "b", "c")
    rota = Rota(rotation=Rotation(people, date(2026, 1, 5), hand_over, every_days))
    turn = [on_call(rota, zone, utc_ms + hour * 1_800_000)[0] for hour in range(2 * 24 * (every_days + 2))]
    changes = [(one, other) for one, other in itertools.pairwise(turn) if one != other]
    assert changes
    assert set(changes) <= {("a", "b"), ("b", "c"), ("c", "a")}


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    weekend = Rota(shifts=(Shift(("n",), 20 * 60, 8 * 60, frozenset({4, 5, 6})),))  # Friday, Saturday and Sunday night
    assert on_call(weekend, OSLO, utc("2026-11-20T18:30")) == ()  # Friday 19:30
    assert on_call(weekend, OSLO, utc("2026-11-20T19:00")) == ("n",)
    assert on_call(weekend, OSLO, utc("2026-11-23T06:59")) == ("n",)  # Monday 07:59
    assert on_call(weekend, OSLO, utc("2026-11-23T07:00")) == ()


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        ("2026-10-25T00:29", "evening"),  # 02:29, summer time
        ("2026-10-25T00:30", "night"),  # 02:30 for the first time: the hand-over
        ("2026-10-25T01:00", "night"),  # 02:00 for the second time: not back again
        ("2026-10-25T01:29", "night"),
        ("2026-03-29T01:29", "evening"),  # 03:29, of a night without 02:30
        ("2026-03-29T01:30", "night"),
    ],
)
def test_a_hand_over_in_the_hour_that_comes_twice_or_never(moment: str, who: str) -> None:
    rota = Rota(shifts=(Shift(("evening",), 18 * 60, 150), Shift(("night",), 150, 18 * 60)))
    assert on_call(rota, OSLO, utc(moment)) == (who,)


def test_a_shift_around_the_clock_and_one_until_midnight() -> None:
    around = Rota(shifts=(Shift(DAY, 420, 420),))
    assert {on_call(around, OSLO, utc("2026-10-24") + hour * 3_600_000) for hour in range(48)} == {DAY}
    until = Rota(shifts=(Shift(DAY, 420, 1440),))
    assert on_call(until, OSLO, utc("2026-11-22T22:59")) == DAY
    assert on_call(until, OSLO, utc("2026-11-22T23:00")) == ()


def test_a_swap_comes_before_everything() -> None:
    swap = Swap(("x", "y"), datetime(2026, 12, 24, 8, 0), datetime(2026, 12, 26, 8, 0))  # noqa: DTZ001 - the site's clock
    rota = Rota(people=("always",), shifts=(Shift(DAY, 0, 1440),), swaps=(swap,))
    assert on_call(rota, OSLO, utc("2026-12-24T06:59")) == ("always", "day")
    assert on_call(rota, OSLO, utc("2026-12-24T07:00")) == ("x", "y")
    assert on_call(rota, OSLO, utc("2026-12-26T07:00")) == ("always", "day")
    assert rota.everybody() == {"always", "day", "x", "y"}


def test_who_is_on_call_twice_is_told_once() -> None:
    rota = Rota(people=("a",), shifts=(Shift(("a", "b"), 0, 1440),), rotation=Rotation(("b",), date(2026, 1, 1), 0))
    assert on_call(rota, OSLO, NOON) == ("a", "b")


NOON = utc("2026-06-01T12:00")


def test_a_rotation_by_weeks() -> None:
    rota = Rota(rotation=Rotation(("a", "b"), date(2026, 1, 5), 8 * 60))
    assert on_call(rota, OSLO, utc("2026-01-12T06:59")) == ("a",)
    assert on_call(rota, OSLO, utc("2026-01-12T07:00")) == ("b",)
    assert on_call(rota, OSLO, utc("2026-01-05T06:59")) == ("b",)  # before the first turn: the last one's
    july = instant(OSLO, date(2026, 7, 6), 8 * 60)  # 26 weeks on, in summer time
    assert on_call(rota, OSLO, july - 1) == ("b",)
    assert on_call(rota, OSLO, july) == ("a",)


@given(MOMENTS, st.integers(0, 1439), st.sampled_from(ZONES))
def test_the_latest_time_of_day_is_within_a_day_and_an_hour(utc_ms: int, minutes: int, zone: ZoneInfo) -> None:
    at = instant(zone, latest(zone, minutes, utc_ms), minutes)
    assert at <= utc_ms < at + timedelta(hours=25) // timedelta(milliseconds=1)
