"""qSOFA, the quick Sequential Organ Failure Assessment of Sepsis-3 (Singer et al., JAMA 2016;315:801-810).

One point each for a respiratory rate of 22 /min or more, a systolic pressure of 100 mm[Hg] or less, and altered
mentation (there a Glasgow coma scale below 15; here anything but alert). Two points ask for a search for sepsis.
"""

from typing import Final

from vitals.scores.findings import CONSCIOUSNESS, Consciousness
from vitals.scores.table import Response, Row, Table, bands

TABLE: Final = Table(
    name="qSOFA",
    source="Singer et al., Sepsis-3, JAMA 2016;315:801-810",
    rows=(
        Row(parameter="respiratory_rate", unit="/min", bands=bands((21, 0), rest=1)),
        Row(parameter="systolic", unit="mm[Hg]", bands=bands((100, 1), rest=0)),
        Row(
            parameter=CONSCIOUSNESS,
            choices={word: 0 if word is Consciousness.ALERT else 1 for word in Consciousness},
        ),
    ),
    responses=(
        Response(name="negative", total=0, action="sepsis is not excluded by it"),
        Response(name="positive", total=2, action="assess for organ dysfunction and sepsis"),
    ),
)
