"""Whatever a gateway can put on the wire, for property tests."""

from hypothesis import strategies as st
from tests.unit.gatt.strategies import HEART_RATES, SPOT_CHECKS, continuous

from vitals.codes import Attribute, Metric
from vitals.gatt import heart_rate_measurement, plx_continuous_measurement, plx_spot_check_measurement, read
from vitals.observation import Missing, Observation, Reading, Validity
from vitals.wire.bodies import Clock, ClockState, Column, Data, Gap, Rejected, Void
from vitals.wire.columns import Row
from vitals.wire.header import MAX_MS

U63 = st.integers(0, 2**63 - 1)
U64 = st.integers(0, 2**64 - 1)
MILLISECONDS = st.integers(-MAX_MS, MAX_MS)
RAW = st.one_of(st.integers(-40000, 40000), st.integers(-(2**31), 2**31 - 1))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def readings_of(characteristic: str) -> st.SearchStrategy[Reading]:
    """Readings as notifications of one characteristic give them."""
    payloads = {
        "2A37": HEART_RATES.map(heart_rate_measurement.encode),
        "2A5E": SPOT_CHECKS.map(plx_spot_check_measurement.encode),
        "2A5F": continuous().map(plx_continuous_measurement.encode),
        "2A19": st.binary(min_size=1, max_size=1),
    }
    return payloads[characteristic].map(lambda payload: read(characteristic, payload))


READINGS = st.builds(
    Reading,
    observations=st.lists(
        st.builds(
            Observation,
            metric=st.sampled_from(Metric),
            raw=RAW,
            validity=st.sampled_from(Validity),
            missing=st.sampled_from(Missing),
        ),
        max_size=6,
    ).map(tuple),
    attributes=st.dictionaries(st.sampled_from(Attribute), RAW, max_size=4),
    device_time=st.one_of(st.none(), TEXT),
)
"""Any reading at all, in any order of metrics."""


@st.composite
def rows_of(draw: st.DrawFn, readings: st.SearchStrategy[Reading]) -> list[Row]:
    at_ms = draw(st.integers(0, 2**40))
    rows = []
    for reading in draw(st.lists(readings, min_size=1, max_size=12)):
        rows.append(Row(at_ms, reading))
        at_ms += draw(st.one_of(st.integers(0, 5000), st.integers(0, 2**32 - 1)))
    return rows


COLUMNS = st.builds(
    Column,
    code=st.integers(0, 20),
    values=st.binary(max_size=16),
    rows=st.binary(max_size=8),
    quality=st.binary(max_size=6),
)
RANGES = st.dictionaries(U64, st.lists(st.tuples(U63, U63), max_size=3), max_size=3)
BODIES = st.one_of(
    st.builds(Clock, at_ms=MILLISECONDS, utc_offset_ms=MILLISECONDS, state=st.sampled_from(ClockState)),
    st.builds(Void, ranges=RANGES, reason=TEXT, counts=st.dictionaries(TEXT, U63, max_size=2), from_ms=MILLISECONDS),
    st.builds(
        Gap,
        sensor=TEXT,
        characteristic=TEXT,
        reason=TEXT,
        from_boot=U64,
        from_ms=MILLISECONDS,
        to_boot=U64,
        to_ms=MILLISECONDS,
    ),
    st.builds(
        Data,
        utc_offset_ms=MILLISECONDS,
        clock=st.sampled_from(ClockState),
        blocks=st.just([]),
        rejected=st.lists(
            st.builds(Rejected, TEXT, TEXT, at_ms=MILLISECONDS, payload=st.binary(max_size=20), reason=TEXT), max_size=2
        ),
    ),
)
