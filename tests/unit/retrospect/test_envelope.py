"""What a picture is made of."""

from vitals.alarms.replay import Recorded
from vitals.codes import Metric
from vitals.observation import Missing, absent, observe
from vitals.retrospect.envelope import COLUMNS, Envelope
from vitals.retrospect.period import Period

MONTH_MS = 30 * 86_400_000
SPO2 = Metric.SPO2


def test_s17_one_low_value_in_a_month_is_still_drawn() -> None:
    envelope = Envelope(Period(0, MONTH_MS))
    for minute in range(30 * 24 * 60):
        envelope.take(Recorded(60_000 * minute, (observe(SPO2, 79 if minute == 20_000 else 97),)))
    band = envelope.bands[SPO2]
    assert envelope.columns <= COLUMNS
    assert [low for low in band.low if low != 97] == [79]
    assert set(band.high) == {97}


def test_a_gap_is_a_gap_and_a_short_course_has_none() -> None:
    envelope = Envelope(Period(0, 600_000))
    for second in range(600):
        value = absent(SPO2, Missing.SENSOR_OFF) if 100 <= second < 200 else observe(SPO2, 97)
        envelope.take(Recorded(1000 * second, (value,)))
    assert [place for place, low in enumerate(envelope.bands[SPO2].low) if low is None] == list(range(20, 40))


def test_what_lies_outside_is_left_out() -> None:
    envelope = Envelope(Period(10_000, 20_000))
    for at_ms in (9_999, 20_000):
        envelope.take(Recorded(at_ms, (observe(SPO2, 80),)))
    assert envelope.bands == {}
