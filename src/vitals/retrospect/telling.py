"""Findings as plain values for JSON: moments are seconds after the beginning of the period."""

from collections.abc import Sequence
from typing import Any

from vitals.alarms.replay import Episode
from vitals.clock import iso
from vitals.retrospect.difference import Difference, Pair, difference, in_alarm_s
from vitals.retrospect.look import Findings
from vitals.retrospect.period import Period
from vitals.retrospect.technical import Absence

_DAY_S = 86_400


def tell(found: Findings) -> dict[str, Any]:
    """Everything: the keys of a replayed file's object, ``technical``, ``baseline``, ``difference`` and whose it is."""
    period = found.period
    begins_ms = period.from_ms
    recorded = difference(found.proposed.episodes, found.alarms)
    return {
        "mode": found.mode.label,
        "patient": found.patient.id,
        "record_number": found.patient.record_number,
        "from": iso(begins_ms),
        "to": iso(period.to_ms),
        "time_zone": found.patient.time_zone,
        "profile": found.name,
        **_course(found, found.proposed.episodes),
        "missing_seconds": found.missing_s,
        "technical": _technical(found.proposed.technical, period),
        "baseline": {
            "profiles": list(found.names),
            **_course(found, found.then.episodes),
            "technical": _technical(found.then.technical, period),
            "recorded": {
                **_course(found, found.alarms),
                "missed": [_episode(each, begins_ms) for each in found.missed],
            },
        },
        "difference": {
            **_numbers(found, found.proposed.episodes, found.then.episodes),
            **_difference(difference(found.proposed.episodes, found.then.episodes), begins_ms, "only_then", "then"),
            "recorded": {
                **_numbers(found, found.proposed.episodes, found.alarms),
                **_difference(recorded, begins_ms, "only_recorded", "recorded"),
            },
        },
        "notes": list(found.notes),
    }


def rate(count: int, seconds: float) -> float | None:
    """Alarms per patient-day; None where nobody was monitored."""
    return round(count * _DAY_S / seconds, 1) if seconds else None


def _course(found: Findings, episodes: Sequence[Episode]) -> dict[str, Any]:
    return {
        "episodes": [_episode(each, found.period.from_ms) for each in episodes],
        "seconds": found.seconds,
        "alarms_per_patient_day": rate(len(episodes), found.seconds),
        "seconds_in_alarm": in_alarm_s(episodes, found.period),
    }


def _numbers(found: Findings, proposed: Sequence[Episode], then: Sequence[Episode]) -> dict[str, Any]:
    """The proposed less the other."""
    return {
        "episodes": len(proposed) - len(then),
        "alarms_per_patient_day": rate(len(proposed) - len(then), found.seconds),
        "seconds_in_alarm": round(in_alarm_s(proposed, found.period) - in_alarm_s(then, found.period), 3),
    }


def _difference(between: Difference, begins_ms: int, only: str, other: str) -> dict[str, Any]:
    return {
        "only_proposed": [_episode(each, begins_ms) for each in between.only_proposed],
        only: [_episode(each, begins_ms) for each in between.only_then],
        "both": [_pair(each, begins_ms, other) for each in between.both],
    }


def _pair(pair: Pair, begins_ms: int, other: str) -> dict[str, Any]:
    return {
        "proposed": _episode(pair.proposed, begins_ms),
        other: _episode(pair.then, begins_ms),
        "delay_s": pair.delay_s,
    }


def _episode(episode: Episode, begins_ms: int) -> dict[str, Any]:
    """One episode; ``over_s`` where it is of a mean or a change over some seconds."""
    over = {} if episode.over_s is None else {"over_s": episode.over_s}
    return {
        "metric": episode.metric.label,
        "side": episode.side.value,
        "priority": episode.priority.label,
        "limit": int(episode.limit) if float(episode.limit).is_integer() else episode.limit,
        "worst": episode.worst,
        "start": (episode.start_ms - begins_ms) / 1000,
        "alarm_at": (episode.alarm_ms - begins_ms) / 1000,
        "end": None if episode.end_ms is None else (episode.end_ms - begins_ms) / 1000,
        **over,
    }


def _technical(absences: Sequence[Absence], period: Period) -> dict[str, Any]:
    seconds: dict[str, float] = {}
    for each in absences:
        ends_ms = period.to_ms if each.end_ms is None else min(each.end_ms, period.to_ms)
        seconds[each.condition] = seconds.get(each.condition, 0.0) + (ends_ms - each.alarm_ms) / 1000
    return {
        "episodes": [
            {
                "condition": each.condition,
                "of": each.part,
                "priority": each.priority.label,
                "start": (each.start_ms - period.from_ms) / 1000,
                "alarm_at": (each.alarm_ms - period.from_ms) / 1000,
                "end": None if each.end_ms is None else (each.end_ms - period.from_ms) / 1000,
            }
            for each in absences
        ],
        "seconds_in_alarm": dict(sorted(seconds.items())),
    }
