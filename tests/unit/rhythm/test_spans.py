"""From what is said at each beat to intervals."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vitals.rhythm.spans import Said, spans


def test_a_stretch_lasts_until_something_else_is_said() -> None:
    said = [Said(0, "a"), Said(1, "a"), Said(2, "b"), Said(3, "b"), Said(4, "a"), Said(5, "a")]
    assert spans(said) == {"a": [(0, 2), (4, 5)], "b": [(2, 4)]}


def test_none_reaches_across_a_gap() -> None:
    said = [Said(0, "a"), Said(1, "a"), Said(9, "b", gap=True), Said(10, "a")]
    assert spans(said) == {"a": [(0, 1), (10, 10)], "b": [(1, 10)]}


def test_of_nothing_there_is_nothing() -> None:
    assert spans([]) == {}


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from("abc"), st.booleans()), min_size=1))
def test_they_cover_the_time_once(beats: list[tuple[float, str, bool]]) -> None:
    times = sorted(at for at, _, _ in beats)
    found = spans(Said(at, what, gap) for at, (_, what, gap) in zip(times, beats, strict=True))
    whole = sorted(span for stretches in found.values() for span in stretches)
    assert whole[0][0] == times[0]
    assert max(end for _, end in whole) == times[-1]
    assert all(before[1] == after[0] for before, after in pairwise(whole))
