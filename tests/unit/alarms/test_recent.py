"""The last seconds of a metric: what a mean and a change are, by brute force, and what begins them anew."""

import statistics

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counts import count

from vitals.alarms.recent import NOTHING, Recent, follow

MANY = settings(max_examples=count(short=25, long=500))
HELD_MS = 15_000
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 250, 1000, 1000, 1000, 4000, 15_000, 15_001]), st.integers(70, 100)), max_size=60
)


def followed(values: list[tuple[int, float]], span_ms: float) -> Recent:
    recent = NOTHING
    for at_ms, value in values:
        recent = follow(recent, 1, at_ms, value, span_ms=span_ms, held_ms=HELD_MS)
    return recent


def since_the_gap(values: list[tuple[int, float]]) -> list[tuple[int, float]]:
    begins = max((i for i in range(1, len(values)) if values[i][0] - values[i - 1][0] > HELD_MS), default=0)
    return values[begins:]


@MANY
@given(STEPS, st.sampled_from([1000, 5000, 10_000, 60_000]))
def test_mean_and_change_are_those_of_all_values_since_the_gap(steps: list[tuple[int, int]], span_ms: int) -> None:
    at_ms, values = 0, list[tuple[int, float]]()
    for step_ms, value in steps:
        at_ms += step_ms
        values.append((at_ms, float(value)))
        recent = followed(values, span_ms)
        run = since_the_gap(values)
        mean = [each for at, each in run if at > at_ms - span_ms]
        assert recent.mean(span_ms) == round(statistics.fmean(mean), 6)
        settled = [(run[i][0], statistics.median(each for _, each in run[i - 2 : i + 1])) for i in range(2, len(run))]
        within = [each for at, each in settled if at >= at_ms - span_ms]
        assert recent.settled == bool(settled)
        assert recent.fall(span_ms) == (max(within) - within[-1] if within else 0)
        assert recent.rise(span_ms) == (within[-1] - min(within) if within else 0)


@MANY
@given(STEPS)
def test_no_more_is_kept_than_is_looked_back_to(steps: list[tuple[int, int]]) -> None:
    at_ms, recent = 0, NOTHING
    for step_ms, value in steps:
        at_ms += step_ms
        recent = follow(recent, 1, at_ms, value, span_ms=5000, held_ms=HELD_MS)
        assert all(sample.at_ms >= at_ms - 5000 for sample in recent.samples[:-3])


def test_another_boot_begins_anew_and_an_older_value_is_left_out() -> None:
    recent = followed([(1000, 97), (2000, 97), (3000, 97)], 60_000)
    assert follow(recent, 1, 2500, 60, span_ms=60_000, held_ms=HELD_MS) is recent
    assert follow(recent, 2, 4000, 90, span_ms=60_000, held_ms=HELD_MS).mean(60_000) == 90


def test_what_binary_fractions_add_is_rounded_away() -> None:
    recent = followed([(1000 * at, 36.6) for at in range(1, 8)] + [(1000 * at, 36.1) for at in range(8, 11)], 60_000)
    assert recent.fall(60_000) == 0.5
    assert followed([(1000 * at, 36.6) for at in range(1, 8)], 60_000).mean(7000) == 36.6
