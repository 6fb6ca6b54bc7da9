"""What a commit writes, against a model that remembers identities one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import EPOCH, arrival, data, rejected, void

from vitals.series.base import Arrival
from vitals.series.intervals import Intervals
from vitals.series.posting import EpochKey, post, set_aside
from vitals.wire.header import Kind

SEQ = st.integers(1, 12)
EPOCHS = st.sampled_from([EPOCH, EPOCH - 1])
RANGE = st.tuples(SEQ, st.integers(0, 4)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@st.composite
def arrivals(draw: st.DrawFn) -> Arrival:
    epoch, seq = draw(EPOCHS), draw(SEQ)
    kind = draw(st.sampled_from(["data", "void", "garbage", "refused"]))
    if kind == "void":
        # a void is a row of its own: it never stands inside the ranges that it drops
        return arrival(100 + seq, void({draw(EPOCHS): [draw(RANGE)]}), epoch=epoch)
    if kind == "garbage":
        return arrival(seq, b"\xc1", epoch=epoch)
    return arrival(seq, epoch=epoch, quarantine="wrong mode" if kind == "refused" else None)


@given(st.lists(st.lists(arrivals(), max_size=6), max_size=6))
@settings(max_examples=150)
def test_every_identity_is_taken_once_and_a_void_takes_what_is_left(commits: list[list[Arrival]]) -> None:
    held: dict[EpochKey, Intervals] = {}
    model: set[tuple[int, int]] = set()
    for commit in commits:
        posting = post(commit, lambda key: held.get(key, Intervals()))
        new = [item.arrival.header for item in posting.entries] + [item.arrival.header for item in posting.asides]
        taken = [(header.epoch, header.seq) for header in new]
        dropped = [
            (epoch, seq)
            for entry in posting.entries
            for epoch, ranges in entry.dropped.items()
            for low, high in ranges
            for seq in range(low, high + 1)
        ]
        fresh = taken + dropped
        assert len(set(fresh)) == len(fresh)
        assert not model & set(fresh)
        model |= set(fresh)
        held.update(posting.received)
        assert all((given.header.epoch, given.header.seq) in model for given in commit)
        assert {
            (epoch, seq) for (_, epoch), ranges in held.items() for low, high in ranges for seq in range(low, high + 1)
        } == model


def test_deciding_changes_nothing_that_is_held() -> None:
    held = Intervals([(1, 3)])
    posting = post([arrival(4)], lambda _: held)
    assert held.ranges == [(1, 3)]
    assert posting.received["gw-1", EPOCH].ranges == [(1, 4)]


def test_a_second_copy_in_one_commit_is_redelivered() -> None:
    twice = arrival(1, data([97.0, 96.0], rejected=[rejected()]))
    posting = post([twice, twice], lambda _: Intervals())
    assert (len(posting.entries), posting.redelivered) == (1, 3)


def test_identity_is_the_gateway_too() -> None:
    posting = post([arrival(1, gateway="gw-1"), arrival(1, gateway="gw-2")], lambda _: Intervals())
    assert len(posting.entries) == 2


def test_what_cannot_be_read_goes_to_quarantine_and_counts_what_can() -> None:
    posting = post(
        [
            arrival(1, b"\xc1"),
            arrival(2, b"\x90", kind=77),
            arrival(3, data([97.0, 96.0]), quarantine="wrong mode"),
            arrival(4, version=2),
            arrival(2**63, data()),
            arrival(5, b"\x90", kind=Kind.ALARM),
        ],
        lambda _: Intervals(),
    )
    assert not posting.entries
    assert [item.observations for item in posting.asides] == [0, 0, 2, 0, 1, 0]
    reasons = [item.arrival.quarantine or "" for item in posting.asides]
    assert reasons[2] == "wrong mode"
    assert "version 2" in reasons[3]
    assert "beyond" in reasons[4]


def test_quarantine_is_numbered_and_names_its_row_of_the_log() -> None:
    posting = post([arrival(1), arrival(2, data(rejected=[rejected(5)])), arrival(3, b"\xc1")], lambda _: Intervals())
    rows = set_aside(posting, first_log_seq=10, first_number=4)
    assert [(row.number, row.log_seq, row.at_ms, row.arrival is None) for row in rows] == [
        (4, None, 0, False),
        (5, 11, 5, True),
    ]
