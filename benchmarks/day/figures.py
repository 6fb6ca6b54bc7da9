"""The figures of a day, ward by ward, then together."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from benchmarks.day import judge
from benchmarks.day.judge import Episode, Verdict
from benchmarks.day.ward import Happened

PRIORITIES: Final = ("high", "medium", "low")
OUTCOMES: Final = ("alarmed", "late", "suspended", "not measured", "missed")
CAUSES: Final = ("event", "no event", "artefact")


class Ward(msgspec.Struct, kw_only=True):
    """What is kept of a ward's day: small enough to be handed from process to process."""

    patients: int
    hours: float
    nurses: int
    observations: int
    episodes: list[Episode]
    verdicts: list[Verdict]
    open: list[str]
    stages: dict[str, int]
    attempts: int
    done: dict[str, int]
    missed_high: int
    missed_other: int
    reviewed_s: list[float]
    restarts: int
    unsound: list[str]


def of_ward(happened: Happened) -> Ward:
    """Judge one ward."""
    told = judge.episodes(happened.told)
    judge.causes(happened, told.values())
    setting = happened.setting
    high = sum(missed.priority == "high" for missed in happened.missed)
    alarms = [message for message in happened.messages if message.kind == "alarm"]
    return Ward(
        patients=setting.patients,
        hours=setting.hours,
        nurses=setting.nurses,
        observations=happened.observations,
        episodes=list(told.values()),
        verdicts=judge.verdicts(happened, told.values()),
        open=[f"{alarm.priority} {alarm.phase}" for alarm in happened.open],
        stages=dict(Counter(message.stage for message in alarms)),
        attempts=happened.attempts,
        done=happened.done,
        missed_high=high,
        missed_other=len(happened.missed) - high,
        reviewed_s=judge.reviewed(happened),
        restarts=len(happened.away),
        unsound=judge.unsound(happened),
    )


def of_day(wards: Sequence[Ward]) -> dict[str, Any]:
    """One object for everybody, JSON throughout."""
    episodes = [(number, episode) for number, ward in enumerate(wards) for episode in ward.episodes]
    verdicts = [verdict for ward in wards for verdict in ward.verdicts]
    days = sum(ward.patients * ward.hours for ward in wards) / 24
    nurse_hours = sum(ward.nurses * ward.hours for ward in wards)
    every = [episode for _, episode in episodes]
    bodily = [episode for episode in every if episode.kind == "physiological"]
    causes = Counter(episode.cause for episode in bodily)
    return {
        "patients": sum(ward.patients for ward in wards),
        "hours": wards[0].hours,
        "observations": sum(ward.observations for ward in wards),
        "server_restarts": sum(ward.restarts for ward in wards),
        "alarms": len(every),
        "alarms_per_patient_day": round(len(every) / days, 2),
        "alarms_per_nurse_hour": round(len(every) / nurse_hours, 2),
        "physiological_per_patient_day": round(len(bodily) / days, 2),
        "per_patient_day": _by_condition(every, days),
        "share_of_top_tenth_of_patients": _top_tenth(episodes, sum(ward.patients for ward in wards)),
        "physiological_by_cause": {cause: causes[cause] for cause in CAUSES},
        "demanded": {priority: _outcomes(verdicts, priority) for priority in PRIORITIES[:2]},
        "missed": sum(verdict.outcome == "missed" for verdict in verdicts),
        "not_alarmed": [_told(verdict) for verdict in verdicts if verdict.outcome != "alarmed"],
        "alarmed_late": [_told(verdict) for verdict in verdicts if verdict.outcome == "alarmed" and verdict.why],
        "onset_to_alarm_s": {priority: _spread(_delays(verdicts, priority)) for priority in PRIORITIES[:2]},
        "acknowledged_after_s": _by_priority(every, lambda several: _spread(_acknowledged(several))),
        "ended_before_anybody_acknowledged": _by_priority(every, _ended_alone),
        "sounded_again_after_acknowledgement": sum(episode.again for episode in every),
        "open_at_the_end": dict(sorted(_sum(Counter(ward.open) for ward in wards).items())),
        "messages_by_stage": dict(sorted(_sum(ward.stages for ward in wards).items())),
        "attempts_to_send": sum(ward.attempts for ward in wards),
        "missed_events": {
            "high": sum(ward.missed_high for ward in wards),
            "high_reviewed": sum(len(ward.reviewed_s) for ward in wards),
            "reviewed_after_s": _spread([seconds for ward in wards for seconds in ward.reviewed_s]),
            "medium": sum(ward.missed_other for ward in wards),
        },
        "staff": dict(sorted(_sum(ward.done for ward in wards).items())),
        "told_but_not_recorded_in_order": [name for ward in wards for name in ward.unsound],
    }


def _by_condition(every: Iterable[Episode], days: float) -> dict[str, dict[str, float]]:
    counts: dict[str, Counter[str]] = {}
    for episode in every:
        counts.setdefault(episode.condition, Counter())[episode.priority] += 1
    return {
        condition: {priority: round(count[priority] / days, 3) for priority in PRIORITIES if count[priority]}
        for condition, count in sorted(counts.items(), key=lambda pair: -pair[1].total())
    }


def _top_tenth(episodes: Iterable[tuple[int, Episode]], patients: int) -> dict[str, float]:
    """Which share of the alarms comes from the tenth of the patients with most of them."""
    found = {}
    several = list(episodes)
    for name, kinds in (("all", {"physiological", "technical"}), ("physiological", {"physiological"})):
        counts = Counter((ward, of.patient) for ward, of in several if of.kind in kinds and of.patient != of.condition)
        top = sum(count for _, count in counts.most_common(max(1, patients // 10)))
        found[name] = round(top / max(1, counts.total()), 3)
    return found


def _outcomes(verdicts: Iterable[Verdict], priority: str) -> dict[str, int]:
    counts = Counter(verdict.outcome for verdict in verdicts if verdict.demand.priority == priority)
    return {"events": counts.total()} | {outcome: counts[outcome] for outcome in OUTCOMES}


def _told(verdict: Verdict) -> dict[str, Any]:
    demand = verdict.demand
    return {
        "patient": demand.patient,
        "event": demand.kind,
        "priority": demand.priority,
        "from_s": demand.start_s,
        "lasted_s": demand.end_s - demand.start_s,
        "outcome": verdict.outcome,
        "why": verdict.why,
        "after_s": verdict.delay_s,
    }


def _delays(verdicts: Iterable[Verdict], priority: str) -> list[float]:
    return [
        verdict.delay_s for verdict in verdicts if verdict.delay_s is not None and verdict.demand.priority == priority
    ]


def _acknowledged(several: Iterable[Episode]) -> list[float]:
    return [of.acknowledged_s - of.start_s for of in several if of.acknowledged_s is not None]


def _ended_alone(several: Sequence[Episode]) -> int:
    return sum(of.acknowledged_s is None and of.over_s is not None for of in several)


def _by_priority(every: Sequence[Episode], of: Callable[[list[Episode]], Any]) -> dict[str, Any]:
    return {priority: of([one for one in every if one.priority == priority]) for priority in PRIORITIES}


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    p50, p95, p99, most = np.percentile(values, [50, 95, 99, 100])
    return {
        "count": len(values),
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "p99": round(float(p99), 1),
        "most": round(float(most), 1),
    }


def _sum(several: Iterable[dict[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in several:
        found.update(one)
    return dict(found)
