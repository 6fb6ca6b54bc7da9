"""A seeded model of one person: what a sensor could measure, second by second.

Pure: a body and a moment in, a body and its vital signs out. All randomness is a function of the seed and of what is
drawn (which beat, which second), never of how often or how late it is asked for, so that the same seed gives the same
person whatever the machine does meanwhile. It is a model for exercising software: it looks plausible and is no claim
about physiology.
"""

import math
from enum import IntEnum
from typing import Final

import msgspec

SHORTEST_RR_S: Final = 0.3
LONGEST_RR_S: Final = 2.5
AVERAGED_BEATS: Final = 8
"""Heart rates and pulse rates are means over this many beats, as sensors tell them."""

_BREATHS_PER_S: Final = 0.24
_MASK: Final = (1 << 64) - 1
_RESTING_LOW: Final = 61.0
_RESTING_SPAN: Final = 15.0
_WEAK_BEAT: Final = 0.75
"""A fibrillating heart's beat that comes earlier than this share of the mean interval gives no pulse at the finger."""


class _Draw(IntEnum):
    """What a random number is drawn for."""

    PERSON = 1
    BREATH = 2
    BEAT = 3
    TONE = 4
    SATURATION = 5
    PERFUSION = 6
    SHAKING = 7
    RESTING = 8


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What the body is driven towards: /min, %, %; *motion* from 0 (still) to 1 (walking about)."""

    heart_rate: float = 68.0
    spo2: float = 97.0
    perfusion_index: float = 2.4
    motion: float = 0.0
    fibrillating: bool = False


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The state between two moments: the last beat, the interval to the next, and the intervals averaged over."""

    seed: int
    beats: int
    beat_s: float
    interval_s: float
    recent_s: tuple[float, ...]


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """What a perfect sensor would see: /min, % and the RR intervals in 1/1024 s that ended since the last moment."""

    heart_rate: float
    rr_1024: tuple[int, ...]
    spo2: float
    pulse_rate: float
    perfusion_index: float
    motion: float


def person_seed(seed: int, number: int) -> int:
    """The seed of one person of a simulation."""
    return _word(seed, _Draw.PERSON, number)


def resting_heart_rate(seed: int) -> float:
    """The heart rate that this person comes back to, /min."""
    return _RESTING_LOW + _RESTING_SPAN * (_unit(seed, _Draw.RESTING, 0) + 1) / 2


def begin(seed: int, target: Target) -> Body:
    """A body at second 0 that has been steady for a while."""
    interval_s = _clamped(60 / target.heart_rate)
    return Body(seed=seed, beats=0, beat_s=0.0, interval_s=interval_s, recent_s=(interval_s,) * AVERAGED_BEATS)


def advance(body: Body, target: Target, at_s: float) -> tuple[Body, Vitals]:
    """Let *body* live until *at_s* seconds after its beginning.

    Returns:
        The body then, and its vital signs.
    """
    beats, beat_s, interval_s, ended = body.beats, body.beat_s, body.interval_s, []
    while beat_s + interval_s <= at_s:
        beats += 1
        beat_s += interval_s
        ended.append(interval_s)
        interval_s = _interval(body.seed, beats, beat_s, target)
    recent_s = (*body.recent_s, *ended)[-AVERAGED_BEATS:]
    heart_rate = 60 * len(recent_s) / sum(recent_s)
    vitals = Vitals(
        heart_rate=heart_rate,
        rr_1024=tuple(round(interval * 1024) for interval in ended),
        spo2=_saturation(body.seed, at_s, target),
        pulse_rate=_pulse_rate(body.seed, at_s, target, heart_rate, recent_s),
        perfusion_index=_perfusion(body.seed, at_s, target),
        motion=target.motion,
    )
    state = Body(seed=body.seed, beats=beats, beat_s=beat_s, interval_s=interval_s, recent_s=recent_s)
    return state, vitals


def _interval(seed: int, beat: int, at_s: float, target: Target) -> float:
    """The next RR interval: respiratory and slow variability, or none of both where the rhythm is irregular."""
    mean_s = 60 / target.heart_rate
    if target.fibrillating:
        return _clamped(
            mean_s * (1 + 0.28 * (_unit(seed, _Draw.BEAT, 2 * beat) + _unit(seed, _Draw.BEAT, 2 * beat + 1)))
        )
    phase = math.pi * _unit(seed, _Draw.BREATH, 0)
    breath = 0.03 * math.sin(2 * math.pi * _BREATHS_PER_S * at_s + phase)
    tone = 0.02 * _wander(seed, _Draw.TONE, at_s, every_s=10.0)
    return _clamped(mean_s * (1 + breath + tone + 0.008 * _unit(seed, _Draw.BEAT, 2 * beat)))


def _saturation(seed: int, at_s: float, target: Target) -> float:
    wandering = 0.6 * _wander(seed, _Draw.SATURATION, at_s, every_s=8.0)
    shaken = 2.5 * target.motion * abs(_unit(seed, _Draw.SHAKING, _second(at_s)))
    return min(100.0, max(1.0, target.spo2 + wandering - shaken))


def _pulse_rate(seed: int, at_s: float, target: Target, heart_rate: float, recent_s: tuple[float, ...]) -> float:
    mean_s = 60 / heart_rate
    weak = sum(interval < _WEAK_BEAT * mean_s for interval in recent_s) if target.fibrillating else 0
    shaken = 12 * target.motion * _unit(seed, _Draw.SHAKING, -1 - _second(at_s))
    return min(350.0, max(1.0, heart_rate * (1 - weak / (2 * len(recent_s))) + shaken))


def _perfusion(seed: int, at_s: float, target: Target) -> float:
    tone = math.exp(0.25 * _wander(seed, _Draw.PERFUSION, at_s, every_s=20.0))
    return min(20.0, target.perfusion_index * tone * (1 - 0.6 * target.motion))


def _clamped(interval_s: float) -> float:
    return min(LONGEST_RR_S, max(SHORTEST_RR_S, interval_s))


def _second(at_s: float) -> int:
    return math.floor(at_s)


def _wander(seed: int, draw: _Draw, at_s: float, *, every_s: float) -> float:
    """A smooth path between -1 and 1 through a new random point every *every_s*."""
    step = math.floor(at_s / every_s)
    share = at_s / every_s - step
    share = share * share * (3 - 2 * share)
    return _unit(seed, draw, step) * (1 - share) + _unit(seed, draw, step + 1) * share


def _unit(seed: int, draw: _Draw, index: int) -> float:
    """A random number in [-1, 1) that depends on its three arguments alone."""
    return _word(seed, draw, index) / (1 << 63) - 1


def _word(seed: int, draw: _Draw, index: int) -> int:
    """64 random bits: the finaliser of SplitMix64 (Steele, Lea and Flood 2014), once per argument."""
    word = 0
    for argument in (seed, int(draw), index):
        word = (word ^ (argument & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        word = (word ^ word >> 27) * 0x94D049BB133111EB & _MASK
        word ^= word >> 31
    return word
