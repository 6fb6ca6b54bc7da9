"""Atrial fibrillation from RR intervals, decided at the moment of each beat.

The ventricles follow fibrillating atria without any order, so it is the disorder that is measured: the coefficient
of sample entropy of twelve intervals (Lake and Moorman, see ``entropy``), bounded and averaged exponentially as the
low-complexity detector of Petrenas does with its own measure, after premature beats and their pauses were taken out.

- Petrenas A, Marozas V, Sornmo L. Low-complexity detection of atrial fibrillation in continuous long-term
  monitoring. Comput Biol Med 2015;65:184-191, doi:10.1016/j.compbiomed.2015.01.019: few operations, exponential
  averages, and a guard against ectopic beats.
- Dash S, Chon KH, Lu S, Raeder EA. Automatic real time detection of atrial fibrillation. Ann Biomed Eng
  2009;37:1701-1709, doi:10.1007/s10439-009-9740-z: leave premature beats and their compensatory pauses out.
- Sarkar S, Ritscher D, Mehra R. A detector for a chronic implantable atrial tachyarrhythmia monitor. IEEE Trans
  Biomed Eng 2008;55:1219-1224, doi:10.1109/TBME.2007.903707: evidence against fibrillation from premature beats.

Figures by record, and how the thresholds were fixed: ``docs/rhythm.md``.
"""

import math
from enum import StrEnum
from typing import Final

import msgspec

from vitals.rhythm.beats import Beat, Continuity, follow
from vitals.rhythm.entropy import coefficient_of_sample_entropy, unforetold
from vitals.rhythm.quality import Quality, judge

WINDOW: Final = 12
"""Intervals that the entropy, and the median that a premature one is held against, are taken of."""
PREMATURE: Final = 0.75
"""An interval shorter than this share of the median is a premature beat's."""
BOUNDS: Final = (-2.5, -0.3)
"""The entropy is cut to this range, so that one very regular row does not outweigh the rows after it."""
PER_MS: Final = 128
"""Intervals are rounded to so many parts of a millisecond, which holds 1/1024 s exactly: what is equal as measured must
stay equal, however a file writes it."""
AVERAGED: Final = 16
"""The average reaches back about so many intervals."""


class Thresholds(msgspec.Struct, frozen=True):
    """Averaged entropy at which fibrillation is said to begin, and below which it is said to have ended."""

    onset: float
    offset: float


SHIPPED: Final = Thresholds(onset=-1.34, offset=-1.54)
"""Fixed on eight records of the MIT-BIH atrial fibrillation database; scored on the seven others."""


class Verdict(StrEnum):
    """What can be said at a beat. Only two of the four say something about the rhythm."""

    LEARNING = "learning"
    UNANALYSABLE = "unanalysable"
    OTHER = "other"
    FIBRILLATION = "fibrillation"


class Finding(msgspec.Struct, frozen=True):
    """What one beat led to. *entropy* is the averaged measure, None while learning; *gap* says one lay before it."""

    verdict: Verdict
    entropy: float | None = None
    gap: bool = False


class Fibrillation(msgspec.Struct, frozen=True):
    """Everything the detector knows: at most 24 intervals, whatever the length of the recording.

    *recent* are the last plausible intervals, *steady* those of them and before without premature beats; *averaged*
    counts the entropies in *entropy* up to the length of the average.
    """

    continuity: Continuity = Continuity()
    quality: Quality = Quality()
    recent: tuple[float, ...] = ()
    steady: tuple[float, ...] = ()
    after_premature: bool = False
    entropy: float | None = None
    averaged: int = 0
    fibrillating: bool = False


START: Final = Fibrillation()
"""Before the first beat, and on a new boot of the gateway, whose clock begins anew. A gap leaves only the gate."""


def step(
    state: Fibrillation, beat: Beat, at_ms: float, *, thresholds: Thresholds = SHIPPED
) -> tuple[Fibrillation, Finding]:
    """The detector after *beat*, which ended at *at_ms* of one clock, and what it says now.

    Args:
        state: what the step before returned, or START.
        beat: the next beat in order of time.
        at_ms: when it was; several beats of one notification may share a time.
        thresholds: of the averaged entropy.
    """
    continuity, gap = follow(state.continuity, beat, at_ms)
    if gap:
        state = Fibrillation(quality=state.quality)
    quality, plausible = judge(state.quality, beat)
    heard = _hear(state, beat.rr_ms) if plausible and beat.rr_ms is not None else state
    verdict = decide(heard.entropy, thresholds, shut=quality.shut, fibrillating=state.fibrillating)
    after = msgspec.structs.replace(
        heard, continuity=continuity, quality=quality, fibrillating=verdict is Verdict.FIBRILLATION
    )
    return after, Finding(verdict, heard.entropy, gap)


def decide(entropy: float | None, thresholds: Thresholds, *, shut: bool, fibrillating: bool) -> Verdict:
    """The verdict on an averaged *entropy*, with the gate *shut* or open, *fibrillating* at the beat before or not."""
    if shut:
        return Verdict.UNANALYSABLE
    if entropy is None:
        return Verdict.LEARNING
    threshold = thresholds.offset if fibrillating else thresholds.onset
    return Verdict.FIBRILLATION if entropy >= threshold else Verdict.OTHER


def _hear(state: Fibrillation, rr_ms: float) -> Fibrillation:
    """The state with one plausible interval more; gate and decision are the caller's."""
    rr_ms = round(rr_ms * PER_MS) / PER_MS
    recent = (*state.recent[1 - WINDOW :], rr_ms)
    median_ms = sorted(recent)[len(recent) // 2]
    premature = rr_ms < PREMATURE * median_ms
    if premature or (state.after_premature and rr_ms >= median_ms):
        return msgspec.structs.replace(state, recent=recent, after_premature=premature)
    steady = (*state.steady[1 - WINDOW :], rr_ms)
    if len(steady) < WINDOW:
        return msgspec.structs.replace(state, recent=recent, steady=steady, after_premature=False)
    low, high = BOUNDS
    newest = min(max(coefficient_of_sample_entropy(steady) + math.log(unforetold(steady)) / 2, low), high)
    averaged = min(state.averaged + 1, AVERAGED)
    entropy = newest if state.entropy is None else state.entropy + (newest - state.entropy) / averaged
    return msgspec.structs.replace(
        state, recent=recent, steady=steady, after_premature=False, entropy=entropy, averaged=averaged
    )
