"""The screen before ``step`` changes nothing: the desk tells what ``step`` alone would tell, value by value."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counts import count
from tests.desk_scene import OXIMETER, OXIMETRY, Scene

from vitals.alarms.crossing import CALM, Measured, step
from vitals.alarms.limits import Side, rule
from vitals.alarms.profile import built_in
from vitals.codes import Metric
from vitals.observation import Missing

SPELLS = st.lists(
    st.tuples(
        st.sampled_from([97.0, 92.0, 91.99, 91.0, 90.0, 89.99, 85.0, 84.99, 80.0, 79.0, Missing.NAN]),
        st.integers(1, 25),
        st.sampled_from([1, 1, 1, 7, 16]),
    ),
    max_size=12,
)


@settings(max_examples=count(short=15, long=500))
@given(SPELLS)
def test_the_desk_tells_what_step_tells(spells: list[tuple[float | Missing, int, int]]) -> None:
    by = rule(Metric.SPO2, built_in("adult").at(720)[Metric.SPO2], Side.LOW, held_s=15)
    assert by is not None
    scene = Scene()
    state, expected = CALM, []
    for value, values, apart_s in spells:
        for _ in range(values):
            scene.clock.advance(1000 * apart_s)
            scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: value})
            if not isinstance(value, Missing):
                now_ms = scene.clock.monotonic_ms()
                event = Measured(value, 77, now_ms + 5_000_000, by)
                state, transitions = step(state, event, now_ms, realarm_ms=600_000)
                expected += [(of.alarm.version, of.alarm.priority.label, of.alarm.value) for of in transitions]
    told = [(alarm.version, alarm.priority, alarm.value) for alarm in scene.told if alarm.condition == "spo2.low"]
    scene.close()
    assert told == expected
