"""Alarm replay: what a profile makes of a recorded course, through the same ``step`` as live alarms.

A value counts as received when it was observed. Nobody acknowledges while a condition lasts; a high that ended, which
would latch (S14), is acknowledged at once, so that what comes next is an episode of its own. Limit conditions only:
how long values were missing is told in seconds (:func:`coverage`), not as alarms.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from vitals.alarms import crossing, recent
from vitals.alarms.crossing import CALM, Acknowledged, Crossing, Measured
from vitals.alarms.limits import STAND_INS, Limits, Priority, Rule, Side, rule
from vitals.alarms.machine import Change, Phase, Transition
from vitals.alarms.profile import Profile
from vitals.alarms.recent import NOTHING, Recent
from vitals.codes import Metric
from vitals.delays import Delays
from vitals.observation import ALARM_ELIGIBLE, Missing, Observation, Validity

GAP: Final = "gap"
"""Why values are missing where nothing was recorded at all."""

_DAY_S: Final = 86_400
_BOOT: Final = 1
_GAP_FROM: Final = 1.5  # times the usual interval: half a second's jitter at 1 Hz is no gap, a lost row is one


class Recorded(msgspec.Struct, frozen=True):
    """What was observed *at_ms* on the recording's own timeline.

    *source* tells sensors apart where several made the recording: no mean and no change is taken across two.
    """

    at_ms: int
    observations: tuple[Observation, ...]
    source: int = 0


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One limit condition that alarmed, from the first value beyond a limit to the end; *end_ms* None while it lasts.

    *metric* is the one whose values acted, *priority* the highest reached, *limit* the one that brought it there,
    *worst* the value furthest out, also where the limit acted on a mean. Of a rate of change *limit* and *worst* are
    changes. *over_s* tells the seconds of that mean or change.
    """

    metric: Metric
    side: Side
    priority: Priority
    limit: float
    worst: float
    start_ms: int
    alarm_ms: int
    end_ms: int | None = None
    over_s: float | None = None

    def meets(self, other: "Episode") -> bool:
        """Whether both are of the same condition and share a moment."""
        if (self.metric, self.side) != (other.metric, other.side):
            return False
        begins = other.end_ms is None or self.start_ms <= other.end_ms
        return begins and (self.end_ms is None or other.start_ms <= self.end_ms)


class Course(msgspec.Struct, frozen=True):
    """One limit condition as far as it has been replayed.

    *began_ms* and *worst* are of the values beyond a limit that have come so far, *episode* of the alarm they raised,
    *rule* is the last that was in force.
    """

    crossing: Crossing = CALM
    rule: Rule | None = None
    began_ms: int = 0
    worst: float = 0.0
    episode: Episode | None = None


class Situation(msgspec.Struct, frozen=True):
    """Where a replay stands between two values: it can be written, read and gone on with.

    *courses* are those that are not quiet, by guarded metric and side; *heard_ms* is the newest alarm-eligible value
    of each metric, *recent* its last seconds where a limit looks back.
    """

    courses: dict[str, Course] = {}
    heard_ms: dict[Metric, int] = {}
    recent: dict[Metric, Recent] = {}

    def lasting(self) -> tuple[Episode, ...]:
        """The episodes that have not ended."""
        return tuple(course.episode for course in self.courses.values() if course.episode is not None)


class Coverage(msgspec.Struct, frozen=True):
    """How long a recording is, and how much of it lacks a value for which reason, in seconds."""

    seconds: float
    missing_s: dict[str, float]


class Report(msgspec.Struct, frozen=True):
    """What a profile makes of a recording."""

    episodes: tuple[Episode, ...]
    coverage: Coverage

    @property
    def alarms_per_patient_day(self) -> float | None:
        """Episodes a day at this rate; None where the recording has no length."""
        seconds = self.coverage.seconds
        return len(self.episodes) * _DAY_S / seconds if seconds else None

    def seconds_in_alarm(self, begins_ms: int = 0) -> float:
        """How long at least one alarm was on, from its alarm to its end, in a recording that begins at *begins_ms*."""
        until_ms = begins_ms + round(self.coverage.seconds * 1000)
        total_ms, reached_ms = 0, begins_ms
        for episode in sorted(self.episodes, key=lambda each: each.alarm_ms):
            end_ms = until_ms if episode.end_ms is None else episode.end_ms
            total_ms += max(0, end_ms - max(reached_ms, episode.alarm_ms))
            reached_ms = max(reached_ms, end_ms)
        return total_ms / 1000


def report(profile: Profile, recorded: Sequence[Recorded], *, begins_ms: int | None = None) -> Report:
    """Replay a whole recording; see :func:`run` and :func:`coverage`."""
    situation, over = run(profile, recorded, begins_ms=begins_ms)
    found = sorted((*over, *situation.lasting()), key=lambda episode: (episode.start_ms, episode.metric, episode.side))
    return Report(tuple(found), coverage(recorded))


def run(
    profile: Profile,
    recorded: Iterable[Recorded],
    situation: Situation = Situation(),  # noqa: B008 - frozen
    *,
    begins_ms: int | None = None,
    delays: Delays = Delays(),  # noqa: B008 - frozen
) -> tuple[Situation, tuple[Episode, ...]]:
    """Go on from *situation* with what was *recorded* since, oldest first.

    Args:
        profile: whose limits are in force.
        recorded: values and missing ones; only those that a live alarm may act on act here.
        situation: where the replay stands.
        begins_ms: local time of day at moment 0 in milliseconds after midnight; None where nobody knows, and the
            profile's limits for part of the day are left out.
        delays: the longest gap that holds a delay, scaled as the profile is.

    Returns:
        Where the replay stands afterwards, and the episodes that ended on the way, in the order of their ends.
    """
    replay = _Replay(profile, situation, begins_ms, delays)
    for moment in recorded:
        replay.hear(moment)
    return replay.situation(), tuple(replay.over)


def coverage(recorded: Sequence[Recorded]) -> Coverage:
    """How long *recorded* lasts, and for how long it lacks a value.

    Every moment stands until the next one, the last for the usual interval (the median). Where the next one is more
    than one and a half usual intervals away, the rest is a gap. Of several metrics, one that is missing is enough;
    reasons are validities of IEEE 11073-10207 and names of ``Missing``.
    """
    if not recorded:
        return Coverage(0.0, {})
    steps = [after.at_ms - before.at_ms for before, after in itertools.pairwise(recorded)]
    usual_ms = _usual([step for step in steps if step > 0])
    missing_ms: dict[str, int] = {}
    for moment, step_ms in zip(recorded, [*steps, usual_ms], strict=True):
        stands_ms = usual_ms if step_ms > _GAP_FROM * usual_ms else step_ms
        for reason in {_reason(one) for one in moment.observations} - {""}:
            missing_ms[reason] = missing_ms.get(reason, 0) + stands_ms
        if step_ms > stands_ms:
            missing_ms[GAP] = missing_ms.get(GAP, 0) + step_ms - stands_ms
    return Coverage(
        (sum(steps) + usual_ms) / 1000, {reason: ms / 1000 for reason, ms in sorted(missing_ms.items()) if ms}
    )


def guarded(profile: Profile) -> frozenset[Metric]:
    """The metrics on whose values limits of *profile* act at some time of day."""
    metrics = {metric for _, limits in profile.schedule for metric in limits}
    return frozenset(acting for metric in metrics for acting in (metric, *STAND_INS.get(metric, ())))


def unmatched(episodes: Iterable[Episode], others: Sequence[Episode]) -> tuple[Episode, ...]:
    """Those of *episodes* that share no moment with one of *others* of the same condition."""
    return tuple(episode for episode in episodes if not any(episode.meets(other) for other in others))


def _usual(steps_ms: list[int]) -> int:
    return sorted(steps_ms)[(len(steps_ms) - 1) // 2] if steps_ms else 0


def _eligible(observation: Observation) -> bool:
    return observation.missing is Missing.PRESENT and observation.validity in ALARM_ELIGIBLE


def _reason(observation: Observation) -> str:
    """Why no alarm may act on it; empty where one may."""
    if _eligible(observation):
        return ""
    if observation.validity is Validity.NOT_AVAILABLE:
        return observation.missing.label
    return observation.validity.name.lower()


class _Guard:
    """The limits of one metric: its rules by name of their condition, and the band that changes nothing while calm.

    *span_ms* is how far they look back; while they do, every value matters.
    """

    __slots__ = ("calm", "high", "low", "rules", "sources", "span_ms")

    def __init__(self, metric: Metric, limits: Limits, rules: Mapping[str, Rule], *, calm: bool) -> None:
        self.sources = (metric, *STAND_INS.get(metric, ()))
        self.low, self.high = limits.quiet_band()
        self.rules = rules
        self.calm = calm
        self.span_ms = max(made.span_ms for made in rules.values())

    def screens(self, value: float) -> bool:
        """Whether *value* can change nothing (protocol.md, columnar screen)."""
        return self.calm and not self.span_ms and self.low <= value <= self.high


class _Replay:
    """A replay under way."""

    def __init__(self, profile: Profile, situation: Situation, begins_ms: int | None, delays: Delays) -> None:
        self.over: list[Episode] = []
        self._profile = profile
        self._begins_ms = begins_ms
        self._held_s = delays.gap_held_s
        self._realarm_ms = delays.realarm_s * 1000
        self._courses = dict(situation.courses)
        self._heard_ms = dict(situation.heard_ms)
        self._recent = dict(situation.recent)
        self._minute = -1
        self._limits: Mapping[Metric, Limits] | None = None
        self._guards: dict[Metric, list[_Guard]] = {}

    def situation(self) -> Situation:
        return Situation(self._courses, self._heard_ms, self._recent)

    def hear(self, moment: Recorded) -> None:
        self._enforce(moment.at_ms)
        for observation in moment.observations:
            if not _eligible(observation):
                continue
            metric, value = observation.metric, observation.value
            assert value is not None
            self._heard_ms[metric] = moment.at_ms
            guards = self._guards.get(metric, ())
            self._look_back(guards, metric, value, moment)
            for guard in guards:
                if not guard.screens(value) and self._acts(guard, metric, moment.at_ms):
                    self._judge(guard, metric, value, moment.at_ms)

    def _look_back(self, guards: Sequence[_Guard], metric: Metric, value: float, moment: Recorded) -> None:
        span_ms = max((guard.span_ms for guard in guards), default=0.0)
        if not span_ms:
            self._recent.pop(metric, None)
            return
        before, held_ms = self._recent.get(metric, NOTHING), self._held_s * 1000
        self._recent[metric] = recent.follow(
            before, moment.source, moment.at_ms, value, span_ms=span_ms, held_ms=held_ms
        )

    def _acts(self, guard: _Guard, metric: Metric, at_ms: int) -> bool:
        """Whether *metric* counts now: what it stands in for has not been heard lately (safety.md)."""
        held_ms = self._held_s * 1000
        better = guard.sources[: guard.sources.index(metric)]
        return not any(one in self._heard_ms and at_ms - self._heard_ms[one] <= held_ms for one in better)

    def _judge(self, guard: _Guard, metric: Metric, value: float, at_ms: int) -> None:
        calm = True
        for condition, made in guard.rules.items():
            before = self._courses.get(condition, _FRESH)
            event = Measured(value, _BOOT, at_ms, made, self._recent.get(metric, NOTHING))
            state, told = crossing.step(before.crossing, event, at_ms, realarm_ms=self._realarm_ms)
            after = _followed(before, msgspec.structs.replace(before, crossing=state, rule=made), metric, event, told)
            if after.episode is not None and after.episode.end_ms is not None:
                self.over.append(after.episode)
                state, _ = crossing.step(state, Acknowledged(), at_ms, realarm_ms=self._realarm_ms)
                assert state.quiet
            if state.quiet:
                self._courses.pop(condition, None)
            else:
                self._courses[condition] = after
                calm = False
        guard.calm = calm

    def _enforce(self, at_ms: int) -> None:
        """Put the limits of the time of day in force."""
        if self._begins_ms is None:
            limits: Mapping[Metric, Limits] = self._profile.base
        else:
            minute = (self._begins_ms + at_ms) // 60_000
            if minute == self._minute:
                return
            self._minute = minute
            limits = self._profile.at(minute % (_DAY_S // 60))
        if limits is not self._limits:
            self._limits = limits
            self._impose(limits)

    def _impose(self, limits: Mapping[Metric, Limits]) -> None:
        self._guards = {}
        for metric in Metric:
            of = limits.get(metric, Limits())
            rules = {}
            for side in Side:
                condition = f"{metric.label}.{side.value}"
                lasting = self._courses.get(condition, _FRESH)
                # A side that has no limits any more keeps its last rule until its alarm is over, as live.
                made = rule(metric, of, side, held_s=self._held_s) or lasting.rule
                if made is not None:
                    rules[condition] = made
            if rules:
                guard = _Guard(metric, of, rules, calm=self._courses.keys().isdisjoint(rules))
                for source in guard.sources:
                    self._guards.setdefault(source, []).append(guard)


_FRESH: Final = Course()


def _followed(before: Course, after: Course, metric: Metric, event: Measured, told: tuple[Transition, ...]) -> Course:
    """The course *after* a value with what is known of its onset, its worst value and its episode."""
    measure, _ = event.rule.measure(event.value, event.recent)
    if before.crossing.alarm.phase is Phase.OFF:
        began_ms, worst = event.observed_ms, measure
    else:
        further = min if event.rule.side is Side.LOW else max
        began_ms, worst = before.began_ms, further(before.worst, measure)
    episode = before.episode
    for transition in told:
        episode = _told(episode, transition, metric, event, began_ms)
    if episode is not None:
        episode = msgspec.structs.replace(episode, worst=worst)
    return msgspec.structs.replace(after, began_ms=began_ms, worst=worst, episode=episode)


def _told(episode: Episode | None, transition: Transition, metric: Metric, event: Measured, began_ms: int) -> Episode:
    alarm = transition.alarm
    if episode is None:
        assert transition.change is Change.RAISED
        assert alarm.limit is not None
        return Episode(
            metric=metric,
            side=event.rule.side,
            priority=alarm.priority,
            limit=alarm.limit,
            worst=event.value,
            start_ms=began_ms,
            alarm_ms=transition.at_ms,
            over_s=alarm.over_s,
        )
    if transition.change is Change.ENDED:
        return msgspec.structs.replace(episode, end_ms=transition.at_ms)
    limit = episode.limit if alarm.limit is None else alarm.limit
    return msgspec.structs.replace(episode, priority=alarm.priority, limit=limit, over_s=alarm.over_s)
