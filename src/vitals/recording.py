"""Recorded series as their recorders left them: numbers by role and time, from the lines of a CSV file.

A byte-order mark, blanks around a time, a header shorter than its rows and a closing remark in place of a row are
usual. A row without a time is set aside, which is said (:func:`describe_junk`); a cell that holds no number is None.
What a 0 means is the reader's to say: many recorders write one where there is nothing. Only :func:`load_lines` reads
a file.
"""

import csv
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from vitals.errors import ConfigurationError

TIME: Final = "time"
"""The role of the column of times; every other role is a value's."""

_OF_DAY: Final = re.compile(r"(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")
_DAY_S: Final = 86_400.0
_UNIT: Final = re.compile(r"[a-z]+(?=[^a-z]*$)")
_SECONDS: Final = {"ms": 0.001, "min": 60.0, "minute": 60.0, "minutes": 60.0}


class Row(msgspec.Struct, frozen=True):
    """What was recorded *at_s* seconds after the first row: a number, or None, for each of the recording's roles."""

    at_s: float
    values: tuple[float | None, ...]


class Recording(msgspec.Struct, frozen=True):
    """A recording: its rows, and the lines (number and text) that are none.

    *begins_s* is the local time of day of the first row in seconds after midnight, None where only elapsed time is
    known: a clock that begins at 00:00:00 counts as one of elapsed time.
    """

    roles: tuple[str, ...]
    rows: tuple[Row, ...]
    junk: tuple[tuple[int, str], ...]
    begins_s: float | None = None


def parse_columns(text: str, roles: Collection[str]) -> dict[str, str]:
    """The column of each role, from ``time=Time,spo2=SpO2 1,pulse=Pulse 1``.

    Raises:
        ConfigurationError: a part is no ROLE=NAME, or a role is named twice.
    """
    columns: dict[str, str] = {}
    for part in re.split(rf",(?=\s*(?:{'|'.join(roles)})=)", text):
        role, separator, name = part.partition("=")
        if not separator or role.strip() not in roles or not name.strip():
            raise ConfigurationError(f"--columns: {part!r} is no ROLE=COLUMN; roles are {', '.join(roles)}")
        if role.strip() in columns:
            raise ConfigurationError(f"--columns names {role.strip()} twice")
        columns[role.strip()] = name.strip()
    return columns


def load_lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        ConfigurationError: it cannot be read, or is no UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return list(lines)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no UTF-8 text: {error.reason} at byte {error.start}") from error


def header(lines: Iterable[str]) -> tuple[str, ...]:
    """The names of the columns, without blanks and byte-order mark.

    Raises:
        ConfigurationError: the first line is no CSV.
    """
    return _header(csv.reader(lines))


def read(lines: Iterable[str], columns: Mapping[str, str]) -> Recording:
    """Read a recording.

    Times are HH:MM:SS (past midnight if need be), ISO 8601 dates and times, or numbers: of seconds, unless the
    column's name ends in ``ms`` or ``minute``.

    Args:
        lines: the file's lines, the first its header.
        columns: the column of every role to be read, TIME among them.

    Raises:
        ConfigurationError: it has no such column, or no row with a time.
    """
    reader = csv.reader(lines)
    names = _header(reader)
    places = {role: _place(names, name) for role, name in columns.items()}
    time = places.pop(TIME)
    clock = _Elapsed(_scale(columns[TIME]))
    rows: list[Row] = []
    junk: list[tuple[int, str]] = []
    try:
        for cells in reader:
            at_s = clock.after(_cell(cells, time))
            if at_s is not None:
                rows.append(Row(at_s, tuple(_number(_cell(cells, place)) for place in places.values())))
            elif cells:
                junk.append((reader.line_num, ",".join(cells).strip(", ")))
    except csv.Error as error:
        raise ConfigurationError(f"line {reader.line_num} is no CSV: {error}") from error
    if not rows:
        raise ConfigurationError(
            f"no row has a time (HH:MM:SS, an ISO 8601 date and time, or seconds) in column {columns[TIME]!r}"
        )
    return Recording(tuple(places), tuple(rows), tuple(junk), clock.begins_s)


def describe_junk(junk: Sequence[tuple[int, str]], fate: str) -> str | None:
    """One line about the lines that are no rows and their *fate* (``will not be played``), or None."""
    if not junk:
        return None
    number, text = junk[0]
    rows = "1 row has" if len(junk) == 1 else f"{len(junk)} rows have"
    return f"{rows} no time and {fate}; the first is line {number}: {text!r}"


class _Elapsed:
    """Seconds since the first row, past midnight and never backwards."""

    def __init__(self, scale: float) -> None:
        self.begins_s: float | None = None
        self._scale = scale
        self._first: float | None = None
        self._last = 0.0
        self._days = 0

    def after(self, text: str) -> float | None:
        clock_s, of_day = self._seconds(text)
        if clock_s is None:
            return None
        if self._first is None:
            self._first = clock_s
            self.begins_s = of_day or None
        at_s = clock_s - self._first + self._days * _DAY_S
        if at_s < self._last - _DAY_S / 2:
            self._days += 1
            at_s += _DAY_S
        self._last = max(self._last, at_s)
        return self._last

    def _seconds(self, text: str) -> tuple[float | None, float | None]:
        """Seconds since any one moment, and after midnight."""
        of_day = _OF_DAY.fullmatch(text)
        if of_day:
            seconds = int(of_day[1]) * 3600 + int(of_day[2]) * 60 + float(of_day[3])
            return seconds, seconds
        number = _number(text)
        if number is not None:
            return number * self._scale, None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None, None
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        instant = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return instant.timestamp(), (moment - midnight).total_seconds()


def _header(cells: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        names = [name.strip() for name in next(cells, [])]
    except csv.Error as error:
        raise ConfigurationError(f"the header is no CSV: {error}") from error
    if names:
        names[0] = names[0].removeprefix("\ufeff").strip()
    return tuple(names)


def _scale(name: str) -> float:
    unit = _UNIT.search(name.lower())
    return _SECONDS.get(unit[0], 1.0) if unit else 1.0


def _place(names: Sequence[str], name: str) -> int:
    if name not in names:
        there = ", ".join(column for column in names if column)
        raise ConfigurationError(f"no column {name!r}; there are {there or 'none'}")
    return names.index(name)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
