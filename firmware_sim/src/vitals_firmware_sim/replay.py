"""A recorded series as a pulse oximeter's measurements: pure, from the text of a CSV file.

What recorders leave behind is ``vitals.recording``'s to cope with. A row without a time is not played, which is said;
a value of 0, or none, is missing.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from vitals import recording
from vitals.errors import ConfigurationError
from vitals.gatt.ieee11073 import Number, Special
from vitals.gatt.plx_continuous_measurement import PlxContinuousMeasurement

ROLES: Final = (recording.TIME, "spo2", "pulse", "pi")
_TIME_COLUMN: Final = "Time"


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
    columns = recording.parse_columns(text, ROLES)
    if "spo2" not in columns:
        raise ConfigurationError("--columns must name at least spo2=COLUMN")
    return {recording.TIME: _TIME_COLUMN, **columns}


def read_series(lines: Iterable[str], columns: Mapping[str, str]) -> Series:
    """Read a recording.

    Args:
        lines: the file's lines, the first its header.
        columns: the column of every role in ROLES that is played.

    Raises:
        ConfigurationError: it has no such column or no row.
    """
    recorded = recording.read(lines, columns)
    rows = (Row(row.at_s, _measurement(dict(zip(recorded.roles, row.values, strict=True)))) for row in recorded.rows)
    return Series(tuple(rows), recorded.junk)


def describe_junk(series: Series) -> str | None:
    """One line about what is not played, or None."""
    return recording.describe_junk(series.junk, "will not be played")


def _measurement(values: Mapping[str, float | None]) -> PlxContinuousMeasurement:
    known: dict[str, Number] = {role: value or Special.NAN for role, value in values.items()}
    return PlxContinuousMeasurement(
        spo2=known["spo2"],
        pr=known.get("pulse", Special.NAN),
        measurement_status=0,
        device_status=0,
        pai=known.get("pi"),
    )
