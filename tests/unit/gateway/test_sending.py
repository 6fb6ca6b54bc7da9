"""The uplink's decisions: what goes live, what waits, what is repeated, and what never is."""

import itertools

from vitals_gateway.sending import Load, Pace, Send, Sender, Wait
from vitals_gateway.spool.rows import Entry

PACE = Pace()


def entry(row: int, size: int = 100, *, urgent: bool = False) -> Entry:
    return Entry(row, size, urgent)


def connected(now_ms: float = 0, newest: Entry | None = None) -> Sender:
    sender = Sender(PACE, lambda: 0.0)
    sender.connected(newest, now_ms)
    return sender


def drained(now_ms: float = 0) -> Sender:
    """Connected, with an empty spool."""
    sender = connected(now_ms)
    assert sender.backlog(now_ms) == Load(0)
    sender.loaded([])
    return sender


def live_rows(sender: Sender, now_ms: float) -> list[int]:
    """Everything that the live lane sends now."""
    rows = []
    while isinstance(order := sender.live(now_ms), Send):
        assert not order.backlog
        rows.append(order.entry.row)
    return rows


def backlog_rows(sender: Sender, now_ms: float, spool: dict[int, Entry]) -> list[int]:
    """Everything that the backlog lane sends now, out of *spool*."""
    rows = []
    while not isinstance(order := sender.backlog(now_ms), Wait):
        if isinstance(order, Load):
            page = [spool[row] for row in sorted(spool) if row > order.after][:128]
            sender.loaded(page)
        else:
            assert order.backlog
            rows.append(order.entry.row)
    return rows


def test_a_new_row_goes_out_live_at_once_and_once() -> None:
    sender = drained()
    sender.added([entry(1), entry(2)], 10)
    assert live_rows(sender, 10) == [1, 2]
    assert live_rows(sender, 2000) == []
    assert backlog_rows(sender, 2000, {1: entry(1), 2: entry(2)}) == []


def test_the_window_is_sixteen_and_an_acknowledgement_opens_it() -> None:
    sender = drained()
    sender.added([entry(row) for row in range(1, 31)], 0)
    assert live_rows(sender, 0) == list(range(1, 17))
    sender.acknowledged([1, 2], 100)
    assert live_rows(sender, 100) == [17, 18]


def test_urgent_rows_go_first_and_through_a_full_window() -> None:
    sender = drained()
    sender.added([entry(row) for row in range(1, 20)], 0)
    live_rows(sender, 0)
    sender.added([entry(20, urgent=True)], 10)
    assert live_rows(sender, 10) == [20]


def test_what_is_not_acknowledged_in_three_seconds_is_backlog() -> None:
    sender = drained()
    sender.added([entry(1), entry(2)], 0)
    live_rows(sender, 0)
    sender.acknowledged([2], 2900)
    assert backlog_rows(sender, 2999, {1: entry(1)}) == []
    assert backlog_rows(sender, 3000, {1: entry(1)}) == [1]


def test_acknowledgements_every_two_seconds_never_cause_a_repetition() -> None:
    """The collector answers at most every 2 s; at five rows a second nothing may be sent twice."""
    sender = drained()
    spool: dict[int, Entry] = {}
    sent: list[int] = []
    for now_ms in range(0, 60_000, 100):
        if now_ms % 200 == 0:
            row = now_ms // 200 + 1
            spool[row] = entry(row)
            sender.added([spool[row]], now_ms)
        if now_ms % 2000 == 1900:
            rows = list(spool)
            spool.clear()
            sender.acknowledged(rows, now_ms)
        sent += live_rows(sender, now_ms) + backlog_rows(sender, now_ms, spool)
    assert sorted(sent) == list(range(1, 301))


def test_backlog_goes_oldest_first_within_the_credit() -> None:
    spool = {row: entry(row, 1000) for row in range(1, 200)}
    sender = connected(newest=spool[199])
    first = backlog_rows(sender, 0, spool)
    assert first == list(range(1, 66))
    assert sum(spool[row].size for row in first) <= PACE.credit
    for row in first[:10]:
        del spool[row]
    sender.acknowledged(first[:10], 1000)
    assert backlog_rows(sender, 1000, spool) == list(range(66, 76))


def test_a_row_larger_than_the_credit_goes_alone() -> None:
    spool = {1: entry(1, 100_000), 2: entry(2, 100)}
    sender = connected(newest=spool[2])
    assert backlog_rows(sender, 0, spool) == [1]


def test_no_credit_means_no_backlog_and_live_rows_all_the_same() -> None:
    spool = {1: entry(1)}
    sender = connected(newest=spool[1])
    sender.credit = 0
    assert backlog_rows(sender, 0, spool) == []
    sender.added([entry(2)], 0)
    assert live_rows(sender, 0) == [2]


def test_the_bucket_bounds_the_rate() -> None:
    spool = {row: entry(row, 8000) for row in range(1, 500)}
    sender = connected(newest=spool[499])
    size = 0
    now_ms = 0.0
    while now_ms < 10_000:
        rows = backlog_rows(sender, now_ms, spool)
        size += sum(spool.pop(row).size for row in rows)
        sender.acknowledged(rows, now_ms)
        now_ms += 50
    assert size <= PACE.credit + PACE.bytes_per_s * 10 + 8000
    assert size >= PACE.bytes_per_s * 9


def test_without_any_acknowledgement_the_backlog_rests_and_the_newest_row_probes_ever_less_often() -> None:
    spool = {row: entry(row, 10_000) for row in range(1, 100)}
    sender = connected(newest=spool[99])
    assert backlog_rows(sender, 0, spool) == [1, 2, 3, 4, 5, 6]
    probes = []
    for now_ms in range(0, 400_000, 250):
        rows = backlog_rows(sender, now_ms, spool)
        assert rows in ([], [99])
        probes += [now_ms for _ in rows]
    assert probes[:6] == [3000, 9000, 21_000, 45_000, 93_000, 153_000]
    for row in (1, 99):
        del spool[row]
    sender.acknowledged([1, 99], 400_000)
    assert backlog_rows(sender, 400_000, spool)[0] == 2


def test_live_rows_flow_without_any_acknowledgement() -> None:
    """S4: a collector that cannot write acknowledges nothing, and goes on alarming on what it hears."""
    sender = drained()
    spool: dict[int, Entry] = {}
    live: list[tuple[int, int]] = []
    for row in range(1, 601):
        now_ms = row * 1000
        spool[row] = entry(row)
        sender.added([spool[row]], now_ms)
        live += [(now_ms, sent) for sent in live_rows(sender, now_ms)]
        backlog_rows(sender, now_ms, spool)
    assert live == [(row * 1000, row) for row in range(1, 601)]


def test_one_row_that_is_never_acknowledged_is_repeated_ever_less_often() -> None:
    spool = {1: entry(1)}
    sender = connected(newest=spool[1])
    sent = []
    for row in range(2, 400):
        now_ms = row * 500
        sender.added([entry(row)], now_ms)
        live_rows(sender, now_ms)
        sent += [now_ms for _ in backlog_rows(sender, now_ms, spool)]
        sender.acknowledged([row], now_ms)
    waits = [later - early for early, later in itertools.pairwise(sent)]
    assert waits == sorted(waits)
    assert waits[0] <= 3500
    assert waits[-1] >= 50_000


def test_after_a_reconnection_young_rows_are_live_and_the_others_backlog() -> None:
    sender = drained()
    sender.added([entry(1)], 0)
    live_rows(sender, 0)
    sender.added([entry(2), entry(3)], 2000)
    live_rows(sender, 2000)
    sender.disconnected(3500)
    sender.added([entry(4)], 3600)
    assert isinstance(sender.live(3600), Wait)
    assert isinstance(sender.backlog(3600), Wait)
    sender.connected(entry(4), 4000)
    assert live_rows(sender, 4000) == [2, 3, 4]
    assert backlog_rows(sender, 4000, {row: entry(row) for row in range(1, 5)}) == [1]


def test_a_long_time_without_a_connection_leaves_nothing_in_the_live_lane() -> None:
    sender = drained()
    sender.disconnected(0)
    for row in range(1, 1000):
        sender.added([entry(row)], row * 1000)
    assert sender.queued <= 4


def test_rows_that_are_gone_are_never_sent() -> None:
    spool = {row: entry(row) for row in range(1, 10)}
    sender = connected(newest=spool[9])
    assert sender.backlog(0) == Load(0)
    sender.loaded(list(spool.values()))
    sender.added([entry(10)], 0)
    sender.gone([3, 9, 10])
    assert live_rows(sender, 0) == []
    assert backlog_rows(sender, 0, {}) == [1, 2, 4, 5, 6, 7, 8]


def test_another_store_is_sent_everything_from_the_oldest_row_on() -> None:
    sender = drained()
    sender.added([entry(5)], 0)
    live_rows(sender, 0)
    sender.acknowledged([5], 100)
    sender.reset()
    assert backlog_rows(sender, 200, {row: entry(row) for row in (1, 5)}) == [1, 5]


def test_how_well_it_is_heard() -> None:
    sender = Sender(PACE, lambda: 0.0)
    assert sender.hearing(5).connected is False
    sender.added([entry(1)], 1000)
    assert sender.hearing(4000).unheard_ms == 3000
    sender.connected(entry(1), 4000)
    assert live_rows(sender, 4000) == []
    assert backlog_rows(sender, 4000, {1: entry(1)}) == [1]
    sender.acknowledged([1], 5000)
    sender.backlog(5000)
    sender.loaded([])
    assert sender.hearing(90_000).unheard_ms == 0
    sender.added([entry(row) for row in range(2, 11)], 90_000)
    live_rows(sender, 90_000)
    assert sender.hearing(90_000).live_unacknowledged == 9


def test_a_time_scale_multiplies_every_delay() -> None:
    fast = PACE.scaled(0.1)
    assert (fast.timeout_ms, fast.longest_ms, fast.bytes_per_s) == (300, 6000, 655_360)
    assert (fast.window, fast.credit) == (16, 65_536)
