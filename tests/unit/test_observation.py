"""Observations: a value, or a missing one with its reason."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.codes import CODES, Metric
from vitals.observation import (
    ALARM_ELIGIBLE,
    GenerationMode,
    Missing,
    Observation,
    Reading,
    Validity,
    absent,
    observe,
)


@given(st.sampled_from(Metric), st.floats(allow_nan=True))
def test_a_value_is_kept_to_its_resolution_or_missing(metric: Metric, value: float) -> None:
    code = CODES[metric]
    observed = observe(metric, value)
    if code.low <= value <= code.high:
        assert observed.missing is Missing.PRESENT
        assert observed.value is not None
        assert math.isclose(observed.value, value, rel_tol=1e-12, abs_tol=0.5 * code.numerator / code.denominator)
    else:
        assert observed == absent(metric, Missing.OUT_OF_RANGE)


@pytest.mark.parametrize(("metric", "value"), [(Metric.SPO2, 100.01), (Metric.SPO2, 0), (Metric.HEART_RATE, 351)])
def test_out_of_range_is_never_clamped(metric: Metric, value: float) -> None:
    assert observe(metric, value).value is None


@pytest.mark.parametrize("reason", [reason for reason in Missing if reason is not Missing.PRESENT])
def test_a_missing_value_has_no_number(reason: Missing) -> None:
    observed = absent(Metric.SPO2, reason)
    assert (observed.value, observed.raw, observed.validity) == (None, 0, Validity.NOT_AVAILABLE)
    assert Observation(Metric.SPO2, 9700, Validity.VALID, reason).value is None


def test_zero_is_a_value_where_the_range_holds_it() -> None:
    assert observe(Metric.PERFUSION_INDEX, 0.0).value == 0.0


def test_validity_is_kept() -> None:
    assert observe(Metric.SPO2, 97.4, Validity.QUESTIONABLE).validity is Validity.QUESTIONABLE


def test_only_sound_values_may_alarm() -> None:
    assert {Validity.VALID, Validity.VALIDATED, Validity.ONGOING} == ALARM_ELIGIBLE


def test_numbers_on_the_wire_never_change_and_fit_four_bits() -> None:
    assert [(each.name, int(each)) for each in Validity] == [
        ("VALID", 0),
        ("VALIDATED", 1),
        ("ONGOING", 2),
        ("QUESTIONABLE", 3),
        ("CALIBRATING", 4),
        ("INVALID", 5),
        ("OVERFLOW", 6),
        ("UNDERFLOW", 7),
        ("NOT_AVAILABLE", 8),
        ("EARLY_ESTIMATE", 9),
        ("SIMULATED", 10),
        ("STORED", 11),
    ]
    assert [(each.label, int(each)) for each in Missing] == [
        ("present", 0),
        ("nan", 1),
        ("nres", 2),
        ("rfu", 3),
        ("pos_inf", 4),
        ("neg_inf", 5),
        ("sensor_off", 6),
        ("no_signal", 7),
        ("out_of_range", 8),
        ("unavailable", 9),
        ("failed", 10),
        ("malformed", 11),
    ]
    assert [(each.label, int(each)) for each in GenerationMode] == [("real", 1), ("test", 2), ("demo", 3)]


def test_readings_share_no_attributes() -> None:
    assert Reading(()).attributes is not Reading(()).attributes
