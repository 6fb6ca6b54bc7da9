"""Tables that a site writes: what is refused, and that a slip of the pen never leaves a part out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import ConfigurationError
from vitals.scores import configured
from vitals.scores.findings import entered
from vitals.scores.scoring import Score, score
from vitals.scores.table import Table

HEAD = 'name = "own"\nsource = "this site"\n'
LADDER = '[[response]]\nname = "routine"\ntotal = 0\n[[response]]\nname = "call"\ntotal = 2\n'
PULSE = "[pulse]\nbands = [{ up_to = 40, points = 2 }, { up_to = 100, points = 0 }, { points = 3 }]\n"
URINE = (
    '[urine_output]\nentered = true\nunit = "mL/kg/h"\nstep = 0.1\n'
    "bands = [{ up_to = 0.4, points = 2 }, { points = 0 }]\n"
)
WORRY = "[worry]\nentered = true\npoints = { no = 0, yes = 3 }\n"


def parse(rows: str, ladder: str = LADDER, head: str = HEAD) -> Table:
    return configured.parse(head + rows + ladder)


def of(table: Table, **values: float | str) -> Score:
    return score(table, [entered(name, value, 0) for name, value in values.items()], 0)


def test_parts_of_a_sites_own() -> None:
    table = parse(PULSE + URINE + WORRY)
    assert [row.unit for row in table.rows] == ["/min", "mL/kg/h", ""]
    result = of(table, pulse=72, urine_output=0.44, worry="yes")
    assert [part.points for part in result.parts] == [0, 2, 3]
    assert result.response is not None
    assert result.response.name == "call"
    assert of(table, urine_output=0.45).parts[0].points == 2
    assert of(table, urine_output=0.46).parts[0].points == 0


def test_a_word_or_number_that_the_table_does_not_know_is_missing() -> None:
    table = parse(PULSE + URINE + WORRY)
    result = of(table, worry="perhaps", urine_output=float("nan"))
    assert {lack.parameter: lack.reason for lack in result.missing} == {
        "pulse": "not_observed",
        "urine_output": "out_of_range",
        "worry": "unlisted",
    }


def test_a_single_parameter_can_be_a_trigger_and_the_last_reached_holds() -> None:
    table = parse(
        PULSE + WORRY,
        LADDER + '[[response]]\nname = "red"\nsingle = 3\n[[response]]\nname = "team"\ntotal = 5\n',
    )
    names = [
        (of(table, pulse=pulse, worry=worry).response or table.responses[0]).name
        for pulse, worry in ((72, "no"), (40, "no"), (72, "yes"), (40, "yes"), (130, "yes"))
    ]
    assert names == ["routine", "call", "red", "team", "team"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "score table is not readable TOML: "),
        (HEAD + PULSE, "missing required field `response`"),
        ('name = "own"\n' + PULSE + LADDER, "missing required field `source`"),
        ('name = ""\nsource = "x"\n' + PULSE + LADDER, "length >= 1 - at `$.name`"),
        (HEAD + LADDER, "it scores no parameter; add one such as [respiratory_rate]"),
        (HEAD + "response = []\n" + PULSE, "response the first must have total = 0"),
        (HEAD + '["heart\\nrate"]\nentered = true\n' + LADDER, "'heart\\nrate' is no parameter: lower-case letters"),
        (HEAD + '[pulse]\n"a\\nb" = 1\n' + LADDER, "pulse Object contains unknown field `a b`"),
        ('name = "a\\nb"\nsource = "x"\n' + PULSE + LADDER, "matching regex"),
        (HEAD + PULSE + LADDER + 'action = "a\\nb"\n', "matching regex"),
        (HEAD + "pulse = " + "[" * 50_000, "is nested too deeply"),
        (HEAD + URINE.replace("0.4", "1e308") + LADDER, "urine_output.bands 1e+308 is no bound"),
        ("pulse = 3\n" + HEAD + LADDER, "score table: pulse Expected `object`, got `int`"),
    ],
)
def test_what_cannot_be_read_is_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured.parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("[sytolic]\nbands = [{ points = 1 }]\n", "sytolic is not known (known are consciousness, diastolic, "),
        ("[heart_rate]\nbands = [{ points = 1 }]\n", "one of your own needs entered = true"),
        ("[pulse]\nentered = true\nbands = [{ points = 1 }]\n", "pulse is known: leave out entered and unit"),
        ('[pulse]\nunit = "Hz"\nbands = [{ points = 1 }]\n', "pulse is known: leave out entered and unit"),
        ("[pulse]\n", "pulse needs either bands, of a number, or points, of words"),
        ("[worry]\nentered = true\n", "worry needs either bands"),
        ("[pulse]\nbands = [{ points = 1 }]\npoints = { a = 1 }\n", "pulse needs either bands"),
        ("[pulse]\npoints = { fast = 1 }\n", "pulse is a number: it needs bands"),
        ("[oxygen]\nbands = [{ points = 1 }]\n", "oxygen is one of air, oxygen: it needs points"),
        ("[oxygen]\npoints = { oxygen = 2 }\n", "oxygen.points must give points to exactly air, oxygen"),
        ("[consciousness]\npoints = { A = 0, V = 1, P = 2, U = 3 }\n", "to exactly A, C, V, P, U"),
        ("[consciousness]\npoints = { A = 0, C = 1, V = 1, P = 2, U = 3, X = 1 }\n", "to exactly A, C, V, P, U"),
        ("[pulse]\nbands = [{ up_to = 40, points = 2 }]\n", "pulse.bands all but the last need up_to"),
        ("[pulse]\nbands = [{ points = 2 }, { points = 0 }]\n", "pulse.bands all but the last need up_to"),
        (
            "[pulse]\nbands = [{ up_to = 90, points = 2 }, { up_to = 90, points = 1 }, { points = 0 }]\n",
            "must ascend",
        ),
        ("[pulse]\nbands = [{ up_to = 90.5, points = 2 }, { points = 0 }]\n", "90.5 is no multiple of the step 1"),
        ("[pulse]\nbands = [{ up_to = inf, points = 2 }, { points = 0 }]\n", "inf is no bound"),
        (
            "[pulse]\nbands = [{ up_to = 900, points = 2 }, { points = 0 }]\n",
            "900 is no plausible value: 1 to 350 /min",
        ),
        ("[temperature]\nstep = 0.1\nbands = [{ up_to = 98.6, points = 2 }, { points = 0 }]\n", "20 to 46 Cel"),
        ("[pulse]\nbands = [{ up_to = 90, points = -1 }, { points = 0 }]\n", "pulse Expected `int` >= 0"),
        ("[pulse]\nbands = [{ up_to = 90, points = 1.5 }, { points = 0 }]\n", "pulse Expected `int`"),
        ("[pulse]\nbands = [{ up_to = 90, point = 1 }, { points = 0 }]\n", "pulse Object "),
        ("[pulse]\nstep = 0\nbands = [{ points = 0 }]\n", "pulse Expected `float` >= 0.001"),
        ("[pulse]\nbounds = []\n", "pulse Object contains unknown field `bounds`"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(rows: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(rows)
    assert message in str(caught.value)
    assert str(caught.value).startswith("score table: ")


@pytest.mark.parametrize(
    ("ladder", "message"),
    [
        ('[[response]]\nname = "a"\ntotal = 1\n', "response the first must have total = 0"),
        ('[[response]]\nname = "a"\nsingle = 3\n', "response the first must have total = 0"),
        ('[[response]]\nname = "a"\n', "response[0] needs either total or single"),
        ('[[response]]\nname = "a"\ntotal = 0\nsingle = 3\n', "response[0] needs either total or single"),
        (LADDER + '[[response]]\nname = "b"\ntotal = 2\n', "response totals must ascend"),
        (LADDER + '[[response]]\nname = "b"\ntotal = 1\n', "response totals must ascend"),
        (LADDER + '[[response]]\nname = "b"\nsingle = 0\n', "response single must be at least 1"),
        (LADDER + '[[response]]\nname = "call"\ntotal = 3\n', "response two have one name"),
        (LADDER + '[[response]]\nname = "b"\ntotal = 4\n', "response[2] b cannot be reached: at most 3 in all"),
        (LADDER + '[[response]]\nname = "b"\nsingle = 4\n', "response[2] b cannot be reached: at most 3 in all"),
    ],
)
def test_a_ladder_that_cannot_be_meant_is_refused(ladder: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(PULSE, ladder)
    assert message in str(caught.value)


BOUNDS = st.lists(st.integers(10, 3400), min_size=1, max_size=6, unique=True).map(sorted)


@given(BOUNDS, st.data())
def test_bands_leave_no_gap_and_no_overlap(bounds: list[int], data: st.DataObject) -> None:
    """Whatever its bounds in tenths, each value is in the band that a plain comparison of its tenths says."""
    points = data.draw(st.lists(st.integers(1, 9), min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    written = [
        f"{{ up_to = {bound / 10}, points = {given} }}" for bound, given in zip(bounds, points[:-1], strict=True)
    ]
    table = parse(
        f"[pulse]\nstep = 0.1\nbands = [{', '.join([*written, f'{{ points = {points[-1]} }}'])}]\n",
        '[[response]]\nname = "routine"\ntotal = 0\n',
    )
    tenths = data.draw(st.one_of(st.integers(10, 3500), st.sampled_from(bounds)))
    for value in (tenths, min(tenths + 1, 3500)):
        expected = points[sum(value > bound for bound in bounds)]
        assert of(table, pulse=value / 10).total == expected


@given(
    st.text(max_size=200) | st.sampled_from([PULSE, URINE, LADDER]).flatmap(lambda base: st.text().map(base.__add__))
)
def test_any_text_is_a_table_or_one_line(text: str) -> None:
    error = None
    try:
        configured.parse(text)
    except ConfigurationError as caught:
        error = caught
    assert error is None or len(str(error).splitlines()) == 1
