"""Whenever it is sealed, a store answers the same."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.batches import EPOCH, arrival, data
from tests.integration.series.sealing import answers, seal

from vitals.series.base import Arrival
from vitals.series.memory import MemorySeries

batch = st.builds(
    lambda seq, at_s, values, epoch: arrival(seq, data(values, at_ms=at_s * 1000), epoch=epoch),
    st.integers(1, 12),
    st.integers(0, 2400),
    st.lists(st.sampled_from([97.0, 88.5, None]), min_size=1, max_size=4),
    st.sampled_from([EPOCH, 3]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.lists(batch, max_size=5), st.booleans(), st.integers(0, 30)), max_size=8))
def test_sealing_at_any_time_changes_nothing(steps: list[tuple[list[Arrival], bool, int]]) -> None:
    sealed, plain = MemorySeries(), MemorySeries()
    for arrivals, do_seal, upto in steps:
        sealed.commit(arrivals)
        plain.commit(arrivals)
        if do_seal:
            seal(sealed, upto)
    assert answers(sealed) == answers(plain)
