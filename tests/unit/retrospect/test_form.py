"""Limits as rows, and back."""

import pytest

from vitals.alarms.profile import UNGUARDED, built_in, parse, prescribe
from vitals.errors import ConfigurationError
from vitals.retrospect.form import Form, Row, described, form_of, lacking, profile_of, toml_of

NIGHT = """
name = "n"
[spo2]
hysteresis = 1.5
limits = [{ below = 88.5, delay_s = 20, priority = "medium" }, { below = 80, samples = 3, priority = "high" }]
[respiratory_rate]
hysteresis = 1
limits = [{ above = 25, delay_s = 60, priority = "low" }]
[[override]]
between = ["09:30", "11:00"]
spo2.limits = [{ below = 84, delay_s = 20, priority = "medium" }]
[[override]]
between = ["22:00", "06:00"]
spo2.limits = [{ below = 86, delay_s = 20, priority = "medium" }, { below = 82, delay_s = 5, priority = "high" }]
"""
RATES = """
name = "r"
[spo2]
hysteresis = 2
average_s = 10
limits = [{ below = 90, delay_s = 15, priority = "medium" }]
falls = [{ by = 4, within_s = 60, priority = "medium" }]
[[override]]
between = ["22:00", "07:00"]
spo2.falls = [{ by = 6, within_s = 60, delay_s = 3, priority = "medium" }]
"""
PRESCRIBED = "[heart_rate]\nlimits = [{ above = 110, delay_s = 15, priority = 'medium' }]"


@pytest.mark.parametrize(
    "profile",
    [built_in("adult"), built_in("copd"), parse(NIGHT), parse(RATES), prescribe(built_in("adult"), PRESCRIBED)],
    ids=["adult", "copd", "night", "rates", "prescribed"],
)
def test_a_profile_comes_back_from_its_rows(profile: object) -> None:
    assert isinstance(profile, type(built_in("adult")))
    form = form_of(profile)
    again = profile_of(form)
    for minute in range(0, 24 * 60, 30):
        ours = {metric: (of.hysteresis, of.average_s, set(of.limits)) for metric, of in profile.at(minute).items()}
        assert {
            metric: (of.hysteresis, of.average_s, set(of.limits)) for metric, of in again.at(minute).items()
        } == ours, minute
    assert not lacking(profile, form)
    assert form_of(again) == form


def test_the_adult_rows_are_those_of_the_file() -> None:
    rows = form_of(built_in("adult")).limits
    assert len(rows) == 8
    (night,) = (row for row in rows if row.between is not None)
    assert (night.metric, night.side, night.value, night.between) == ("heart_rate", "below", 45, ("22:00", "07:00"))


def test_what_a_form_does_not_hold_is_noticed() -> None:
    form = form_of(built_in("adult"))
    assert lacking(built_in("adult"), Form(hysteresis=form.hysteresis, limits=form.limits[1:]))
    changes = 'name = "h"\n[spo2]\nhysteresis = 2\nlimits = [{ below = 90, delay_s = 15, priority = "medium" }]\n'
    by_night = parse(changes + '[[override]]\nbetween = ["22:00", "07:00"]\nspo2.hysteresis = 3\n')
    assert lacking(by_night, form_of(by_night))
    assert not lacking(UNGUARDED, form_of(UNGUARDED))


def test_what_cannot_be_a_limit_is_refused_in_the_profile_s_words() -> None:
    row = Row(metric="spo2", side="below", value=400, after=5, priority="high")
    with pytest.raises(ConfigurationError, match=r"spo2.limits\[0\].below 400 is no number from 1 to 100"):
        profile_of(Form(limits=[row]))
    with pytest.raises(ConfigurationError, match="guards no metric"):
        profile_of(Form())
    with pytest.raises(ConfigurationError, match="no metric"):
        profile_of(Form(limits=[Row(metric='x"\n[a', side="below", value=1, after=1, priority="low")]))


def test_every_metric_that_may_be_guarded_is_described() -> None:
    assert {"spo2", "heart_rate", "temperature"} <= {each.metric for each in described()}
    assert {"ecg", "battery"}.isdisjoint(each.metric for each in described())
    assert 'name = "a \\"b\\""' in toml_of(Form(name='a "b"'))
