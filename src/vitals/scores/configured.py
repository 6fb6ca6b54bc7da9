"""Early-warning tables that a site writes itself, in TOML.

MEWS and its kin circulate in variants that disagree about bounds, parts and triggers, so none is built in: a site
writes down the one it has adopted. ``docs/scores.md`` holds the format with an example.
"""

import itertools
import re
import tomllib
from typing import Annotated, Final, TypeVar

import msgspec

from vitals.codes import CODES
from vitals.errors import ConfigurationError
from vitals.scores.findings import CHOICES, LARGEST, QUANTITIES
from vitals.scores.table import Band, Response, Row, Table

_PARAMETER: Final = re.compile(r"[a-z][a-z0-9_]*")
_Points = Annotated[int, msgspec.Meta(ge=0, le=100)]
_Step = Annotated[float, msgspec.Meta(ge=0.001, le=1000)]
_Line = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00-\x1f]*\Z")]
_Name = Annotated[str, msgspec.Meta(min_length=1, pattern=r"\A[^\x00-\x1f]*\Z")]
_SLACK: Final = 1e-6  # of a step: what binary fractions may be off
_Shape = TypeVar("_Shape")


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """What stands outside the parameters."""

    name: _Name
    source: _Name
    response: list["_Response"]


class _Response(msgspec.Struct, forbid_unknown_fields=True):
    name: _Name
    action: _Line = ""
    total: int | None = None
    single: int | None = None


class _Band(msgspec.Struct, forbid_unknown_fields=True):
    points: _Points
    up_to: float | None = None


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    bands: list[_Band] = []
    points: dict[str, _Points] = {}
    step: _Step = 1.0
    entered: bool = False
    unit: _Line = ""


def parse(text: str) -> Table:
    """Read a table.

    Raises:
        ConfigurationError: one line that names the key that cannot be used.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"score table is not readable TOML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise _refused("", "is nested too deeply") from None
    head = _convert({key: tree.pop(key) for key in _Head.__struct_fields__ if key in tree}, _Head, "")
    rows = tuple(_row(parameter, written) for parameter, written in tree.items())
    if not rows:
        raise _refused("", "it scores no parameter; add one such as [respiratory_rate]")
    responses = tuple(_response(one, f"response[{index}]") for index, one in enumerate(head.response))
    table = Table(name=head.name, source=head.source, rows=rows, responses=responses)
    _require_ladder(responses)
    _require_reachable(table)
    return table


def _row(parameter: str, value: object) -> Row:
    if not _PARAMETER.fullmatch(parameter):
        raise _refused(repr(parameter), "is no parameter: lower-case letters, digits and _ after a letter")
    written = _convert(value, _Row, parameter)
    known = parameter in QUANTITIES or parameter in CHOICES
    if known and (written.entered or written.unit):
        raise _refused(parameter, "is known: leave out entered and unit")
    if not known and not written.entered:
        names = ", ".join(sorted([*QUANTITIES, *CHOICES]))
        raise _refused(parameter, f"is not known (known are {names}); one of your own needs entered = true")
    if bool(written.bands) == bool(written.points):
        raise _refused(parameter, "needs either bands, of a number, or points, of words")
    if written.points:
        return _choices(parameter, written)
    return _bands(parameter, written)


def _choices(parameter: str, written: _Row) -> Row:
    if parameter in QUANTITIES:
        raise _refused(parameter, "is a number: it needs bands")
    words = CHOICES.get(parameter, tuple(written.points))
    if set(words) != set(written.points):
        raise _refused(f"{parameter}.points", f"must give points to exactly {', '.join(words)}")
    return Row(parameter=parameter, choices=written.points, unit=written.unit)


def _bands(parameter: str, written: _Row) -> Row:
    if parameter in CHOICES:
        raise _refused(parameter, f"is one of {', '.join(CHOICES[parameter])}: it needs points")
    *upper, last = [band.up_to for band in written.bands]
    if last is not None or None in upper:
        raise _refused(f"{parameter}.bands", "all but the last need up_to, and the last takes the rest without one")
    bounds = [bound for bound in upper if bound is not None]
    for bound in bounds:
        _require_on_chart(parameter, bound, written.step)
    if any(low >= high for low, high in itertools.pairwise(bounds)):
        raise _refused(f"{parameter}.bands", "must ascend")
    unit = CODES[QUANTITIES[parameter]].ucum if parameter in QUANTITIES else written.unit
    bands = tuple(Band(band.up_to, band.points) for band in written.bands)
    return Row(parameter=parameter, step=written.step, bands=bands, unit=unit)


def _require_on_chart(parameter: str, bound: float, step: float) -> None:
    where = f"{parameter}.bands"
    if not abs(bound) <= LARGEST:
        raise _refused(where, f"{bound:g} is no bound")
    if abs(bound / step - round(bound / step)) > _SLACK:
        raise _refused(where, f"{bound:g} is no multiple of the step {step:g}; set step to the chart's resolution")
    if parameter in QUANTITIES:
        code = CODES[QUANTITIES[parameter]]
        if not code.low <= bound <= code.high:
            raise _refused(where, f"{bound:g} is no plausible value: {code.low:g} to {code.high:g} {code.ucum}")


def _response(written: _Response, where: str) -> Response:
    if (written.total is None) == (written.single is None):
        raise _refused(where, "needs either total or single")
    return Response(name=written.name, action=written.action, total=written.total, single=written.single)


def _require_ladder(responses: tuple[Response, ...]) -> None:
    if not responses or responses[0].trigger:
        raise _refused("response", "the first must have total = 0: what holds when nothing is reached")
    totals = [each.total for each in responses if each.total is not None]
    if any(low >= high for low, high in itertools.pairwise(totals)):
        raise _refused("response", "totals must ascend, from the least to the most urgent")
    if any(each.single is not None and each.single < 1 for each in responses):
        raise _refused("response", "single must be at least 1")
    if len({each.name for each in responses}) < len(responses):
        raise _refused("response", "two have one name")


def _require_reachable(table: Table) -> None:
    single = max(row.most for row in table.rows)
    for index, each in enumerate(table.responses):
        if (each.total or 0) > table.most or (each.single or 0) > single:
            raise _refused(
                f"response[{index}]", f"{each.name} cannot be reached: at most {table.most} in all, {single} of one"
            )


def _convert(value: object, shape: type[_Shape], where: str) -> _Shape:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise _refused(where, " ".join(str(error).split())) from None


def _refused(where: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"score table: {where} {why}" if where else f"score table: {why}")
