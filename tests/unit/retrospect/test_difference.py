"""Two lists of episodes beside each other."""

from hypothesis import given
from hypothesis import strategies as st

from vitals.alarms.limits import Priority, Side
from vitals.alarms.replay import Episode, unmatched
from vitals.codes import Metric
from vitals.retrospect.difference import difference, in_alarm_s
from vitals.retrospect.period import Period
from vitals.retrospect.team import top_tenth


def low(alarm_s: int, end_s: int | None, *, start_s: int | None = None, side: Side = Side.LOW) -> Episode:
    return Episode(
        metric=Metric.SPO2,
        side=side,
        priority=Priority.MEDIUM,
        limit=90,
        worst=88,
        start_ms=1000 * (alarm_s if start_s is None else start_s),
        alarm_ms=1000 * alarm_s,
        end_ms=None if end_s is None else 1000 * end_s,
    )


def test_only_then_only_proposed_and_both_with_the_delay() -> None:
    proposed = [low(20, 40), low(100, 110), low(300, None)]
    then = [low(15, 30), low(200, 210), low(305, 320)]
    found = difference(proposed, then)
    assert found.only_proposed == (proposed[1],)
    assert found.only_then == (then[1],)
    assert [(pair.proposed, pair.then, pair.delay_s) for pair in found.both] == [
        (proposed[0], then[0], 5.0),
        (proposed[2], then[2], -5.0),
    ]


def test_one_alarm_that_is_two_now_has_one_delay_and_two_that_are_one_are_both_there() -> None:
    one, two = [low(10, 100)], [low(12, 30), low(60, 90)]
    split = difference(two, one)
    assert [pair.delay_s for pair in split.both] == [2.0, None]
    joined = difference(one, two)
    assert [pair.delay_s for pair in joined.both] == [-2.0]
    assert joined.only_then == split.only_then == ()


def test_the_other_side_of_a_metric_is_another_condition() -> None:
    found = difference([low(10, 20)], [low(10, 20, side=Side.HIGH)])
    assert (len(found.only_proposed), len(found.only_then), found.both) == (1, 1, ())


def courses(cuts: list[int]) -> list[Episode]:
    """Episodes of one condition, apart and in order, from an even number of distinct seconds."""
    moments = sorted(set(cuts))
    pairs = zip(moments[::2], moments[1::2], strict=False)
    return [low(begins, ends, start_s=begins) for begins, ends in pairs]


@given(st.lists(st.integers(0, 200)), st.lists(st.integers(0, 200)))
def test_it_says_what_unmatched_says(ours: list[int], theirs: list[int]) -> None:
    proposed, then = courses(ours), courses(theirs)
    found = difference(proposed, then)
    assert found.only_proposed == unmatched(proposed, then)
    assert found.only_then == unmatched(then, proposed)
    assert len(found.both) + len(found.only_proposed) == len(proposed)


def test_time_in_alarm_counts_each_moment_once_and_ends_with_the_period() -> None:
    within = Period(0, 100_000)
    assert in_alarm_s([low(10, 20), low(15, 30), low(90, None)], within) == 30
    assert in_alarm_s([low(90, 200)], within) == 10
    assert in_alarm_s([], within) == 0


def test_the_tenth_with_the_most_alarms() -> None:
    assert top_tenth([57, *[0] * 8, 43]) == (1, 0.57)
    assert top_tenth([10] * 25) == (3, 0.12)
    assert top_tenth([0, 0]) == (1, None)
    assert top_tenth([]) == (0, None)
