"""A recorded series as a pulse oximeter's measurements: pure, from the text of a CSV file.

Recordings are as their recorders left them: a byte-order mark, blanks around a time, a header shorter than its rows, a
closing remark in place of a row. A row without a time is not played, which is said; a value of 0, or none, is missing.
"""

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from vitals.errors import ConfigurationError
from vitals.gatt.ieee11073 import Number, Special
from vitals.gatt.plx_continuous_measurement import PlxContinuousMeasurement

ROLES: Final = ("time", "spo2", "pulse", "pi")
_TIME_COLUMN: Final = "Time"
_OF_DAY: Final = re.compile(r"(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")
_DAY_S: Final = 86_400.0


class Row(msgspec.Struct, frozen=True):
    """One measurement, *at_s* seconds after the first."""

    at_s: float
    measurement: PlxContinuousMeasurement


class Series(msgspec.Struct, frozen=True):
    """A recording: its rows, and the lines (number and text) that are none."""

    rows: tuple[Row, ...]
    junk: tuple[tuple[int, str], ...]


def parse_columns(text: str) -> dict[str, str]:
    """The columns to play, from ``spo2=SpO2 1,pulse=Pulse 1,pi=PI 1``; ``time`` is ``Time`` unless named.

    Raises:
        ConfigurationError: a part is no ROLE=NAME, a role is named twice, or spo2 is not among them.
    """
    columns: dict[str, str] = {}
    for part in re.split(rf",(?=\s*(?:{'|'.join(ROLES)})=)", text):
        role, separator, name = part.partition("=")
        if not separator or role.strip() not in ROLES or not name.strip():
            raise ConfigurationError(f"--columns: {part!r} is no ROLE=COLUMN; roles are {', '.join(ROLES)}")
        if role.strip() in columns:
            raise ConfigurationError(f"--columns names {role.strip()} twice")
        columns[role.strip()] = name.strip()
    if "spo2" not in columns:
        raise ConfigurationError("--columns must name at least spo2=COLUMN")
    return {"time": _TIME_COLUMN, **columns}


def read_series(lines: Iterable[str], columns: Mapping[str, str]) -> Series:
    """Read a recording.

    Args:
        lines: the file's lines, the first its header.
        columns: the column of every role in ROLES that is played.

    Raises:
        ConfigurationError: it has no such column or no row.
    """
    reader = csv.reader(lines)
    header = [name.strip() for name in next(reader, [])]
    if header:
        header[0] = header[0].removeprefix("\ufeff").strip()
    places = {role: _place(header, name) for role, name in columns.items()}
    rows: list[Row] = []
    junk: list[tuple[int, str]] = []
    clock = _Elapsed()
    for cells in reader:
        at_s = clock.after(_cell(cells, places["time"]))
        if at_s is None:
            junk.append((reader.line_num, ",".join(cells).strip(", ")))
        else:
            rows.append(Row(at_s, _measurement(cells, places)))
    if not rows:
        raise ConfigurationError(f"no row has a time (HH:MM:SS or seconds) in column {columns['time']!r}")
    return Series(tuple(rows), tuple(junk))


def describe_junk(series: Series) -> str | None:
    """One line about what is not played, or None."""
    if not series.junk:
        return None
    number, text = series.junk[0]
    rows = "1 row has" if len(series.junk) == 1 else f"{len(series.junk)} rows have"
    return f"{rows} no time and will not be played; the first is line {number}: {text!r}"


class _Elapsed:
    """Seconds since the first row, past midnight and never backwards."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last = 0.0
        self._days = 0

    def after(self, text: str) -> float | None:
        clock_s = _seconds(text)
        if clock_s is None:
            return None
        if self._first is None:
            self._first = clock_s
        at_s = clock_s - self._first + self._days * _DAY_S
        if at_s < self._last - _DAY_S / 2:
            self._days += 1
            at_s += _DAY_S
        self._last = max(self._last, at_s)
        return self._last


def _seconds(text: str) -> float | None:
    of_day = _OF_DAY.fullmatch(text)
    if of_day:
        return int(of_day[1]) * 3600 + int(of_day[2]) * 60 + float(of_day[3])
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _place(header: Sequence[str], name: str) -> int:
    if name not in header:
        there = ", ".join(column for column in header if column)
        raise ConfigurationError(f"no column {name!r}; there are {there or 'none'}")
    return header.index(name)


def _measurement(cells: Sequence[str], places: Mapping[str, int]) -> PlxContinuousMeasurement:
    values = {role: _value(_cell(cells, place)) for role, place in places.items() if role != "time"}
    return PlxContinuousMeasurement(
        spo2=values["spo2"],
        pr=values.get("pulse", Special.NAN),
        measurement_status=0,
        device_status=0,
        pai=values.get("pi"),
    )


def _value(text: str) -> Number:
    try:
        return float(text) or Special.NAN
    except ValueError:
        return Special.NAN


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
