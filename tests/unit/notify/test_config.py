"""The section [notify]: everything can be said, and what cannot be is refused in one line that names the key."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.notify_scene import NOON, section, settings

from vitals.alarms.escalation import DEFAULT_PLANS, Stage
from vitals.alarms.limits import Priority
from vitals.errors import ConfigurationError
from vitals.notify import config
from vitals.notify.schedule import on_call
from vitals.registry import Responsible

PAGE = (Path(__file__).parents[3] / "docs" / "notify.md").read_text("utf-8")


def test_an_empty_section_tells_nobody() -> None:
    assert config.read({}) is None


def test_the_defaults_are_those_of_the_safety_requirements() -> None:
    found = settings()
    assert found.plans == DEFAULT_PLANS
    assert [(stage.to, stage.after_s) for stage in found.plans[Priority.HIGH].stages] == [
        ("owner", 0),
        ("team", 30),
        ("charge_nurse", 60),
        ("phone", 120),
    ]
    assert [stage.after_s for stage in found.plans[Priority.MEDIUM].stages] == [0, 120, 300]


def test_a_self_test_is_daily_unless_it_is_switched_off() -> None:
    said = section()
    del said["self_test_at"]
    found = config.read(said)
    assert found is not None
    assert (found.self_test, settings(self_test_at="").self_test) == (540, None)


def test_the_documented_example_is_a_section_that_works() -> None:
    text = PAGE.split("```toml\n")[1].split("```")[0]
    found = config.read(tomllib.loads(text)["notify"])
    assert found is not None
    directory = found.directory
    assert directory.zone.key == "Europe/Oslo"
    for to in ("owner", "team", "charge_nurse", "phone"):
        assert directory.find(to, Responsible("ingrid", "omar"), NOON), to
    assert found.plans[Priority.MEDIUM].stages[-1] == Stage("charge_nurse", 300)
    rota = directory.teams["ward-a"].duties["charge_nurse"]
    assert on_call(rota, directory.zone, NOON)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_zone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"time_zone": 3}, "time_zone"),
        ({"tme_zone": "UTC"}, "tme_zone"),
        ({"recipients": {"a b": {"channels": ["memory://"]}}, "teams": {}, "default_team": ""}, "'a b' is no name"),
        ({"recipients": {"a": {"channels": []}}}, r"recipients\.a: channels needs at least one"),
        ({"recipients": {"a": {"channels": ["x"], "least": "urgent"}}}, "must be low, medium or high"),
        ({"default_team": "ward-z"}, "default_team: there is no team 'ward-z'"),
        ({"teams": {"ward-a": {"members": ["stranger"]}}, "technical_team": ""}, "'stranger' is no recipient"),
        ({"self_test_at": "9:00"}, "self_test_at: '9:00' is no time of day"),
        ({"chains": {"urgent": {"stages": []}}}, "'urgent' is no priority"),
        ({"chains": {"high": {"stages": []}}}, "somebody must be told of a high"),
        ({"chains": {"high": {"stages": [{"to": "boss", "after_s": 0}]}}}, "no team has a duty 'boss'"),
        ({"chains": {"high": {"stages": [{"to": "owner", "after_s": -1}]}}}, "after_s must not fall"),
        (
            {"chains": {"low": {"stages": [{"to": "owner", "after_s": 9}, {"to": "team", "after_s": 3}]}}},
            "after_s must not fall",
        ),
        ({"chains": {"high": {"stages": [{"to": "owner", "after_s": 0}], "repeat_s": 0}}}, "repeat_s be positive"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        config.read(section(**changes))
    assert "\n" not in str(caught.value)


def duty(**said: Any) -> dict[str, Any]:
    return {"teams": {"ward-a": {"duties": {"phone": said}}}, "technical_team": ""}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (duty(shifts=[{"between": ["07:00", "19:00"]}]), "each shift needs people"),
        (duty(shifts=[{"between": ["07:00", "25:00"], "people": ["nurse-1"]}]), "'25:00' is no time of day"),
        (duty(shifts=[{"between": ["07:00", "19:00"], "people": ["nurse-1"], "days": ["monday"]}]), "days must be of"),
        (duty(rotation={"people": [], "since": "2026-01-05", "hand_over": "08:00"}), "it needs people"),
        (duty(rotation={"people": ["x"], "since": "2026-01-05", "hand_over": "08:00"}), "'x' is no recipient"),
        (
            duty(swaps=[{"people": [], "since": "2026-01-02T00:00:00", "until": "2026-01-01T00:00:00"}]),
            "since must lie",
        ),
        (duty(swaps=[{"people": [], "since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00"}]), "no offset"),
        ({"teams": {"ward-a": {"duties": {"owner": {}}}}, "technical_team": ""}, "'owner' cannot be a duty"),
        ({"recipients": {"a": {"channels": ["x"], "hours": [{"between": ["1", "2"]}]}}}, "'1' is no time"),
        (
            {"recipients": {"a": {"channels": ["x"], "hours": [{"between": ["00:00", "02:00"], "people": ["b"]}]}}},
            "they name no people",
        ),
    ],
)
def test_a_rota_that_cannot_be(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        config.read(section(**changes))


def test_a_secret_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        config.read(section(recipients={"a": {"channels": ["ntfy://me:secret@host/topic"], "least": "x"}}))
    assert "secret" not in str(caught.value)
