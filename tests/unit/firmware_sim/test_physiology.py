"""The model of a person: plausible, pure, and the same for the same seed."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counts import count

from vitals_firmware_sim.physiology import (
    LONGEST_RR_S,
    SHORTEST_RR_S,
    Target,
    Vitals,
    advance,
    begin,
    person_seed,
    resting_heart_rate,
)

SEEDS = st.integers(0, 2**63)
TARGETS = st.builds(
    Target,
    heart_rate=st.floats(25, 210),
    spo2=st.floats(50, 100),
    perfusion_index=st.floats(0.1, 12),
    motion=st.floats(0, 1),
    fibrillating=st.booleans(),
)


def lived(seed: int, target: Target, moments: Sequence[float]) -> list[Vitals]:
    body, seen = begin(seed, target), []
    for at_s in moments:
        body, vitals = advance(body, target, at_s)
        seen.append(vitals)
    return seen


def intervals(seen: Sequence[Vitals]) -> list[int]:
    return [interval for vitals in seen for interval in vitals.rr_1024]


def irregularity(seen: Sequence[Vitals]) -> float:
    """The mean step from one interval to the next, as a share of the mean interval."""
    rr = intervals(seen)
    steps = [abs(after - before) for before, after in pairwise(rr)]
    return (sum(steps) / len(steps)) / (sum(rr) / len(rr))


@given(SEEDS, TARGETS)
def test_values_are_plausible(seed: int, target: Target) -> None:
    for vitals in lived(seed, target, range(40)):
        assert 24 <= vitals.heart_rate <= 60 / SHORTEST_RR_S
        assert 1 <= vitals.pulse_rate <= 350
        assert 1 <= vitals.spo2 <= 100
        assert 0 <= vitals.perfusion_index <= 20
        for interval in vitals.rr_1024:
            assert SHORTEST_RR_S * 1024 - 1 <= interval <= LONGEST_RR_S * 1024 + 1


@given(SEEDS, TARGETS)
def test_same_seed_same_person(seed: int, target: Target) -> None:
    assert lived(seed, target, range(20)) == lived(seed, target, range(20))


@given(SEEDS, TARGETS, st.lists(st.floats(0, 30), max_size=20))
def test_beats_do_not_depend_on_how_often_one_looks(seed: int, target: Target, moments: list[float]) -> None:
    looked = lived(seed, target, [*sorted(moments), 30.0])
    assert intervals(looked) == intervals(lived(seed, target, [30.0]))
    assert looked[-1].spo2 == lived(seed, target, [30.0])[-1].spo2


@given(SEEDS, TARGETS)
def test_intervals_fill_the_time(seed: int, target: Target) -> None:
    elapsed_s = sum(intervals(lived(seed, target, range(61)))) / 1024
    assert 60 - LONGEST_RR_S - 0.1 <= elapsed_s <= 60.1


@given(SEEDS, st.floats(40, 160))
def test_heart_rate_follows_its_target(seed: int, heart_rate: float) -> None:
    last = lived(seed, Target(heart_rate=heart_rate), range(30))[-1]
    assert abs(last.heart_rate - heart_rate) < 0.07 * heart_rate
    assert abs(last.pulse_rate - last.heart_rate) < 0.01


@settings(max_examples=count(short=10, long=200))
@given(SEEDS)
def test_fibrillation_is_irregular_and_sinus_rhythm_is_not(seed: int) -> None:
    assert irregularity(lived(seed, Target(heart_rate=96, fibrillating=True), range(120))) > 0.12
    assert 0.001 < irregularity(lived(seed, Target(heart_rate=70), range(120))) < 0.06


@given(SEEDS)
def test_motion_costs_perfusion(seed: int) -> None:
    still = lived(seed, Target(), range(20))
    moving = lived(seed, Target(motion=1.0), range(20))
    assert all(after.perfusion_index < before.perfusion_index for before, after in zip(still, moving, strict=True))


def test_people_differ() -> None:
    seeds = [person_seed(7, number) for number in range(1, 51)]
    assert len(set(seeds)) == 50
    resting = [resting_heart_rate(seed) for seed in seeds]
    assert all(61 <= rate < 76 for rate in resting)
    assert max(resting) - min(resting) > 10
    assert person_seed(7, 1) != person_seed(8, 1)
