"""What differs between two lists of episodes of one course: only then, only proposed, both and how much later."""

import itertools
from collections.abc import Sequence

import msgspec

from vitals.alarms.limits import Side
from vitals.alarms.replay import Episode
from vitals.codes import Metric
from vitals.retrospect.period import Period


class Pair(msgspec.Struct, frozen=True):
    """An episode under the proposed limits, and the first one then that shares a moment with it.

    *delay_s* is how much later it alarms (negative: sooner); None where that one belongs to an earlier pair already:
    what then was one alarm is several now.
    """

    proposed: Episode
    then: Episode
    delay_s: float | None


class Difference(msgspec.Struct, frozen=True):
    """The same course under two sets of limits, or as replayed and as recorded."""

    only_proposed: tuple[Episode, ...]
    only_then: tuple[Episode, ...]
    both: tuple[Pair, ...]


def difference(proposed: Sequence[Episode], then: Sequence[Episode]) -> Difference:
    """Lay *proposed* beside *then*; both in order of time. Episodes belong together that share a moment."""
    pairs: list[Pair] = []
    met: set[int] = set()
    lonely: list[Episode] = []
    begins: dict[tuple[Metric, Side], int] = {}
    of: dict[tuple[Metric, Side], list[Episode]] = {}
    for other in then:
        of.setdefault((other.metric, other.side), []).append(other)
    for episode in proposed:
        condition = (episode.metric, episode.side)
        others = of.get(condition, [])
        first = begins.get(condition, 0)
        while first < len(others) and _before(others[first], episode):  # what ended before this ended before the next
            first += 1
        begins[condition] = first
        meeting = list(itertools.takewhile(episode.meets, others[first:]))
        if not meeting:
            lonely.append(episode)
            continue
        known = id(meeting[0]) in met
        pairs.append(Pair(episode, meeting[0], None if known else (episode.alarm_ms - meeting[0].alarm_ms) / 1000))
        met.update(id(other) for other in meeting)
    return Difference(tuple(lonely), tuple(other for other in then if id(other) not in met), tuple(pairs))


def _before(other: Episode, episode: Episode) -> bool:
    return other.end_ms is not None and other.end_ms < episode.start_ms


def in_alarm_s(episodes: Sequence[Episode], within: Period) -> float:
    """How long at least one alarm was on, from its alarm to its end."""
    total_ms, reached_ms = 0, within.from_ms
    for episode in sorted(episodes, key=lambda each: each.alarm_ms):
        end_ms = within.to_ms if episode.end_ms is None else min(episode.end_ms, within.to_ms)
        total_ms += max(0, end_ms - max(reached_ms, episode.alarm_ms))
        reached_ms = max(reached_ms, end_ms)
    return total_ms / 1000
