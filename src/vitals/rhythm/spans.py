"""From what is said beat by beat to intervals of time."""

from collections.abc import Iterable
from typing import NamedTuple


class Said(NamedTuple):
    """What was said at one beat: when, what, and whether a gap lay before the beat."""

    at: float
    what: str
    gap: bool = False


def spans(said: Iterable[Said]) -> dict[str, list[tuple[float, float]]]:
    """First and last moment of every stretch over which the same was said, in the unit of *at*.

    A stretch begins at the beat at which it was first said and ends at the one at which something else was. None
    reaches across a gap: there it ends at the last beat before, and what is said after begins there too, which is
    sound because after a gap nothing can be said but that it is being learnt.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    since: float | None = None
    last: Said | None = None
    for now in said:
        if last is None or since is None:
            since = now.at
        elif now.gap or now.what != last.what:
            end = last.at if now.gap else now.at
            found.setdefault(last.what, []).append((since, end))
            since = end
        last = now
    if last is not None and since is not None:
        found.setdefault(last.what, []).append((since, last.at))
    return found
