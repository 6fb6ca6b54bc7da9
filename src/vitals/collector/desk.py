"""The alarm desk: where observations become alarms, and what a console sees of them.

Everything but :meth:`AlarmDesk.persist`, :meth:`AlarmDesk.refresh` and the wait at the end of what people do
(``once``) is synchronous and in memory: alarming never waits for a disk (S4). What the registry
has not got yet is shown as not recorded.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from vitals.alarms.limits import Priority
from vitals.alarms.machine import RAISING
from vitals.alarms.profile import Profile
from vitals.clock import Clock
from vitals.codes import BY_LABEL
from vitals.collector import base, hindsight, past
from vitals.collector.agenda import Agenda
from vitals.collector.base import Condition, Heard
from vitals.collector.episodic import Episodic, is_episodic
from vitals.collector.gatewaywatch import OFFLINE, GatewayWatch
from vitals.collector.handling import Handling
from vitals.collector.hindsight import Hindsight
from vitals.collector.journal import Journal
from vitals.collector.latency import Latency
from vitals.collector.once import Once
from vitals.collector.roster import Roster
from vitals.collector.scorewatch import LISTED_MS
from vitals.collector.screen import Screen
from vitals.collector.screens import Screens
from vitals.collector.settings import Settings
from vitals.collector.standing import Moment, Standing, Transitions, record, show
from vitals.collector.strangers import Strangers
from vitals.collector.tending import Tending
from vitals.collector.watch import Watch
from vitals.delays import Delays
from vitals.observation import GenerationMode
from vitals.registry import Checkpoint, Cursor, Missed, Registry
from vitals.scores.table import Table
from vitals.series.base import Arrival, Logged, Series
from vitals.timeline import Timeline
from vitals.ward import Snapshot
from vitals.wire.bodies import GatewayState
from vitals.wire.columns import Row
from vitals.wire.header import Kind

CURSOR: Final = "alarms"
"""Name of the desk's place in the series log."""
ANSWERS_KEPT_MS: Final = 24 * 3600 * 1000
"""How long the same idempotency key gives the same answer."""
CONFIRM_S: Final = 2.0
"""How long an acknowledgement waits to be recorded before it is confirmed as not recorded yet."""
_LATENCIES: Final = 1000

_log = logging.getLogger(__name__)


class AlarmDesk:
    """Implements ``base.Desk`` for the pipeline and ``ward.Ward`` for the console. Call :meth:`start` first."""

    def __init__(
        self,
        registry: Registry,
        *,
        mode: GenerationMode,
        profile: Profile,
        clock: Clock,
        time_scale: float = 1.0,
        confirm_s: float = CONFIRM_S,
        tables: dict[str, Table] | None = None,
    ) -> None:
        self.latencies: deque[Latency] = deque(maxlen=_LATENCIES)
        self.late = 0
        self.passes = 0
        self._registry = registry
        self._clock = clock
        self._delays = Delays().scaled(time_scale)
        self._late_ms = self._delays.late_s * 1000
        settings = Settings(
            delays=self._delays,
            profile=profile.scaled(time_scale),
            tables=tables or {},
            scale=time_scale,
        )
        self._roster = Roster(profile, settings, time_scale, self._tell)
        self.carriers, self.path_broken = self._roster.carriers, self._roster.house.path_broken
        self._journal = Journal(registry)
        self._hindsight = Hindsight(self._delays, self._miss)
        self._screen = Screen(self._roster, self._hindsight, self._late_ms)
        self._strangers = Strangers()
        self._episodic = Episodic(
            self._roster, self._hindsight, self._late_ms, aside=self.notice, stranger=self._strangers.heard
        )
        self._screens = Screens(self._roster, self._delays, mode=mode.label, time_scale=time_scale)
        self._agenda = Agenda()
        self._once = Once(self._journal, self._moment, confirm_s)
        self._handling = Handling(
            self._once,
            self._journal,
            self._roster,
            self._hindsight.open,
            now=self._moment,
            present=self._screens.present,
            delays=self._delays,
        )
        self._open = self._handling.open
        self._tending = Tending(
            self._once, self._journal, self._roster, self._open, self._agenda, time_scale=time_scale
        )
        self.acknowledge = self._handling.acknowledge
        self.pause_audio = self._handling.pause_audio
        self.resume_audio = self._handling.resume_audio
        self.resolve = self._handling.resolve
        self.offer = self._handling.offer
        self.accept = self._handling.accept
        self.realarm = self._handling.left
        self.review = self._handling.review
        self.suspend = self._tending.suspend
        self.resume = self._tending.resume
        self.request_suspension = self._tending.request_suspension
        self.accept_request = self._tending.accept_request
        self.refuse_request = self._tending.refuse_request
        self.inactivate = self._tending.inactivate
        self.reactivate = self._tending.reactivate
        self.enter = self._tending.enter
        self.listen = self._screens.listen
        self._timeline = Timeline()
        self._now_ms = 0
        self._restarted_ms = 0
        self._minute = -1
        self._store = 0
        self._log_seq = 0
        self._replaying = False
        self._heard: set[Watch] = set()
        self._moved: set[GatewayWatch] = set()
        self._notices: dict[str, str] = {}

    # Starting

    def start(self, series: Series) -> None:
        """Take up where the last process left off, replay the log beyond that, and record that we are back.

        Blocks: call it before the pipeline runs.

        Raises:
            StoreError: registry or log cannot be read or written.
        """
        cursor = self._registry.cursor(CURSOR)
        if cursor is not None and cursor.timeline:
            self._timeline = msgspec.msgpack.decode(cursor.timeline, type=Timeline)
        self._timeline = self._timeline.entered(self._clock.boot(), self._clock.monotonic_ms(), self._clock.utc_ms())
        # Where the last process left off: what the log holds beyond is evaluated from there, as if it came now.
        self._now_ms = self._restarted_ms = self._timeline.at_ms
        self._take_up()
        self._replay(series, cursor)
        self._come_back()
        checkpoint = self._checkpoint()
        self._registry.save(checkpoint)
        self._recorded(checkpoint)

    async def refresh(self) -> None:
        """Take up what changed in the registry: people, bindings, plans, gateways. Raises StoreError."""
        enrolled = await asyncio.to_thread(self._registry.enrolled)
        gateways = await asyncio.to_thread(self._registry.gateways)
        applied = self._roster.apply(enrolled, gateways, self._moment())
        self._heard.update(applied)
        self._agenda.stir(*applied)

    def _come_back(self) -> None:
        """Say how long nobody alarmed; what the pipeline told the last process is told anew or over."""
        moment = self._moment()
        self._roster.house.began(moment.at_ms - self._now_ms, moment)
        self._roster.faults.come_back(moment)
        for gateway in self._roster.gateways.values():
            gateway.lose(moment, None)
            self._moved.add(gateway)
        self._now_ms = self._restarted_ms = moment.at_ms

    def _take_up(self) -> None:
        """People first, then what was heard of them and what is wrong with them."""
        moment = self._moment()
        states = self._registry.states()
        self._roster.recall(states)
        self._roster.apply(self._registry.enrolled(), self._registry.gateways(), moment)
        self._journal.change(self._roster.restore(states, moment))
        self._agenda.stir(*self._roster.watches.values())
        for standing in self._roster.standings():
            if standing.shown is not None and standing.open:
                self._open[standing.shown.episode] = standing
        for row in states:
            if row.condition == hindsight.CONDITION and row.subject in self._roster.watches and row.state is not None:
                self._hindsight.restore(self._roster.watches[row.subject], row.state)
        self._hindsight.open.update({missed.id: missed for missed in self._registry.missed()})
        for entered in self._registry.entered(since_utc_ms=moment.utc_ms - LISTED_MS):
            self._roster.watches[entered.patient_id].scores.take(entered)
        since_utc_ms = moment.utc_ms - ANSWERS_KEPT_MS
        self._once.recall(self._registry.actions(since_utc_ms=since_utc_ms))
        self._handling.remember(past.shown(self._registry.events(since_utc_ms=since_utc_ms), self._roster, self._open))

    def _replay(self, series: Series, cursor: Cursor | None) -> None:
        """Evaluate what the log holds beyond the cursor, with its logged times of receipt (protocol.md)."""
        self._store = series.store
        same = cursor is not None and cursor.store == series.store
        self._log_seq = cursor.log_seq if cursor is not None and same else 0
        self._replaying = True
        for logged in series.replay(self._log_seq):
            self._log_seq = logged.log_seq
            if same:  # of another store, or of one that this registry never knew, only the end counts
                self._replay_one(logged.arrival)
        self._replaying = False

    def _replay_one(self, arrival: Arrival) -> None:
        at_ms = self._timeline.at(arrival.receiver_boot, arrival.received_ms)
        if at_ms > self._now_ms:
            self._pass(Moment(at_ms=at_ms, utc_ms=arrival.received_utc_ms))
        if arrival.quarantine is None and arrival.header.kind == Kind.DATA:
            self.observe(arrival, base.heard(arrival))

    # The pipeline's side

    def observe(self, arrival: Arrival, rows: Sequence[Heard]) -> None:
        """See ``base.Desk``. Late rows raise nothing live; unbound sensors are named in a notice.

        What is late is told by age, not by the lane (S5): after a short outage the newest rows come as a backlog, and
        are the first that anybody hears of the patient.
        """
        at_ms = self._timeline.at(arrival.receiver_boot, arrival.received_ms)
        received = Moment(at_ms=at_ms, utc_ms=arrival.received_utc_ms)
        if not arrival.header.backlog:
            gateway = self._roster.gateway(arrival.gateway, received)
            gateway.alive(received)
            self._moved.add(gateway)
        for heard in rows:
            if is_episodic(heard):  # never screened: the newest result is not the newest of a stream
                watches = self._episodic.hear(arrival.gateway, heard, received, replaying=self._replaying)
                self._heard.update(watches)
                self._agenda.stir(*watches)
                continue
            passed = self._screen.passes(arrival.gateway, heard, received, replaying=self._replaying)
            if passed is not None:
                self._heard.add(passed)
            else:
                self._hear(arrival.gateway, heard, received)

    def gateway_state(self, gateway: str, state: GatewayState, received_ms: int) -> None:
        """See ``base.Desk``."""
        moment = Moment(at_ms=self._timeline.at(self._clock.boot(), received_ms), utc_ms=self._clock.utc_ms())
        watch = self._roster.gateway(gateway, moment)
        watch.state(moment, state)
        self._moved.add(watch)

    def notice(self, code: str, text: str | None) -> None:
        """See ``base.Desk``. Some are alarms of their own (``faults``)."""
        if self._roster.faults.say(code, text, self._moment()):
            return
        if text is None:
            self._notices.pop(code, None)
        else:
            self._notices[code] = text
        lost, _, gateway = code.partition(":")
        if lost == Condition.DATA_LOST and gateway:
            watch = self._roster.gateway(gateway, self._moment())
            watch.lose(self._moment(), text)
            self._moved.add(watch)

    def committed(self, logged: Sequence[Logged]) -> None:
        """See ``base.Desk``."""
        if logged:
            self._log_seq = logged[-1].log_seq

    def tick(self, now_ms: int) -> None:
        """See ``base.Desk``."""
        self._pass(Moment(at_ms=self._timeline.at(self._clock.boot(), now_ms), utc_ms=self._clock.utc_ms()))
        self.notice("unbound", self._strangers.text(self._roster.worn, self._now_ms))

    async def persist(self) -> None:
        """See ``base.Desk``."""
        if not self._journal.due(self._now_ms):
            return
        checkpoint = self._checkpoint()
        await self._journal.write(checkpoint)
        self._recorded(checkpoint)

    # The console's side

    def snapshot(self) -> Snapshot:
        """See ``ward.Ward``."""
        return self._screens.snapshot(self._open, self._hindsight.open, self._notices, self._moment())

    # Inside

    def _moment(self) -> Moment:
        at_ms = self._timeline.at(self._clock.boot(), self._clock.monotonic_ms())
        return Moment(at_ms=at_ms, utc_ms=self._clock.utc_ms())

    def _hear(self, gateway: str, heard: Heard, received: Moment) -> None:
        late_before_ms = math.inf if heard.receipt_ms is None else heard.receipt_ms - self._late_ms
        if heard.rows and heard.rows[0].at_ms < late_before_ms:
            self._hear_late(gateway, heard, [row for row in heard.rows if row.at_ms < late_before_ms], received)
        found = self._roster.worn.get(heard.sensor)
        if found is None:
            self._strangers.heard(heard.sensor, received.at_ms)
            return
        watch, worn = found
        if self._replaying and not self._roster.wore(heard.sensor, watch.patient.id, received.utc_ms):
            return
        mark = worn.mark(gateway, heard.characteristic)
        overtaken = []
        for row in heard.rows:
            if row.at_ms < late_before_ms:
                continue
            if mark.follows(heard.boot, row.at_ms):
                watch.hear(worn, heard, row, received)
            else:
                overtaken.append(row)
        if overtaken:  # after a short outage live goes first: what comes behind it is in time, and old already
            self._hear_late(gateway, heard, overtaken, received)
        self._hindsight.live(watch, gateway, heard, received)
        worn.kept.gateway = gateway
        self._heard.add(watch)
        self._agenda.stir(watch)

    def _hear_late(self, gateway: str, heard: Heard, rows: list[Row], received: Moment) -> None:
        """What came too late to alarm belongs to whoever wore the sensor when it was observed; nobody's is flagged."""
        self.late += len(rows)
        theirs: dict[Watch, list[Row]] = {}
        for row in rows:
            age_ms = heard.age_ms(row)
            known = math.isfinite(age_ms)
            utc_ms = received.utc_ms - round(age_ms) if known else row.at_ms + heard.utc_offset_ms
            watch = self._roster.wearer(heard.sensor, utc_ms)
            if watch is None:
                self.notice("late_aside", f"late values of sensor {heard.sensor} belong to no patient: set aside")
            elif not (known and watch.arranged.covers(received.at_ms - age_ms)):
                theirs.setdefault(watch, []).append(row)
        for watch, late in theirs.items():
            self._hindsight.late(watch, gateway, heard, late, received)

    def _miss(self, watch: Watch, missed: Missed, moment: Moment) -> None:
        """A missed event is new or says more; a missed high alarms until somebody has reviewed it (S6)."""
        self._journal.missed(missed)
        if missed.priority == Priority.HIGH.label:
            watch.miss(hindsight.part(missed), hindsight.words(missed), BY_LABEL[missed.metric], moment)

    def _pass(self, moment: Moment) -> None:
        self._now_ms = max(self._now_ms, moment.at_ms)
        due = self._agenda.take(moment.at_ms, self._restarted_ms)
        self._tending.tick(due, moment)
        self._hindsight.tick(moment)
        minute = moment.utc_ms // 60_000
        for watch in self._roster.watches.values() if minute != self._minute else ():
            watch.enforce(moment.utc_ms)
        for watch in due:
            watch.tick(moment, self._restarted_ms)
            self._agenda.put(watch, moment.at_ms, self._restarted_ms)
        for gateway in self._roster.gateways.values():
            gateway.tick(moment, self._restarted_ms)
        self._roster.house.tick(moment)
        self._roster.faults.tick(moment)
        self._minute = minute
        self.passes += 1

    def _tell(self, standing: Standing, transitions: Transitions, moment: Moment) -> None:
        self._agenda.stir(*filter(None, [self._roster.watches.get(standing.subject)]))
        raised_ms = moment.at_ms if self._replaying else self._moment().at_ms
        for transition in transitions:
            shown = standing.shown = show(standing, transition, moment)
            self._journal.event(record(standing, transition, moment, shown, raised_ms=raised_ms))
            self._handling.moved(standing, shown)
            if transition.change in RAISING:
                latency = Latency(shown.episode, shown.version, moment.observed_ms, moment.at_ms, raised_ms)
                self.latencies.append(latency)
            self._screens.publish(standing, shown, moment.at_ms)
        if standing.condition == OFFLINE and transitions:
            self._screens.inhibit(standing, self._open, moment)

    def _checkpoint(self) -> Checkpoint:
        moment = self._moment()
        self._timeline = self._timeline.marked(self._now_ms, moment.utc_ms - (moment.at_ms - self._now_ms))
        watches = self._roster.watches.values()
        changed = [watch for watch in watches if watch.changed or watch.arranged.unkept or watch in self._heard]
        states = [*self._roster.keep(changed, self._moved), *self._hindsight.keep()]
        self._heard, self._moved = set(), set()
        cursor = Cursor(
            name=CURSOR, store=self._store, log_seq=self._log_seq, timeline=msgspec.msgpack.encode(self._timeline)
        )
        return self._journal.take(cursor, states, self._now_ms)

    def _recorded(self, checkpoint: Checkpoint) -> None:
        for event in checkpoint.events:
            standing = self._open.get(event.episode)
            if standing is not None and standing.shown is not None and standing.shown.version == event.version:
                standing.shown = msgspec.structs.replace(standing.shown, recorded=True)
        self._once.recorded(checkpoint.actions)
