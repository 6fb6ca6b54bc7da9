"""The ``[scores]`` table of a profile: what it may say, and one clear line for what it may not."""

import pytest

from vitals.alarms import profile as profiles
from vitals.alarms.limits import Priority
from vitals.alarms.score_rule import ScoreRule
from vitals.errors import ConfigurationError

ADULT = profiles.built_in("adult")


def test_a_score_is_prescribed_over_the_profile_and_can_be_prescribed_off() -> None:
    assert ADULT.scores == {}
    ward = profiles.parse('name = "ward"\n[spo2]\n[scores]\nnews2 = {}\nqsofa = { clear_s = 60 }\n')
    assert ward.scores == {"news2": ScoreRule(), "qsofa": ScoreRule(clear_s=60)}
    own = profiles.prescribe(ward, "[scores]\nnews2 = { spo2_scale = 2, window_s = 0 }\nqsofa = false\n")
    assert own.scores == {"news2": ScoreRule(spo2_scale=2, window_s=0)}
    assert profiles.prescribe(ward, "").scores == ward.scores


def test_priorities_are_by_response_and_times_are_scaled() -> None:
    text = '[scores.news2]\npriorities = { low_medium = "low", medium = "high" }\n'
    rule = profiles.prescribe(ADULT, text).scaled(0.1).scores["news2"]
    assert rule.priorities == {"low_medium": Priority.LOW, "medium": Priority.HIGH}
    assert (rule.window_s, rule.clear_s) == (6, 30)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("scores = 3", "scores must be a table"),
        ("[scores]\nNEWS2 = {}", "scores.NEWS2 is no name"),
        ("[scores]\nnews2 = true", "scores.news2 must be a table"),
        ("[scores]\nnews2 = { spo2_scale = 3 }", "scores.news2.spo2_scale is 1 or"),
        ("[scores]\nnews2 = { spo2_scale = true }", "scores.news2.spo2_scale is 1 or"),
        ("[scores]\nnews2 = { scale = 2 }", "scores.news2.scale is no key"),
        ("[scores]\nnews2 = { clear_s = -1 }", "scores.news2.clear_s -1 is no number"),
        ("[scores]\nnews2 = { window_s = inf }", "scores.news2.window_s inf is no number"),
        ("[scores]\nnews2 = { priorities = 1 }", "scores.news2.priorities must be a table"),
        ('[scores]\nnews2 = { priorities = { high = "loud" } }', "scores.news2.priorities.high 'loud' is not"),
    ],
)
def test_what_cannot_be_prescribed_is_named(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        profiles.prescribe(ADULT, text)
