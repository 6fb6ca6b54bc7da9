"""Files as their recorders left them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import ConfigurationError
from vitals.recording import Row, describe_junk, header, load_lines, parse_columns, read

COLUMNS = {"time": "Time", "spo2": "SpO2 1"}


def times(*cells: str, name: str = "Time") -> list[float]:
    return [
        row.at_s for row in read([f"{name},SpO2 1", *(f"{cell},97" for cell in cells)], {**COLUMNS, "time": name}).rows
    ]


def test_quirks() -> None:
    found = read(
        [
            "\ufeff Time ,SpO2 1,,\n",
            " 09:25:02, 97.4,1,2,3,4,5\n",
            "\n",
            "09:25:03,0\n",
            "09:25:05,--\n",
            "Halted,,,\n",
        ],
        COLUMNS,
    )
    assert found.roles == ("spo2",)
    assert found.rows == (Row(0, (97.4,)), Row(1, (0,)), Row(3, (None,)))
    assert found.begins_s == 9 * 3600 + 25 * 60 + 2
    assert found.junk == ((6, "Halted"),)
    assert (
        describe_junk(found.junk, "is left out") == "1 row has no time and is left out; the first is line 6: 'Halted'"
    )
    assert describe_junk((), "is left out") is None


@pytest.mark.parametrize(
    ("cells", "seconds", "begins_s"),
    [
        (["23:59:59", "00:00:01"], [0, 2], 86_399),
        (["00:00:00", "00:00:01.5"], [0, 1.5], None),
        (["100", "101.5", "99"], [0, 1.5, 1.5], None),
        (["2026-01-03T23:59:59", "2026-01-04 00:00:01"], [0, 2], 86_399),
        (["2026-01-03T10:00:00+02:00", "2026-01-03T09:00:00Z"], [0, 3600], 36_000),
    ],
)
def test_times(cells: list[str], seconds: list[float], begins_s: float | None) -> None:
    assert times(*cells) == seconds
    assert read(["Time,SpO2 1", *(f"{cell},97" for cell in cells)], COLUMNS).begins_s == begins_s


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("time", 2),
        ("Time [ms]", 0.002),
        ("time_ms", 0.002),
        ("minute", 120),
        ("Elapsed (min)", 120),
        ("t", 2),
        ("#", 2),
    ],
)
def test_the_column_s_name_says_its_unit(name: str, second: float) -> None:
    assert times("0", "2", name=name) == [0, second]


def test_a_unit_is_of_numbers_only() -> None:
    assert times("10:00:00", "10:00:02", name="minute") == [0, 2]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no column 'Time'; there are none"),
        (["Time,SpO2 2"], "no column 'SpO2 1'; there are Time, SpO2 2"),
        (["Time,SpO2 1", "Halted,97"], "no row has a time"),
        (["Time,SpO2 1", "nan,97", "inf,97"], "no row has a time"),
        (["Time,SpO2 1", "1," + "9" * 200_000], "line 2 is no CSV: field larger"),
        (["Time," + "9" * 200_000], "the header is no CSV: field larger"),
    ],
)
def test_what_cannot_be_read_is_said(lines: list[str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(lines, COLUMNS)


def test_header() -> None:
    assert header(["\ufeffTime, SpO2 1 ,\n", "1,2\n"]) == ("Time", "SpO2 1", "")


def test_columns_of_any_roles() -> None:
    assert parse_columns("a=1, b=2=3,x", ("a", "b")) == {"a": "1", "b": "2=3,x"}
    with pytest.raises(ConfigurationError, match="roles are a, b"):
        parse_columns("c=1", ("a", "b"))


@given(st.lists(st.text(max_size=40), max_size=20))
def test_whatever_a_file_holds_it_is_read_or_refused(lines: list[str]) -> None:
    try:
        found = read(["Time,SpO2 1", *lines], COLUMNS)
    except ConfigurationError:
        return
    moments = [row.at_s for row in found.rows]
    assert moments == sorted(moments)
    assert moments[0] == 0


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read .*nowhere\.csv: No such file"):
        load_lines(tmp_path / "nowhere.csv")
    (tmp_path / "bytes").write_bytes(b"Time\xff\xfe")
    with pytest.raises(ConfigurationError, match="is no UTF-8 text: invalid start byte at byte 4"):
        load_lines(tmp_path / "bytes")
