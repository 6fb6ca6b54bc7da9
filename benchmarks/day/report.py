"""A day's figures as a person reads them, and as docs/day.md holds them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.day import judge

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "day.md"
MARKS: Final = ("<!-- day: begin -->", "<!-- day: end -->")


def text(day: dict[str, Any]) -> str:
    """Tables in Markdown."""
    return "\n".join(_lines(day))


def write(day: dict[str, Any], page: Path = PAGE) -> None:
    """Put the tables between the marks of docs/day.md."""
    begin, end = MARKS
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(end)
    page.write_text(f"{head}{begin}\n{text(day)}\n{end}{tail}", encoding="utf-8")


def _lines(day: dict[str, Any]) -> Iterator[str]:
    patients, hours = day["patients"], day["hours"]
    yield f"{patients} simulated patients, {hours:g} h, seed {day['seed']}, profile `{day['profile']}`;"
    yield f"{day['took_s']} s to run. {day['observations']:,} observations sent."
    yield f"Servers killed and started again: {day['server_restarts']}."
    yield ""
    yield from _table(("figure", "value"), _summary(day))
    yield from _table(("alarms per patient-day", "high", "medium", "low"), _conditions(day))
    yield from _table(
        ("scripted event calls for", "events", "alarmed", "late: missed event", "suspended", "not measured", "missed"),
        [(priority, *counts.values()) for priority, counts in day["demanded"].items()],
    )
    yield from _table(
        ("seconds", "count", "p50", "p95", "p99", "most"),
        [
            *_spreads("onset to {} alarm", day["onset_to_alarm_s"]),
            *_spreads("{} alarm to acknowledgement", day["acknowledged_after_s"]),
            *_spreads("{} found to review", {"missed high": day["missed_events"]["reviewed_after_s"]}),
        ],
    )
    head = ("patient", "event", "calls for", "at", "lasted", "outcome", "why")
    if day["not_alarmed"]:
        yield "Events without an alarm of the present, one by one:"
        yield ""
        yield from _table(head, _one_by_one(day["not_alarmed"]))
    if day["alarmed_late"]:
        yield f"Alarms more than {judge.SURE_S} s later than their delay, one by one:"
        yield ""
        yield from _table(head, _one_by_one(day["alarmed_late"]))


def _summary(day: dict[str, Any]) -> list[tuple[str, object]]:
    causes, top, missed = day["physiological_by_cause"], day["share_of_top_tenth_of_patients"], day["missed_events"]
    total = max(1, sum(causes.values()))
    ended = day["ended_before_anybody_acknowledged"]
    return [
        ("**events missed**", f"**{day['missed']}**"),
        ("alarms per patient-day", day["alarms_per_patient_day"]),
        ("of these physiological", day["physiological_per_patient_day"]),
        ("alarms per nurse and hour", day["alarms_per_nurse_hour"]),
        ("physiological alarms: of a scripted event", f"{causes['event']} ({100 * causes['event'] / total:.0f} %)"),
        ("— the patient's own doing, no event", f"{causes['no event']} ({100 * causes['no event'] / total:.0f} %)"),
        ("— artefact", f"{causes['artefact']} ({100 * causes['artefact'] / total:.0f} %)"),
        ("top tenth of patients: share of all alarms", f"{100 * top['all']:.0f} %"),
        ("— of physiological ones", f"{100 * top['physiological']:.0f} %"),
        ("over before anybody acknowledged: high, medium, low", ", ".join(str(count) for count in ended.values())),
        ("sounded again after an acknowledgement", day["sounded_again_after_acknowledgement"]),
        ("open at the end", _counts(day["open_at_the_end"])),
        ("messages by stage", _counts(day["messages_by_stage"])),
        ("attempts to send", day["attempts_to_send"]),
        ("missed highs found in late data, reviewed", f"{missed['high']}, {missed['high_reviewed']}"),
        ("what the staff did", _counts(day["staff"])),
        ("told but not recorded in order", len(day["told_but_not_recorded_in_order"])),
    ]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _conditions(day: dict[str, Any]) -> list[tuple[object, ...]]:
    return [
        (f"`{condition}`", *(by.get(priority, "") for priority in ("high", "medium", "low")))
        for condition, by in day["per_patient_day"].items()
    ]


def _spreads(name: str, spreads: dict[str, dict[str, float] | None]) -> list[tuple[object, ...]]:
    return [(name.format(of), *spread.values()) for of, spread in spreads.items() if spread is not None]


def _one_by_one(several: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (
            one["patient"],
            one["event"],
            one["priority"],
            f"{one['from_s'] // 3600} h {one['from_s'] // 60 % 60:02} min",
            f"{one['lasted_s']} s",
            one["outcome"] if one["after_s"] is None else f"alarmed after {one['after_s']:.0f} s",
            one["why"],
        )
        for one in several
    ]


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"
    yield ""
