"""Conditions are told when they change."""

from tests.desks import KeepingDesk

from vitals.collector.notices import MOST_TEXTS, Notices


def test_transitions_are_told_and_repetitions_are_not() -> None:
    desk = KeepingDesk()
    notices = Notices(desk)
    notices.begin("a", "one")
    notices.begin("a", "one")
    notices.begin("a", "two")
    assert notices.holds("a")
    notices.end("a")
    notices.end("a")
    notices.end("never")
    assert desk.notices == [("a", "one"), ("a", "two"), ("a", None)]
    assert not notices.holds("a")


def test_one_with_an_end_ends_unless_it_is_said_again() -> None:
    desk = KeepingDesk()
    notices = Notices(desk)
    notices.begin("a", "one", 100)
    notices.tick(99)
    notices.begin("a", "one", 200)
    notices.tick(100)
    assert notices.holds("a")
    notices.tick(200)
    assert desk.notices == [("a", "one"), ("a", None)]
    notices.tick(300)
    assert len(desk.notices) == 2


def test_reasons_that_take_turns_are_told_once_each_and_are_bounded() -> None:
    desk = KeepingDesk()
    notices = Notices(desk)
    for number in range(3 * MOST_TEXTS):
        notices.add("a", f"reason {number % 2}")
    assert desk.notices == [("a", "reason 0"), ("a", "reason 1")]
    for number in range(3 * MOST_TEXTS):
        notices.add("a", f"reason {number}")
    assert len(desk.notices) == MOST_TEXTS
    notices.end("a")
    notices.add("a", "reason 0")
    assert desk.notices[-1] == ("a", "reason 0")
