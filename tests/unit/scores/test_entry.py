"""What a person may enter: plausible by the codes, refused by name, all of it or nothing."""

import pytest

from vitals.codes import CODES
from vitals.errors import ConflictError
from vitals.scores import entry
from vitals.scores.findings import CHOICES, QUANTITIES
from vitals.scores.table import Row, Value, bands

OWN = {
    "urine_output": Row(parameter="urine_output", unit="mL/kg/h", bands=bands((0.5, 1), rest=0)),
    "worry": Row(parameter="worry", choices={"no": 0, "yes": 1}),
}


def test_a_plausible_set_is_taken_as_it_is() -> None:
    values: dict[str, Value] = {
        "systolic": 108,
        "consciousness": "V",
        "oxygen": "air",
        "temperature": 38.4,
        "worry": "yes",
    }
    assert entry.read(values, OWN) == values


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "nothing was entered"),
        ({"systolic": 400}, "Systolic pressure: 400 is not plausible: 20 to 330 mmHg; nothing was recorded"),
        ({"respiratory_rate": 16, "temperature": 98.6}, "Temperature: 98.6 is not plausible: 20 to 46 °C"),
        ({"pulse": 0}, "Pulse: 0 is not plausible: 1 to 350 /min"),
        ({"pulse": "fast"}, "Pulse: 'fast' is no number"),
        ({"spo2": float("nan")}, "SpO2: nan is not plausible"),
        ({"consciousness": "drowsy"}, "Consciousness: 'drowsy' is not one of A, C, V, P, U"),
        ({"oxygen": 2}, "Oxygen: 2 is not one of air, oxygen"),
        ({"systolic": 90, "diastolic": 120}, "Diastolic pressure: 120 mmHg is not below the systolic 90 mmHg"),
        ({"mood": "bad"}, "'mood' is nothing that can be entered"),
        ({"worry": "perhaps"}, "Worry: 'perhaps' is not one of no, yes"),
        ({"urine_output": "none"}, "Urine output: 'none' is no number"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(values: dict[str, Value], why: str) -> None:
    with pytest.raises(ConflictError) as refused:
        entry.read(values, OWN)
    assert why in str(refused.value)


def test_the_form_offers_what_news2_needs_with_the_ranges_of_the_codes() -> None:
    offered = {field.parameter: field for field in entry.FIELDS}
    assert set(offered) == {
        "consciousness", "oxygen", "respiratory_rate", "spo2", "pulse", "systolic", "diastolic", "temperature",
    }  # fmt: skip
    for parameter, field in offered.items():
        if parameter in CHOICES:
            assert tuple(field.words) == CHOICES[parameter]
        else:
            code = CODES[QUANTITIES[parameter]]
            assert (field.low, field.high) == (code.low, code.high)


def test_values_are_said_with_their_unit_and_words_with_their_meaning() -> None:
    assert entry.said("systolic", 108, "mm[Hg]") == "Systolic pressure 108 mmHg"
    assert entry.said("consciousness", "C", "") == "new confusion"
    assert entry.said("worry", "yes", "") == "Worry yes"
