"""Acknowledgements: rare, spread, at once when it matters, and none forgotten."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vitals.collector.acknowledgement import MOST_RANGES, Acknowledgements

EVENT = st.tuples(
    st.integers(0, 900),  # time that passes
    st.sampled_from(["gw-1", "gw-2", "gw-3"]),
    st.integers(1, 2),  # epoch
    st.integers(1, 60),
    st.integers(1, 9000),  # bytes
    st.booleans(),
)


def drain(acknowledgements: Acknowledgements, now_ms: int) -> list[tuple[str, list[tuple[int, int]]]]:
    told = []
    while (message := acknowledgements.take(now_ms)) is not None:
        told.append(message)
    return told


@given(st.lists(EVENT, max_size=60))
@settings(max_examples=150)
def test_everything_is_told_within_an_interval_and_timed_ones_are_an_interval_apart(
    events: list[tuple[int, str, int, int, int, bool]],
) -> None:
    acknowledgements = Acknowledgements(2000, credit=20_000)
    waiting: dict[str, dict[tuple[int, int], int]] = {}
    size: dict[str, int] = {}
    timed: dict[str, int] = {}
    now = 0

    def tell(at_ms: int) -> None:
        for gateway, rows in drain(acknowledgements, at_ms):
            waited = waiting.pop(gateway)
            early = size.pop(gateway) < 10_000 and not urgent_since.pop(gateway, False)
            if early:
                assert at_ms - timed.get(gateway, -(10**9)) >= 2000
                timed[gateway] = at_ms
            assert set(rows) <= set(waited)
            assert all(at_ms - since <= 2000 for since in waited.values())
            lows = {epoch: [seq for each, seq in rows if each == epoch] for epoch, _ in rows}
            assert all(any(low <= seq for low in lows[epoch]) for epoch, seq in waited)

    urgent_since: dict[str, bool] = {}
    for step, gateway, epoch, seq, count, rare in events:
        until = now + step
        while (due := acknowledgements.next_ms()) is not None and due <= until:
            tell(due)
        now = until
        urgent = rare and count > 8000
        before = acknowledgements.next_ms()
        sooner = acknowledgements.settled(gateway, epoch, seq, count, now, urgent=urgent)
        after = acknowledgements.next_ms()
        assert after is not None
        assert sooner == (before is None or after < before)
        waiting.setdefault(gateway, {}).setdefault((epoch, seq), now)
        size[gateway] = size.get(gateway, 0) + count
        urgent_since[gateway] = urgent_since.get(gateway, False) or urgent
        if urgent or size[gateway] >= 10_000:
            assert after == now
            tell(now)
    while (due := acknowledgements.next_ms()) is not None:
        tell(due)
    assert not waiting


def test_gateways_have_slots_of_their_own() -> None:
    acknowledgements = Acknowledgements(2000)
    for number in range(200):
        acknowledgements.settled(f"gw-{number}", 1, 1, 100, 10_000)
    told = [len(drain(acknowledgements, 10_000 + at)) for at in range(100, 2001, 100)]
    assert sum(told) == 200
    assert max(told) < 40


def test_nothing_is_due_before_its_time() -> None:
    acknowledgements = Acknowledgements(2000)
    assert acknowledgements.next_ms() is None
    acknowledgements.settled("gw-1", 1, 1, 100, 0)
    due = acknowledgements.next_ms()
    assert due is not None
    assert acknowledgements.take(due - 1) is None
    assert acknowledgements.take(due) == ("gw-1", [(1, 1)])
    assert acknowledgements.next_ms() is None


def test_a_message_is_bounded_and_the_rest_follows() -> None:
    acknowledgements = Acknowledgements(2000, credit=10**9)
    seqs = range(1, 2 * MOST_RANGES + 21, 2)
    for seq in seqs:
        acknowledgements.settled("gw-1", 7, seq, 1, 0)
    told: list[tuple[int, int]] = []
    sizes = []
    while (due := acknowledgements.next_ms()) is not None:
        message = acknowledgements.take(due)
        assert message is not None
        sizes.append(len(message[1]))
        told += message[1]
    assert sizes == [MOST_RANGES, 10]
    assert told == [(7, seq) for seq in seqs]
