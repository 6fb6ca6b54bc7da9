"""The legs of the path: which failure is named, when, and that it is paged within a minute."""

import pytest

from vitals.life.legs import LIMITS, STARTED, Leg, Reading, Report, judge
from vitals.notify.watchdog import Look, Page, Rules, begun, step, told

NOW_MS = 1_000_000
WELL = {leg: Reading(NOW_MS) for leg in Leg}


def broken(leg: Leg, for_ms: float) -> dict[Leg, Reading]:
    return WELL | {leg: Reading(NOW_MS - round(for_ms))}


def judged(readings: dict[Leg, Reading], now_ms: int = NOW_MS, started_ms: int = 0) -> Report:
    return judge(readings, lambda leg: f"{leg} broke", now_ms, started_ms=started_ms)


def test_every_leg_has_a_limit() -> None:
    assert set(LIMITS) == set(Leg)


def test_a_path_whose_legs_are_all_well_is_whole() -> None:
    report = judge(WELL, str, NOW_MS, heard_ms=2500)
    assert (report.status, report.whole, report.checked_s, report.broken_s) == ("ok", True, 0.0, 0.0)
    assert (report.heard_s, report.late) == (2.5, None)
    assert all(leg.ok and not leg.why for leg in report.legs)


@pytest.mark.parametrize("leg", list(Leg))
def test_one_leg_that_is_unwell_for_longer_than_its_limit_breaks_the_path_and_is_named(leg: Leg) -> None:
    limit_ms = LIMITS[leg].ms(1.0)
    assert judged(broken(leg, limit_ms)).whole
    report = judged(broken(leg, limit_ms + 1))
    assert report.status == f"{leg}: {leg} broke"
    assert not report.whole
    assert report.late is not None
    assert (report.late.leg, report.broken_s) == (leg.value, round(limit_ms / 1000, 1))


@pytest.mark.parametrize("leg", list(Leg))
def test_a_leg_that_this_site_does_not_need_breaks_nothing(leg: Leg) -> None:
    report = judged(WELL | {leg: Reading(None, needed=False)})
    assert report.whole
    assert report.broken_s == 0.0


@pytest.mark.parametrize("leg", list(Leg))
def test_what_was_not_proven_since_the_start_is_not_well_and_alarms_after_its_limit(leg: Leg) -> None:
    readings = WELL | {leg: Reading(None)}
    report = judged(readings, started_ms=NOW_MS - 1000)
    assert (report.whole, report.late, report.status) == (False, None, f"{leg}: {STARTED}")
    assert report.broken_s == 1.0
    late = judged(readings, started_ms=NOW_MS - 60_000).late
    assert late is not None
    assert late.why == f"{leg} broke"


def test_what_explains_the_others_is_named_first() -> None:
    readings = {leg: Reading(0) for leg in Leg}
    for leg in Leg:
        assert judged(readings).status == f"{leg}: {leg} broke"
        readings[leg] = Reading(NOW_MS)
    assert judged(readings).whole


def test_the_failure_is_as_old_as_its_oldest_leg() -> None:
    readings = broken(Leg.BROKER, 20_000) | {Leg.ROUND: Reading(NOW_MS - 33_000)}
    report = judged(readings)
    assert (report.status, report.broken_s) == ("broker: broker broke", 33.0)


@pytest.mark.parametrize("leg", list(Leg))
def test_a_time_scale_never_asks_more_of_people_and_pages_than_they_can(leg: Leg) -> None:
    assert LIMITS[leg].ms(0.01) == LIMITS[leg].least_s * 1000
    assert LIMITS[leg].ms(1.0) == LIMITS[leg].limit_s * 1000


LOOKS_S, SENT_S = 10, 10


@pytest.mark.parametrize("leg", list(Leg))
def test_s4_every_leg_that_fails_is_paged_within_a_minute_whenever_it_fails(leg: Leg) -> None:
    """The watchdog's own table over the legs' limits, for every second between two of its looks."""
    rules = Rules(after_ms=35_000, steady_ms=30_000)
    for failed_s in range(100, 100 + LOOKS_S):
        watch = begun(0, life=False)
        for at_s in range(0, 300, LOOKS_S):
            well_s = min(at_s, failed_s)
            report = judged({leg: Reading(well_s * 1000)}, at_s * 1000)
            look = Look(report.whole, report.status, round(report.broken_s * 1000))
            watch = step(watch, look, at_s * 1000, rules)
            if watch.due is Page.FAILURE:
                assert at_s + SENT_S - failed_s <= 60
                watch = told(watch, at_s * 1000)
                break
        else:
            raise AssertionError(f"{leg} was never paged")
