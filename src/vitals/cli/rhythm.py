"""``vitals rhythm``: a recorded row of heartbeats, judged as a live monitor would have judged it."""

import csv
import json as json_module
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from vitals.cli.entry import Exit
from vitals.errors import ConfigurationError
from vitals.recording import load_lines
from vitals.rhythm import fibrillation
from vitals.rhythm import rate as pace
from vitals.rhythm.beats import Beat
from vitals.rhythm.spans import Said, spans

TIME: Final = "t"
INTERVAL: Final = "rr_ms"

_AF: Final = "af"
_UNANALYSABLE: Final = "unanalysable"
_NAMES: Final = {
    fibrillation.Verdict.FIBRILLATION: _AF,
    fibrillation.Verdict.LEARNING: _UNANALYSABLE,
    fibrillation.Verdict.UNANALYSABLE: _UNANALYSABLE,
}
_WORDS: Final = {_AF: "atrial fibrillation"}

Spans = dict[str, list[list[float]]]


class _Row(NamedTuple):
    """One beat of the file: its time in the file's seconds, and the interval that ends with it."""

    t: float
    beat: Beat


def rhythm(file: Path, *, rate: bool = False, json: bool = False) -> int:
    """Find atrial fibrillation in recorded RR intervals; no electrocardiogram is read and no diagnosis is made.

    Every stretch starts when a live monitor would have decided, in the file's seconds. Unanalysable is where nothing
    can be said: poor signal, a gap, or too few beats since the start or a gap.

    Args:
        file: CSV with the columns t (seconds, of the beat) and rr_ms (the interval that ends with it).
        rate: find bradycardia and tachycardia too.
        json: print one JSON object.

    Raises:
        ConfigurationError: the file cannot be read, lacks a column, or holds something else than numbers.
    """
    rows = _read(file)
    found = _fibrillation(rows) | (_rate(rows) if rate else {})
    if json:
        print(json_module.dumps(found))
    else:
        print("\n".join(_lines(rows, found)))
    return Exit.DONE


def _fibrillation(rows: Sequence[_Row]) -> Spans:
    def said() -> Iterator[Said]:
        state = fibrillation.START
        for row in rows:
            state, finding = fibrillation.step(state, row.beat, row.t * 1000)
            yield Said(row.t, _NAMES.get(finding.verdict, ""), finding.gap)

    return _chosen(spans(said()), _AF, _UNANALYSABLE)


def _rate(rows: Sequence[_Row]) -> Spans:
    def said() -> Iterator[Said]:
        state = pace.START
        for row in rows:
            state, paced = pace.step(state, row.beat, row.t * 1000)
            yield Said(row.t, paced.pace, paced.gap)

    return _chosen(spans(said()), pace.Pace.BRADYCARDIA, pace.Pace.TACHYCARDIA)


def _chosen(found: dict[str, list[tuple[float, float]]], *names: str) -> Spans:
    return {str(name): [list(span) for span in found.get(name, [])] for name in names}


def _lines(rows: Sequence[_Row], found: Spans) -> list[str]:
    seconds = rows[-1].t - rows[0].t
    lines = [f"{len(rows)} beats in {seconds:.1f} s"]
    for name, stretches in found.items():
        word = _WORDS.get(name, name)
        lines.append(f"{word}: {sum(end - start for start, end in stretches):.1f} s")
        lines += [f"  {start:.3f} to {end:.3f} s" for start, end in stretches]
    return [*lines, "Judged from intervals alone; a rhythm is diagnosed from an electrocardiogram."]


def _read(file: Path) -> list[_Row]:
    reader = csv.reader(load_lines(file))
    try:
        header = [name.strip() for name in next(reader, [])]
        places = {name: _place(file, header, name) for name in (TIME, INTERVAL)}
        rows: list[_Row] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"{file} line {reader.line_num}"
            row = _row(where, _cell(cells, places[TIME]), _cell(cells, places[INTERVAL]))
            if rows and row.t < rows[-1].t:
                raise ConfigurationError(f"{where}: t goes back from {rows[-1].t:g} to {row.t:g}; sort the file by t")
            rows.append(row)
    except csv.Error as error:
        raise ConfigurationError(f"{file} line {reader.line_num} is no CSV: {error}") from error
    if not rows:
        raise ConfigurationError(f"{file} has no beats: no row follows the header")
    return rows


def _place(file: Path, header: Sequence[str], name: str) -> int:
    if name in header:
        return header.index(name)
    if not any(header):
        raise ConfigurationError(f"{file} is empty; it needs the columns {TIME} (seconds) and {INTERVAL}")
    raise ConfigurationError(f"{file} has no column {name!r}; there are {', '.join(filter(None, header))}")


def _row(where: str, t: str, rr_ms: str) -> _Row:
    at_s = _number(t)
    if at_s is None or not math.isfinite(at_s):
        raise ConfigurationError(f"{where}: t {t!r} is no number of seconds")
    interval_ms = _number(rr_ms)
    if interval_ms is None and rr_ms:
        raise ConfigurationError(f"{where}: rr_ms {rr_ms!r} is no number of milliseconds")
    if interval_ms is None or not math.isfinite(interval_ms):
        return _Row(at_s, Beat(None))
    return _Row(at_s, Beat(interval_ms))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
