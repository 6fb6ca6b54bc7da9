"""What a streamed value counts with: the median of a minute, and neither one beat nor the last one."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from vitals.scores.window import Window

SPAN = 60_000


def filled(values: Sequence[float], each_ms: int = 5000) -> Window:
    window = Window(SPAN)
    for number, value in enumerate(values):
        window.add(number * each_ms, value)
    return window


def test_nothing_counts_until_half_a_window_was_heard() -> None:
    window = filled([91] * 6)
    assert window.median(29_999) is None
    assert window.median(30_000) == 91
    assert Window(SPAN).median(0) is None
    assert Window(SPAN).newest_ms is None


def test_one_value_decides_nothing_and_half_a_minute_does() -> None:
    assert filled([97] * 11 + [70]).median(60_000) == 97
    assert filled([97] * 6 + [90] * 7).median(60_000) == 90


def test_what_was_said_just_before_silence_does_not_outweigh_the_rest() -> None:
    window = filled([97] * 11 + [70])
    assert window.median(55_000 + SPAN) == 97


def test_a_gap_longer_than_the_window_begins_anew_and_one_value_counts_if_nothing_else_comes() -> None:
    window = filled([97] * 12)
    window.add(200_000, 85)
    assert window.median(229_999) is None
    assert window.median(230_000) == 85


def test_the_same_value_again_is_no_new_sample() -> None:
    window = filled([97, 91])
    for _ in range(5):
        window.add(5000, 97)
    assert window.median(60_000) == 94


@given(st.lists(st.floats(50, 100), min_size=1, max_size=40))
def test_the_median_is_never_beyond_what_was_heard_in_the_window(values: list[float]) -> None:
    found = filled(values).median(len(values) * 5000 + SPAN)
    assert found is not None
    assert min(values[-13:]) <= found <= max(values[-13:])
