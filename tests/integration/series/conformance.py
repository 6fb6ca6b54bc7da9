"""What every series store does: one suite, run over each implementation by ``test_conformance.py``."""

import random

import msgspec
import pytest
from tests.batches import ABSENT, BOOT, EPOCH, SENSOR, UTC_OFFSET_MS, arrival, data, gap, rejected, void

from vitals.errors import DecodeError, NotFoundError
from vitals.series import contents
from vitals.series.base import Arrival, Series
from vitals.wire.bodies import Clock, ClockState, Data
from vitals.wire.header import Kind

ALWAYS = (-(2**50), 2**50)


def values(series: Series, sensor: str = SENSOR) -> list[tuple[int, float | None]]:
    return [(point.utc_ms, point.value) for point in series.points(sensor, "spo2", *ALWAYS)]


class Conformance:
    """Subclasses name the fixture ``series``."""

    def test_a_new_store_is_empty_and_has_a_name(self, series: Series) -> None:
        assert 0 <= series.store < 2**64
        assert (series.gateways(), series.committed("gw-1"), list(series.replay(0))) == ([], {}, [])
        assert msgspec.structs.astuple(series.counts()) == (0, 0, 0, 0, 0)
        assert (series.gaps(), series.voids(), series.quarantined()) == ([], [], [])
        assert series.commit([]) == []

    def test_what_was_written_reads_back_identically(self, series: Series) -> None:
        written = [arrival(seq, data([97.0, None, 95.5], at_ms=10_000 * seq)) for seq in (1, 2, 3)]
        logged = series.commit(written)
        assert [entry.arrival for entry in logged] == written
        assert list(series.replay(0)) == logged
        assert series.committed("gw-1") == {EPOCH: [(1, 3)]}
        assert series.gateways() == ["gw-1"]
        assert (series.counts().rows, series.counts().observations) == (3, 9)

    def test_points_are_ordered_by_time_and_missing_ones_have_no_value(self, series: Series) -> None:
        series.commit([arrival(2, data([94.0, 93.0], at_ms=5000))])
        series.commit([arrival(1, data([97.0, None], at_ms=1000))])
        points = series.points(SENSOR, "spo2", *ALWAYS)
        assert [point.at_ms for point in points] == [1000, 2000, 5000, 6000]
        assert [point.value for point in points] == [97.0, None, 94.0, 93.0]
        assert [point.utc_ms - UTC_OFFSET_MS for point in points] == [1000, 2000, 5000, 6000]
        assert {point.boot for point in points} == {BOOT}
        assert points[1].quality >> 4 == ABSENT.missing

    def test_points_hold_a_half_open_range_of_one_series(self, series: Series) -> None:
        series.commit([arrival(1, data([97.0, 96.0, 95.0], at_ms=1000))])
        series.commit([arrival(2, data([50.0], sensor="other", at_ms=2000))])
        base = UTC_OFFSET_MS
        found = series.points(SENSOR, "spo2", base + 2000, base + 3000)
        assert [point.value for point in found] == [96.0]
        assert series.points(SENSOR, "heart_rate", *ALWAYS) == []
        assert series.points("nobody", "spo2", *ALWAYS) == []
        with pytest.raises(NotFoundError):
            series.points(SENSOR, "sp02", *ALWAYS)

    def test_a_duplicate_is_counted_and_dropped(self, series: Series) -> None:
        series.commit([arrival(1, data([97.0, 96.0]))])
        again = msgspec.structs.replace(arrival(1, data([97.0, 96.0])), received_ms=99_000)
        assert series.commit([again, arrival(2)]) == list(series.replay(1))
        assert (series.counts().rows, series.counts().observations, series.counts().redelivered) == (2, 3, 2)
        assert series.commit([again]) == []
        assert series.counts().redelivered == 4
        assert next(iter(series.replay(0))).arrival.received_ms == 50_001

    def test_identity_is_gateway_epoch_and_sequence_and_nothing_else(self, series: Series) -> None:
        same_body = data([97.0])
        logged = series.commit(
            [
                arrival(1, same_body),
                arrival(1, same_body, epoch=EPOCH + 1),
                arrival(1, same_body, gateway="gw-2"),
                arrival(1, data([50.0])),
            ]
        )
        assert [entry.log_seq for entry in logged] == [1, 2, 3]
        assert [value for _, value in values(series)] == [97.0, 97.0, 97.0]

    def test_late_data_of_an_older_epoch_takes_its_place(self, series: Series) -> None:
        series.commit([arrival(1, data([90.0], at_ms=60_000), epoch=2)])
        series.commit([arrival(7, data([91.0], at_ms=1000), epoch=1), arrival(5, data([92.0], at_ms=500), epoch=1)])
        assert [value for _, value in values(series)] == [92.0, 91.0, 90.0]
        assert series.committed("gw-1") == {2: [(1, 1)], 1: [(5, 5), (7, 7)]}
        series.commit([arrival(6, data([91.5], at_ms=700), epoch=1)])
        assert series.committed("gw-1")[1] == [(5, 7)]
        assert (series.around("gw-1", 1, 6), series.around("gw-1", 1, 8)) == ((5, 7), None)
        assert (series.around("gw-2", 1, 6), series.around("gw-1", 3, 6)) == (None, None)

    def test_the_log_replays_in_the_order_of_commits(self, series: Series) -> None:
        order = list(range(1, 40))
        random.Random(3).shuffle(order)
        for chunk in [order[at : at + 4] for at in range(0, len(order), 4)]:
            series.commit([arrival(seq) for seq in chunk])
        assert [entry.arrival.header.seq for entry in series.replay(0)] == order
        assert [entry.log_seq for entry in series.replay(0)] == list(range(1, 40))
        assert [entry.arrival.header.seq for entry in series.replay(35)] == order[35:]
        assert list(series.replay(39)) == []

    def test_redelivery_of_everything_in_any_order_reads_back_identically(self, series: Series) -> None:
        batches = [arrival(seq, data([97.0 - seq, None], at_ms=10_000 * seq)) for seq in range(1, 25)]
        series.commit(batches)
        before = values(series)
        shuffled = batches * 2
        random.Random(5).shuffle(shuffled)
        for batch in shuffled:
            assert series.commit([batch]) == []
        assert values(series) == before
        assert series.counts().redelivered == 4 * len(batches)

    def test_equal_times_with_different_values_are_both_kept(self, series: Series) -> None:
        series.commit([arrival(1, data([97.0])), arrival(2, data([90.0]))])
        assert [value for _, value in values(series)] == [97.0, 90.0]

    def test_quarantine_is_durable_acknowledged_and_not_recorded(self, series: Series) -> None:
        refused = arrival(1, data([97.0, 96.0]), quarantine="mode real, this server's is demo")
        newer = arrival(2, b"whatever", version=9, quarantine="version 9")
        assert series.commit([refused, newer, arrival(3, b"\xc1")]) == []
        assert series.committed("gw-1") == {EPOCH: [(1, 3)]}
        kept = series.quarantined()
        assert [item.number for item in kept] == [1, 2, 3]
        assert [item.arrival for item in kept][:2] == [refused, newer]
        assert kept[2].arrival is not None
        assert kept[2].arrival.body == b"\xc1"
        assert kept[2].reason
        assert values(series) == []
        counts = series.counts()
        assert (counts.quarantined, counts.quarantined_batches, counts.observations) == (2, 3, 0)
        series.commit([refused])
        assert series.counts().redelivered == 2
        series.commit([arrival(4, b"\xc1"), arrival(5, data(rejected=[rejected()]))])
        assert [item.number for item in series.quarantined()] == [1, 2, 3, 4, 5]

    def test_rejected_notifications_are_quarantined_and_name_their_row(self, series: Series) -> None:
        series.commit([arrival(1)])
        (logged,) = series.commit([arrival(2, data([97.0], rejected=[rejected(5, b"\x01\x02")]))])
        (item,) = series.quarantined()
        assert (item.log_seq, item.sensor, item.characteristic) == (logged.log_seq, SENSOR, "2A5F")
        assert (item.at_ms, item.payload, item.reason, item.observations) == (5, b"\x01\x02", "too short", 1)
        assert item.arrival is None
        counts = series.counts()
        assert (counts.observations, counts.quarantined, counts.quarantined_batches) == (2, 1, 0)
        with pytest.raises(NotFoundError):
            series.release(item.number)

    def test_a_quarantined_batch_can_be_recorded_after_all_once(self, series: Series) -> None:
        series.commit([arrival(1, data([97.0, 96.0]), quarantine="wrong mode"), arrival(2, b"\xc1")])
        logged = series.release(1)
        assert logged.arrival.quarantine is None
        assert [value for _, value in values(series)] == [97.0, 96.0]
        assert list(series.replay(0)) == [logged]
        assert series.committed("gw-1") == {EPOCH: [(1, 2)]}
        counts = series.counts()
        assert (counts.observations, counts.quarantined, counts.quarantined_batches) == (2, 0, 1)
        assert [item.released_as for item in series.quarantined()] == [logged.log_seq, None]
        with pytest.raises(NotFoundError):
            series.release(1)
        with pytest.raises(NotFoundError):
            series.release(99)
        with pytest.raises(DecodeError):
            series.release(2)

    def test_a_void_joins_the_intervals_but_for_what_is_committed(self, series: Series) -> None:
        series.commit([arrival(2)])
        (logged,) = series.commit([arrival(9, void({EPOCH: [(1, 3)], 5: [(7, 8)]}))])
        assert series.committed("gw-1") == {EPOCH: [(1, 3), (9, 9)], 5: [(7, 8)]}
        (item,) = series.voids()
        assert item.dropped == {EPOCH: [(1, 1), (3, 3)], 5: [(7, 8)]}
        assert (item.gateway, item.log_seq) == ("gw-1", logged.log_seq)
        assert item.void == void({EPOCH: [(1, 3)], 5: [(7, 8)]})
        assert series.commit([arrival(3)]) == []

    def test_a_gap_is_recorded(self, series: Series) -> None:
        (logged,) = series.commit([arrival(1, gap("link_lost"))])
        (item,) = series.gaps()
        assert (item.gap, item.gateway, item.log_seq) == (gap("link_lost"), "gw-1", logged.log_seq)
        assert list(series.replay(0)) == [logged]
        assert (series.counts().rows, series.counts().observations) == (1, 0)

    @pytest.mark.parametrize("clock_first", [True, False])
    def test_a_clock_record_corrects_what_its_boot_recorded_before_it_was_set(
        self, series: Series, *, clock_first: bool
    ) -> None:
        unset = arrival(1, data([97.0], at_ms=1000, utc_offset_ms=0, clock=ClockState.UNSET))
        other_boot = arrival(2, data([96.0], at_ms=1000, utc_offset_ms=0, clock=ClockState.UNSET), boot=5)
        record = arrival(3, Clock(60_000, UTC_OFFSET_MS, ClockState.SYNCHRONISED), kind=Kind.CLOCK)
        for batch in [record, unset, other_boot] if clock_first else [unset, other_boot, record]:
            series.commit([batch])
        assert values(series) == [(1000, 96.0), (UTC_OFFSET_MS + 1000, 97.0)]
        moment = UTC_OFFSET_MS + 1000
        assert [point.value for point in series.points(SENSOR, "spo2", moment, moment + 1)] == [97.0]

    def test_totals_hold_against_an_unlucky_history(self, series: Series) -> None:
        chance = random.Random(11)
        sent = {seq: arrival(seq, data([90.0] * chance.randint(1, 4), at_ms=10_000 * seq)) for seq in range(1, 60)}
        pending = [*sent.values(), *chance.choices(list(sent.values()), k=80)]
        chance.shuffle(pending)
        delivered: list[Arrival] = []
        while pending:
            commit, pending = pending[:7], pending[7:]
            delivered += commit
            series.commit(commit)
        stored = list(series.everything())
        identities = [(item.epoch, item.seq, item.at_ms) for item in stored]
        assert len(identities) == len(set(identities))
        assert sum(len(item.observations) for item in stored) == series.counts().observations
        arrived = sum(count(batch) for batch in delivered)
        assert series.counts().observations + series.counts().redelivered == arrived
        assert series.committed("gw-1") == {EPOCH: [(1, 59)]}


def count(batch: Arrival) -> int:
    read = contents.read(batch.header.kind, batch.body)
    assert isinstance(read.body, Data)
    return read.observations
