"""One set of limits over one patient's course: the episodes and technical alarms it would have made."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from vitals.alarms import replay
from vitals.alarms.limits import STAND_INS, Limits
from vitals.alarms.profile import Profile
from vitals.alarms.replay import Episode, Recorded, Situation
from vitals.codes import CODES, Metric
from vitals.delays import Delays
from vitals.registry import Plan
from vitals.retrospect.period import Period
from vitals.retrospect.quiet import Range, newest, quiet
from vitals.retrospect.stored import Notification
from vitals.retrospect.stretches import Stretch, prescribed
from vitals.retrospect.technical import Absence, Bands, Technical

_MINUTE_MS = 60_000
_DAY = 24 * 60
_LONGEST_WAY_MS = 120_000


class Outcome(msgspec.Struct, frozen=True):
    """What came of it, in order of time: limit alarms and technical ones."""

    episodes: tuple[Episode, ...]
    technical: tuple[Absence, ...]


class Trial:
    """A replay under way. *profiles* are those of the patient's plans, *otherwise* counts where there is none."""

    def __init__(
        self, profiles: Sequence[Profile], otherwise: Profile, plans: Sequence[Plan], delays: Delays, scale: float
    ) -> None:
        """Profiles are not scaled yet, *delays* are, by *scale*."""
        self._profiles = [each.scaled(scale) for each in profiles]
        self._otherwise = otherwise.scaled(scale)
        self._plans = plans
        self._delays = delays
        self._situation = Situation()
        self._over: list[Episode] = []
        self._technical = Technical(delays, scale)
        self._suspended = False
        self._waiting: list[Notification] = []
        self._last: Stretch | None = None
        self._limits: Mapping[Metric, Limits] | None = None
        self._bands: Bands = {}

    def take(
        self,
        stretch: Stretch,
        said: Iterable[Notification],
        acting: Sequence[Recorded],
        within: Mapping[Metric, Range],
    ) -> None:
        """One stretch: what was *said* in it, what of that acts, and *within* which ranges."""
        begins_ms = stretch.within.from_ms
        self._last = stretch
        self._enter(stretch, begins_ms)
        if stretch.suspended:
            return
        profile = self.profile(stretch.plan)
        matters = newest(within) if quiet(self._situation, profile, stretch, within) else acting
        self._situation, over = replay.run(
            profile, matters, self._situation, begins_ms=stretch.offset_ms, delays=self._delays
        )
        self._over += over
        self._waiting += [one for one in said if not one.late]
        self._hear(profile, stretch, stretch.within.to_ms)

    def _hear(self, profile: Profile, stretch: Stretch, until_ms: int) -> None:
        """Let the technical conditions hear what was received before *until_ms*, in order of receipt.

        What was on its way longer than anything in time can be is heard too: then the two clocks differ.
        """
        surely_ms = until_ms - _LONGEST_WAY_MS
        due = [one for one in self._waiting if one.received_ms < until_ms or one.utc_ms < surely_ms]
        self._waiting = [one for one in self._waiting if not (one.received_ms < until_ms or one.utc_ms < surely_ms)]
        minute = -1
        for one in sorted(due, key=_received):
            if one.utc_ms // _MINUTE_MS != minute:
                minute = one.utc_ms // _MINUTE_MS
                self._guard(profile, (one.utc_ms + stretch.offset_ms) // _MINUTE_MS % _DAY)
            self._technical.hear(one, self._bands)

    def profile(self, plan: int | None) -> Profile:
        """The scaled profile in force under a plan."""
        return self._otherwise if plan is None else self._profiles[plan]

    def outcome(self, within: Period) -> Outcome:
        """What alarmed in *within*; its end is the end of the course."""
        if self._last is not None:
            self._hear(self.profile(self._last.plan), self._last, within.to_ms + _LONGEST_WAY_MS)
        self._technical.pass_to(within.to_ms)
        episodes = [*self._over, *self._situation.lasting()]
        absences = [*self._technical.over, *self._technical.lasting()]
        return Outcome(
            tuple(
                sorted(
                    (each for each in episodes if within.from_ms <= each.alarm_ms < within.to_ms),
                    key=lambda each: (each.alarm_ms, each.metric, each.side),
                )
            ),
            tuple(
                sorted(
                    (each for each in absences if within.from_ms <= each.alarm_ms < within.to_ms),
                    key=lambda each: (each.alarm_ms, each.condition, each.part),
                )
            ),
        )

    def _enter(self, stretch: Stretch, at_ms: int) -> None:
        if stretch.suspended and not self._suspended:
            self._technical.suspend(at_ms)
            self._waiting = []
            self._over += [msgspec.structs.replace(each, end_ms=at_ms) for each in self._situation.lasting()]
            self._situation = Situation()
        elif self._suspended and not stretch.suspended:
            self._technical.resume(at_ms)
        self._suspended = stretch.suspended
        if not stretch.suspended:
            plan = None if stretch.plan is None else self._plans[stretch.plan]
            self._technical.enter(at_ms, stretch.sensors, prescribed(plan))

    def _guard(self, profile: Profile, minute: int) -> None:
        limits = profile.at(minute)
        if limits is not self._limits:
            self._limits = limits
            self._bands = {}
            for metric, of in limits.items():
                for acting in (metric, *STAND_INS.get(metric, ())):
                    self._bands.setdefault(acting, []).append(_raw(acting, of.quiet_band()))


def _raw(metric: Metric, band: tuple[float, float]) -> tuple[float, float]:
    code = CODES[metric]
    low, high = band
    return low * code.denominator / code.numerator, high * code.denominator / code.numerator


def _received(one: Notification) -> int:
    return one.received_ms
