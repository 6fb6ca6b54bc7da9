"""Who is watched: the registry's people and gateways as watches, and the way back from what was kept of them."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from vitals.alarms.profile import Profile
from vitals.collector import faults, hindsight, house
from vitals.collector.channel import Mark, SensorKept, Worn
from vitals.collector.faults import Faults
from vitals.collector.gatewaywatch import SUBJECT, GatewayKept, GatewayWatch
from vitals.collector.house import House
from vitals.collector.profiles import in_force
from vitals.collector.results import KEPT
from vitals.collector.settings import Settings
from vitals.collector.standing import Moment, Standing, Tell
from vitals.collector.watch import Watch
from vitals.registry import Binding, Enrolled, Plan, State

HEARD: Final = ""
"""The condition under which stands what was heard of a subject, rather than what is wrong with it."""

LEFT: Final = ""
"""In place of a sensor: what is kept of those that are worn no more."""
_SENSORS: Final = msgspec.msgpack.Decoder(dict[str, SensorKept])
_GATEWAY: Final = msgspec.msgpack.Decoder(GatewayKept)
_ENCODER: Final = msgspec.msgpack.Encoder()

_log = logging.getLogger(__name__)


class Roster:
    """Watches by patient, gateways by name, and by sensor who wears it now.

    *profile* is the server's, not scaled; *settings* hold it scaled.
    """

    def __init__(self, profile: Profile, settings: Settings, time_scale: float, tell: Tell) -> None:
        self.watches: dict[str, Watch] = {}
        self.gateways: dict[str, GatewayWatch] = {}
        self.house = House(settings.delays, tell)
        self.faults = Faults(settings.delays, tell)
        self.worn: dict[str, tuple[Watch, Worn]] = {}
        self.bindings: dict[str, list[Binding]] = {}
        self._kept: dict[tuple[str, str], SensorKept] = {}
        self._marks: dict[str, dict[str, Mark]] = {}
        self._profile = profile
        self._settings = settings
        self._time_scale = time_scale
        self._tell = tell

    def apply(self, enrolled: Sequence[Enrolled], gateways: Iterable[str], moment: Moment) -> list[Watch]:
        """Make the watches what the registry says; those whose sensors or plan may have changed."""
        for person in enrolled:
            if person.patient.id not in self.watches:
                self.watches[person.patient.id] = Watch(person.patient, self._settings, self._tell)
        for person in enrolled:
            self._take_off(person, moment)
        self.bindings = {}
        for person in enrolled:
            self._put_on(person, moment)
        for gateway in gateways:
            self.gateway(gateway, moment)
        return [self.watches[person.patient.id] for person in enrolled]

    def gateway(self, gateway: str, moment: Moment) -> GatewayWatch:
        """The watch of a gateway, expected to be there from *moment* on if it is new."""
        found = self.gateways.get(gateway)
        if found is None:
            found = self.gateways[gateway] = GatewayWatch(gateway, moment.at_ms, self._settings, self._tell)
        return found

    def owner(self, standing: Standing) -> Watch | GatewayWatch | House | Faults:
        """The watch that holds *standing*."""
        if standing.subject == house.SUBJECT:
            return self.house
        if standing.subject == faults.SUBJECT:
            return self.faults
        if standing.patient is None:
            return self.gateways[standing.subject.removeprefix(SUBJECT)]
        return self.watches[standing.subject]

    def standings(self) -> Iterator[Standing]:
        """Every condition there is."""
        for watch in self.watches.values():
            yield from watch.standings()
        for gateway in self.gateways.values():
            yield from gateway.standings()
        yield from self.house.standings()
        yield from self.faults.standings()

    def wore(self, sensor: str, patient: str, utc_ms: int) -> bool:
        """Whether *sensor* was on *patient* at that moment."""
        return any(bound.patient == patient and bound.covers(utc_ms) for bound in self.bindings.get(sensor, ()))

    def wearer(self, sensor: str, utc_ms: int) -> Watch | None:
        """Who wore *sensor* at that moment."""
        for bound in self.bindings.get(sensor, ()):
            if bound.covers(utc_ms):
                return self.watches[bound.patient]
        return None

    def carriers(self) -> set[str]:
        """Gateways through which the sensors of those who are watched just now were last heard."""
        return {
            worn.kept.gateway
            for watch, worn in self.worn.values()
            if worn.kept.gateway and watch.plan is not None and not watch.suspended
        }

    # Across restarts

    def keep(self, watches: Iterable[Watch], gateways: Iterable[GatewayWatch]) -> list[State]:
        """What was heard of these, and every condition of theirs that moved."""
        states: list[State] = []
        for watch in watches:
            sensors = {
                LEFT: SensorKept(metrics=watch.left),
                **{sensor: worn.kept for sensor, worn in watch.sensors.items()},
            }
            states.append(State(watch.patient.id, HEARD, _ENCODER.encode(sensors)))
            states += [State(moved.subject, moved.key, moved.keep()) for moved in watch.changed]
            watch.changed.clear()
            states += [State(watch.patient.id, name, state) for name, state in watch.arranged.keep().items()]
            results = watch.results.keep()
            if results is not None:
                states.append(State(watch.patient.id, KEPT, results))
        for gateway in gateways:
            states.append(State(gateway.offline.subject, HEARD, _ENCODER.encode(gateway.kept)))
            states += [State(standing.subject, standing.key, standing.keep()) for standing in gateway.standings()]
        if self.house.changed:
            self.house.changed = False
            states += [State(standing.subject, standing.key, standing.keep()) for standing in self.house.standings()]
        if self.faults.changed:
            self.faults.changed = False
            states += [State(fault.subject, fault.key, fault.keep()) for fault in self.faults.standings()]
        return states

    def recall(self, states: Iterable[State]) -> None:
        """Take up what was heard, before :meth:`apply`: sensors find what is theirs when they are put on."""
        for row in states:
            if row.condition == HEARD and row.state is not None and ":" not in row.subject:
                for sensor, kept in _SENSORS.decode(row.state).items():
                    self._kept[row.subject, sensor] = kept
                    self._marks[sensor] = kept.marks

    def restore(self, states: Iterable[State], moment: Moment) -> list[State]:
        """Take up conditions, after :meth:`apply`; rows that are about nothing any more come back, to be removed."""
        left: list[State] = []
        for row in states:
            assert row.state is not None
            if row.subject == house.SUBJECT:
                _restore(self.house.standings(), row.condition, row.state)
            elif row.subject == faults.SUBJECT:
                self.faults.restore(row.condition, row.state)
            elif row.subject.startswith(SUBJECT):
                self._restore_gateway(self.gateway(row.subject.removeprefix(SUBJECT), moment), row.condition, row.state)
            elif row.condition not in {HEARD, hindsight.CONDITION}:
                watch = self.watches.get(row.subject)
                if watch is None or not watch.restore(row.condition, row.state):
                    left.append(State(row.subject, row.condition, None))
        return left

    def _restore_gateway(self, gateway: GatewayWatch, condition: str, state: bytes) -> None:
        if condition == HEARD:
            gateway.kept = _GATEWAY.decode(state)
        _restore(gateway.standings(), condition, state)

    def _take_off(self, person: Enrolled, moment: Moment) -> None:
        """Before anything is put on: a sensor that changes hands brings how far it was evaluated, and no value."""
        watch = self.watches[person.patient.id]
        wears = {bound.sensor for bound in person.bindings if bound.until_utc_ms is None}
        for sensor in [sensor for sensor in watch.sensors if sensor not in wears]:
            self._marks[sensor] = watch.take_off(sensor, moment).marks
            del self.worn[sensor]

    def _put_on(self, person: Enrolled, moment: Moment) -> None:
        watch = self.watches[person.patient.id]
        profile, refused = self._of(person)
        left = self._kept.pop((person.patient.id, LEFT), None)
        if left is not None:
            watch.left.update(left.metrics)
        watch.prescribe(person.plan, profile, _since(person.plan, moment), moment, refused=refused)
        for place, bound in enumerate(person.bindings):
            self.bindings[bound.sensor] = [*self.bindings.get(bound.sensor, ()), bound]
            if bound.until_utc_ms is None:
                kept = self._kept.pop((bound.patient, bound.sensor), None)
                kept = kept or SensorKept(marks=self._marks.get(bound.sensor, {}))
                worn = watch.wear(bound.sensor, _on_timeline(bound.from_utc_ms, moment), place, kept)
                self.worn[bound.sensor] = (watch, worn)

    def _of(self, person: Enrolled) -> tuple[Profile, str]:
        """The profile in force for a patient, scaled, and why it is not the one that the plan comes to."""
        plan = person.plan
        if plan is None or not (plan.profile or plan.limits):
            return self._settings.profile, ""
        profile, refused = in_force(plan, self._profile)
        if refused:
            _log.error("limits of patient %s cannot be used: %s", person.patient.id, refused)
        return profile.scaled(self._time_scale), refused


def _restore(standings: Iterable[Standing], condition: str, state: bytes) -> None:
    for standing in standings:
        if standing.key == condition:
            standing.restore(state)


def _since(plan: Plan | None, moment: Moment) -> int:
    return moment.at_ms if plan is None else _on_timeline(plan.from_utc_ms, moment)


def _on_timeline(utc_ms: int, moment: Moment) -> int:
    """A moment in the registry's UTC on the desk's timeline; never after *moment*."""
    return moment.at_ms - max(0, moment.utc_ms - utc_ms)
