"""What is said of a score: in an alarm's message, and on a tile."""

from typing import Final

from vitals.scores.entry import display, said
from vitals.scores.scoring import Part, Score
from vitals.ward import ShownPart, ShownScore

_DECIMALS: Final = 1


def message(score: Score) -> str:
    """``NEWS2 at least 5: SpO2 91 % (3), supplemental oxygen (2); unknown: temperature``."""
    bound = "at least " if score.partial else ""
    drivers = sorted((part for part in score.parts if part.points), key=lambda part: -part.points)
    whole = f"{score.name} {bound}{score.total or 0}: {', '.join(map(_driver, drivers))}"
    if score.missing:
        whole += f"; unknown: {', '.join(display(lack.parameter) for lack in score.missing)}"
    return whole if score.scale in {None, 1} else f"{whole} (SpO2 scale {score.scale})"


def show(name: str, score: Score, priority: str | None, waits_for: tuple[str, ...], since_s: float) -> ShownScore:
    """*score*, made *since_s* ago, as a tile shows it; *waits_for*: without these its alarm does not end."""
    known = {part.parameter: part for part in score.parts}
    lacks = [
        ShownPart(parameter=lack.parameter, display=display(lack.parameter), lack=lack.reason) for lack in score.missing
    ]
    return ShownScore(
        score=name,
        name=score.name,
        scale=score.scale,
        total=score.total,
        at_most=score.at_most,
        at_least=score.partial,
        response=None if score.response is None else score.response.name,
        action="" if score.response is None else score.response.action,
        priority=priority,
        age_s=max((part.age_s + since_s for part in score.parts), default=None),
        parts=(*(_part(part, since_s) for part in known.values()), *lacks),
        waits_for=waits_for,
    )


def _driver(part: Part) -> str:
    value = part.value if isinstance(part.value, str) else round(part.value, _DECIMALS)
    return f"{said(part.parameter, value, part.unit)} ({part.points})"


def _part(part: Part, since_s: float) -> ShownPart:
    value = part.value if isinstance(part.value, str) else round(part.value, _DECIMALS)
    return ShownPart(
        parameter=part.parameter,
        display=display(part.parameter),
        said=said(part.parameter, value, part.unit),
        points=part.points,
        age_s=round(part.age_s + since_s),
        source=part.source,
    )
