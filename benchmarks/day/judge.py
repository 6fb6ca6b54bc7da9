"""What an alarm was good for, and what had none: the day as it was told, held against the day as it was written.

Judged from the script and the documented limits alone (:data:`LIMITS`), by other code than that which alarmed.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
from benchmarks.day.script import BEGINS_AT_HOUR, MEASURED, Person, Scripted
from benchmarks.day.wall import URGENCY, Told
from benchmarks.day.ward import BEGINS_UTC_MS, Happened
from numpy.typing import NDArray

from vitals.registry import Missed
from vitals.ward import ShownAlarm

SURE_S: Final = 5
"""How much longer than its delay a limit must be passed for an alarm to be demanded."""
BEFORE_S: Final = 10
AFTER_S: Final = 60
"""An alarm raised from so long before an event until so long after it belongs to the event."""
RECENT_S: Final = 60
"""An alarm without an event is of the patient's own doing if the true value passed the limit so recently."""


class Level(msgspec.Struct, frozen=True):
    """A limit as docs/hazards.md has it, on the side of a condition; *by_night* replaces *value* from 22 to 7 h."""

    condition: str
    value: float
    priority: str
    delay_s: int
    by_night: float | None = None


LIMITS: Final = (
    Level("spo2.low", 80, "high", 3),
    Level("spo2.low", 85, "high", 5),
    Level("spo2.low", 90, "medium", 15),
    Level("heart_rate.low", 40, "high", 5),
    Level("heart_rate.low", 50, "medium", 15, by_night=45),
    Level("heart_rate.high", 140, "high", 5),
    Level("heart_rate.high", 120, "medium", 15),
)
LOWER_BY: Final = 4
"""How much lower the SpO2 limits are that are prescribed for those who live lower (``ward.LOWER``)."""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that an event calls for: *priority* at least, the limit passed from *start_s* until *end_s*."""

    patient: str
    kind: str
    condition: str
    priority: str
    start_s: int
    end_s: int


class Episode(msgspec.Struct, kw_only=True):
    """One episode as the consoles were told of it; seconds of the day."""

    episode: str
    patient: str
    condition: str
    kind: str
    raised: dict[str, float]
    over_s: float | None = None
    acknowledged_s: float | None = None
    again: int = 0
    cause: str = ""

    @property
    def start_s(self) -> float:
        """When it was first raised."""
        return min(self.raised.values())

    @property
    def priority(self) -> str:
        """The highest that it reached."""
        return max(self.raised, key=URGENCY.__getitem__)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a demand: ``alarmed`` after *delay_s*, ``late`` (a missed event), or why there was nothing."""

    demand: Demand
    outcome: str
    why: str = ""
    delay_s: float | None = None


def episodes(told: Iterable[Told]) -> dict[str, Episode]:
    """Episodes in order of their beginning."""
    found: dict[str, Episode] = {}
    versions: dict[str, int] = {}
    for one in told:
        alarm, at_s = one.alarm, one.at_s
        episode = found.get(alarm.episode)
        if episode is None:
            episode = found[alarm.episode] = Episode(
                episode=alarm.episode,
                patient=alarm.patient or alarm.condition,
                condition=alarm.condition,
                kind=alarm.kind,
                raised={alarm.priority: at_s},
            )
        elif alarm.version <= versions[alarm.episode]:
            continue
        versions[alarm.episode] = alarm.version
        _follow(episode, alarm, at_s)
    return found


def _follow(episode: Episode, alarm: ShownAlarm, at_s: float) -> None:
    if alarm.phase == "active" and (episode.acknowledged_s is not None or episode.over_s is not None):
        episode.again += 1
    episode.raised.setdefault(alarm.priority, at_s)
    if alarm.acknowledged_at is not None and episode.acknowledged_s is None:
        episode.acknowledged_s = at_s
    if alarm.phase == "over" and episode.over_s is None:
        episode.over_s = at_s


def demands(person: Person) -> list[Demand]:
    """The most urgent alarm that each scripted event calls for, by what a perfect sensor would show."""
    found = []
    for event in person.scripted:
        values = person.spo2 if event.condition == "spo2.low" else person.heart
        for level in sorted(LIMITS, key=lambda level: -URGENCY[level.priority]):
            stretch = _stretch(event, level, values, person) if level.condition == event.condition else None
            if stretch is not None:
                found.append(
                    Demand(
                        patient=person.id,
                        kind=event.kind,
                        condition=event.condition,
                        priority=level.priority,
                        start_s=stretch[0],
                        end_s=stretch[1],
                    )
                )
                break
    return found


def _stretch(event: Scripted, level: Level, values: NDArray[np.int16], person: Person) -> tuple[int, int] | None:
    """The first stretch of *event* in which *level* is passed for surely long enough."""
    passed = beyond(values[event.start_s : event.end_s], level, person, event.start_s)
    return next(
        (
            (event.start_s + start, event.start_s + until)
            for start, until in stretches(passed)
            if until - start >= level.delay_s + SURE_S
        ),
        None,
    )


def beyond(values: NDArray[np.int16], level: Level, person: Person, start_s: int) -> NDArray[np.bool_]:
    """Where *values*, from second *start_s* on, pass *level*."""
    limit: float | NDArray[np.float64] = level.value
    if level.condition == "spo2.low" and person.lower_limits:
        limit = level.value - LOWER_BY
    if level.by_night is not None:
        hour = (BEGINS_AT_HOUR + (start_s + np.arange(len(values))) / 3600) % 24
        limit = np.where((hour >= 22) | (hour < 7), level.by_night, level.value)
    return np.asarray(values > limit if level.condition.endswith(".high") else values < limit)


def stretches(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """From where until where *marks* hold."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marks, [False]))))
    return [(int(start), int(until)) for start, until in edges.reshape(-1, 2)]


def verdicts(happened: Happened, heard: Iterable[Episode]) -> list[Verdict]:
    """What became of every demand of a ward."""
    by_patient: dict[str, list[Episode]] = {}
    for episode in heard:
        by_patient.setdefault(episode.patient, []).append(episode)
    found = []
    for person in happened.people:
        own = by_patient.get(person.id, [])
        found += [_verdict(demand, person, own, happened) for demand in demands(person)]
    return found


def _verdict(demand: Demand, person: Person, own: list[Episode], happened: Happened) -> Verdict:
    at_s = min((at for episode in own if (at := _alarmed(demand, episode)) is not None), default=None)
    if at_s is not None:
        delay_s = max(0.0, at_s - demand.start_s)
        slow = delay_s > _levels(demand)[-1].delay_s + SURE_S
        why = _held_up(demand, person, happened, round(at_s)) if slow else ""
        return Verdict(demand=demand, outcome="alarmed", delay_s=delay_s, why=why)
    if any(_listed(demand, missed) for missed in happened.missed):
        return Verdict(demand=demand, outcome="late", why="listed as a missed event")
    return _unheard(demand, person, own, happened)


def _alarmed(demand: Demand, episode: Episode) -> float | None:
    """When *episode* said what is demanded, if it did in time."""
    if episode.condition != demand.condition:
        return None
    said = [at for priority, at in episode.raised.items() if URGENCY[priority] >= URGENCY[demand.priority]]
    if not said or min(said) > demand.end_s + AFTER_S:
        return None
    if episode.over_s is not None and episode.over_s < demand.start_s:
        return None
    return min(said)


def _levels(demand: Demand) -> list[Level]:
    """The limits that say what is demanded, the quickest first."""
    return [level for level in LIMITS if (level.condition, level.priority) == (demand.condition, demand.priority)]


def _held_up(demand: Demand, person: Person, happened: Happened, at_s: int) -> str:
    """What kept an alarm that came later than its delay."""
    window = slice(demand.start_s, max(at_s, demand.start_s + 1))
    worn = person.finger if demand.condition == "spo2.low" else person.strap
    values = person.spo2 if demand.condition == "spo2.low" else person.heart
    passed = [beyond(values[window], level, person, demand.start_s) for level in _levels(demand)]
    shares = {
        "gateway without network": person.away[window].mean(),
        "server away": sum(start < window.stop and until > window.start for start, until in happened.away),
        "sensor off, out of reach or unsure": (worn[window] != MEASURED).mean(),
        "the patient had asked not to be watched": any(
            patient == person.id and start < window.stop and until > window.start
            for patient, start, until in happened.suspended
        ),
        "the value came back in between": (~np.any(passed, axis=0)).any(),
    }
    return "; ".join(name for name, share in shares.items() if share) or "unexplained"


def _listed(demand: Demand, missed: Missed) -> bool:
    metrics = {"spo2.low": {"spo2"}}.get(demand.condition, {"heart_rate", "pulse_rate"})
    if missed.patient_id != demand.patient or missed.metric not in metrics:
        return False
    start_s = (missed.from_utc_ms - BEGINS_UTC_MS) / 1000
    end_s = float("inf") if missed.to_utc_ms is None else (missed.to_utc_ms - BEGINS_UTC_MS) / 1000
    urgent = URGENCY[missed.priority] >= URGENCY[demand.priority]
    return urgent and start_s <= demand.end_s and end_s >= demand.start_s


def _unheard(demand: Demand, person: Person, own: list[Episode], happened: Happened) -> Verdict:
    """Why nothing was raised: nobody was to watch, nothing measured it, or nothing that explains it."""
    for patient, start_s, until_s in happened.suspended:
        if patient == person.id and start_s < demand.end_s and until_s > demand.start_s:
            return Verdict(demand=demand, outcome="suspended", why="the patient had asked not to be watched")
    window = slice(demand.start_s, demand.end_s)
    values = person.spo2_shown if demand.condition == "spo2.low" else person.heart_shown
    worn = person.finger if demand.condition == "spo2.low" else person.strap
    levels = _levels(demand)
    shown = (worn[window] == MEASURED) & np.any(
        [beyond(values[window], of, person, demand.start_s) for of in levels], axis=0
    )
    longest_s = max((until - start for start, until in stretches(shown)), default=0)
    if longest_s >= min(of.delay_s for of in levels) + SURE_S:
        return Verdict(demand=demand, outcome="missed", why=f"shown for {longest_s} s at a time, and no alarm")
    told = any(
        episode.condition in {"not_monitored", "sensor_off", "sensor_silent", "intermittent", "gateway_offline"}
        and episode.start_s <= demand.end_s + AFTER_S
        and (episode.over_s is None or episode.over_s >= demand.start_s)
        for episode in own
    )
    unseen = int((worn[window] != MEASURED).sum())
    why = f"the sensor was off, out of reach or unsure for {unseen} of {demand.end_s - demand.start_s} s"
    return Verdict(demand=demand, outcome="not measured", why=why + (", which alarmed" if told else ""))


def causes(happened: Happened, heard: Iterable[Episode]) -> None:
    """Say of every physiological alarm what it was about."""
    people = {person.id: person for person in happened.people}
    for episode in heard:
        person = people.get(episode.patient)
        if person is not None and episode.kind == "physiological":
            episode.cause = _cause(episode, person)


def _cause(episode: Episode, person: Person) -> str:
    at_s = round(episode.start_s)
    for event in person.scripted:
        if event.condition == episode.condition and event.start_s - BEFORE_S <= at_s <= event.end_s + AFTER_S:
            return "event"
    values = person.spo2 if episode.condition == "spo2.low" else person.heart
    since_s = max(0, at_s - RECENT_S)
    levels = [level for level in LIMITS if level.condition == episode.condition]
    passed = [beyond(values[since_s : at_s + 1], level, person, since_s).any() for level in levels]
    return "no event" if any(passed) else "artefact"


def unsound(happened: Happened) -> list[str]:
    """What of the told is not recorded in order with increasing versions; empty when all of it is."""
    recorded: dict[str, list[int]] = {}
    for event in sorted(happened.events, key=lambda event: event.version):
        recorded.setdefault(event.episode, []).append(event.version)
    wrong = [name for name, versions in recorded.items() if versions != list(range(1, len(versions) + 1))]
    newest: dict[str, int] = {}
    for one in happened.told:
        newest[one.alarm.episode] = max(newest.get(one.alarm.episode, 0), one.alarm.version)
    wrong += [name for name, version in newest.items() if version > len(recorded.get(name, ()))]
    return wrong


def reviewed(happened: Happened) -> list[float]:
    """Seconds from finding to review, of every missed high that was reviewed."""
    return [
        (missed.reviewed_utc_ms - missed.found_utc_ms) / 1000
        for missed in happened.missed
        if missed.reviewed_utc_ms is not None and missed.priority == "high"
    ]
