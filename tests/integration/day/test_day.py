"""A day of simulated patients in small: nothing missed, all of it recorded, the same again from the same seed."""

import json

import pytest
from benchmarks.day import figures, judge, report
from benchmarks.day.__main__ import main
from benchmarks.day.script import Scripted, person
from benchmarks.day.ward import Setting, live
from tests.counts import count

from vitals.alarms.profile import built_in


def day(**changes: object) -> figures.Ward:
    setting = {"seed": 7, "ward": 0, "patients": 5, "hours": count(short=1, long=8) / 4, "busy": 40.0}
    return figures.of_ward(live(Setting(profile=built_in("adult"), **(setting | changes))))  # type: ignore[arg-type]


def test_a_busy_hour_misses_nothing_and_records_all_that_was_told() -> None:
    ward = day()
    assert ward.verdicts
    assert [verdict for verdict in ward.verdicts if verdict.outcome == "missed"] == []
    assert ward.unsound == []
    high = [episode for episode in ward.episodes if episode.priority == "high" and episode.over_s is not None]
    assert all(episode.acknowledged_s is not None for episode in high)  # S14: none is over unless somebody took it on
    figures_of = figures.of_day([ward]) | {"seed": 7, "profile": "adult", "took_s": 1}
    assert "| **events missed** | **0** |" in report.text(figures_of)
    json.dumps(figures_of)


def test_what_nobody_alarmed_is_missed() -> None:
    """The judge can say so: the same day with the alarms taken out of it."""
    happened = live(
        Setting(seed=7, ward=0, patients=2, hours=0.1, profile=built_in("adult"), busy=300.0),
    )
    happened.told, happened.missed, happened.suspended = [], [], []
    assert "missed" in {verdict.outcome for verdict in judge.verdicts(happened, [])}


def test_an_event_calls_for_the_most_urgent_alarm_that_its_values_last_for() -> None:
    one = person(0, 600, (1, 1))
    one.lower_limits = False
    one.spo2[:] = 97
    one.spo2[100:104] = 78
    one.spo2[104:160] = 84
    one.scripted = [Scripted("deep desaturation", "spo2.low", 90, 200)]
    (demand,) = judge.demands(one)
    assert (demand.priority, demand.start_s, demand.end_s) == ("high", 100, 160)


def test_what_cannot_be_run_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--profile", "nowhere.toml"]) == 2
    assert capsys.readouterr().err.startswith("benchmarks.day: ")
