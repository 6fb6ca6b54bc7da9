"""Whatever a sensor can say, for property tests."""

from hypothesis import strategies as st

from vitals.gatt.heart_rate_measurement import HeartRateMeasurement
from vitals.gatt.ieee11073 import Number, decode_sfloat
from vitals.gatt.plx_continuous_measurement import PlxContinuousMeasurement
from vitals.gatt.plx_features import PlxFeatures
from vitals.gatt.plx_spot_check_measurement import PlxSpotCheckMeasurement

U16 = st.integers(0, 0xFFFF)
U24 = st.integers(0, 0xFFFFFF)
OCTET = st.integers(0, 0xFF)
SFLOATS: st.SearchStrategy[Number] = U16.map(decode_sfloat)

HEART_RATES = st.builds(
    HeartRateMeasurement,
    bpm=st.one_of(OCTET, U16),
    contact=st.one_of(st.none(), st.booleans()),
    energy_kj=st.one_of(st.none(), U16),
    rr_1024=st.lists(U16, max_size=9).map(tuple),
)

TIMESTAMPS = st.builds(
    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format,
    U16,
    OCTET,
    OCTET,
    OCTET,
    OCTET,
    OCTET,
)

SPOT_CHECKS = st.builds(
    PlxSpotCheckMeasurement,
    spo2=SFLOATS,
    pr=SFLOATS,
    timestamp=st.one_of(st.none(), TIMESTAMPS),
    measurement_status=st.one_of(st.none(), U16),
    device_status=st.one_of(st.none(), U24),
    pai=st.one_of(st.none(), SFLOATS),
    clock_not_set=st.booleans(),
)


@st.composite
def continuous(draw: st.DrawFn) -> PlxContinuousMeasurement:
    pairs = st.one_of(st.just((None, None)), st.tuples(SFLOATS, SFLOATS))
    spo2_fast, pr_fast = draw(pairs)
    spo2_slow, pr_slow = draw(pairs)
    return PlxContinuousMeasurement(
        spo2=draw(SFLOATS),
        pr=draw(SFLOATS),
        spo2_fast=spo2_fast,
        pr_fast=pr_fast,
        spo2_slow=spo2_slow,
        pr_slow=pr_slow,
        measurement_status=draw(st.one_of(st.none(), U16)),
        device_status=draw(st.one_of(st.none(), U24)),
        pai=draw(st.one_of(st.none(), SFLOATS)),
    )


@st.composite
def features(draw: st.DrawFn) -> PlxFeatures:
    measurement = draw(st.one_of(st.none(), U16))
    device = draw(st.one_of(st.none(), U24))
    bits = draw(U16) & ~0x03
    return PlxFeatures(
        features=bits | (measurement is not None) | ((device is not None) << 1),
        measurement_status_support=measurement,
        device_status_support=device,
    )
