"""The picture of a course: values, limits and alarms over time, for a screen and for paper.

Every column of it spans the lowest to the highest value of its time, so that no episode is smoothed away (S17). What
is told by a colour (Okabe and Ito's, which the colour-blind can tell apart) is also told by a line style or a word.
matplotlib comes with the extra ``report``.
"""

import io
import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import matplotlib as mpl
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vitals.alarms.limits import STAND_INS, Limit, Limits, Priority, Side
from vitals.alarms.profile import Profile
from vitals.alarms.replay import Episode
from vitals.codes import CODES, Metric
from vitals.observation import GenerationMode
from vitals.retrospect.envelope import Band
from vitals.retrospect.look import Findings
from vitals.retrospect.period import at, offset_ms
from vitals.retrospect.telling import rate

_WIDE, _HIGH, _DPI = 11.7, 2.9, 150  # A4 across, by inches a metric
_VALUES: Final = "#0072b2"
_COLOURS: Final = {Priority.HIGH: "#d55e00", Priority.MEDIUM: "#e69f00", Priority.LOW: "#56b4e9"}
_LINES: Final = {Priority.HIGH: "-", Priority.MEDIUM: "--", Priority.LOW: ":"}
_MARKS: Final = {Priority.HIGH: "^", Priority.MEDIUM: "D", Priority.LOW: "o"}
_STYLE: Final[Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.4,
    "svg.hashsalt": "vitals",
}
_ROWS: Final = ("recorded then", "in force then", "proposed")


def paint(found: Findings, form: str) -> bytes:
    """The picture as a ``png`` or ``svg`` file."""
    shown = _shown(found)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDE, 1.2 + _HIGH * max(1, len(shown))), layout="constrained")
        figure.suptitle(_title(found), fontsize=10, x=0.01, ha="left")
        if shown:
            ratios = [part for _ in shown for part in (3.0, 1.0)]
            axes = figure.subplots(2 * len(shown), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
            times = _times(found)
            for place, metric in enumerate(shown):
                _values(axes[2 * place], found, metric, times)
                _alarms(axes[2 * place + 1], found, metric)
            _time_axis(axes[-1], found)
        else:
            figure.text(0.5, 0.45, "Nothing was recorded in this time", ha="center", fontsize=14)
        written = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if form == "svg" else {}
        figure.savefig(written, format=form, dpi=_DPI, metadata=metadata)
    return written.getvalue()


def _shown(found: Findings) -> list[Metric]:
    """The metrics that can alarm and were heard; a stand-in only where it alarmed, or what it stands in for is not."""
    alarmed = {each.metric for each in (*found.proposed.episodes, *found.then.episodes, *found.alarms)}
    heard = [metric for metric in found.envelope.bands if _limited(found, metric)]
    stand_ins = {other for metric in heard for other in STAND_INS.get(metric, ())}
    return sorted(metric for metric in heard if metric in alarmed or metric not in stand_ins)


def _limited(found: Findings, metric: Metric) -> bool:
    return any(_owner(profile, metric) is not None for profile in (found.limits, found.limits_then))


def _owner(profile: Profile, metric: Metric) -> Metric | None:
    """The metric whose limits act on *metric*: its own, or that for which it stands in."""
    acting = [each for _, limits in profile.schedule for each in limits]
    return next((each for each in acting if metric in (each, *STAND_INS.get(each, ()))), None)


def _title(found: Findings) -> str:
    zone = ZoneInfo(found.patient.time_zone)
    begins, ends = (at(ms, zone).strftime("%Y-%m-%d %H:%M") for ms in (found.period.from_ms, found.period.to_ms))
    counts = ", ".join(
        f"{words} {len(episodes)} ({_rate(len(episodes), found.seconds)})"
        for words, episodes in (
            (f"proposed ({found.name})", found.proposed.episodes),
            ("in force then", found.then.episodes),
            ("recorded then", found.alarms),
        )
    )
    simulated = "" if found.mode is GenerationMode.REAL else f"{found.mode.label.upper()}: simulated, no patient.  "
    return (
        f"{simulated}Patient {found.patient.id}, record number {found.patient.record_number}, {begins} to {ends} "
        f"({found.patient.time_zone})\nAlarms (per patient-day): {counts}"
    )


def _rate(count: int, seconds: float) -> str:
    found = rate(count, seconds)
    return "--" if found is None else f"{found:g}"


def _times(found: Findings) -> list[datetime]:
    """The edges of the columns on the local clock."""
    envelope, zone = found.envelope, ZoneInfo(found.patient.time_zone)
    begins_ms = found.period.from_ms
    return [at(begins_ms + column * envelope.width_ms, zone) for column in range(envelope.columns + 1)]


def _values(axes: Axes, found: Findings, metric: Metric, times: Sequence[datetime]) -> None:
    band, code = found.envelope.bands[metric], CODES[metric]
    low, high = _doubled(band.low), _doubled(band.high)
    edges: Any = times
    both: Any = [edge for begins, ends in pairwise(times) for edge in (begins, ends)]
    axes.fill_between(both, low, high, color=_VALUES, alpha=0.35, linewidth=0)
    axes.plot(both, low, color=_VALUES, linewidth=0.8)
    axes.plot(both, high, color=_VALUES, linewidth=0.8)
    axes.broken_barh(
        blind(band, [float(number) for number in dates.date2num(edges)]),  # type: ignore[no-untyped-call]
        (0, 1),
        transform=axes.get_xaxis_transform(),
        facecolor="#eeeeee",
        edgecolor="#888888",
        hatch="////",
        linewidth=0,
        zorder=0,
    )
    axes.set_ylabel(f"{code.display}\n{code.ucum}")
    levels = _limits(axes, found, metric, times)
    values = [value for value in (*low, *high) if not math.isnan(value)]
    bounds = [*values, *levels]
    margin = max(1.0, 0.06 * (max(bounds) - min(bounds)))
    axes.set_ylim(min(bounds) - margin, max(bounds) + margin)
    axes.set_xlim(edges[0], edges[-1])


def _doubled(band: Sequence[float | None]) -> list[float]:
    """A column's value at its beginning and at its end: also one that stands alone between two gaps is drawn."""
    return [math.nan if value is None else value for value in band for _ in range(2)]


def blind(band: Band, edges: Sequence[float]) -> list[tuple[float, float]]:
    """Beginning and width of every run of columns without a value, in the unit of *edges*."""
    found: list[tuple[float, float]] = []
    for value, (begins, ends) in zip(band.low, pairwise(edges), strict=True):
        if value is not None:
            continue
        if found and sum(found[-1]) == begins:
            found[-1] = (found[-1][0], ends - found[-1][0])
        else:
            found.append((begins, ends - begins))
    return found


def _limits(axes: Axes, found: Findings, metric: Metric, times: Sequence[datetime]) -> list[float]:
    """Every level that can alarm, proposed and (grey) then, as its time of day has it; their values."""
    levels: list[float] = []
    proposed = _lines(found, found.limits, metric)
    then = _lines(found, found.limits_then, metric)
    edges: Any = times
    for slot, values in then.items():
        if values != proposed.get(slot):
            axes.step(edges, values, where="post", color="#777777", linestyle=":", linewidth=1.2)
            levels += [value for value in values if not math.isnan(value)]
    for (side, priority, kind), values in proposed.items():
        axes.step(edges, values, where="post", color=_COLOURS[priority], linestyle=_LINES[priority], linewidth=1.3)
        known = [value for value in values if not math.isnan(value)]
        levels += known
        sign = "<" if side is Side.LOW else ">"
        axes.annotate(
            f"{sign} {known[-1]:g} {priority.label}, {kind}",
            (1.0, known[-1]),
            xycoords=axes.get_yaxis_transform(),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )
    return levels


_Slot = tuple[Side, Priority, str]


def _lines(found: Findings, profile: Profile, metric: Metric) -> dict[_Slot, list[float]]:
    """The value of every limit at each edge of a column; it may change with the time of day."""
    owner = _owner(profile, metric)
    envelope, zone = found.envelope, ZoneInfo(found.patient.time_zone)
    lines: dict[_Slot, list[float]] = {}
    if owner is None:
        return lines
    for column in range(envelope.columns + 1):
        utc_ms = found.period.from_ms + column * envelope.width_ms
        minute = (utc_ms + offset_ms(utc_ms, zone)) // 60_000 % (24 * 60)
        for limit in profile.at(minute).get(owner, Limits()).limits:
            if limit.side.rate:
                continue  # a change has no height
            slot = (limit.side, limit.priority, _kind(limit))
            lines.setdefault(slot, [math.nan] * (envelope.columns + 1))[column] = limit.value
    return lines


def _kind(limit: Limit) -> str:
    return f"{limit.delay_s:g} s" if limit.delay_s is not None else f"{limit.samples} values"


def _alarms(axes: Axes, found: Findings, metric: Metric) -> None:
    """Three rows of alarms, each a bar from its alarm to its end with a mark where it begins: none is too short."""
    zone = ZoneInfo(found.patient.time_zone)
    for row, episodes in enumerate((found.alarms, found.then.episodes, found.proposed.episodes)):
        for episode in (each for each in episodes if each.metric is metric):
            begins, ends = (at(ms, zone) for ms in (episode.alarm_ms, _end(episode, found)))
            colour = _COLOURS[episode.priority]
            spot: Any = begins
            until: Any = ends
            axes.plot([spot, until], [row, row], color=colour, linewidth=5, solid_capstyle="butt", alpha=0.75)
            axes.plot(
                [spot],
                [row],
                _MARKS[episode.priority],
                color=colour,
                markeredgecolor="black",
                markersize=5.5,
                markeredgewidth=0.6,
            )
    for episode in (each for each in found.missed if each.metric is metric):
        missed_at: Any = at(episode.alarm_ms, zone)
        axes.plot(
            [missed_at], [0], _MARKS[episode.priority], markerfacecolor="white", markeredgecolor="black", markersize=5.5
        )
    axes.set_yticks(range(len(_ROWS)), _ROWS, fontsize=8)
    axes.set_ylim(-0.6, len(_ROWS) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.6)
    axes.spines["left"].set_visible(False)


def _end(episode: Episode, found: Findings) -> int:
    return found.period.to_ms if episode.end_ms is None else min(episode.end_ms, found.period.to_ms)


def _time_axis(axes: Axes, found: Findings) -> None:
    zone = ZoneInfo(found.patient.time_zone)
    locator = dates.AutoDateLocator(tz=zone, maxticks=12)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    axes.set_xlabel(
        f"Local time at the site ({found.patient.time_zone}).  Band: lowest to highest value of "
        f"{found.envelope.width_ms / 1000:g} s each; hatched: no value that could alarm.\n"
        "Limits: proposed in colour (high solid, medium dashed, low dotted), in force then grey dotted where another.  "
        "Alarms: triangle high, diamond medium, circle low; white: found late.",
        fontsize=8,
    )
