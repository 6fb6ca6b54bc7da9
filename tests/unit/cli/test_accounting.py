"""The books must balance, and must not balance when something is lost or doubled."""

from vitals import gatt
from vitals.cli.demo.accounting import Declared, Sent, Stored, reconcile
from vitals.gatt.heart_rate_measurement import HeartRateMeasurement, encode

STRAP = ("strap", "2A37")


def payload(bpm: int, rr: tuple[int, ...] = ()) -> bytes:
    return encode(HeartRateMeasurement(bpm=bpm, contact=True, energy_kj=None, rr_1024=rr))


def sent(at_ms: int, bpm: int) -> Sent:
    return Sent(*STRAP, at_ms, payload(bpm), 1)


def stored(at_ms: int, bpm: int) -> Stored:
    return Stored(*STRAP, at_ms, gatt.read("2A37", payload(bpm)).observations)


def test_all_that_was_sent_is_stored() -> None:
    account = reconcile(
        [sent(0, 70), sent(100, 70), sent(200, 71)], [stored(5, 70), stored(104, 70), stored(210, 71)], []
    )
    assert account.observations_sent == account.observations_committed == 3
    assert account.unexplained == account.doubled == account.dropped == 0


def test_one_missing_is_unexplained() -> None:
    account = reconcile([sent(0, 70), sent(1000, 71)], [stored(5, 70)], [])
    assert account.unexplained == 1
    assert account.unexplained_sent == [sent(1000, 71)]


def test_one_of_two_equal_values_missing_is_unexplained() -> None:
    account = reconcile([sent(0, 70), sent(100, 70)], [stored(105, 70)], [])
    assert account.unexplained == 1


def test_one_stored_twice_is_doubled() -> None:
    account = reconcile([sent(0, 70)], [stored(5, 70), stored(6, 70)], [])
    assert account.doubled == 1


def test_a_value_that_nobody_sent_is_doubled() -> None:
    account = reconcile([sent(0, 70)], [stored(5, 71)], [])
    assert (account.doubled, account.unexplained) == (1, 1)


def test_a_declared_gap_explains_what_lies_in_it_and_nothing_else() -> None:
    gap = Declared(*STRAP, 5000, 9000, "gateway_down")
    notifications = [sent(0, 70), sent(6000, 71), sent(20_000, 72)]
    account = reconcile(notifications, [stored(5, 70)], [gap])
    assert account.dropped_by == {"gateway_down": 1}
    assert account.unexplained_sent == [sent(20_000, 72)]


def test_a_gap_of_another_characteristic_explains_nothing() -> None:
    account = reconcile([sent(6000, 71)], [], [Declared("strap", "2A19", 5000, 9000, "link_lost")])
    assert account.unexplained == 1


def test_a_value_stored_beside_a_gap_counts_for_the_one_that_nothing_excuses() -> None:
    """Two equal values, one within the gap and lost: the stored one must not be taken for the lost one."""
    gap = Declared(*STRAP, 0, 500, "link_lost")
    account = reconcile([sent(900, 70), sent(1100, 70)], [stored(1105, 70)], [gap])
    assert (account.dropped, account.unexplained) == (1, 0)


def test_an_unreadable_payload_is_quarantined_as_it_came() -> None:
    garbage = Sent(*STRAP, 50, b"\x10", 1)
    account = reconcile([garbage], [Stored(*STRAP, 51, (), b"\x10")], [])
    assert (account.quarantined, account.unexplained, account.doubled) == (1, 0, 0)


def test_rr_intervals_count_as_observations() -> None:
    beats = payload(60, (1024, 1000))
    item = Sent(*STRAP, 0, beats, 3)
    account = reconcile([item], [Stored(*STRAP, 1, gatt.read("2A37", beats).observations)], [])
    assert account.observations_committed == 3
