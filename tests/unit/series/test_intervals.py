"""Merged intervals against a set of numbers."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from vitals.series.intervals import Intervals

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1])))


def numbers(ranges: list[tuple[int, int]]) -> set[int]:
    return {number for low, high in ranges for number in range(low, high + 1)}


@given(RANGES)
@settings(max_examples=200)
def test_they_hold_what_was_added_and_nothing_else(ranges: list[tuple[int, int]]) -> None:
    held = Intervals(ranges)
    assert numbers(held.ranges) == numbers(ranges)
    assert [number for number in range(80) if number in held] == sorted(numbers(ranges))


@given(RANGES)
@settings(max_examples=200)
def test_they_are_ascending_and_never_touch(ranges: list[tuple[int, int]]) -> None:
    merged = Intervals(ranges).ranges
    assert all(low <= high for low, high in merged)
    assert all(early[1] + 1 < late[0] for early, late in itertools.pairwise(merged))


@given(RANGES, st.integers(0, 70), st.integers(-1, 20))
@settings(max_examples=200)
def test_what_is_missing_is_what_is_not_held(ranges: list[tuple[int, int]], low: int, length: int) -> None:
    held = Intervals(ranges)
    missing = held.missing(low, low + length)
    assert numbers(missing) == set(range(low, low + length + 1)) - numbers(ranges)
    assert all(early[1] + 1 < late[0] for early, late in itertools.pairwise(missing))


@given(RANGES, st.integers(0, 80))
def test_around_is_the_merged_range_of_a_number(ranges: list[tuple[int, int]], number: int) -> None:
    held = Intervals(ranges)
    around = held.around(number)
    assert (around in held.ranges and around[0] <= number <= around[1]) if around else number not in numbers(ranges)


def test_the_ends_of_64_bits_are_numbers_like_any_other() -> None:
    held = Intervals([(0, 0), (2**64 - 1, 2**64 - 1)])
    held.add(1, 2**64 - 2)
    assert held.ranges == [(0, 2**64 - 1)]
    assert held.highest == 2**64 - 1


def test_a_copy_goes_its_own_way() -> None:
    held = Intervals([(1, 3)])
    twin = held.copy()
    twin.add(4, 4)
    assert (held.ranges, twin.ranges) == ([(1, 3)], [(1, 4)])
    assert Intervals().highest is None
