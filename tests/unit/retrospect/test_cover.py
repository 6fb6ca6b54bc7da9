"""How long a value was lacking: as a file's coverage says it, one stretch after the other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vitals.alarms.replay import Recorded, coverage
from vitals.codes import Metric
from vitals.observation import Missing, Observation, absent, observe
from vitals.retrospect.cover import Cover
from vitals.retrospect.period import Period

SPO2, PULSE = Metric.SPO2, Metric.PULSE_RATE


def covered(moments: list[Recorded], until_ms: int, wanted: tuple[Metric, ...] = (SPO2,), parts: int = 1) -> Cover:
    cover = Cover()
    edges = [until_ms * part // parts for part in range(parts + 1)]
    for begins, ends in pairwise(edges):
        said = [moment for moment in moments if begins <= moment.at_ms < ends]
        cover.take(Period(begins, ends), wanted, said)
    cover.leave(until_ms)
    return cover


def said(value: float | None) -> Observation:
    return absent(SPO2, Missing.SENSOR_OFF) if value is None else observe(SPO2, value)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([97.0, None])), min_size=1, max_size=60),
    st.integers(1, 4),
)
def test_a_file_and_a_store_agree(course: list[tuple[int, float | None]], parts: int) -> None:
    steady = [(at_s, 97.0) for at_s in range(12)]  # so that both know the usual interval
    moments, at_s = [Recorded(1000 * second, (said(value),)) for second, value in steady], 12
    for pause_s, value in course:
        at_s += max(0, pause_s - 30)  # mostly none
        moments.append(Recorded(1000 * at_s, (said(value),)))
        at_s += 1
    expected = coverage(moments)
    found = covered(moments, 1000 * at_s, parts=parts)
    assert found.length_ms / 1000 == expected.seconds
    assert found.missing_s == expected.missing_s


def test_of_several_metrics_one_is_enough_and_a_moment_counts_once() -> None:
    moments = [Recorded(1000 * at_s, (said(None if 10 <= at_s < 20 else 97), *pulse(at_s))) for at_s in range(60)]
    assert covered(moments, 60_000, (SPO2, PULSE)).missing_s == {"sensor_off": 15.0}
    assert covered(moments, 60_000, (SPO2,)).missing_s == {"sensor_off": 10.0}


def pulse(at_s: int) -> tuple[Observation, ...]:
    return (absent(PULSE, Missing.SENSOR_OFF) if 15 <= at_s < 25 else observe(PULSE, 70),)


def test_what_was_never_heard_is_a_gap() -> None:
    assert covered([], 600_000, parts=4).missing_s == {"gap": 600.0}
