"""NEWS2 against the machine-readable table, its boundaries and what the RCP publishes about it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.peers import recorded_data
from tests.unit.scores.complete import NORMAL, Values

from vitals.errors import ConfigurationError
from vitals.scores import news2
from vitals.scores.findings import entered
from vitals.scores.scoring import Score, score
from vitals.scores.table import Row

BANDS = {"respiratory_rate": "rr", "systolic": "sbp", "pulse": "pulse", "temperature": "temp_c"}
WORDS = {"oxygen": "oxygen", "consciousness": "consciousness"}


def news(values: Values, scale: int = 1) -> Score:
    return score(news2.table(scale), [entered(name, value, 0) for name, value in values.items()], 0)


def points(parameter: str, value: float | str, scale: int = 1, oxygen: str = "air") -> int:
    result = news({**NORMAL, "oxygen": oxygen, parameter: value}, scale)
    return {part.parameter: part.points for part in result.parts}[parameter]


def row(parameter: str, scale: int = 1) -> Row:
    return next(row for row in news2.table(scale).rows if row.parameter == parameter)


def in_table(bands: list[list[Any]], value: float) -> int:
    """The points of *value* by the recorded table: a plain look-up that shares nothing with the code."""
    found = [p for low, high, p in bands if (low is None or value >= low) and (high is None or value <= high)]
    assert len(found) == 1
    return int(found[0])


@pytest.fixture(scope="module")
def chart() -> dict[str, Any]:
    bands: dict[str, Any] = json.loads((recorded_data() / "news2_table.json").read_text("utf-8"))["bands"]
    return bands


@pytest.mark.parametrize("parameter", sorted(BANDS))
def test_every_value_of_a_chart_scores_as_the_table_says(parameter: str, chart: dict[str, Any]) -> None:
    tenths = parameter == "temperature"
    for value in [n / 10 for n in range(200, 461)] if tenths else range(20, 331):
        if parameter == "respiratory_rate" and value > 150:
            break
        assert points(parameter, value) == in_table(chart[BANDS[parameter]], value), value


@pytest.mark.parametrize(
    ("scale", "oxygen", "name"),
    [
        (1, "air", "spo2_scale1"),
        (1, "oxygen", "spo2_scale1"),
        (2, "air", "spo2_scale2_air"),
        (2, "oxygen", "spo2_scale2_oxygen"),
    ],
)
def test_every_saturation_scores_as_the_table_says(scale: int, oxygen: str, name: str, chart: dict[str, Any]) -> None:
    for value in range(1, 101):
        assert points("spo2", value, scale, oxygen) == in_table(chart[name], value), value


def test_words_score_as_the_table_says(chart: dict[str, Any]) -> None:
    for parameter, name in WORDS.items():
        assert row(parameter).choices == chart[name]


def test_the_table_is_covered_whole(chart: dict[str, Any]) -> None:
    covered = {*BANDS.values(), *WORDS.values(), "spo2_scale1", "spo2_scale2_air", "spo2_scale2_oxygen"}
    assert covered == set(chart)


@pytest.mark.parametrize("scale", [1, 2])
def test_the_highest_total_is_20(scale: int) -> None:
    """RCP 2017: the aggregate runs from 0 to 20."""
    worst: Values = {
        "respiratory_rate": 30,
        "spo2": 80,
        "oxygen": "oxygen",
        "systolic": 80,
        "pulse": 140,
        "consciousness": "U",
        "temperature": 34.5,
    }
    assert news(worst, scale).total == 20
    assert news2.table(scale).most == 20
    assert news(NORMAL, scale).total == 0


@pytest.mark.parametrize(
    ("values", "scale", "total", "response"),
    [
        # RCP 2017, chart 1 and its notes, one statement each
        ({"consciousness": "C"}, 1, 3, "low_medium"),  # new confusion scores 3, as V, P and U do
        ({"oxygen": "oxygen"}, 1, 2, "low"),  # supplemental oxygen adds 2
        ({"spo2": 90}, 1, 3, "low_medium"),  # in the target of 88-92 %: 3 on scale 1 ...
        ({"spo2": 90}, 2, 0, "low"),  # ... and 0 on scale 2
        ({"spo2": 98}, 2, 0, "low"),  # scale 2: 93 or more on air scores 0
        ({"spo2": 93, "oxygen": "oxygen"}, 2, 3, "low"),  # too much oxygen: 1, and 2 for the oxygen
        ({"spo2": 96, "oxygen": "oxygen"}, 2, 4, "low"),
        ({"spo2": 97, "oxygen": "oxygen"}, 2, 5, "medium"),
        ({"spo2": 97, "oxygen": "oxygen"}, 1, 2, "low"),
        # RCP 2017, chart 2: 3 in one parameter, 5-6, 7 or more
        ({"respiratory_rate": 25}, 1, 3, "low_medium"),
        ({"respiratory_rate": 22, "spo2": 94, "temperature": 38.5}, 1, 4, "low"),
        ({"respiratory_rate": 22, "spo2": 93, "pulse": 95}, 1, 5, "medium"),
        ({"respiratory_rate": 22, "spo2": 93, "pulse": 115}, 1, 6, "medium"),
        ({"respiratory_rate": 22, "spo2": 93, "pulse": 115, "systolic": 105}, 1, 7, "high"),
        ({"respiratory_rate": 30, "consciousness": "V"}, 1, 6, "medium"),  # two of 3 are still 6
    ],
)
def test_what_the_college_publishes(values: Values, scale: int, total: int, response: str) -> None:
    result = news({**NORMAL, **values}, scale)
    assert result.total == total
    assert result.response is not None
    assert result.response.name == response
    assert result.trigger == (response != "low")
    assert not result.at_least
    assert result.at_most == total


def test_the_parts_of_a_record_add_up() -> None:
    """Of a constructed record, which is nobody's and proves nothing beyond the table."""
    values: Values = {**NORMAL, "respiratory_rate": 22, "pulse": 100, "spo2": 93, "temperature": 38.5}
    assert [points(name, value) for name, value in values.items()] == [2, 2, 0, 0, 1, 0, 1]
    assert news(values).total == 6


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ("spo2", 91.49, 3),
        ("spo2", 91.5, 3),  # half-way between 91 and 92: the worse of them
        ("spo2", 91.51, 2),
        ("respiratory_rate", 8.4, 3),
        ("respiratory_rate", 8.5, 3),
        ("respiratory_rate", 8.6, 1),
        ("respiratory_rate", 20.5, 2),
        ("pulse", 90.5, 1),
        ("pulse", 90.4, 0),
        ("pulse", 40.5, 3),
        ("systolic", 219.5, 3),
        ("temperature", 35.04, 3),
        ("temperature", 35.05, 3),  # binary fractions put it a hair below the tie
        ("temperature", 35.06, 1),
        ("temperature", 39.05, 2),
        ("temperature", 39.04, 1),
        ("temperature", 36.05, 1),
    ],
)
def test_between_two_marks_of_the_chart(parameter: str, value: float, expected: int) -> None:
    assert points(parameter, value) == expected


@pytest.mark.parametrize("scale", [0, 3, -1])
def test_there_is_no_third_scale(scale: int) -> None:
    with pytest.raises(ConfigurationError, match="SpO2 scale 1"):
        news2.table(scale)


WORSENING = [
    ("respiratory_rate", 20, 150),
    ("respiratory_rate", 12, 0),
    ("systolic", 111, 20),
    ("systolic", 219, 330),
    ("pulse", 51, 1),
    ("pulse", 90, 350),
    ("temperature", 36.1, 20),
    ("temperature", 38.0, 46),
    ("spo2", 100, 1),
]


@given(st.sampled_from(WORSENING), st.floats(0, 1), st.floats(0, 1))
def test_further_from_normal_never_scores_less(limb: tuple[str, float, float], one: float, other: float) -> None:
    parameter, start, end = limb
    nearer, further = (start + (end - start) * share for share in sorted((one, other)))
    assert points(parameter, nearer) <= points(parameter, further)


@given(st.floats(1, 92), st.floats(1, 92))
def test_scale_2_never_scores_less_for_a_lower_saturation_below_its_target(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    for oxygen in ("air", "oxygen"):
        assert points("spo2", lower, 2, oxygen) >= points("spo2", higher, 2, oxygen)


@given(st.floats(88, 100), st.floats(88, 100))
def test_scale_2_never_scores_less_for_more_saturation_on_oxygen(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    assert points("spo2", lower, 2, "oxygen") <= points("spo2", higher, 2, "oxygen")
    assert points("spo2", lower, 2) == points("spo2", higher, 2) == 0
