"""One patient under watch: what is in force, what is worn, which conditions there are, and what moves them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import STAND_INS, Limits, Priority, Rule, Side
from vitals.alarms.profile import Profile
from vitals.alarms.recent import NOTHING
from vitals.alarms.replay import Episode
from vitals.codes import BY_LABEL, CODES, Metric
from vitals.collector import bands, entering, noanswer, upkeep
from vitals.collector.arranged import Arranged
from vitals.collector.base import Heard
from vitals.collector.channel import NEVER, Channel, SensorKept, Worn, ranked
from vitals.collector.guard import Guard, single, told_of
from vitals.collector.inactivation import Inactivation
from vitals.collector.noanswer import NoAnswer
from vitals.collector.pacewatch import Guarded
from vitals.collector.presence import Presence
from vitals.collector.results import KEPT, Results
from vitals.collector.rhythmwatch import RhythmWatch
from vitals.collector.scorewatch import ScoreWatch
from vitals.collector.settings import Settings
from vitals.collector.signals import Signals, poor
from vitals.collector.standing import Happening, Moment, Standing, Tell
from vitals.collector.suspension import CONDITION, Suspension
from vitals.collector.upkeep import Upkeep
from vitals.observation import Missing, Observation
from vitals.registry import Entered, Patient, Plan
from vitals.wire.columns import Row

MISSED: Final = "missed"
"""The condition of a missed high that nobody has reviewed."""


class Watch:
    """A patient; *plan* None means that nobody watches.

    *changed* are conditions that the registry does not know so, *arranged* is what people arranged.
    """

    def __init__(self, patient: Patient, settings: Settings, tell: Tell) -> None:
        self.patient = patient
        self.plan: Plan | None = None
        self.prescribed: tuple[Metric, ...] = ()
        self.sensors: dict[str, Worn] = {}
        self.guards: dict[Metric, Guard] = {}
        self.missed: dict[str, Standing] = {}
        self.changed: set[Standing] = set()
        self._settings = settings
        self._tell = tell
        no_answer = NoAnswer(patient, self._step, scale=settings.scale, realarm_ms=settings.realarm_ms)
        self.arranged = Arranged(no_answer)
        self._presence = Presence(patient, settings, self._step, self.channels)
        self.left = self._presence.left
        self._signals = Signals(patient, settings, self._step)
        self._upkeep = Upkeep(patient, settings.delays, self._step)
        self._rhythm = RhythmWatch(patient, self._step)
        self.results = Results(patient, settings, self._step)
        self.scores = ScoreWatch(patient, settings, self._step, self._measuring)
        self._parts = (self._presence, self._upkeep, self._signals, self.scores)
        self._zone = ZoneInfo(patient.time_zone)
        self.profile = settings.profile
        self.refused = ""
        self._in_force: dict[Metric, Limits] | None = None
        self._guarding: dict[Channel, list[Guard]] = {}
        self._channels: dict[Metric, list[Channel]] = {}

    def standings(self) -> list[Standing]:
        """Every condition of this patient."""
        limits = [standing for guard in self.guards.values() for standing in guard.standings.values()]
        technical = [standing for part in self._parts for standing in part.standings()]
        due = [*self.missed.values(), self.arranged.no_answer.standing, *self.results.standings()]
        return [*limits, *self._rhythm.standings(), *technical, *due]

    def channels(self, metric: Metric) -> list[Channel]:
        """The channels of *metric*: the plan's order, then the order of binding."""
        return self._channels.get(metric, [])

    def _measuring(self, metric: Metric) -> list[Channel]:
        """The same, and the newest result of what is never streamed."""
        return [*self.channels(metric), *(self.results.channels(metric) if CODES[metric].episodic else ())]

    def since_ms(self, metric: Metric) -> int:
        """The newest alarm-eligible value of *metric*, or since when it has been waited for."""
        return self._presence.since_ms(metric)

    @property
    def suspended(self) -> bool:
        """Whether nobody is to watch for a while (S15)."""
        return self.arranged.suspended

    def restore(self, key: str, state: bytes) -> bool:
        """Take up a kept condition; False where there is nothing left that it could be about."""
        if self.arranged.restore(key, state):
            if key == CONDITION:
                self._suspended()
            return True
        if key == KEPT:
            self.results.restore(state)
            return True
        standing = self._find(*key.partition(":")[::2])
        if standing is None:
            return False
        standing.restore(state)
        if standing.words and standing.shown is not None:
            standing.words = standing.shown.message
        self._screen()
        return True

    def _find(self, condition: str, part: str) -> Standing | None:
        """The condition that was kept under this name."""
        if condition == MISSED:
            return self._missed(part, MISSED, None)
        label, _, side = condition.partition(".")
        if side and label in BY_LABEL:
            return self._guard(BY_LABEL[label]).standing(Side(side))
        for only in (*self._rhythm.standings(), self.arranged.no_answer.standing):
            if condition == only.condition:
                return only
        found = (part_.find(condition, part) for part_ in self._parts)
        return next((standing for standing in found if standing is not None), None) or self.results.find(condition)

    # What is in force

    def prescribe(
        self, plan: Plan | None, profile: Profile, watched_ms: int, moment: Moment, *, refused: str = ""
    ) -> None:
        """Put a plan in force, watched since *watched_ms*, with the profile that it comes to.

        *refused* says why what was prescribed is not in force: that is an alarm, and no green.
        """
        self.plan = plan
        self.profile = profile
        self.refused = refused
        labels = set(plan.prescribed) if plan is not None else set()
        self.prescribed = tuple(metric for metric in Metric if metric.label in labels and not CODES[metric].episodic)
        self._presence.prescribe(self.prescribed, watched_ms, moment)
        self._rhythm.prescribe(profile.rhythm, moment)
        self.scores.prescribe(profile.scores if plan is not None else {}, moment)
        self._in_force = None
        self.enforce(moment.utc_ms)

    def wear(self, sensor: str, bound_ms: int, place: int, kept: SensorKept | None) -> Worn:
        """Put on a sensor that is bound since *bound_ms*; worn already, only its place may change."""
        worn = self.sensors.get(sensor)
        if worn is None:
            worn = self.sensors[sensor] = Worn(sensor, bound_ms, place, kept or SensorKept())
            self._presence.put_on(sensor)
        worn.place = place
        self._connect()
        return worn

    def take_off(self, sensor: str, moment: Moment) -> SensorKept:
        """Take off a sensor: its technical conditions end, and what was heard of it is given back."""
        self._presence.take_off(self.sensors[sensor], moment)
        self._upkeep.taken_off(sensor, moment)
        self._signals.taken_off(sensor, moment)
        kept = self.sensors.pop(sensor).kept
        self._connect()
        return kept

    def enforce(self, utc_ms: int) -> None:
        """Put the limits of the local time of day in force."""
        local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(self._zone)
        limits = self.profile.at(local.hour * 60 + local.minute)
        if limits is self._in_force:
            return
        self._in_force = limits
        for metric in limits:
            self._guard(metric)
        for metric, guard in self.guards.items():
            guard.impose(limits.get(metric, Limits()), self._settings.delays.gap_held_s)
        self._connect()

    def rules(self, metric: Metric, moment: Moment) -> list[tuple[Metric, Rule]]:
        """The limits in force for a single value of *metric*, each with the metric that they are prescribed for."""
        return single(self.guards, metric, self.channels, moment.at_ms, self._settings.held_ms)

    # What happens

    def notified(self, worn: Worn, heard: Heard, row: Row, received: Moment) -> None:
        """A sensor said something that is no stream: it is there, and on or off."""
        worn.kept.heard_ms = received.at_ms
        off = any(observation.missing is Missing.SENSOR_OFF for observation in row.reading.observations)
        self._presence.heard(worn, heard.characteristic, received, off=off)
        self._signals.heard(worn.sensor, row, received)

    def hear(self, worn: Worn, heard: Heard, row: Row, received: Moment) -> None:
        """Take in one notification that is new and in time."""
        worn.kept.heard_ms = received.at_ms
        off = False
        for observation in row.reading.observations:
            channel = worn.channels.get(observation.metric)
            if channel is None:
                channel = worn.channel(observation.metric)
                self._connect()
            why = poor(observation)
            channel.newest.poorly(why, observation.missing, received.at_ms)
            off = off or observation.missing is Missing.SENSOR_OFF
            if observation.missing is Missing.PRESENT and not why:
                self._take(channel, observation, heard, row, received)
        self._presence.heard(worn, heard.characteristic, received, off=off)
        self._signals.heard(worn.sensor, row, received)
        if heard.characteristic == upkeep.BATTERY_LEVEL and not self.suspended:
            self._upkeep.charge(worn, received)
        rules = self.profile.rhythm
        if rules.any and not self.suspended:
            beats = self.channels(Metric.RR_INTERVAL)
            if beats and beats[0].sensor == worn.sensor:  # one source alarms at a time
                self._rhythm.hear(rules, self._rate_guarded(received), heard, row, received)

    def suspend(self, suspension: Suspension) -> None:
        """Take up a suspension as it stands; once it is over, nothing is silent sooner than it could be heard."""
        self.arranged.suspend(suspension)
        self._suspended()

    def _suspended(self) -> None:
        suspension = self.arranged.suspension
        assert suspension is not None
        self._presence.resumed_ms = NEVER if suspension.ended_ms is None else suspension.ended_ms
        self._upkeep.forget()
        self._screen()

    def inactivate(self, standing: Standing, made: Inactivation, moment: Moment) -> None:
        """Switch a condition off: whoever does so has it in hand, and it is over."""
        self.arranged.inactivate(made)
        self._step(standing, crossing.Acknowledged(), moment)
        self._step(standing, crossing.Withdrawn(), moment)

    def withdraw(self, moment: Moment) -> None:
        """End every condition of the present: an unacknowledged high stays as ended (S14)."""
        self._rhythm.stop(moment)
        self.scores.forget()
        for standing in self.standings():
            if not standing.state.quiet and standing.condition not in {MISSED, noanswer.CONDITION}:
                self._step(standing, crossing.Withdrawn(), moment)

    def miss(self, part: str, words: str, metric: Metric, moment: Moment) -> None:
        """A high was missed (S6): a medium alarm until it is reviewed. The same *part* again changes nothing."""
        if part not in self.missed:
            absent = lapse.Absent(moment.at_ms, moment.at_ms, Priority.MEDIUM)
            self._step(self._missed(part, words, metric), absent, moment)

    def reviewed(self, part: str, moment: Moment) -> None:
        """Somebody has looked at what was missed."""
        standing = self.missed.pop(part, None)
        if standing is not None and not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)

    def alarmed(self, episode: Episode, boot: int, utc_ms: int) -> bool:
        """Whether an alarm of the present said as much as *episode*, which would have sounded at *utc_ms*."""
        return told_of(self.guards, episode, boot, utc_ms)

    def local_ms(self, utc_ms: int) -> int:
        """Milliseconds of the patient's own clock, on the same count as *utc_ms*."""
        offset = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(self._zone).utcoffset()
        return utc_ms + (0 if offset is None else round(offset.total_seconds() * 1000))

    def tick(self, moment: Moment, restarted_ms: int) -> None:
        """Let time pass. After a restart nothing is silent sooner than it could have been heard."""
        self.arranged.no_answer.tick(moment)
        if self.profile.rhythm.paced:
            self._rhythm.tick(self._rate_guarded(moment), moment)
        if not self.suspended:
            self._miss(moment, max(restarted_ms, self._presence.resumed_ms))
            self.scores.tick(moment)
        self.results.tick(moment)
        for standing in self.standings():
            if not standing.state.quiet:
                self._step(standing, crossing.Ticked(), moment)

    def due_ms(self, restarted_ms: int) -> float:
        """From when on a tick may change something, as far as is known now; what passes the screen puts it off."""
        if self.arranged.waiting or not all(standing.state.quiet for standing in self.standings()):
            return NEVER
        begun_ms = max(restarted_ms, self._presence.resumed_ms)
        gaps = (self._upkeep.due_ms(metric, max(self.since_ms(metric), begun_ms)) for metric in self.prescribed)
        missed_ms = self._presence.due_ms(self.sensors.values(), self.prescribed, begun_ms)
        return min(missed_ms, self.scores.due_ms, *gaps)

    def _miss(self, moment: Moment, restarted_ms: int) -> None:
        """What is not there, by the clock."""
        self._presence.tick(self.sensors.values(), self.prescribed, moment, restarted_ms)
        for metric in self.prescribed:
            newest_ms = max(self.since_ms(metric), restarted_ms)
            told = self._presence.absences[metric].raised
            self._upkeep.interrupted(metric, newest_ms, moment, told=told)
            self._signals.tick(metric, self.channels(metric), newest_ms, moment)
        self._upkeep.assign(self.plan, moment)
        self._upkeep.limit(self.refused, moment)

    def enter(self, entries: Sequence[Entered], moment: Moment) -> None:
        """Take in what a person observed: it acts on limits and scores at once."""
        for entered in entries:
            self.scores.take(entered)
            result = entering.result(entered)
            if result is not None:
                rules = [] if self.suspended else self.rules(result.observation.metric, moment)
                self.results.take(result, rules, moment)
        if not self.suspended:
            self.scores.judge({entered.parameter for entered in entries}, moment)

    def act(self, standing: Standing, deed: crossing.Deed, moment: Moment) -> None:
        """Let a person's deed act on a condition as it stands."""
        self._step(standing, deed, moment)

    def _rate_guarded(self, moment: Moment) -> Guarded:
        """Whether a limit on one side of the heart rate acts on a rate that is being measured."""
        guard = self.guards.get(Metric.HEART_RATE)
        return lambda side: guard is not None and guard.acting(side, moment.at_ms, self._settings.held_ms)

    def _take(self, channel: Channel, observation: Observation, heard: Heard, row: Row, received: Moment) -> None:
        newest = channel.newest
        newest.raw = observation.raw
        newest.at_ms = received.at_ms
        newest.observed_utc_ms = row.at_ms + heard.utc_offset_ms
        newest.missing = Missing.PRESENT
        if channel.low <= observation.raw <= channel.high or self.suspended:
            return
        moment = msgspec.structs.replace(
            received,
            observed_ms=received.at_ms - round(heard.age_ms(row)),
            observed_utc_ms=newest.observed_utc_ms,
        )
        self._presence.measured(channel.metric, moment)
        value = channel.value
        if channel.span_ms:
            channel.look_back(heard.boot, row.at_ms, value, self._settings.held_ms)
        for guard in self._guarding.get(channel, ()):
            low, high = guard.band
            if not low <= value <= high:
                newest.nearing_ms = received.at_ms
            if guard.acts(channel, received.at_ms, self._settings.held_ms):
                for rule, standing in guard.watched:
                    standing.source = channel.metric
                    measured = crossing.Measured(value, heard.boot, row.at_ms, rule, newest.recent)
                    self._step(standing, measured, moment)

    def _step(self, standing: Standing, event: Happening, moment: Moment) -> None:
        passing = self.arranged.inactivations.passing(standing, event, moment.at_ms)
        if passing is None:
            return
        before = standing.state
        transitions = standing.step(passing, moment.at_ms, self._settings.realarm_ms)
        if standing.state is before:
            return
        self.changed.add(standing)
        if standing.state.quiet is not before.quiet:
            self._screen()
        self._tell(standing, transitions, moment)

    # How channels, guards and screens hang together

    def _missed(self, part: str, words: str, metric: Metric | None) -> Standing:
        standing = self.missed[part] = Standing(
            self.patient.id, MISSED, part=part, patient=self.patient, metric=metric, words=words
        )
        return standing

    def _guard(self, metric: Metric) -> Guard:
        if metric not in self.guards:
            self.guards[metric] = Guard(metric, self.patient)
        return self.guards[metric]

    def _connect(self) -> None:
        """Say which channels each guard listens to."""
        heard = {metric for worn in self.sensors.values() for metric in worn.channels}
        order = self.plan.prescribed if self.plan is not None else {}
        self._channels = {metric: ranked(self.sensors, order.get(metric.label, []), metric) for metric in heard}
        self._guarding = {}
        for metric, guard in self.guards.items():
            guard.channels = [
                channel for acting in (metric, *STAND_INS.get(metric, ())) for channel in self.channels(acting)
            ]
            for channel in guard.channels:
                self._guarding.setdefault(channel, []).append(guard)
        for worn in self.sensors.values():
            for channel in worn.channels.values():
                channel.span_ms = max((guard.span_ms for guard in self._guarding.get(channel, ())), default=0.0)
                if not channel.span_ms:
                    channel.newest.recent = NOTHING
        self._screen()

    def _screen(self) -> None:
        """Let every channel pass without a look what can change nothing."""
        beats = self.channels(Metric.RR_INTERVAL)[:1] if self.profile.rhythm.any else []
        followed = {channel.sensor for channel in beats}
        for worn in self.sensors.values():
            calm = self._presence.calm(worn.sensor) and self._signals.calm(worn.sensor)
            worn.calm = calm and worn.sensor not in followed
            for metric, channel in worn.channels.items():
                guards, there = self._guarding.get(channel, ()), self._presence.there(metric)
                bands.screen(channel, guards, there=there, watched=not self.suspended)
