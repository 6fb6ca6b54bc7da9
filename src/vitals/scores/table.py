"""A score as a table: which value of which parameter gives how many points, and what a total asks for."""

import math
from collections.abc import Mapping

import msgspec

Value = float | str


class Band(msgspec.Struct, frozen=True):
    """Values up to and including *up_to*, above those of the band before; None: all that are left."""

    up_to: float | None
    points: int


Bands = tuple[Band, ...]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a table: bands of a number, or points of a word.

    Values count as they would be written on a chart of resolution *step*. Where the points hang on another parameter
    (NEWS2 scale 2: on oxygen), *by* names it and *scales* holds the bands for each of its words.
    """

    parameter: str
    step: float = 1.0
    bands: Bands = ()
    choices: dict[str, int] = {}
    by: str | None = None
    scales: dict[str, Bands] = {}
    unit: str = ""

    @property
    def most(self) -> int:
        """The most points that this row can give."""
        banded = [band.points for bands in (self.bands, *self.scales.values()) for band in bands]
        return max([*banded, *self.choices.values()])

    def points(self, value: Value, known: Mapping[str, Value]) -> tuple[int, int] | None:
        """The fewest and the most points that *value* may give, beside the values *known*; None: not in this row.

        They differ only while the parameter that the row hangs on is unknown.
        """
        if isinstance(value, str):
            given = self.choices.get(value)
            return None if given is None else (given, given)
        given_by = known.get(self.by) if self.by else None
        scales = [bands for word, bands in self.scales.items() if given_by in {None, word}] or [self.bands]
        if not all(scales):
            return None
        points = [_points(bands, self.step, value) for bands in scales]
        return min(points), max(points)


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What a score asks for from a *total* on, or when a *single* parameter gives that many points."""

    name: str
    action: str = ""
    total: int | None = None
    single: int | None = None

    @property
    def trigger(self) -> bool:
        """Whether it takes points to get here: the first response of a table, from 0 on, is none."""
        return self.total != 0

    def reached(self, total: int, single: int) -> bool:
        """Whether *total*, or *single* points of the worst parameter, ask for this."""
        if self.total is not None and total >= self.total:
            return True
        return self.single is not None and single >= self.single


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A score: its rows, and its responses from the least to the most urgent, the first from a total of 0 on."""

    name: str
    source: str
    rows: tuple[Row, ...]
    responses: tuple[Response, ...]
    scale: int | None = None

    @property
    def most(self) -> int:
        """The highest total there is."""
        return sum(row.most for row in self.rows)

    def response(self, total: int, single: int) -> Response:
        """The most urgent response that *total*, or *single* points of one parameter, ask for."""
        return [each for each in self.responses if each.reached(total, single)][-1]


def bands(*upper: tuple[float, int], rest: int) -> Bands:
    """Bands from pairs (up to, points) in ascending order, and the points of all that lies above."""
    return (*(Band(up_to, points) for up_to, points in upper), Band(None, rest))


def _points(of: Bands, step: float, value: float) -> int:
    exact = round(value / step, 6)  # 35.05 / 0.1 is a hair under the tie that a thermometer means
    nearest = {math.floor(exact + 0.5), math.ceil(exact - 0.5)}  # two at a tie, and the worse one counts
    return max(next(band.points for band in of if _holds(band, step, steps)) for steps in nearest)


def _holds(band: Band, step: float, steps: int) -> bool:
    return band.up_to is None or steps <= round(band.up_to / step)
