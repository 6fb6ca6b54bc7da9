"""NEWS2, the National Early Warning Score 2 of the Royal College of Physicians (London, December 2017).

For adults from 16 years on, not in pregnancy. Scale 2 is for hypercapnic respiratory failure with a prescribed target
of 88-92 %, on a clinician's decision alone; everybody else is on scale 1. Bounds are those of the RCP's chart 1,
responses those of its chart 2.
"""

from typing import Final

from vitals.errors import ConfigurationError
from vitals.scores.findings import CONSCIOUSNESS, OXYGEN, PULSE, Consciousness, Oxygen
from vitals.scores.table import Response, Row, Table, bands

SOURCE: Final = "Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017"

RESPONSES: Final = (
    Response(
        name="low", total=0, action="ward-based response; observations at least every 12 h, from 1 on every 4-6 h"
    ),
    Response(name="low_medium", single=3, action="urgent ward-based response; observations at least hourly"),
    Response(name="medium", total=5, action="key threshold for urgent response; observations at least hourly"),
    Response(name="high", total=7, action="urgent or emergency response; continuous monitoring"),
)

_RESPIRATORY_RATE: Final = Row(
    parameter="respiratory_rate", unit="/min", bands=bands((8, 3), (11, 1), (20, 0), (24, 2), rest=3)
)
_SPO2: Final = {
    1: Row(parameter="spo2", unit="%", bands=bands((91, 3), (93, 2), (95, 1), rest=0)),
    2: Row(
        parameter="spo2",
        unit="%",
        by=OXYGEN,
        scales={
            Oxygen.AIR: bands((83, 3), (85, 2), (87, 1), rest=0),
            Oxygen.OXYGEN: bands((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), rest=3),
        },
    ),
}
_OTHERS: Final = (
    Row(parameter=OXYGEN, choices={Oxygen.AIR: 0, Oxygen.OXYGEN: 2}),
    Row(parameter="systolic", unit="mm[Hg]", bands=bands((90, 3), (100, 2), (110, 1), (219, 0), rest=3)),
    Row(parameter=PULSE, unit="/min", bands=bands((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), rest=3)),
    Row(
        parameter=CONSCIOUSNESS,
        choices={word: 0 if word is Consciousness.ALERT else 3 for word in Consciousness},
    ),
    Row(
        parameter="temperature",
        unit="Cel",
        step=0.1,
        bands=bands((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), rest=2),
    ),
)

TABLES: Final = {
    scale: Table(
        name="NEWS2", source=SOURCE, rows=(_RESPIRATORY_RATE, spo2, *_OTHERS), responses=RESPONSES, scale=scale
    )
    for scale, spo2 in _SPO2.items()
}
"""NEWS2 by SpO2 scale."""


def table(scale: int = 1) -> Table:
    """NEWS2 on SpO2 scale 1 or 2.

    Raises:
        ConfigurationError: there is no such scale.
    """
    if scale not in TABLES:
        raise ConfigurationError(f"NEWS2 has SpO2 scale 1 and, as prescribed for the patient, 2; not {scale}")
    return TABLES[scale]
