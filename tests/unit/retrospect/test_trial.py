"""A course in stretches, the quiet ones not stepped through, is the course."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.alarms.profile import built_in, parse
from vitals.alarms.replay import Recorded, report
from vitals.codes import Metric
from vitals.delays import Delays
from vitals.observation import observe
from vitals.retrospect.period import Period
from vitals.retrospect.quiet import quiet, ranges
from vitals.retrospect.stretches import Stretch
from vitals.retrospect.trial import Trial

RATES = parse('name = "r"\n[spo2]\nhysteresis = 1\nfalls = [{ by = 4, within_s = 60, priority = "medium" }]\n')
PROFILES = [built_in("adult"), built_in("copd"), RATES]
STEP_MS = 5000
LENGTH_MS = 300_000


def stretch(begins: int, ends: int, offset_ms: int = 0) -> Stretch:
    return Stretch(Period(begins, ends), offset_ms, None, ("s",), suspended=False)


@given(
    st.sampled_from(PROFILES),
    st.lists(
        st.tuples(st.sampled_from([72, 47, 130]), st.sampled_from([97, 93, 89, 84]), st.booleans(), st.integers(1, 90)),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 23),
)
def test_stretches_are_the_whole(profile: object, parts: list[tuple[int, int, bool, int]], hour: int) -> None:
    assert isinstance(profile, type(RATES))
    moments: list[Recorded] = []
    for heart, spo2, by_pulse, count in parts:
        rate = Metric.PULSE_RATE if by_pulse else Metric.HEART_RATE
        for _ in range(count):
            moments.append(Recorded(STEP_MS * len(moments), (observe(rate, heart), observe(Metric.SPO2, spo2))))
    whole = Period(0, STEP_MS * len(moments))
    trial = Trial([], profile, [], Delays(), 1.0)
    edges = [*range(0, whole.to_ms, LENGTH_MS), whole.to_ms]
    for begins, ends in pairwise(edges):
        acting = [moment for moment in moments if begins <= moment.at_ms < ends]
        trial.take(stretch(begins, ends, hour * 3_600_000), [], acting, ranges(acting))
    expected = report(profile, moments, begins_ms=hour * 3_600_000).episodes
    found = trial.outcome(whole).episodes
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize(
    ("profile", "spo2", "is_quiet"),
    [(built_in("adult"), 92, True), (built_in("adult"), 91.9, False), (RATES, 99, False)],
)
def test_what_is_quiet(profile: object, spo2: float, is_quiet: bool) -> None:  # noqa: FBT001 - a table
    assert isinstance(profile, type(RATES))
    of = ranges([Recorded(0, (observe(Metric.SPO2, spo2), observe(Metric.PULSE_RATE, 72)))])
    situation = Trial([], profile, [], Delays(), 1.0)._situation
    assert quiet(situation, profile, stretch(0, LENGTH_MS), of) is is_quiet
    night_ends = 6 * 3_600_000 + 59 * 60_000
    assert not quiet(situation, profile, stretch(night_ends, night_ends + LENGTH_MS), of)
