"""Recordings as their recorders left them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.peers import recorded_data

from vitals.errors import ConfigurationError
from vitals.gatt.ieee11073 import Special
from vitals_firmware_sim.replay import describe_junk, parse_columns, read_series

HEADER = "\ufeffTime,SpO2 1,SpO2 3,Pulse 1,PI 1,,,"
COLUMNS = {"time": "Time", "spo2": "SpO2 1", "pulse": "Pulse 1", "pi": "PI 1"}


def test_columns_are_read_as_a_shell_hands_them_over() -> None:
    assert parse_columns("spo2=SpO2 1,pulse=Pulse 1,pi=PI 1") == COLUMNS
    assert parse_columns("spo2=SpO2, finger, pulse=Pulse=2,time=t") == {
        "time": "t",
        "spo2": "SpO2, finger",
        "pulse": "Pulse=2",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pulse=Pulse 1", "must name at least spo2"),
        ("spo2", "'spo2' is no ROLE=COLUMN; roles are time, spo2, pulse, pi"),
        ("spo2=", "is no ROLE=COLUMN"),
        ("heart=HR,spo2=x", "'heart=HR' is no ROLE=COLUMN"),
        ("spo2=a,spo2=b", "names spo2 twice"),
    ],
)
def test_columns_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_columns(text)


def test_quirks_of_a_recording() -> None:
    series = read_series(
        [
            HEADER + "\n",
            " 09:25:02,97.4,0,57,1.54,136,127,600000,x\n",
            " 09:25:03,97.6,0,0,,136\n",
            " 09:25:06,0,0,58,--\n",
            "\n",
            "Collection Halted,,,,\n",
        ],
        COLUMNS,
    )
    assert [row.at_s for row in series.rows] == [0, 1, 4]
    first, second, third = (row.measurement for row in series.rows)
    assert (first.spo2, first.pr, first.pai) == (97.4, 57, 1.54)
    assert (second.spo2, second.pr, second.pai) == (97.6, Special.NAN, Special.NAN)
    assert (third.spo2, third.pr, third.pai) == (Special.NAN, 58, Special.NAN)
    assert series.junk[-1] == (6, "Collection Halted")
    assert describe_junk(series) is not None


def test_junk_is_one_line() -> None:
    series = read_series([HEADER, "0,97,0,57,1", "Collection Halted,,,"], COLUMNS)
    assert describe_junk(series) == "1 row has no time and will not be played; the first is line 3: 'Collection Halted'"
    assert describe_junk(read_series([HEADER, "0,97,0,57,1"], COLUMNS)) is None


def test_unnamed_roles_are_missing_or_absent() -> None:
    series = read_series([HEADER, "0,97,0,57,1"], {"time": "Time", "spo2": "SpO2 1"})
    measurement = series.rows[0].measurement
    assert (measurement.spo2, measurement.pr, measurement.pai) == (97, Special.NAN, None)


def test_unknown_column_names_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no column 'SpO2 9'; there are Time, SpO2 1, SpO2 3, Pulse 1, PI 1$"):
        read_series([HEADER, "0,97,0,57,1"], {**COLUMNS, "spo2": "SpO2 9"})
    with pytest.raises(ConfigurationError, match="no column 'Time'; there are none"):
        read_series([], COLUMNS)


def test_a_file_without_times() -> None:
    with pytest.raises(ConfigurationError, match="no row has a time"):
        read_series([HEADER, "Collection Halted", "inf,97,0,57,1"], COLUMNS)


@given(st.lists(st.integers(0, 3600), min_size=1, max_size=50), st.integers(0, 86399))
def test_time_goes_past_midnight_and_never_back(steps: list[int], start: int) -> None:
    elapsed, moment = [], 0
    for step in steps:
        elapsed.append(moment)
        moment += step
    clock = [(start + at) % 86_400 for at in elapsed]
    lines = [HEADER, *(f" {at // 3600:02}:{at // 60 % 60:02}:{at % 60:02},97,0,57,1" for at in clock)]
    assert [row.at_s for row in read_series(lines, COLUMNS).rows] == elapsed


@pytest.mark.parametrize(("name", "rows"), [("100001", 1090), ("100002", 1122), ("100003", 1066)])
def test_recorded_patients(name: str, rows: int) -> None:
    path = recorded_data() / "varied_fio2" / f"{name}.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        series = read_series(lines, {**COLUMNS, "pulse": "Pulse 3"})
    assert [row.at_s for row in series.rows] == list(range(rows))
    assert series.junk == ((rows + 2, "Collection Halted"),)
    assert all(isinstance(row.measurement.spo2, float) for row in series.rows)
    assert all(row.measurement.pr is Special.NAN for row in series.rows)
