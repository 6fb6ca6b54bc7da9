"""The alarms that were really recorded, as episodes that can be laid beside replayed ones."""

from collections.abc import Iterable
from typing import Final

import msgspec

from vitals.alarms.limits import Priority, Side
from vitals.alarms.machine import Change
from vitals.alarms.replay import Episode
from vitals.codes import BY_LABEL
from vitals.registry import Event, Missed
from vitals.retrospect.period import Period

SUSPENDED: Final = "suspended"
_BEGINS: Final = frozenset({Change.RAISED.value, Change.RECURRED.value})
_GROWS: Final = frozenset({Change.ESCALATED.value, Change.WORSENED.value, Change.REALARMED.value})


def episodes(events: Iterable[Event]) -> list[Episode]:
    """The limit alarms among *events* (oldest first), each from its alarm to its end.

    An alarm that came again before anybody acknowledged it is one recorded episode, and two here: replay counts so.
    Moments are those of the observations that brought the changes, of receipt where none did. Since when a limit had
    been passed is not recorded: *start_ms* is the alarm; *worst* is the furthest value that a change was recorded with.
    """
    lasting: dict[str, Episode] = {}
    over: list[Episode] = []
    for event in events:
        label, _, side = event.condition.partition(".")
        if label not in BY_LABEL or side not in set(Side):
            continue
        before = lasting.get(event.episode)
        at_ms = event.at_utc_ms if event.observed_utc_ms is None else event.observed_utc_ms
        if event.change in _BEGINS:
            lasting[event.episode] = _begun(event, Side(side), at_ms)
        elif before is not None and event.change in _GROWS:
            lasting[event.episode] = _grown(before, event)
        elif before is not None and event.change == Change.ENDED.value:
            over.append(msgspec.structs.replace(lasting.pop(event.episode), end_ms=at_ms))
    return sorted((*over, *lasting.values()), key=lambda episode: (episode.alarm_ms, episode.metric, episode.side))


def missed(found: Iterable[Missed]) -> list[Episode]:
    """What late data would have raised, found at the time (S6)."""
    return [
        Episode(
            metric=BY_LABEL[each.metric],
            side=Side(each.side),
            priority=Priority[each.priority.upper()],
            limit=each.limit_value,
            worst=each.worst,
            start_ms=each.from_utc_ms,
            alarm_ms=each.from_utc_ms,
            end_ms=each.to_utc_ms,
        )
        for each in found
    ]


def suspensions(events: Iterable[Event], until_ms: int) -> list[Period]:
    """When nobody watched, because somebody said so (S15); *until_ms* ends one that lasts."""
    begun: dict[str, int] = {}
    over: list[Period] = []
    for event in events:
        if event.condition != SUSPENDED:
            continue
        if event.change == SUSPENDED:
            begun.setdefault(event.episode, event.at_utc_ms)
        elif event.episode in begun:
            over.append(Period(begun.pop(event.episode), event.at_utc_ms))
    return sorted((*over, *(Period(at_ms, until_ms) for at_ms in begun.values())), key=lambda each: each.from_ms)


def _begun(event: Event, side: Side, at_ms: int) -> Episode:
    return Episode(
        metric=BY_LABEL[event.metric or event.condition.partition(".")[0]],
        side=side,
        priority=Priority[event.priority.upper()],
        limit=0.0 if event.limit_value is None else event.limit_value,
        worst=0.0 if event.value is None else event.value,
        start_ms=at_ms,
        alarm_ms=at_ms,
    )


def _grown(before: Episode, event: Event) -> Episode:
    further = min if before.side is Side.LOW else max
    return msgspec.structs.replace(
        before,
        priority=Priority[event.priority.upper()],
        limit=before.limit if event.limit_value is None else event.limit_value,
        worst=before.worst if event.value is None else further(before.worst, event.value),
    )
