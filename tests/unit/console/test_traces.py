"""The last minute of every patient."""

from vitals.clock import ManualClock
from vitals.console.rehearsal import RehearsalWard
from vitals.console.traces import SECONDS, Traces


def test_a_minute_is_kept_and_no_more() -> None:
    clock = ManualClock()
    ward = RehearsalWard(clock, 2)
    traces = Traces()
    for _ in range(SECONDS + 5):
        traces.take(ward.snapshot(), clock.monotonic_ms())
        clock.advance(1000)
    columns = traces.columns()
    assert set(columns) == set(ward.patients)
    assert {len(values) for of in columns.values() for values in of.values()} == {SECONDS}


def test_a_second_counts_once() -> None:
    clock = ManualClock()
    ward = RehearsalWard(clock, 1)
    traces = Traces()
    for milliseconds in (0, 400, 300, 500):
        clock.advance(milliseconds)
        traces.take(ward.snapshot(), clock.monotonic_ms())
    assert len(traces.columns()[ward.patients[0]]["spo2"]) == 2


def test_what_is_old_or_missing_leaves_a_gap() -> None:
    clock = ManualClock()
    ward = RehearsalWard(clock, 2)
    off, old = ward.patients
    traces = Traces()
    traces.take(ward.snapshot(), clock.monotonic_ms())
    ward.take_off(off, "spo2")
    ward.fall_silent(old, 5)
    for _ in range(2):
        clock.advance(1000)
        traces.take(ward.snapshot(), clock.monotonic_ms())
    assert [value is None for value in traces.columns()[off]["spo2"]] == [False, True, True]
    assert [value is None for value in traces.columns()[old]["spo2"]] == [False, True, True]


def test_a_metric_nobody_measures_has_no_trace() -> None:
    clock = ManualClock()
    ward = RehearsalWard(clock, 1)
    traces = Traces()
    traces.take(ward.snapshot(), clock.monotonic_ms())
    assert set(traces.columns()[ward.patients[0]]) == {"heart_rate", "spo2"}
