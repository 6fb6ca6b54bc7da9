"""The table of codes against a second one, written by hand from the nomenclatures (no validator catches a wrong code).

MDC numbers are context-free: partition * 65536 + term, as IEEE 11073-10101 prints them.
"""

import pytest

from vitals.codes import BY_LABEL, CODES, Attribute, Metric
from vitals.gatt.ieee11073 import decode_sfloat, encode_sfloat
from vitals.observation import from_raw, observe, to_raw

SCADA, OBJECT = 2, 1
REVIEWED = {
    # wire code, label, MDC partition and term (reference identifier), LOINC, UCUM
    1: ("heart_rate", (SCADA, 16770), "8867-4", "/min"),  # MDC_ECG_HEART_RATE
    2: ("rr_interval", (SCADA, 16168), "8637-1", "ms"),  # MDC_ECG_TIME_PD_RR_GL
    3: ("pulse_rate", (SCADA, 18458), "8889-8", "/min"),  # MDC_PULS_OXIM_PULS_RATE
    4: ("spo2", (SCADA, 19384), "59408-5", "%"),  # MDC_PULS_OXIM_SAT_O2
    5: ("perfusion_index", (SCADA, 19416), "61006-3", "%"),  # MDC_BLD_PERF_INDEX, see below
    6: ("respiratory_rate", (SCADA, 20490), "9279-1", "/min"),  # MDC_RESP_RATE
    7: ("temperature", (SCADA, 19292), "8310-5", "Cel"),  # MDC_TEMP_BODY
    8: ("systolic", (SCADA, 18949), "8480-6", "mm[Hg]"),  # MDC_PRESS_BLD_NONINV_SYS
    9: ("diastolic", (SCADA, 18950), "8462-4", "mm[Hg]"),  # MDC_PRESS_BLD_NONINV_DIA
    10: ("mean_pressure", (SCADA, 18951), "8478-0", "mm[Hg]"),  # MDC_PRESS_BLD_NONINV_MEAN
    11: ("weight", (SCADA, 57664), "29463-7", "kg"),  # MDC_MASS_BODY_ACTUAL
    12: ("glucose", (SCADA, 29112), "14743-9", "mmol/L"),  # MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD
    13: ("battery", (OBJECT, 2460), None, "%"),  # MDC_ATTR_VAL_BATT_CHARGE
    14: ("ecg", (SCADA, 256), None, "mV"),  # MDC_ECG_ELEC_POTL
    15: ("ppg", (SCADA, 19380), None, "1"),  # MDC_PULS_OXIM_PLETH
}
# MDC_BLD_PERF_INDEX is 150488 (2::19416) in %, as pulse oximeters and monitors send it in IHE PCD-01 messages
# (OBX|n|NM|150488^MDC_BLD_PERF_INDEX^MDC|...|262688^MDC_DIM_PERCENT^MDC). MDC_PULS_OXIM_PERF_REL, the relative
# perfusion, is another term: 2::19376, 150448.


def test_the_table_is_the_reviewed_one() -> None:
    found = {
        int(metric): (metric.label, divmod(code.mdc, 65536), code.loinc, code.ucum) for metric, code in CODES.items()
    }
    assert found == REVIEWED


def test_numbers_and_names_are_unique_and_complete() -> None:
    assert set(CODES) == set(Metric)
    assert len({code.mdc for code in CODES.values()}) == len(CODES)
    loinc = [code.loinc for code in CODES.values() if code.loinc]
    assert len(set(loinc)) == len(loinc)
    assert len({code.display for code in CODES.values()}) == len(CODES)
    assert {label: int(metric) for label, metric in BY_LABEL.items()} == {row[0]: n for n, row in REVIEWED.items()}
    assert len(Metric.__members__) == len(Metric)  # an alias would be a number used twice
    assert len(Attribute.__members__) == len(Attribute)


def test_attribute_numbers_never_change() -> None:
    assert {attribute.name: int(attribute) for attribute in Attribute} == {
        "MEASUREMENT_STATUS": 1,
        "DEVICE_STATUS": 2,
        "CONTACT": 3,
        "ENERGY_KJ": 4,
        "SPO2_FAST": 5,
        "SPO2_SLOW": 6,
        "PULSE_RATE_FAST": 7,
        "PULSE_RATE_SLOW": 8,
    }


def test_every_loinc_code_has_its_check_digit() -> None:
    for code in CODES.values():
        if code.loinc:
            number, _, check = code.loinc.partition("-")
            doubled = "".join(
                str(int(digit) * (2 if place % 2 == 0 else 1)) for place, digit in enumerate(number[::-1])
            )
            assert int(check) == -sum(map(int, doubled)) % 10, code.loinc


@pytest.mark.parametrize("metric", Metric)
def test_limits_of_the_range_travel_as_32_bits(metric: Metric) -> None:
    code = CODES[metric]
    assert code.low < code.high
    for limit in (code.low, code.high):
        assert -(2**31) <= to_raw(metric, limit) < 2**31
        assert observe(metric, limit).value == limit


@pytest.mark.parametrize("metric", [Metric.SPO2, Metric.PULSE_RATE, Metric.PERFUSION_INDEX])
def test_tenths_of_a_pulse_oximeter_travel_exactly(metric: Metric) -> None:
    for tenths in range(10, 1001):
        value = decode_sfloat(encode_sfloat(tenths / 10))
        assert value == tenths / 10
        assert observe(metric, tenths / 10).value == value


@pytest.mark.parametrize("metric", Metric)
def test_every_raw_value_comes_back_from_its_value(metric: Metric) -> None:
    for raw in (*range(-1000, 1001), 2**31 - 1, -(2**31)):
        assert to_raw(metric, from_raw(metric, raw)) == raw
