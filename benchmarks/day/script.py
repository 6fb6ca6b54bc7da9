"""What happens to whom: every course, artefact and outage of a day, drawn from a seed before anything runs.

Nothing here is a claim about physiology: rates and durations are round numbers that look plausible, fixed before the
first run. The values move along the simulator's smooth paths (``vitals_firmware_sim.physiology``), all at once.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

MEASURED: Final = 0
OFF: Final = 1
OUT_OF_REACH: Final = 2
QUESTIONABLE: Final = 3

BEGINS_AT_HOUR: Final = 7
"""The day begins with the morning shift, on the patients' clock."""

Whole = NDArray[np.int16]
Marks = NDArray[np.uint8]


class Scripted(msgspec.Struct, frozen=True):
    """An event that befalls a patient, from one second until before another: what an alarm is for."""

    kind: str
    condition: str
    start_s: int
    end_s: int


class Person(msgspec.Struct, kw_only=True):
    """A patient's day, a number per second.

    *heart* and *spo2* are what a perfect sensor would show, *heart_shown* and *spo2_shown* what this one shows;
    *strap* and *finger* say how those sensors fare. *away* is where the gateway has no network, *showers* when the
    patient asks not to be watched.
    """

    id: str
    heart: Whole
    spo2: Whole
    heart_shown: Whole
    spo2_shown: Whole
    strap: Marks
    finger: Marks
    away: NDArray[np.bool_]
    lower_limits: bool
    scripted: list[Scripted]
    showers: list[tuple[int, int]]


class Course(msgspec.Struct, frozen=True):
    """How one kind of event runs: to a level drawn between two, at so many per patient-day."""

    kind: str
    condition: str
    a_day: float
    level: tuple[float, float]


COURSES: Final = (
    Course("desaturation", "spo2.low", 0.5, (85.5, 88.0)),
    Course("deep desaturation", "spo2.low", 0.35, (70.0, 83.0)),
    Course("tachycardia", "heart_rate.high", 0.3, (126.0, 136.0)),
    Course("extreme tachycardia", "heart_rate.high", 0.1, (146.0, 175.0)),
    Course("bradycardia", "heart_rate.low", 0.2, (41.0, 43.0)),
    Course("extreme bradycardia", "heart_rate.low", 0.1, (30.0, 37.0)),
)
LOWER_BY: Final = 5.0
"""How much lower patients live, and events reach, whose lung disease has lower limits prescribed."""
OF_ALL_LOWER: Final = 0.12
OF_ALL_BORDERLINE: Final = 0.08
"""Share of patients who live at 91 to 92 % and for whom nobody has prescribed limits."""
DRAINS_S: Final = 300
"""At the end of the day every gateway has its network, so that what it kept is seen before the day is judged."""
SPREAD: Final = 0.7
"""Shape of the gamma distribution by which patients differ: a few have most of what happens."""


def person(number: int, seconds: int, seed: tuple[int, ...], busy: float = 1.0) -> Person:
    """One patient's day; *busy* times as many events and outages as on a usual one."""
    draw = np.random.default_rng([*seed, number])
    clock_h = (BEGINS_AT_HOUR + np.arange(seconds) / 3600) % 24
    night = 1 / (1 + np.exp(-4 * (np.cos((clock_h - 2.5) * np.pi / 12) - 0.55)))
    kind = draw.random()
    lower = kind < OF_ALL_LOWER
    borderline = not lower and kind < OF_ALL_LOWER + OF_ALL_BORDERLINE
    heart = draw.normal(73, 7) - 8 * night + 4 * _path(draw, seconds, 600) + 1.5 * _path(draw, seconds, 8)
    spo2 = _resting_spo2(draw, borderline=borderline) - LOWER_BY * lower - 0.7 * night
    spo2 = spo2 + 0.9 * _path(draw, seconds, 900) + 0.6 * _path(draw, seconds, 8)
    spo2 = _apnoeas(draw, spo2, night)
    heart = _exertion(draw, heart, night)
    scripted = _events(draw, heart, spo2, LOWER_BY * lower, busy)
    heart, spo2 = np.clip(heart, 25, 220), np.clip(spo2, 50, 100)
    found = Person(
        id=f"p-{number}",
        heart=np.rint(heart).astype(np.int16),
        spo2=np.rint(spo2).astype(np.int16),
        heart_shown=np.rint(heart).astype(np.int16),
        spo2_shown=np.rint(spo2).astype(np.int16),
        strap=np.zeros(seconds, np.uint8),
        finger=np.zeros(seconds, np.uint8),
        away=np.zeros(seconds, np.bool_),
        lower_limits=bool(lower),
        scripted=scripted,
        showers=[],
    )
    _disturb(draw, found, seconds, busy)
    return found


def _resting_spo2(draw: np.random.Generator, *, borderline: bool) -> float:
    return float(draw.uniform(91.3, 92.3)) if borderline else float(np.clip(draw.normal(96.5, 1.0), 94.6, 98.5))


def _path(draw: np.random.Generator, seconds: int, every_s: int) -> NDArray[np.float64]:
    """The simulator's smooth path between -1 and 1 through a new random point every *every_s*."""
    points = draw.uniform(-1, 1, seconds // every_s + 2)
    at = np.arange(seconds) / every_s
    step = at.astype(int)
    share = at - step
    share = share * share * (3 - 2 * share)
    return np.asarray(points[step] * (1 - share) + points[step + 1] * share)


def _times(draw: np.random.Generator, seconds: int, a_day: float) -> list[int]:
    """Begins of something that befalls this patient so often, on average over patients."""
    rate = draw.gamma(SPREAD, a_day / SPREAD)
    count = int(draw.poisson(rate * seconds / 86_400))
    return sorted(int(at) for at in draw.integers(0, seconds, count))


def _lasting(draw: np.random.Generator, median_s: float, sigma: float, most_s: float) -> int:
    return max(1, round(min(most_s, float(draw.lognormal(np.log(median_s), sigma)))))


def _apnoeas(draw: np.random.Generator, spo2: NDArray[np.float64], night: NDArray[np.float64]) -> NDArray[np.float64]:
    """Short dips at night, over before a delay of 15 s has run out: none is an event."""
    if draw.random() > 0.2:
        return spo2
    for at in _times(draw, len(spo2), 60):
        if night[at] > 0.5:
            lasts_s = int(draw.integers(5, 13))
            dip = spo2[at : at + lasts_s]
            dip -= draw.uniform(4, 9) * np.sin(np.pi * (np.arange(len(dip)) + 1) / (lasts_s + 1))
    return spo2


def _exertion(draw: np.random.Generator, heart: NDArray[np.float64], night: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stairs and housework: the heart rate rises, rarely past a limit, and no event."""
    for at in _times(draw, len(heart), 14):
        if night[at] < 0.5:
            bout = heart[at : at + _lasting(draw, 180, 0.6, 1200)]
            bout += draw.uniform(10, 42) * np.sin(np.pi * np.arange(len(bout)) / max(1, len(bout)))
    return heart


def _events(
    draw: np.random.Generator, heart: NDArray[np.float64], spo2: NDArray[np.float64], lower: float, busy: float
) -> list[Scripted]:
    """Scripted events; two of one metric are at least ten minutes apart."""
    found: list[Scripted] = []
    taken = {"spo2": np.zeros(len(spo2), np.bool_), "heart": np.zeros(len(heart), np.bool_)}
    for course in COURSES:
        of_spo2 = course.condition == "spo2.low"
        values, others = (spo2, taken["spo2"]) if of_spo2 else (heart, taken["heart"])
        for at in _times(draw, len(values), busy * course.a_day):
            level = draw.uniform(*course.level) - (lower if of_spo2 else 0)
            rise_s, stay_s = int(draw.integers(8, 40)), _lasting(draw, 120, 0.8, 1500)
            lasts_s = rise_s + stay_s + int(draw.integers(15, 60))
            if at + lasts_s >= len(values) or others[max(0, at - 600) : at + lasts_s + 600].any():
                continue
            others[at : at + lasts_s] = True
            weight = np.interp(np.arange(lasts_s), [0, rise_s, rise_s + stay_s, lasts_s], [0, 1, 1, 0])
            course_values = values[at : at + lasts_s]
            course_values += weight * (level - course_values)
            found.append(Scripted(course.kind, course.condition, at, at + lasts_s))
    return sorted(found, key=lambda event: event.start_s)


def _disturb(draw: np.random.Generator, found: Person, seconds: int, busy: float) -> None:
    """What comes between the patient and the screen: artefacts, sensors off, radio, network, showers."""
    _artefacts(draw, found, seconds)
    for worn, a_day, median_s in ((found.finger, 4, 150), (found.strap, 0.7, 400)):
        for at in _times(draw, seconds, a_day):
            worn[at : at + _lasting(draw, median_s, 0.9, 3600)] = OFF
    for at in _times(draw, seconds, 6):  # out of the gateway's reach
        until = at + _lasting(draw, 10, 0.8, 300)
        found.finger[at:until] = found.strap[at:until] = OUT_OF_REACH
    for at in _times(draw, seconds, 0.6 * busy):
        found.away[at : at + _lasting(draw, 120, 1.0, 2400)] = True
    found.away[-DRAINS_S:] = False
    for at in _times(draw, seconds, 0.4):
        until = min(seconds, at + int(draw.integers(8, 20)) * 60)
        found.showers.append((at, until))
        found.finger[at + 60 : until] = found.strap[at + 60 : until] = OFF


def _artefacts(draw: np.random.Generator, found: Person, seconds: int) -> None:
    for at in _times(draw, seconds, 9):  # movement: the oximeter shows too little, and often does not know it
        until = at + _lasting(draw, 6, 0.9, 90)
        found.spo2_shown[at:until] = draw.integers(72, 90)
        if draw.random() < 0.4:
            found.finger[at:until] = QUESTIONABLE
    for at in _times(draw, seconds, 2.5):  # a rubbing strap
        found.heart_shown[at : at + _lasting(draw, 5, 0.7, 40)] = draw.choice([34, 155, 172, 190])
