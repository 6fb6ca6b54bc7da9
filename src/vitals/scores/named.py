"""Scores by the name under which a profile prescribes them: the built-in ones, and a site's own."""

from collections.abc import Iterable, Mapping
from typing import Final

from vitals.errors import ConfigurationError
from vitals.scores import news2, qsofa
from vitals.scores.table import Table

NEWS2: Final = "news2"
QSOFA: Final = "qsofa"
BUILT_IN: Final = (NEWS2, QSOFA)

HIGH: Final = {NEWS2: frozenset({"high"})}
"""Responses that alarm with high priority unless something else is prescribed; every other trigger with medium."""


def find(name: str, spo2_scale: int, responses: Iterable[str], own: Mapping[str, Table]) -> Table:
    """The table of *name*, built in or among a site's *own*; *responses* are those that something is said of.

    Raises:
        ConfigurationError: there is none, it has no such response, or no SpO2 scale to choose.
    """
    table = _table(name, spo2_scale, own)
    triggers = [each.name for each in table.responses if each.trigger]
    for response in responses:
        if response not in triggers:
            raise ConfigurationError(
                f"score {name} has no response {response!r} that could alarm (there is: {', '.join(triggers)})"
            )
    return table


def _table(name: str, spo2_scale: int, own: Mapping[str, Table]) -> Table:
    if name == NEWS2:
        return news2.table(spo2_scale)
    if spo2_scale != 1:
        raise ConfigurationError(f"score {name} has no SpO2 scales: leave out spo2_scale")
    if name == QSOFA:
        return qsofa.TABLE
    if name not in own:
        known = ", ".join([*BUILT_IN, *own])
        raise ConfigurationError(
            f"score {name} is not known (there is: {known}); name a table's file under [scores] in the server's file"
        )
    return own[name]
