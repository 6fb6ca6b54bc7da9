"""Answers from chunks, the same for every store: points, buckets for drawing, the newest, and all with identity."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitals.codes import CODES, Metric
from vitals.observation import ALARM_ELIGIBLE, Missing, Observation, Validity, from_raw
from vitals.series.base import Buckets, Notification, Point
from vitals.series.chunk import RECEIPT_MS, UNKNOWN, Cells, Chunk
from vitals.series.packing import Integers

Part = tuple[Integers, Cells]
"""UTC of every row of a chunk, and the values of one metric."""

_ELIGIBLE: Final = np.array([quality in {int(validity) for validity in ALARM_ELIGIBLE} for quality in range(256)])
"""By quality byte: present, as the high four bits are 0, and of a validity that may alarm."""


def points(chunks: Iterable[Chunk], metric: Metric, from_utc_ms: int, to_utc_ms: int) -> list[Point]:
    """Observations of one metric in [from, to), ordered by time."""
    found: list[Point] = []
    for chunk in chunks:
        cells = chunk.metrics.get(metric)
        if cells is None:
            continue
        utc_ms = chunk.utc_ms
        rows = np.repeat(np.arange(len(chunk)), cells.per_row)
        wanted = np.flatnonzero((utc_ms[rows] >= from_utc_ms) & (utc_ms[rows] < to_utc_ms))
        found += [_point(chunk, int(rows[index]), metric, cells, int(index)) for index in wanted]
    return sorted(found, key=lambda point: point.utc_ms)


def buckets(parts: Iterable[Part], metric: Metric, from_utc_ms: int, to_utc_ms: int, count: int) -> Buckets:
    """One metric in [from, to) in *count* equal parts."""
    utc_ms, raw, quality = _series(parts)
    within = (utc_ms >= from_utc_ms) & (utc_ms < to_utc_ms)
    eligible = within & _ELIGIBLE[quality]
    width_ms = (to_utc_ms - from_utc_ms) / count
    place = ((utc_ms - from_utc_ms) / width_ms).astype(np.int64)
    at, value = place[eligible], raw[eligible]
    scale = CODES[metric].numerator / CODES[metric].denominator
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    filled = at[starts]
    counted = np.bincount(at, minlength=count)
    low, high, mean, last = (np.full(count, np.nan) for _ in range(4))
    if len(starts):
        low[filled] = np.minimum.reduceat(value, starts) * scale
        high[filled] = np.maximum.reduceat(value, starts) * scale
        mean[filled] = np.add.reduceat(value, starts) / counted[filled] * scale
        last[filled] = value[np.append(starts[1:], len(at)) - 1] * scale
    excluded = np.bincount(place[within & ~eligible], minlength=count)
    return Buckets(
        from_utc_ms=from_utc_ms,
        width_ms=width_ms,
        low=low,
        high=high,
        mean=mean,
        last=last,
        count=counted,
        excluded=excluded,
    )


def latest(chunks: Iterable[Chunk]) -> dict[str, Point]:
    """The newest observation of every metric."""
    found: dict[str, Point] = {}
    for chunk in chunks:
        for code, cells in chunk.metrics.items():
            metric = Metric(code)
            row = int(np.flatnonzero(cells.per_row)[-1])
            point = _point(chunk, row, metric, cells, len(cells.raw) - 1)
            known = found.get(metric.label)
            if known is None or known.utc_ms <= point.utc_ms:
                found[metric.label] = point
    return found


def notifications(
    sensor: str, characteristic: str, chunk: Chunk, wanted: Collection[Metric] = tuple(Metric)
) -> Iterator[Notification]:
    """The rows of one chunk, each with its identity and the metrics that are *wanted*."""
    said: list[list[Observation]] = [[] for _ in range(len(chunk))]
    for code, cells in sorted(chunk.metrics.items()):
        metric = Metric(code)
        if metric not in wanted:
            continue
        rows = np.repeat(np.arange(len(chunk)), cells.per_row)
        for row, raw, quality in zip(rows.tolist(), cells.raw.tolist(), cells.quality.tolist(), strict=True):
            said[row].append(Observation(metric, raw, Validity(quality & 0x0F), Missing(quality >> 4)))
    utc_ms, age, delay = chunk.utc_ms.tolist(), chunk.age.tolist(), chunk.delay.tolist()
    for row, observations in enumerate(said):
        gateway, epoch, boot, _ = chunk.origins[chunk.origin[row]]
        yield Notification(
            gateway=gateway,
            epoch=epoch,
            seq=int(chunk.seq[row]),
            sensor=sensor,
            characteristic=characteristic,
            boot=boot,
            at_ms=int(chunk.at_ms[row]),
            utc_ms=utc_ms[row],
            received_utc_ms=utc_ms[row] + delay[row] * RECEIPT_MS,
            age_ms=None if age[row] == UNKNOWN else age[row] * RECEIPT_MS,
            observations=tuple(observations),
        )


def between(notifications: Iterable[Notification], from_utc_ms: int, to_utc_ms: int) -> list[Notification]:
    """Those in [from, to), in order of time."""
    within = [each for each in notifications if from_utc_ms <= each.utc_ms < to_utc_ms]
    return sorted(within, key=lambda each: each.utc_ms)


def _point(chunk: Chunk, row: int, metric: Metric, cells: Cells, index: int) -> Point:
    quality = int(cells.quality[index])
    return Point(
        utc_ms=int(chunk.at_ms[row] + chunk.utc_offset_ms[row]),
        at_ms=int(chunk.at_ms[row]),
        boot=chunk.origins[chunk.origin[row]][2],
        value=None if quality >> 4 else from_raw(metric, int(cells.raw[index])),
        quality=quality,
    )


def _series(parts: Iterable[Part]) -> tuple[Integers, Integers, NDArray[np.int64]]:
    """Time, value and quality of every value, in order of time."""
    there = [(np.repeat(utc_ms, cells.per_row), cells.raw, cells.quality) for utc_ms, cells in parts]
    if not there:
        empty = np.empty(0, np.int64)
        return empty, empty, empty
    utc_ms, raw, quality = (np.concatenate([part[column] for part in there]) for column in range(3))
    if (np.diff(utc_ms) < 0).any():
        order = np.argsort(utc_ms, kind="stable")
        return utc_ms[order], raw[order], quality[order]
    return utc_ms, raw, quality
