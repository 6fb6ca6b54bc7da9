"""Lateness from monotonic clocks alone."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import BOOT, arrival, header, spo2

from vitals.collector.base import Heard
from vitals.collector.lateness import Lateness
from vitals.observation import GenerationMode
from vitals.series.base import Logged
from vitals.wire.bodies import GatewayState

DAY_MS = 86_400_000


def state(published_ms: int, boot: int = BOOT, *, online: bool = True) -> GatewayState:
    return GatewayState(session=1, online=online, mode=GenerationMode.DEMO, boot=boot, published_ms=published_ms)


@given(
    st.integers(-(10**10), 10**10),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 60_000)), min_size=1, max_size=30),
)
@settings(max_examples=150)
def test_queueing_is_what_a_message_takes_beyond_the_quickest_one(offset: int, steps: list[tuple[int, int]]) -> None:
    lateness = Lateness()
    published, quickest = 0, 10**9
    for step, delay in steps:
        published += step
        quickest = min(quickest, delay)
        queued = lateness.queued_ms("gw-1", header(1, published_ms=published), published + offset + delay)
        assert queued is not None
        assert queued >= 0
        # the floor rises by 100 ppm, so an estimate can fall short by that much, and never exceeds the truth
        assert delay - quickest - 0.0002 * published - 8 <= queued <= delay - quickest + 1


def test_a_backlog_row_teaches_nothing_and_is_judged_by_what_live_ones_taught() -> None:
    lateness = Lateness()
    backlog = header(1, published_ms=1000, backlog=True)
    assert lateness.queued_ms("gw-1", backlog, 5000) is None
    assert lateness.queued_ms("gw-1", header(2, published_ms=1000), 5000) == 0
    assert lateness.queued_ms("gw-1", backlog, 7000) == 2000
    assert lateness.queued_ms("gw-2", backlog, 7000) is None


def test_rows_of_a_boot_that_is_over_are_judged_by_that_boots_clock() -> None:
    lateness = Lateness()
    lateness.queued_ms("gw-1", header(1, published_ms=900_000), 1_000_000)
    # after a restart of the gateway its clock begins at 0; the row of the old boot was observed at 900_000
    old = header(2, published_ms=5000, backlog=True)
    queued = lateness.queued_ms("gw-1", old, 1_060_000)
    heard = Heard(
        sensor="s",
        characteristic="2A5F",
        listed=[],
        utc_offset_ms=0,
        boot=BOOT,
        receipt_ms=None if queued is None else old.published_ms + queued,
    )
    assert 59_000 <= heard.age_ms(spo2(900_000, 97)) <= 60_000


def test_a_live_row_of_another_boot_than_the_running_one_teaches_nothing() -> None:
    lateness = Lateness()
    lateness.state("gw-1", state(5000, boot=7), 100_000)
    assert lateness.queued_ms("gw-1", header(1, boot=6, published_ms=6000), 101_000) is None
    assert lateness.queued_ms("gw-1", header(1, boot=7, published_ms=6000), 101_500) == 500


def test_a_will_teaches_nothing() -> None:
    lateness = Lateness()
    lateness.state("gw-1", state(5000, online=False), 100_000)
    assert lateness.queued_ms("gw-1", header(1, published_ms=5000, backlog=True), 100_000) is None


def test_a_slow_crystal_does_not_make_everything_late_after_a_month() -> None:
    lateness = Lateness()
    for day in range(31):
        true_ms = day * DAY_MS
        published = true_ms - round(true_ms * 50e-6)
        queued = lateness.queued_ms("gw-1", header(1, published_ms=published), true_ms + 40)
        assert queued is not None
        assert queued < 1000


def test_a_queue_that_stands_for_an_hour_is_still_seen() -> None:
    lateness = Lateness()
    lateness.queued_ms("gw-1", header(1, published_ms=0), 0)
    queued = 0
    for minute in range(61):
        queued = lateness.queued_ms("gw-1", header(1, published_ms=60_000 * minute), 60_000 * minute + 45_000) or 0
    assert queued > 44_000


def test_what_the_log_knows_is_taken_up_on_the_same_boot_only() -> None:
    logged = Logged(log_seq=1, arrival=arrival(1))  # received at 50,001, published at 2000, queued for 7
    backlog = header(2, published_ms=3000, backlog=True)
    same, other = Lateness(), Lateness()
    same.restore(logged, logged.arrival.receiver_boot)
    other.restore(logged, 1)
    assert same.queued_ms("gw-1", backlog, 51_994) == 1000
    assert other.queued_ms("gw-1", backlog, 51_994) is None


def test_unknown_is_late_whatever_the_limit() -> None:
    heard = Heard(sensor="s", characteristic="2A5F", listed=[], utc_offset_ms=0, boot=1, receipt_ms=None)
    assert heard.age_ms(spo2(1, 97)) == math.inf
