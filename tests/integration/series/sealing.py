"""What sealing must not change, and what it does: part of the suite that every store passes."""

import random
from typing import Any

import msgspec
import pytest
from tests.batches import ABSENT, SENSOR, UTC_OFFSET_MS, arrival, data, gap, rejected, void

from vitals.codes import Attribute, Metric
from vitals.observation import Observation, Reading, Validity, observe
from vitals.series.base import NUMERICS, WAVEFORMS, Arrival, Series
from vitals.series.chunk import BUCKET_MS, RECEIPT_MS
from vitals.series.memory import MemorySeries
from vitals.wire import columns
from vitals.wire.bodies import Clock, ClockState, Data
from vitals.wire.header import Kind

ALWAYS = (-(2**50), 2**50)
HOUR = (UTC_OFFSET_MS, UTC_OFFSET_MS + 3_600_000)
STRAP = "F0:00:00:00:01:01"


def answers(series: Series) -> dict[str, Any]:
    """Everything that can be read but the log, in a form that can be compared."""
    seen: dict[str, Any] = {
        "counts": series.counts(),
        "gaps": series.gaps(),
        "voids": series.voids(),
        "committed": {gateway: series.committed(gateway) for gateway in series.gateways()},
        "notifications": sorted(series.everything(), key=repr),
    }
    for sensor in (SENSOR, STRAP):
        seen[f"latest {sensor}"] = series.latest(sensor)
        notified = series.notifications(sensor, *HOUR)
        assert [each.utc_ms for each in notified] == sorted(each.utc_ms for each in notified)
        assert all(HOUR[0] <= each.utc_ms < HOUR[1] for each in notified)
        seen[f"notifications {sensor}"] = sorted(notified, key=repr)
        for metric in ("spo2", "pulse_rate", "heart_rate", "rr_interval"):
            points = series.points(sensor, metric, *ALWAYS)
            assert [point.utc_ms for point in points] == sorted(point.utc_ms for point in points)
            seen[f"points {sensor} {metric}"] = sorted(points, key=repr)
            buckets = series.buckets(sensor, metric, *HOUR, 7)
            seen[f"buckets {sensor} {metric}"] = {
                name: str(getattr(buckets, name)) for name in buckets.__struct_fields__
            }
    return seen


def seal(series: Series, upto: int = 2**40) -> int:
    return sum(series.seal(upto))


def beats(seq: int, at_ms: int) -> Arrival:
    """A strap's batch: notifications with no, one or two RR intervals, an attribute, a device's time."""
    rows = [
        columns.Row(at_ms, Reading((observe(Metric.HEART_RATE, 71),))),
        columns.Row(at_ms + 900, Reading((observe(Metric.HEART_RATE, 72), _rr(800), _rr(810)), {Attribute.CONTACT: 1})),
        columns.Row(at_ms + 900, Reading((observe(Metric.HEART_RATE, 73), _rr(790)), {}, 1, "2026-11-22T03:00:00")),
    ]
    block = columns.pack(STRAP, "2A37", rows)
    return arrival(seq, Data(UTC_OFFSET_MS, ClockState.SYNCHRONISED, [block]))


def _rr(value: int) -> Observation:
    return Observation(Metric.RR_INTERVAL, value, Validity.QUESTIONABLE)


def history() -> list[Arrival]:
    """Two sensors over three times ten minutes, with missing values, gaps, drops and what could not be read."""
    batches = [arrival(seq, data([97.0 - seq, None, 95.5], at_ms=100_000 * seq)) for seq in range(1, 15)]
    batches += [beats(seq, 130_000 * (seq - 20)) for seq in range(21, 30)]
    batches += [arrival(40, gap()), arrival(41, void({7: [(1, 3)]})), arrival(42, data(rejected=[rejected()]))]
    return batches


class SealingConformance:
    """Subclasses name the fixture ``series``."""

    def test_sealing_changes_no_answer(self, series: Series) -> None:
        logged = series.commit(history())
        before = answers(series)
        assert seal(series) == len(logged)
        assert list(series.replay(0)) == []
        assert answers(series) == before
        assert seal(series) == 0

    def test_only_what_every_consumer_has_gone_beyond_is_sealed(self, series: Series) -> None:
        series.commit(history())
        assert seal(series, 5) == 5
        assert next(iter(series.replay(0))).log_seq == 6
        assert seal(series, 5) == 0

    def test_the_log_goes_on_counting_where_it_was(self, series: Series) -> None:
        last = series.commit(history())[-1].log_seq
        seal(series)
        assert [entry.log_seq for entry in series.commit([arrival(99)])] == [last + 1]

    def test_what_was_sealed_is_not_taken_again(self, series: Series) -> None:
        series.commit(history())
        seal(series)
        before = answers(series)
        assert series.commit(history()) == []
        before["counts"] = series.counts()
        assert series.counts().redelivered == sum(len(each.observations) for each in series.everything()) + 1
        assert answers(series) == before

    def test_late_data_takes_its_place_in_what_is_sealed(self, series: Series) -> None:
        reference = MemorySeries()
        reference.commit(history())
        order = history()
        random.Random(4).shuffle(order)
        for at in range(0, len(order), 5):
            series.commit(order[at : at + 5])
            seal(series)
        found, expected = answers(series), answers(reference)
        for seen in (found, expected):  # where in the log they came is no part of the question
            del seen["gaps"], seen["voids"]
        assert found == expected

    def test_what_waits_for_its_clock_stays_in_the_log(self, series: Series) -> None:
        unset = arrival(1, data([97.0], at_ms=1000, utc_offset_ms=0, clock=ClockState.UNSET))
        series.commit([unset, arrival(2)])
        assert seal(series) == 1
        assert [entry.arrival for entry in series.replay(0)] == [unset]
        series.commit([arrival(3, Clock(60_000, UTC_OFFSET_MS, ClockState.SYNCHRONISED), kind=Kind.CLOCK)])
        assert seal(series) == 2
        moment = UTC_OFFSET_MS + 1000
        assert [point.value for point in series.points(SENSOR, "spo2", moment, moment + 1)] == [97.0]
        assert series.points(SENSOR, "spo2", 0, 2000) == []

    def test_when_it_was_received_and_how_old_it_was_is_kept(self, series: Series) -> None:
        batches = [arrival(1, data([97.0, 96.0], at_ms=1000)), arrival(2, data([95.0], at_ms=3000))]
        series.commit([batches[0], msgspec.structs.replace(batches[1], queued_ms=None)])
        for _ in range(2):
            found = series.notifications(SENSOR, *HOUR)
            assert [(each.seq, each.age_ms) for each in found] == [(1, 1000), (1, 0), (2, None)]
            exactly = [batches[0].received_utc_ms, batches[0].received_utc_ms, batches[1].received_utc_ms]
            assert all(0 <= late - each.received_utc_ms < RECEIPT_MS for each, late in zip(found, exactly, strict=True))
            seal(series)

    def test_old_data_expires_by_class_and_whole_ten_minutes(self, series: Series) -> None:
        series.commit([arrival(seq, data([97.0], at_ms=BUCKET_MS * seq)) for seq in (1, 2, 3)])
        seal(series)
        before_ms = UTC_OFFSET_MS + 2 * BUCKET_MS + BUCKET_MS // 2
        assert series.expire(WAVEFORMS, before_ms) == 0
        dropped = 0
        while step := series.expire(NUMERICS, before_ms):
            dropped += step
        kept = [point.at_ms for point in series.points(SENSOR, "spo2", *ALWAYS)]
        edge_ms = before_ms // BUCKET_MS * BUCKET_MS - UTC_OFFSET_MS
        assert kept == [at for at in (BUCKET_MS, 2 * BUCKET_MS, 3 * BUCKET_MS) if at >= edge_ms]
        assert dropped == 3 - len(kept) > 0
        assert series.expire(NUMERICS, before_ms + 365 * 24 * 3600 * 1000) == 0
        assert series.commit([arrival(1, data([97.0], at_ms=BUCKET_MS))]) == []

    def test_a_trend_keeps_its_extremes_and_its_gaps(self, series: Series) -> None:
        values = [97.0] * 30 + [61.0] + [97.0] * 29
        series.commit([arrival(1, data(values, at_ms=0)), arrival(2, data([90.0, None], at_ms=120_000))])
        for _ in range(2):
            found = series.buckets(SENSOR, "spo2", UTC_OFFSET_MS, UTC_OFFSET_MS + 180_000, 3)
            assert found.count.tolist() == [60, 0, 1]
            assert found.excluded.tolist() == [0, 0, 1]
            assert (found.low[0], found.high[0], found.last[0]) == (61.0, 97.0, 97.0)
            assert found.mean[0] == pytest.approx((59 * 97 + 61) / 60)
            assert str(found.low[1]) == str(found.mean[1]) == "nan"
            assert (found.low[2], found.last[2], found.width_ms) == (90.0, 90.0, 60_000)
            seal(series)

    def test_the_newest_of_every_metric(self, series: Series) -> None:
        assert series.latest("nobody") == {}
        series.commit([arrival(1, data([97.0, None], at_ms=5000)), beats(2, 1000)])
        for _ in range(2):
            assert series.latest(SENSOR)["spo2"].quality >> 4 == ABSENT.missing
            newest = series.latest(STRAP)
            assert (newest["heart_rate"].value, newest["heart_rate"].at_ms) == (73, 1900)
            assert set(newest) == {"heart_rate", "rr_interval"}
            seal(series)
