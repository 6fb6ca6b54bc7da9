"""The screen before ``step`` changes nothing: the desk tells what ``step`` alone would tell, value by value."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counts import count
from tests.desk_scene import OXIMETER, OXIMETRY, Scene

from vitals.alarms.crossing import CALM, Measured, step
from vitals.alarms.limits import Side, rule
from vitals.alarms.profile import Profile, built_in, parse
from vitals.alarms.recent import NOTHING, follow
from vitals.codes import Metric
from vitals.collector import base
from vitals.observation import Missing, Observation, Reading, absent, observe
from vitals.wire import bodies, columns
from vitals.wire.bodies import ClockState, Data

SPELLS = st.lists(
    st.tuples(
        st.sampled_from([97.0, 92.0, 91.99, 91.0, 90.0, 89.99, 85.0, 84.99, 80.0, 79.0, Missing.NAN]),
        st.integers(1, 25),
        st.sampled_from([1, 1, 1, 7, 16]),
    ),
    max_size=12,
)


LOOKING_BACK = parse(
    'name = "n"\n[spo2]\nhysteresis = 2\naverage_s = 10\n'
    'falls = [{ by = 4, within_s = 30, priority = "medium" }]\nrises = [{ by = 6, within_s = 20, priority = "low" }]\n'
    'limits = [{ below = 90, delay_s = 5, priority = "medium" }, { below = 80, samples = 3, priority = "high" }]'
)
Told = tuple[str, int, str, float | None]


class Alone:
    """What ``step`` alone tells of one metric, every value of it."""

    def __init__(self, profile: Profile) -> None:
        limits = profile.at(720)[Metric.SPO2]
        made = {side: rule(Metric.SPO2, limits, side, held_s=15) for side in Side}
        self.rules = {side: by for side, by in made.items() if by is not None}
        self.states = dict.fromkeys(self.rules, CALM)
        self.recent = NOTHING
        self.told: list[Told] = []

    def hear(self, value: float, observed_ms: int, now_ms: int) -> None:
        span_ms = max(by.span_ms for by in self.rules.values())
        self.recent = follow(self.recent, 77, observed_ms, value, span_ms=span_ms, held_ms=15_000)
        for side, by in self.rules.items():
            event = Measured(value, 77, observed_ms, by, self.recent)
            self.states[side], told = step(self.states[side], event, now_ms, realarm_ms=600_000)
            condition = f"spo2.{side.value}"
            self.told += [(condition, each.alarm.version, each.alarm.priority.label, each.alarm.value) for each in told]


def batch(scene: Scene, rows: list[tuple[int, float | Missing]]) -> None:
    """Several notifications that come together, as columns."""
    readings = [
        columns.Row(at_ms, Reading((absent(Metric.SPO2, value) if isinstance(value, Missing) else _spo2(value),)))
        for at_ms, value in rows
    ]
    arrival = scene.arrival(OXIMETER, OXIMETRY, {Metric.SPO2: 97})
    data = Data(
        scene.clock.utc_ms() - arrival.header.published_ms,
        ClockState.SYNCHRONISED,
        [columns.pack(OXIMETER, OXIMETRY, readings)],
    )
    arrival = msgspec.structs.replace(arrival, body=bodies.encode(data))
    scene.desk.observe(arrival, base.heard(arrival))


def _spo2(value: float) -> Observation:
    return observe(Metric.SPO2, value)


@settings(max_examples=count(short=20, long=1000))
@given(SPELLS, st.sampled_from([built_in("adult"), LOOKING_BACK]), st.integers(1, 8))
def test_the_desk_tells_what_step_tells(
    spells: list[tuple[float | Missing, int, int]], profile: Profile, together: int
) -> None:
    scene = Scene(profile=profile)
    alone, rows = Alone(profile), list[tuple[int, float | Missing]]()

    def send() -> None:
        batch(scene, rows)
        for at_ms, value in rows:
            if not isinstance(value, Missing):
                alone.hear(value, at_ms, scene.clock.monotonic_ms())
        rows.clear()

    for value, values, apart_s in spells:
        for _ in range(values):
            scene.clock.advance(1000 * apart_s)
            rows.append((scene.clock.monotonic_ms() + 5_000_000, value))
            if len(rows) >= together or rows[-1][0] - rows[0][0] > 10_000:
                send()
    if rows:
        send()
    told = [
        (alarm.condition, alarm.version, alarm.priority, alarm.value)
        for alarm in scene.told
        if alarm.condition.startswith("spo2.")
    ]
    scene.close()
    assert told == alone.told
