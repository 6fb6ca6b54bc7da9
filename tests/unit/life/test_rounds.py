"""Signs of life: only what came all the way counts, and it never goes back."""

from hypothesis import given
from hypothesis import strategies as st

from vitals.life.rounds import LAPS, PATIENCE, Rounds, Sign

EVERY_MS = 5000


def sign(number: int, received_ms: int, *, seq: int = 0, epoch: int = 1, silent_ms: int | None = None) -> Sign:
    return Sign(number, epoch, seq, received_ms, silent_ms)


def anything(_gateway: str, _epoch: int, _seq: int) -> bool:
    return True


def nothing(_gateway: str, _epoch: int, _seq: int) -> bool:
    return False


def test_a_sign_goes_round_when_a_lap_that_holds_it_was_drawn() -> None:
    rounds = Rounds(EVERY_MS)
    first = sign(100, 1000)
    rounds.heard("gw-1", first)
    assert rounds.turn(2000, nothing)  # no row was stored yet: there is nothing to wait for
    assert (rounds.lap, rounds.closed("gw-1")) == (2000, None)
    assert rounds.close(2000) == ["gw-1"]
    assert (rounds.closed("gw-1"), rounds.closed_ms) == (first, 2000)
    assert rounds.close(2000) == []


def test_what_is_not_durable_is_in_no_lap() -> None:
    rounds = Rounds(EVERY_MS)
    rounds.heard("gw-1", sign(100, 1000, seq=7))
    rounds.turn(2000, nothing)
    assert rounds.close(2000) == []
    rounds.turn(3000, lambda *row: row == ("gw-1", 1, 7))
    assert not rounds.turn(4000, anything)  # laps are sparse
    assert rounds.turn(7000, anything)
    assert rounds.close(7000) == ["gw-1"]


def test_a_sign_that_waits_for_its_row_keeps_its_place_for_a_while() -> None:
    rounds = Rounds(EVERY_MS)
    rounds.heard("gw-1", sign(1, 0, seq=7))
    rounds.heard("gw-1", sign(2, 5000, seq=9))
    rounds.turn(6000, lambda _gateway, _epoch, seq: seq <= 7)
    proven = rounds.proven("gw-1")
    assert proven is not None
    assert proven.number == 1
    rounds.heard("gw-1", sign(3, 10_000, seq=11))
    rounds.heard("gw-1", sign(4, 15_000, epoch=2, seq=1))  # a new spool: the old row may never come
    rounds.turn(16_000, lambda _gateway, epoch, _seq: epoch == 2)
    assert (rounds.proven("gw-1") or proven).number == 4
    rounds.heard("gw-1", sign(5, 20_000, seq=13))
    rounds.heard("gw-1", sign(6, 20_001 + PATIENCE * EVERY_MS, seq=15))
    rounds.turn(50_000, lambda _gateway, _epoch, seq: seq == 15)
    assert (rounds.proven("gw-1") or proven).number == 6


def test_a_page_of_another_run_closes_nothing() -> None:
    rounds = Rounds(EVERY_MS)
    rounds.heard("gw-1", sign(1, 0))
    rounds.turn(1000, anything)
    assert rounds.close(999) == []
    assert rounds.close(1001) == []
    for turn in range(LAPS):
        rounds.turn(1000 + (turn + 1) * EVERY_MS, anything)
    assert rounds.close(1000) == []  # so slow a page proves nothing of now


def test_how_long_no_sensor_was_heard() -> None:
    rounds = Rounds(EVERY_MS)
    assert rounds.silent_ms(0) is None
    rounds.heard("gw-1", sign(1, 1000))
    assert rounds.silent_ms(1000) is None
    rounds.heard("gw-2", sign(1, 1000, silent_ms=400))
    rounds.heard("gw-3", sign(1, 1000, silent_ms=9000))
    assert rounds.silent_ms(3000) == 2400


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("sign"), st.sampled_from(["a", "b"]), st.integers(1, 30)),
        st.tuples(st.just("commit"), st.sampled_from(["a", "b"]), st.integers(1, 30)),
        st.tuples(st.just("turn"), st.just(""), st.integers(0, 6000)),
        st.tuples(st.just("draw"), st.just(""), st.integers(0, LAPS)),
    ),
    max_size=60,
)


@given(EVENTS)
def test_only_what_was_durable_before_a_drawn_lap_is_closed_and_never_backwards(
    events: list[tuple[str, str, int]],
) -> None:
    rounds = Rounds(EVERY_MS)
    now_ms = 0
    durable: set[tuple[str, int]] = set()
    laps: list[int] = []
    drawn: set[int] = set()
    closed: dict[str, int] = {}
    for what, gateway, number in events:
        now_ms += 1
        if what == "sign":
            rounds.heard(gateway, sign(now_ms, now_ms, seq=number))
        elif what == "commit":
            durable.add((gateway, number))
        elif what == "turn":
            now_ms += number
            if rounds.turn(now_ms, lambda name, _epoch, seq: (name, seq) in durable):
                laps.append(now_ms)
        elif number < len(laps):
            drawn.add(laps[number])
            for name in rounds.close(laps[number]):
                came = rounds.closed(name)
                assert came is not None
                assert (name, came.seq) in durable
                assert came.received_ms <= max(drawn)
                assert came.number > closed.get(name, 0)
                closed[name] = came.number
