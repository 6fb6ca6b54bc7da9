"""Look back at one patient: the proposed limits, what was in force, and what was recorded, over one course."""

from collections.abc import Callable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from vitals.alarms import profile as profiles
from vitals.alarms.profile import Profile
from vitals.alarms.replay import Episode, guarded
from vitals.codes import Metric
from vitals.collector.profiles import in_force
from vitals.delays import Delays
from vitals.observation import GenerationMode
from vitals.registry import Patient, Plan
from vitals.registry.history import History
from vitals.retrospect import recorded as recorded_alarms
from vitals.retrospect.cover import Cover
from vitals.retrospect.envelope import Envelope
from vitals.retrospect.period import Period
from vitals.retrospect.quiet import ranges
from vitals.retrospect.sources import Sources
from vitals.retrospect.stored import Course
from vitals.retrospect.stretches import Stretch, prescribed, stretches
from vitals.retrospect.trial import Outcome, Trial
from vitals.series.reader import SqliteReader

LEAD_MS: Final = 15 * 60_000
"""So much earlier a replay begins, so that what lasts when the period begins is known; it counts for nothing else."""
_RECALLED_MS: Final = 24 * 3_600_000

Progress = Callable[[float], None]


class House(msgspec.Struct, frozen=True):
    """What is the same for everybody: the stores, and by which profile and how fast the server goes."""

    history: History
    reader: SqliteReader
    profile: Profile
    time_scale: float = 1.0


class Proposal(msgspec.Struct, frozen=True):
    """Limits to be tried: whole, or under what was prescribed for each patient (*keep_prescribed*)."""

    profile: Profile
    keep_prescribed: bool = False


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What looking back at one patient found.

    *seconds* is how long sensors were worn and somebody watched; *missing_s* for how long of that a value was lacking.
    *then* is the replay of what was in force, named *names*; *limits* and *limits_then* are what the period ends with,
    scaled; *alarms* and *missed* are what the registry recorded.
    *notes* are to be said beside it.
    """

    mode: GenerationMode
    patient: Patient
    period: Period
    seconds: float
    missing_s: dict[str, float]
    name: str
    proposed: Outcome
    names: tuple[str, ...]
    then: Outcome
    alarms: tuple[Episode, ...]
    missed: tuple[Episode, ...]
    envelope: Envelope
    limits: Profile
    limits_then: Profile
    notes: tuple[str, ...] = ()


def look_back(
    house: House, patient: Patient, period: Period, proposal: Proposal, progress: Progress = lambda _: None
) -> Findings:
    """Replay what is stored of *patient*; *progress* hears the share that is done.

    Raises:
        StoreError: a store cannot be read.
        DecodeError: something in the log cannot be read.
        ConfigurationError: the proposed profile does not go with what was prescribed.
    """
    return _Look(house, patient, period, proposal).run(progress)


class _Look:
    def __init__(self, house: House, patient: Patient, period: Period, proposal: Proposal) -> None:
        history, scale = house.history, house.time_scale
        self._mode = house.reader.mode
        self._patient = patient
        self._period = period
        self._proposal = proposal
        self._notes: list[str] = []
        delays = Delays().scaled(scale)
        whole = Period(period.from_ms - round(LEAD_MS * min(1.0, scale)), period.to_ms)
        bindings = history.bindings(patient.id)
        plans = history.plans(patient.id)
        events = history.events(patient.id, whole.from_ms - _RECALLED_MS, period.to_ms)
        self._alarms = [each for each in recorded_alarms.episodes(events) if _within(period, each)]
        missed = recorded_alarms.missed(history.missed(patient.id, period.from_ms, period.to_ms))
        self._missed = [each for each in missed if _within(period, each)]
        suspensions = recorded_alarms.suspensions(events, period.to_ms)
        self._stretches = stretches(whole, ZoneInfo(patient.time_zone), plans, bindings, suspensions)
        self._plans = [each.plan for each in plans]
        self._sources = Sources(delays.gap_held_s * 1000)
        self._cover = Cover()
        self._envelope = Envelope(period, max(1, round(delays.age_shown_s * 1000)))
        then = [self._in_force(plan, house.profile) for plan in self._plans]
        proposed = [self._proposed(plan) for plan in self._plans]
        self._then = Trial(then, house.profile, self._plans, delays, scale)
        self._trial = Trial(proposed, proposal.profile, self._plans, delays, scale)
        self._acting = frozenset[Metric]().union(
            *(guarded(each) for each in (house.profile, proposal.profile, *then, *proposed))
        )
        wanted = self._acting.union(*(prescribed(plan) for plan in self._plans))
        self._course = Course(house.reader, bindings, whole, late_ms=delays.late_s * 1000, wanted=wanted)
        self._heard: set[Metric] = set()

    def run(self, progress: Progress) -> Findings:
        for number, stretch in enumerate(self._stretches):
            self._take(stretch)
            progress((number + 1) / len(self._stretches))
        self._cover.leave(self._period.to_ms)
        plan = self._stretches[-1].plan
        proposal, period = self._proposal, self._period
        return Findings(
            mode=self._mode,
            patient=self._patient,
            period=period,
            seconds=self._cover.length_ms / 1000,
            missing_s=self._cover.missing_s,
            name=proposal.profile.name,
            proposed=self._trial.outcome(period),
            names=self._names(),
            then=self._then.outcome(period),
            alarms=tuple(self._alarms),
            missed=tuple(self._missed),
            envelope=self._envelope,
            limits=self._trial.profile(plan),
            limits_then=self._then.profile(plan),
            notes=tuple(self._notes),
        )

    def _take(self, stretch: Stretch) -> None:
        plan = None if stretch.plan is None else self._plans[stretch.plan]
        self._sources.prescribe(plan)
        said = self._course.between(stretch.within)
        acting = [self._sources.acting(one) for one in said]
        within_ranges = ranges(acting)
        for trial in (self._then, self._trial):
            trial.take(stretch, said, acting, within_ranges)
        if stretch.within.to_ms <= self._period.from_ms:
            return
        counted = [moment for moment in acting if moment.at_ms >= self._period.from_ms]
        for moment in counted:
            self._envelope.take(moment)
        self._heard.update(within_ranges)
        within = stretch.within.clipped(self._period.from_ms, None)
        if stretch.watched:
            self._cover.take(within, prescribed(plan) or self._acting & self._heard, counted)
        else:
            self._cover.leave(within.from_ms)

    def _in_force(self, plan: Plan, server: Profile) -> Profile:
        profile, refused = in_force(plan, server)
        if refused:
            self._notes.append(f"limits of a plan of that time cannot be used: {refused}")
        return profile

    def _proposed(self, plan: Plan) -> Profile:
        proposal = self._proposal
        if not (proposal.keep_prescribed and plan.limits):
            return proposal.profile
        return profiles.prescribe(proposal.profile, plan.limits)

    def _names(self) -> tuple[str, ...]:
        """The profiles in force during the period, each once, in order of time."""
        counted = [each for each in self._stretches if each.within.to_ms > self._period.from_ms]
        found: Sequence[str] = [
            self._then.profile(each.plan).name
            + (" with limits prescribed" if each.plan is not None and self._plans[each.plan].limits else "")
            for each in counted
        ]
        return tuple(dict.fromkeys(found))


def _within(period: Period, episode: Episode) -> bool:
    return period.from_ms <= episode.alarm_ms < period.to_ms
