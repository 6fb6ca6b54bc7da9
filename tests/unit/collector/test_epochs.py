"""Holes that nobody can fill are found, and holes that somebody still explains are not."""

from vitals.collector.epochs import Epochs, described
from vitals.wire.bodies import EpochState


def complete(last: int) -> EpochState:
    return EpochState(last + 1, last)


def test_an_epoch_without_a_hole_is_complete() -> None:
    epochs = Epochs()
    for _ in range(3):
        assert epochs.lost({1: complete(5)}, {1: [(1, 5)]}) == {}
        assert epochs.lost({1: EpochState(4, 9)}, {1: [(1, 3)]}) == {}
        assert epochs.lost({}, {}) == {}


def test_a_hole_in_an_empty_epoch_is_lost_once_it_was_seen_twice() -> None:
    epochs = Epochs()
    assert epochs.lost({1: complete(5)}, {1: [(1, 2), (5, 5)]}) == {}
    assert epochs.lost({1: complete(5)}, {1: [(1, 2), (5, 5)]}) == {1: [(3, 4)]}
    assert epochs.lost({1: complete(5)}, {1: [(1, 5)]}) == {}


def test_an_epoch_that_the_store_never_saw_is_lost_whole() -> None:
    epochs = Epochs()
    epochs.lost({1: complete(5)}, {})
    assert epochs.lost({1: complete(5)}, {}) == {1: [(1, 5)]}


def test_a_gateway_that_takes_its_rows_back_for_a_new_store_has_lost_nothing() -> None:
    epochs = Epochs()
    assert epochs.lost({1: complete(5)}, {}) == {}
    assert epochs.lost({1: EpochState(1, 5)}, {}) == {}
    assert epochs.lost({1: EpochState(3, 5)}, {1: [(1, 2)]}) == {}
    assert epochs.lost({1: complete(5)}, {1: [(1, 5)]}) == {}


def test_a_declaration_in_a_later_epoch_is_waited_for() -> None:
    epochs = Epochs()
    void_waits = {1: complete(5), 2: EpochState(1, 3)}
    for _ in range(4):
        assert epochs.lost(void_waits, {1: [(1, 2)]}) == {}
    explained = {1: [(1, 5)], 2: [(1, 3)]}
    assert epochs.lost({1: complete(5), 2: complete(3)}, explained) == {}


def test_what_the_last_declaration_leaves_out_is_lost_though_new_rows_keep_coming() -> None:
    epochs = Epochs()
    epochs.lost({1: complete(5), 2: EpochState(1, 3)}, {1: [(1, 2)]})
    assert epochs.lost({1: complete(5), 2: EpochState(4, 9)}, {1: [(1, 2)], 2: [(1, 3)]}) == {1: [(3, 5)]}


def test_an_epoch_that_the_gateway_names_no_longer_is_complete() -> None:
    epochs = Epochs()
    epochs.lost({2: complete(1)}, {1: [(1, 2), (4, 4)], 2: [(1, 1)]})
    assert epochs.lost({2: complete(1)}, {1: [(1, 2), (4, 4)], 2: [(1, 1)]}) == {1: [(3, 3)]}
    assert epochs.lost({2: complete(1)}, {1: [(1, 4)], 2: [(1, 1)]}) == {}


def test_a_store_that_was_set_back_has_lost_rows_of_an_epoch_that_goes_on() -> None:
    """A running gateway has something unacknowledged at every moment: its epoch is never seen empty."""
    epochs = Epochs()
    assert epochs.lost({1: EpochState(201, 205)}, {1: [(1, 100), (150, 204)]}) == {}
    assert epochs.lost({1: EpochState(212, 214)}, {1: [(1, 100), (150, 213)]}) == {1: [(101, 149)]}
    assert epochs.lost({1: EpochState(213, 214)}, {1: [(1, 100), (150, 213)]}) == {1: [(101, 149)]}
    assert epochs.lost({1: EpochState(213, 214)}, {1: [(1, 213)]}) == {}


def test_drops_that_go_on_are_each_waited_for() -> None:
    """A spool that stays full drops again before the last declaration is recorded: nothing of it is unexplained."""
    epochs = Epochs()
    for number in range(1, 6):
        dropped, void = 100 * number, 100 * number + 50
        state = EpochState(dropped, void)
        assert epochs.lost({1: state}, {1: [(1, dropped - 11)]}) == {}


def test_one_line_says_what_is_lost() -> None:
    assert described("gw-1", {0xAB: [(3, 4), (7, 7)]}).startswith(
        "3 messages of gw-1 are neither there nor here (00000000000000ab 3-7)"
    )
