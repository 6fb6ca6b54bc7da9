"""Replay and the live watch say the same of the same rows: limits, averaging and rates of change, by time of day."""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counts import count

from vitals.alarms import replay
from vitals.alarms.crossing import Acknowledged
from vitals.alarms.machine import Change, Phase, Transition
from vitals.alarms.profile import Profile, built_in, parse
from vitals.alarms.replay import Recorded
from vitals.codes import Metric
from vitals.collector.base import Heard
from vitals.collector.channel import SensorKept
from vitals.collector.settings import Settings
from vitals.collector.standing import Moment, Standing, Transitions, show
from vitals.collector.watch import Watch
from vitals.delays import Delays
from vitals.observation import Missing, Observation, Reading, absent, observe
from vitals.registry import Patient
from vitals.wire.columns import Row

MIDNIGHT_MS = 1_799_971_200_000
BOOT = 7
SENSOR = "F0:00:00:00:01:02"
PATIENT = Patient(id="p-1", family="Halvorsen", given="Ingrid", birth_date="1951-03-14", record_number="R-1")

RATES = """
name = "rates"
[spo2]
hysteresis = 2
average_s = {average_s}
falls = [{{ by = 4, within_s = 30, priority = "medium" }}, {{ by = 8, within_s = 60, priority = "high" }}]
limits = [
    {{ below = 90, delay_s = {delay_s}, priority = "medium" }},
    {{ below = 85, delay_s = 5, priority = "high" }},
    {{ below = 80, samples = 3, priority = "high" }},
]
[heart_rate]
average_s = 5
rises = [{{ by = 30, within_s = 20, delay_s = 2, priority = "medium" }}]
limits = [{{ above = 120, delay_s = 5, priority = "medium" }}]
[[override]]
between = ["22:00", "07:00"]
spo2.average_s = 0
spo2.rises = [{{ by = 6, within_s = 15, priority = "low" }}]
heart_rate.falls = [{{ by = 20, within_s = 60, priority = "medium" }}]
"""

PROFILES = st.one_of(
    st.sampled_from([built_in("adult"), built_in("copd")]),
    st.builds(
        lambda average_s, delay_s: parse(RATES.format(average_s=average_s, delay_s=delay_s)),
        st.sampled_from([0, 10, 42]),
        st.sampled_from([0, 5, 15]),
    ),
)
SPELLS = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.sampled_from([400, 1000, 1000, 1000, 4000, 15_000, 16_000]),
        st.sampled_from([None, 70.0, 79.0, 84.0, 86.0, 89.0, 90.0, 91.0, 93.0, 97.0]),
        st.sampled_from([None, 44.0, 70.0, 105.0, 125.0]),
        st.sampled_from([None, None, 60.0, 130.0]),
    ),
    max_size=10,
)
BEGINS_MS = st.sampled_from([12 * 3_600_000, 7 * 3_600_000 - 20_000, 22 * 3_600_000 - 20_000])


class Said(NamedTuple):
    """What both say of one episode; which metric acted, and on which side."""

    metric: str
    side: str
    alarm_ms: int
    priority: str
    limit: float | None
    over_s: float | None
    end_ms: int | None


class Live:
    """A watch that hears rows as they are observed; a high that ended is acknowledged at once, as replay does."""

    def __init__(self, profile: Profile, begins_ms: int) -> None:
        self.over: list[Said] = []
        self.lasting: dict[str, Said] = {}
        self.begins_ms = MIDNIGHT_MS + begins_ms
        self.watch = Watch(PATIENT, Settings(delays=Delays(), profile=profile), self._tell)
        self.watch.prescribe(None, profile, 0, self._moment(0))
        self.worn = self.watch.wear(SENSOR, 0, 0, SensorKept())

    def hear(self, recorded: Recorded) -> None:
        received = self._moment(recorded.at_ms)
        self.watch.enforce(received.utc_ms)
        row = Row(recorded.at_ms, Reading(recorded.observations))
        heard = Heard(
            sensor=SENSOR,
            characteristic="2A5F",
            listed=[row],
            utc_offset_ms=self.begins_ms,
            boot=BOOT,
            receipt_ms=recorded.at_ms,
        )
        self.watch.hear(self.worn, heard, row, received)
        for standing in self.watch.standings():
            if standing.state.alarm.phase is Phase.ENDED:
                self.watch.act(standing, Acknowledged(), received)

    def _moment(self, at_ms: int) -> Moment:
        return Moment(at_ms=at_ms, utc_ms=self.begins_ms + at_ms)

    def _tell(self, standing: Standing, transitions: Transitions, moment: Moment) -> None:
        for each in transitions:
            standing.shown = show(standing, each, moment)
            self._follow(standing, each)

    def _follow(self, standing: Standing, each: Transition) -> None:
        alarm, key = each.alarm, standing.condition
        if each.change is Change.RAISED:
            assert standing.source is not None
            source, side = standing.source.label, standing.condition.rpartition(".")[2]
            self.lasting[key] = Said(source, side, each.at_ms, alarm.priority.label, alarm.limit, alarm.over_s, None)
        elif each.change is Change.ENDED:
            self.over.append(self.lasting.pop(key)._replace(end_ms=each.at_ms))
        elif each.change is Change.ESCALATED:
            self.lasting[key] = self.lasting[key]._replace(
                priority=alarm.priority.label, limit=alarm.limit, over_s=alarm.over_s
            )


def course_of(spells: list[tuple[int, int, float | None, float | None, float | None]]) -> list[Recorded]:
    at_ms, course = 0, list[Recorded]()
    for values, apart_ms, *levels in spells:
        for _ in range(values):
            at_ms += apart_ms
            course.append(Recorded(at_ms, tuple(map(_observed, METRICS, levels))))
    return course


METRICS = (Metric.SPO2, Metric.PULSE_RATE, Metric.HEART_RATE)


def _observed(metric: Metric, value: float | None) -> Observation:
    return absent(metric, Missing.NAN) if value is None else observe(metric, value)


@settings(max_examples=count(short=60, long=3000), deadline=None)
@given(PROFILES, SPELLS, BEGINS_MS)
def test_replay_says_what_the_live_watch_tells(
    profile: Profile,
    spells: list[tuple[int, int, float | None, float | None, float | None]],
    begins_ms: int,
) -> None:
    course = course_of(spells)
    live = Live(profile, begins_ms)
    for recorded in course:
        live.hear(recorded)
    situation, over = replay.run(profile, course, begins_ms=begins_ms)
    replayed = [
        Said(
            each.metric.label,
            each.side.value,
            each.alarm_ms,
            each.priority.label,
            each.limit,
            each.over_s,
            each.end_ms,
        )
        for each in (*over, *situation.lasting())
    ]
    assert sorted(replayed) == sorted([*live.over, *live.lasting.values()])
