"""The whole desk and the console's contract under any sequence of deeds (S1, S2, S3, S6, S8, S9, S14, S15).

A model much simpler than the desk says what must be heard: a value that has been beyond a high limit for its delay
sounds, unless a person has it in hand. It knows limits and delays as docs/hazards.md has them, not as profiles do; no
phase, no signal, no table. What a nurse can hear is taken from the console's stream by a client as slow as one may be.
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Final, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.counts import count, full
from tests.desk_scene import HEART, OXIMETRY, Scene
from tests.notify_scene import settings as notify_settings

from vitals.codes import Metric
from vitals.console.feed import Feed
from vitals.errors import VitalsError
from vitals.notify.dispatch import Dispatcher, Moment
from vitals.observation import Missing
from vitals.registry import Plan, Sensor
from vitals.ward import ShownAlarm, Snapshot

PATIENTS: Final = ("p-1", "p-2", "p-3")
LOW, HIGH = "spo2.low", "heart_rate.high"
SPO2: Final = st.sampled_from([97.0, 93.0, 91.0, 88.0, 86.0, 83.0, 82.0, 79.0, 76.0, 70.0, Missing.NAN])
RATE: Final = st.sampled_from([70.0, 116.0, 118.0, 130.0, 143.0, 150.0, 159.0, 175.0, Missing.NAN])
NARROWER: Final = """
[spo2]
hysteresis = 2
limits = [{ below = 82, delay_s = 15, priority = "medium" }, { below = 78, delay_s = 5, priority = "high" },
          { below = 74, samples = 3, priority = "high" }]
"""


class Bounds(msgspec.Struct, frozen=True):
    """How far out is high, and so far that three values are enough; where it is over; what counts as worse."""

    high: float
    deep: float | None
    clear: float
    sign: Literal[-1, 1]
    worse_by: float

    def out(self, value: float, limit: float | None) -> bool:
        return limit is not None and (value - limit) * self.sign > 0

    def over(self, value: float) -> bool:
        return (value - self.clear) * self.sign <= 0


OF_LOW: Final = Bounds(high=85, deep=80, clear=92, sign=-1, worse_by=3)
OF_LOW_NARROWER: Final = Bounds(high=78, deep=74, clear=84, sign=-1, worse_by=3)
OF_HIGH: Final = Bounds(high=140, deep=None, clear=117, sign=1, worse_by=15)


class Must(msgspec.Struct, kw_only=True):
    """What the model knows of one condition of one patient. Times are seconds; *hand_until* ends a pause."""

    bounds: Bounds
    since: float | None = None
    newest: float = -1e9
    value: float | None = None
    deep: int = 0
    high: bool = False
    ended: bool = False
    hand: str = ""
    hand_at: float = 0
    hand_until: float = 0
    seen: float | None = None
    off_until: float = 0
    off: str = ""

    @property
    def sounds(self) -> bool:
        """Whether somebody must be able to hear it."""
        return self.ended or (self.high and not self.hand)

    def hears(self, value: float, at: float) -> None:
        """A value that may alarm."""
        if at - self.newest > 15:
            self.since, self.deep = None, 0
        self.newest, self.value = at, value
        if self.off == "high":
            return
        of = self.bounds
        self.deep = self.deep + 1 if of.out(value, of.deep) else 0
        self.since = (at if self.since is None else self.since) if of.out(value, of.high) else None
        due = self.deep >= 3 or (self.since is not None and at - self.since >= 5)
        if due and not self.high:
            self.high, self.ended, self.hand = True, False, ""
        elif self.high and self.hand and self.seen is not None and (value - self.seen) * of.sign >= of.worse_by:
            self.hand = ""
        clear = of.high - 2 * of.sign if self.off == "medium" else of.clear
        if self.high and (value - clear) * of.sign <= 0:
            self.ends()

    def ends(self) -> None:
        """The condition is over: what nobody took on stays, and is heard (S14)."""
        self.ended = self.ended or (self.high and self.hand != "taken")
        self.high, self.hand, self.since, self.deep = False, "", None, 0

    def passes(self, at: float) -> None:
        """Time alone: a pause ends (S2), a high that persists comes back (S8), an alarm is on again."""
        if self.hand == "paused" and at >= self.hand_until:
            self.hand = ""
        if self.hand == "taken" and at - self.hand_at >= 600:
            self.hand = ""
        if self.off and at >= self.off_until:
            self.off = ""

    def taken(self, at: float) -> None:
        """Somebody acknowledged it, or said what came of it."""
        self.ended = False
        if self.high and self.hand != "taken":
            self.hand, self.hand_at, self.seen = "taken", at, self.value

    def paused(self, at: float) -> None:
        """Somebody paused its sound."""
        if self.high:
            self.hand, self.hand_at, self.hand_until, self.seen = "paused", at, at + 120, self.value

    def switched_off(self, priority: str, until: float) -> None:
        """Somebody switched it off, up to *priority*."""
        self.off, self.off_until = priority, until
        self.high = self.ended = False
        self.hand, self.since, self.deep = "", None, 0


class Patient(msgspec.Struct, kw_only=True):
    """What a patient's sensors say each second, and what the model makes of it."""

    spo2: float | Missing = 97.0
    rate: float | Missing = 70.0
    online: bool = True
    suspended_until: float | None = None
    low: Must
    fast: Must
    spo2_at: float
    missed: int = 0
    narrower: bool = False

    def all(self) -> tuple[tuple[str, Must], ...]:
        return (LOW, self.low), (HIGH, self.fast)


class Client:
    """A console's page: it starts from a whole snapshot, and takes every change that is newer."""

    def __init__(self) -> None:
        self.alarms: dict[str, ShownAlarm] = {}
        self.sequence = 0

    def take(self, frame: bytes) -> None:
        for event in frame.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in event.split("\n") if ": " in line)
            if fields.get("event") == "snapshot":
                snapshot = msgspec.json.decode(fields["data"], type=Snapshot)
                self.sequence = snapshot.sequence
                self.alarms = {alarm.episode: alarm for alarm in snapshot.alarms}
            elif fields.get("event") == "alarm":
                self._change(msgspec.json.decode(fields["data"], type=ShownAlarm))

    def _change(self, alarm: ShownAlarm) -> None:
        if alarm.phase == "over":
            self.alarms.pop(alarm.episode, None)
        elif alarm.episode not in self.alarms or alarm.version >= self.alarms[alarm.episode].version:
            self.alarms[alarm.episode] = alarm

    def of(self, patient: str, condition: str) -> list[ShownAlarm]:
        return [one for one in self.alarms.values() if (one.patient, one.condition) == (patient, condition)]


class Whole(RuleBasedStateMachine):
    """Three patients; the third has no oximeter until one is bound over from the first."""

    scene: Scene

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.scene = Scene(enrolled=False)
        for number, patient in enumerate(PATIENTS, start=1):
            sensors = (f"strap-{number}",) if number == 3 else (f"strap-{number}", f"oximeter-{number}")
            self.scene.enrol(patient, sensors, _plan())
        self.runner.run(self.scene.desk.refresh())
        self.wearers = {"oximeter-1": "p-1", "oximeter-2": "p-2"}
        self.now = self._now()
        self.patients = {
            patient: Patient(low=Must(bounds=OF_LOW), fast=Must(bounds=OF_HIGH), spo2_at=self.now)
            for patient in PATIENTS
        }
        self.dispatcher = Dispatcher(notify_settings())
        self.keys = 0
        self.told_saved = 0
        self.unsaved: list[Must] = []
        self.audible = True
        self.quiet_since = self.now
        self._serve()
        self._pass(3)

    def teardown(self) -> None:  # type: ignore[explicit-override]
        if hasattr(self, "runner"):
            self._save()
            self._recorded_in_order()
            self.runner.run(self.stream.aclose())  # type: ignore[attr-defined]
            self.runner.close()
            self.scene.close()

    # Rules

    @rule(patient=st.sampled_from(PATIENTS), value=SPO2, seconds=st.integers(1, 9))
    def spo2_is(self, patient: str, value: float | Missing, seconds: int) -> None:
        self.patients[patient].spo2 = value
        self._pass(seconds)

    @rule(patient=st.sampled_from(PATIENTS), value=RATE, seconds=st.integers(1, 9))
    def rate_is(self, patient: str, value: float | Missing, seconds: int) -> None:
        self.patients[patient].rate = value
        self._pass(seconds)

    @rule(seconds=st.sampled_from([16, 40, 125]))
    def time_passes(self, seconds: int) -> None:
        self._pass(seconds)

    @rule()
    def ten_minutes_pass(self) -> None:
        self._pass(605, every=5)

    @rule(which=st.integers(0, 20), what=st.sampled_from(["acknowledge", "pause_audio", "resume_audio", "resolve"]))
    def somebody_acts(self, which: int, what: str) -> None:
        alarm = self._choose(which)
        if alarm is None or not self._did(what, alarm, alarm.version):
            return
        must = self._must(alarm)
        if must is None:
            return
        if what == "pause_audio":
            must.paused(self.now)
        elif what == "resume_audio":
            must.hand = ""
        else:
            must.taken(self.now)
        self.unsaved.append(must)

    @rule(which=st.integers(0, 20), what=st.sampled_from(["acknowledge", "pause_audio", "resolve"]))
    def somebody_acts_on_an_old_screen(self, which: int, what: str) -> None:
        alarm = self._choose(which)
        if alarm is not None:
            before = self.scene.desk.snapshot().alarms
            assert not self._did(what, alarm, alarm.version - 1)
            assert self.scene.desk.snapshot().alarms == before

    @rule(which=st.integers(0, 20), minutes=st.integers(1, 5))
    def somebody_switches_off(self, which: int, minutes: int) -> None:
        alarm = self._choose(which)
        must = None if alarm is None else self._must(alarm)
        if alarm is None or must is None:
            return
        deed = self.scene.desk.inactivate(
            alarm.episode, alarm.version, reason="known", minutes=minutes, actor="nurse-1", key=self._key()
        )
        self.runner.run(deed)
        must.switched_off(alarm.priority, self.now + 60 * minutes)
        self._save()
        self._pass(1)

    @rule()
    def the_owner_leaves(self) -> None:
        for alarm in list(self.client.alarms.values()):
            must = self._must(alarm)
            if must is not None and self.scene.desk.realarm(alarm.episode) and alarm.priority == "high":
                must.hand = ""
        self._look()

    @rule(patient=st.sampled_from(PATIENTS), minutes=st.integers(1, 3))
    def somebody_suspends(self, patient: str, minutes: int) -> None:
        of = self.patients[patient]
        deed = self.scene.desk.suspend(patient, reason="shower", minutes=minutes, actor="nurse-1", key=self._key())
        self.runner.run(deed)
        of.suspended_until = self.now + 60 * minutes
        for _, must in of.all():
            must.ends()
        self._save()
        self._pass(1)

    @rule(patient=st.sampled_from(PATIENTS))
    def somebody_resumes(self, patient: str) -> None:
        if self.patients[patient].suspended_until is not None:
            self.runner.run(self.scene.desk.resume(patient, actor="nurse-1", key=self._key()))
            self._resumed(self.patients[patient])
            self._save()
            self._pass(1)

    @rule(patient=st.sampled_from(PATIENTS))
    def the_network_goes_and_comes(self, patient: str) -> None:
        of = self.patients[patient]
        of.online = not of.online
        self.scene.gateway_online(online=of.online, gateway=f"gw-{patient}")
        self._pass(2)

    @rule(outage_s=st.sampled_from([25, 60, 150]))
    def a_desaturation_comes_as_a_backlog(self, outage_s: int) -> None:
        """The second patient's gateway is away; while it is, three values below 80, and more of them."""
        of = self.patients["p-2"]
        was, of.online, of.spo2 = of.online, False, 97.0
        if not was or of.suspended_until is not None or of.narrower or of.low.high or of.low.ended or of.low.off:
            of.online = was
            return
        self._pass(outage_s)
        of.online = True
        self._pass(1)
        for age_s in range(20, 10, -1):
            value = 78.0 if 12 < age_s < 20 else 97.0
            self._deliver("oximeter-2", "p-2", {Metric.SPO2: value}, age_s=age_s, backlog=True)
        of.missed += 1
        self._pass(1)

    @rule(which=st.integers(0, 5))
    def somebody_reviews(self, which: int) -> None:
        missed = self.scene.desk.snapshot().missed
        if missed:
            one = missed[which % len(missed)]
            self.runner.run(self.scene.desk.review(one.id, one.version, actor="nurse-1", key=self._key()))
            self.patients[one.patient].missed -= one.priority == "high"
            self._save()

    @rule()
    def the_oximeter_changes_hands(self) -> None:
        """From the first patient to the third, or back: nobody's alarm goes with it."""
        to = "p-3" if self.wearers["oximeter-1"] == "p-1" else "p-1"
        now = self.scene.clock.utc_ms()
        self.scene.registry.unbind("oximeter-1", at_utc_ms=now, by="nurse-1")
        self.scene.registry.bind(Sensor(id="oximeter-1"), to, at_utc_ms=now, by="nurse-1")
        self.runner.run(self.scene.desk.refresh())
        self.wearers["oximeter-1"] = to
        self._save()
        self._pass(1)

    @rule(patient=st.sampled_from(PATIENTS))
    def the_limits_change(self, patient: str) -> None:
        of = self.patients[patient]
        of.narrower = not of.narrower
        of.low.bounds = OF_LOW_NARROWER if of.narrower else OF_LOW
        of.low.since, of.low.deep = None, 0
        of.spo2_at = self.now  # a plan is watched from when it was prescribed
        plan = _plan(NARROWER if of.narrower else "")
        self.scene.registry.prescribe(patient, plan, at_utc_ms=self.scene.clock.utc_ms())
        self.runner.run(self.scene.desk.refresh())
        self._save()
        self._pass(1)

    @rule(away_s=st.integers(0, 20))
    def the_server_is_killed(self, away_s: int) -> None:
        """As by kill -9: what was done and not recorded is undone, and must be heard again."""
        for must in self.unsaved:
            must.hand = ""
        self.unsaved = []
        del self.scene.told[self.told_saved :]
        self.runner.run(self.stream.aclose())  # type: ignore[attr-defined]
        self.scene.clock.advance(1000 * away_s)
        self.now = self._now()
        self.scene.start()
        self._serve()
        self._pass(2)

    @rule()
    def the_page_is_loaded_again(self) -> None:
        self.runner.run(self.stream.aclose())  # type: ignore[attr-defined]
        self._connect()

    @rule(audible=st.booleans())
    def a_station_falls_silent_or_is_heard(self, *, audible: bool) -> None:
        self.audible = audible
        self._pass(1)

    @rule()
    def the_desk_records(self) -> None:
        self._save()

    # What holds whatever was done

    @invariant()
    def holds(self) -> None:
        self._s2_s8_s14_what_must_sound_sounds()
        self._s2_what_is_paused_is_in_hand_and_comes_back()
        self._the_page_knows_what_the_desk_knows()
        self._s1_whoever_is_not_monitored_is_told_of()
        self._s3_somebody_could_hear_or_it_is_said()
        self._s2_s8_a_chain_runs_for_all_that_nobody_acknowledged()
        self._s6_a_missed_high_is_there_until_reviewed()

    def _s2_s8_s14_what_must_sound_sounds(self) -> None:
        for patient, of in self.patients.items():
            for condition, must in of.all():
                if must.sounds:
                    heard = [one for one in self.client.of(patient, condition) if one.sounding]
                    assert [one.priority for one in heard] == ["high"], (patient, condition, must)
                    assert all(one.paused_until is None for one in heard)

    def _s2_what_is_paused_is_in_hand_and_comes_back(self) -> None:
        for one in self.client.alarms.values():
            if one.paused_until is not None:
                assert not one.sounding
                assert one.priority != "high" or self._must(one) is None or self._hand(one) == "paused"
            elif one.priority == "high" and not one.sounding:
                assert one.phase == "acknowledged", one
                assert self._must(one) is None or self._hand(one) == "taken"

    def _the_page_knows_what_the_desk_knows(self) -> None:
        known = {alarm.episode: alarm for alarm in self.scene.desk.snapshot().alarms}
        assert {name: (one.version, one.sounding) for name, one in self.client.alarms.items()} == {
            name: (one.version, one.sounding) for name, one in known.items()
        }

    def _s1_whoever_is_not_monitored_is_told_of(self) -> None:
        for patient, of in self.patients.items():
            if of.suspended_until is None and self.now - of.spo2_at > 122 and self.now - self.started > 20:
                metrics = [one.metric for one in self.client.of(patient, "not_monitored")]
                assert "spo2" in metrics, (patient, self.now - of.spo2_at)

    def _s3_somebody_could_hear_or_it_is_said(self) -> None:
        assert (self.feed.silent is not None) == (self.now - self.quiet_since >= 15), (self.now, self.quiet_since)

    def _s2_s8_a_chain_runs_for_all_that_nobody_acknowledged(self) -> None:
        for one in self.client.alarms.values():
            following = self.dispatcher.next_step(one.episode)
            if one.priority != "low" and one.phase != "acknowledged":
                assert following is not None, one
                assert following[1] <= self.scene.clock.monotonic_ms() + 300_000
            elif one.phase == "acknowledged":
                assert following is None, one

    def _s6_a_missed_high_is_there_until_reviewed(self) -> None:
        snapshot = self.scene.desk.snapshot()
        listed = [missed for missed in snapshot.missed if missed.priority == "high"]
        assert len(listed) >= self.patients["p-2"].missed
        assert len([one for one in self.client.alarms.values() if one.condition == "missed"]) == len(listed)

    # Inside

    def _now(self) -> float:
        return self.scene.clock.monotonic_ms() / 1000

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def _serve(self) -> None:
        """What a server process has around the desk: the feed, the pages that come back, the notifier."""
        desk = self.scene.desk
        self.started = self.now
        self.quiet_since = self.now
        self.feed = Feed(desk, self.scene.clock)
        desk.listen(self.feed.hear)
        self.heard: list[ShownAlarm] = []
        desk.listen(self.heard.append)
        self.dispatcher.reconcile(desk.snapshot().alarms, self._moment())
        self._connect()

    def _connect(self) -> None:
        self.client = Client()
        self.stream: AsyncIterator[bytes] = self.feed.stream()
        self.client.take(self._next())
        self._look()

    def _next(self) -> bytes:
        async def one() -> bytes:
            async with asyncio.timeout(5):
                return await anext(self.stream)

        return self.runner.run(one())

    def _look(self) -> None:
        """The page reads all that waits for it, to a snapshot that is newer than now."""
        before = self.scene.desk.snapshot().sequence
        self.feed.tick()
        while self.client.sequence <= before:
            self.client.take(self._next())
        for shown in self.heard:
            self.dispatcher.alarm(shown, self._moment())
        self.heard.clear()

    def _moment(self) -> Moment:
        return Moment(self.scene.clock.monotonic_ms(), self.scene.clock.utc_ms())

    def _pass(self, seconds: int, *, every: int = 1) -> None:
        """Seconds pass, with a value of every sensor in each *every*."""
        for _ in range(0, seconds, every):
            self.scene.clock.advance(1000 * every)
            self.now = self._now()
            for sensor, patient in self.wearers.items():
                self._deliver(sensor, patient, {Metric.SPO2: self.patients[patient].spo2})
            for number, patient in enumerate(PATIENTS, start=1):
                self._deliver(f"strap-{number}", patient, {Metric.HEART_RATE: self.patients[patient].rate})
            self.scene.tick()
            self._model_passes()
            if self.audible:
                self.feed.stations.report("station", self.scene.clock.monotonic_ms(), audible=True)
            needed = any(of.suspended_until is None for of in self.patients.values())
            if self.audible or not (needed or any(one.sounding for one in self.scene.desk.snapshot().alarms)):
                self.quiet_since = self.now
            self.feed.tick()
            for shown in self.heard:
                self.dispatcher.alarm(shown, self._moment())
            self.heard.clear()
            self.dispatcher.tick(self._moment())
            self.dispatcher.take()
        self._look()

    def _model_passes(self) -> None:
        for of in self.patients.values():
            for _, must in of.all():
                must.passes(self.now)
            if of.suspended_until is not None and self.now >= of.suspended_until:
                self._resumed(of)

    def _resumed(self, of: Patient) -> None:
        of.suspended_until = None
        of.spo2_at = self.now

    def _deliver(
        self, sensor: str, patient: str, values: dict[Metric, float | Missing], *, age_s: int = 0, backlog: bool = False
    ) -> None:
        of = self.patients[patient]
        if not of.online:
            return
        characteristic = OXIMETRY if Metric.SPO2 in values else HEART
        arrival = self.scene.hear(
            sensor, characteristic, values, gateway=f"gw-{patient}", age_ms=1000 * age_s, backlog=backlog
        )
        self.scene.desk.committed(self.scene.series.commit([arrival]))
        if not backlog:
            for metric, value in values.items():
                self._model_hears(of, metric, value)

    def _model_hears(self, of: Patient, metric: Metric, value: float | Missing) -> None:
        if isinstance(value, Missing):
            return
        if metric is Metric.SPO2:
            of.spo2_at = self.now
        if of.suspended_until is None:
            (of.low if metric is Metric.SPO2 else of.fast).hears(value, self.now)

    def _choose(self, which: int) -> ShownAlarm | None:
        known = sorted(self.client.alarms.values(), key=lambda one: one.episode)
        return known[which % len(known)] if known else None

    def _must(self, alarm: ShownAlarm) -> Must | None:
        of = self.patients.get(alarm.patient or "")
        return None if of is None else dict(of.all()).get(alarm.condition)

    def _hand(self, alarm: ShownAlarm) -> str:
        must = self._must(alarm)
        return "" if must is None else must.hand

    def _did(self, what: str, alarm: ShownAlarm, version: int) -> bool:
        """Whether a deed was done; one that is refused changes nothing."""
        desk, key = self.scene.desk, self._key()
        before = desk.snapshot().alarms
        try:
            if what == "resolve":
                deed = desk.resolve(alarm.episode, version, outcome="spoke", note="", actor="nurse-1", key=key)
                self.runner.run(deed)
            else:
                self.runner.run(getattr(desk, what)(alarm.episode, version, actor="nurse-1", key=key))
        except VitalsError:
            assert desk.snapshot().alarms == before
            return False
        self._look()
        return True

    def _save(self) -> None:
        self.unsaved = []
        self.told_saved = len(self.scene.told)
        self.runner.run(self.scene.desk.persist())
        self._look()

    def _recorded_in_order(self) -> None:
        versions: dict[str, list[int]] = {}
        for event in sorted(self.scene.registry.events(), key=lambda event: event.version):
            versions.setdefault(event.episode, []).append(event.version)
        assert all(found == list(range(1, len(found) + 1)) for found in versions.values()), versions
        told: dict[str, list[ShownAlarm]] = {}
        for shown in self.scene.told:
            told.setdefault(shown.episode, []).append(shown)
        for episode, several in told.items():
            assert several[-1].version <= len(versions[episode]), (episode, several[-1])
            assert all(one.version <= other.version for one, other in pairwise(several))


def _plan(limits: str = "") -> Plan:
    return Plan(prescribed={"spo2": [], "heart_rate": []}, limits=limits, responsible_nurse="nurse-1", cover="nurse-2")


@pytest.mark.parametrize("steps", [count(short=20, long=60)])
def test_nothing_hides_what_must_be_heard(steps: int) -> None:
    run_state_machine_as_test(
        Whole,
        settings=settings(
            max_examples=count(short=5, long=400),
            stateful_step_count=steps,
            deadline=None,
            derandomize=not full(),
            suppress_health_check=list(HealthCheck),
        ),
    )
