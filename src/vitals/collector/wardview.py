"""What the desk knows, as a console draws it: every function takes the present and returns plain values."""

from typing import Final

from vitals.clock import iso
from vitals.codes import CODES, Metric
from vitals.collector import inactivation, results, suspension
from vitals.collector.channel import NEVER, Channel
from vitals.collector.scorewatch import PREFIX
from vitals.collector.standing import Standing
from vitals.collector.upkeep import LIMITS
from vitals.collector.watch import Watch
from vitals.delays import Delays
from vitals.observation import Missing
from vitals.ward import Shown, ShownLimit, Tile

_UNSEEN: Final = frozenset(
    {Metric.RR_INTERVAL, Metric.BATTERY, *(code.metric for code in CODES.values() if code.waveform)}
)
"""Metrics that have no number of their own on a tile."""


def tile(watch: Watch, now_ms: int, delays: Delays) -> Tile:
    """One patient's place on the wall at *now_ms* of the desk's timeline."""
    patient = watch.patient
    return Tile(
        patient=patient.id,
        position=patient.position or 0,
        name=patient.name,
        birth_date=patient.birth_date,
        record_number=patient.record_number,
        status=_status(watch, now_ms, delays),
        shown={metric.label: _shown(watch, metric, now_ms, delays) for metric in _metrics(watch)},
        battery=_battery(watch),
        suspended=suspension.show(watch.arranged.suspension),
        inactivated=tuple(inactivation.show(made) for made in watch.arranged.inactivations),
        scores=() if watch.suspended else watch.scores.shown(now_ms),
        entries=watch.scores.entries(now_ms),
        fields=watch.scores.fields,
    )


def current(standing: Standing, watch: Watch | None, now_ms: int, delays: Delays) -> float | None:
    """The value now of what an alarm is about (S14)."""
    if watch is None:
        return None
    if standing.condition.startswith(PREFIX):
        return watch.scores.total(standing)
    if standing.source is None:
        return None
    result = standing.condition.startswith(results.PREFIX)
    channels = (watch.results.channels if result else watch.channels)(standing.source)
    channel = newest(channels, now_ms, delays)
    return None if channel is None else _value(channel)


def at_least(standing: Standing, watch: Watch | None) -> bool:
    """Whether the value now is a lower bound: a score of which parts are unknown (S18)."""
    return watch is not None and standing.condition.startswith(PREFIX) and watch.scores.partial(standing)


def newest(channels: list[Channel], now_ms: int, delays: Delays) -> Channel | None:
    """The channel that stands for a metric: the preferred one that is measuring, else the one heard last."""
    held_ms = delays.gap_held_s * 1000
    for channel in channels:
        if channel.fresh(now_ms, held_ms):
            return channel
    return max(channels, key=lambda channel: max(channel.newest.at_ms, channel.newest.missing_ms), default=None)


def _metrics(watch: Watch) -> list[Metric]:
    streamed = {metric for worn in watch.sensors.values() for metric in worn.channels}
    heard = sorted((streamed | {*watch.results.metrics}) - {*watch.prescribed})
    return [metric for metric in (*watch.prescribed, *heard) if metric not in _UNSEEN]


def _channels(watch: Watch, metric: Metric) -> list[Channel]:
    """What measures *metric*, or the newest result where nothing streams it."""
    return watch.channels(metric) or watch.results.channels(metric)


def _shown(watch: Watch, metric: Metric, now_ms: int, delays: Delays) -> Shown:
    code = CODES[metric]
    channel = newest(_channels(watch, metric), now_ms, delays)
    of = None if channel is None else channel.newest
    measured = of is not None and of.at_ms != NEVER
    return Shown(
        metric=metric.label,
        display=code.display,
        unit=code.ucum,
        value=None if channel is None else _value(channel),
        missing=_missing(channel),
        age_s=max(0, now_ms - of.at_ms) / 1000 if of is not None and measured else None,
        observed_at=iso(of.observed_utc_ms) if of is not None and measured else None,
        sensor=None if channel is None else channel.sensor,
        limits=_limits(watch, metric, channel, now_ms, delays),
    )


def _value(channel: Channel) -> float | None:
    of = channel.newest
    return channel.value if of.missing is Missing.PRESENT and of.at_ms != NEVER else None


def _missing(channel: Channel | None) -> str | None:
    if channel is None:
        return "never"
    of = channel.newest
    if of.missing is not Missing.PRESENT:
        return of.missing.label
    # Values came, but none that an alarm may act on: unknown never looks normal.
    return "questionable" if of.at_ms == NEVER else None


def _limits(
    watch: Watch, metric: Metric, channel: Channel | None, now_ms: int, delays: Delays
) -> tuple[ShownLimit, ...]:
    """Every level that can alarm on this value now: a stand-in shows the limits that act on it (S17)."""
    guard = watch.guards.get(metric)
    if guard is not None:
        return guard.shown
    if channel is None:
        return ()
    held_ms = delays.gap_held_s * 1000
    acting = [guard for guard in watch.guards.values() if guard.acts(channel, now_ms, held_ms)]
    return tuple(limit for guard in acting for limit in guard.shown)


def _status(watch: Watch, now_ms: int, delays: Delays) -> str:
    if watch.plan is None or not watch.prescribed:
        return "no_plan"
    if watch.suspended:
        return "suspended"
    ages = [now_ms - watch.since_ms(metric) for metric in watch.prescribed]
    if max(ages) >= delays.not_monitored_shown_s * 1000:
        return "not_monitored"
    return _heard(watch, max(ages), delays)


def _heard(watch: Watch, age_ms: int, delays: Delays) -> str:
    if watch.refused:
        return LIMITS
    if any(worn.off_ms is not None for worn in watch.sensors.values()):
        return "sensor_off"
    if any(_never(watch, metric) for metric in watch.prescribed):
        return "no_data"
    return "stale" if age_ms >= delays.age_shown_s * 1000 else "monitored"


def _never(watch: Watch, metric: Metric) -> bool:
    return all(channel.newest.at_ms == NEVER for channel in watch.channels(metric))


def _battery(watch: Watch) -> int | None:
    levels = [channel.value for channel in watch.channels(Metric.BATTERY) if channel.newest.at_ms != NEVER]
    return round(min(levels)) if levels else None
