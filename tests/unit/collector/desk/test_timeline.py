"""One timeline across restarts and reboots."""

from hypothesis import given
from hypothesis import strategies as st

from vitals.collector.channel import Mark
from vitals.timeline import Timeline


def test_the_first_process_defines_the_timeline() -> None:
    timeline = Timeline().entered(1, 5000, 1_000_000)
    assert timeline.at(1, 5000) == 5000


def test_a_restart_on_the_same_boot_goes_on() -> None:
    timeline = Timeline().entered(1, 5000, 1_000_000).marked(9000, 1_004_000).entered(1, 20_000, 1_015_000)
    assert timeline.at(1, 20_000) == 20_000


def test_a_reboot_goes_on_by_what_utc_says_passed() -> None:
    timeline = Timeline().entered(1, 5000, 1_000_000).marked(9000, 1_004_000).entered(2, 100, 1_064_000)
    assert timeline.at(2, 100) == 9000 + 60_000
    assert timeline.at(1, 9500) == 9500


def test_a_wall_clock_set_back_over_a_reboot_takes_nothing_back() -> None:
    timeline = Timeline().entered(1, 5000, 1_000_000).marked(9000, 1_004_000).entered(2, 100, 900_000)
    assert timeline.at(2, 100) == 9000


def test_a_forgotten_boot_is_the_last_checkpoint() -> None:
    timeline = Timeline().entered(1, 0, 0).marked(9000, 9000)
    for boot in range(2, 9):
        timeline = timeline.entered(boot, 0, 9000).marked(9000, 9000)
    assert len(timeline.offsets) == 4
    assert timeline.at(1, 3) == 9000
    assert timeline.at(8, 3) == 9003


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 50)), max_size=60))
def test_an_observation_counts_once_and_only_if_it_is_newer(observed: list[tuple[int, int]]) -> None:
    mark = Mark()
    taken = [moment for moment in observed if mark.follows(*moment)]
    boots = [boot for boot, _ in taken]
    assert len(set(taken)) == len(taken)
    for boot in set(boots):
        times = [at_ms for of, at_ms in taken if of == boot]
        assert times == sorted(times)
        first, last = boots.index(boot), len(boots) - 1 - boots[::-1].index(boot)
        assert set(boots[first : last + 1]) == {boot}  # a boot that was left never comes back
    for moment in taken:
        assert not mark.follows(*moment)
