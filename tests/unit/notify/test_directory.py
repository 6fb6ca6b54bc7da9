"""Whom a stage means: the owner or the cover, the owner's team, a duty; nobody is an answer."""

from typing import Any

import msgspec
import pytest
from tests.notify_scene import NOON, SECTION, settings

from vitals.registry import Responsible

NIGHT = NOON + 12 * 3_600_000
OFF_AT_NIGHT = [{"between": ["07:00", "19:00"]}]
OWNER = Responsible("nurse-1", "nurse-2")


def find(to: str, who: Responsible | None, utc_ms: int = NOON, **changes: Any) -> list[str]:
    return [recipient.id for recipient in settings(**changes).directory.find(to, who, utc_ms)]


def nurse_off_at_night() -> dict[str, Any]:
    recipients = {**SECTION["recipients"], "nurse-1": {"channels": ["memory://"], "hours": OFF_AT_NIGHT}}
    return {"recipients": recipients}


@pytest.mark.parametrize(
    ("to", "who", "told"),
    [
        ("owner", OWNER, ["nurse-1"]),
        ("owner", Responsible("somebody", "nurse-2"), ["nurse-2"]),
        ("owner", Responsible("", ""), []),
        ("owner", None, []),
        ("team", OWNER, ["nurse-1", "nurse-2"]),
        ("team", Responsible("", ""), ["nurse-1", "nurse-2"]),
        ("team", None, ["technician"]),
        ("charge_nurse", OWNER, ["nurse-3"]),
        ("phone", Responsible("technician", ""), ["desk-phone"]),  # of the team that everybody falls back on
        ("nonsense", OWNER, []),
    ],
)
def test_s16_whom_a_stage_means(to: str, who: Responsible | None, told: list[str]) -> None:
    assert find(to, who) == told


def test_s16_the_cover_answers_when_the_nurse_is_off() -> None:
    assert find("owner", OWNER, NOON, **nurse_off_at_night()) == ["nurse-1"]
    assert find("owner", OWNER, NIGHT, **nurse_off_at_night()) == ["nurse-2"]
    assert find("team", OWNER, NIGHT, **nurse_off_at_night()) == ["nurse-2"]


def test_a_duty_called_team_comes_before_the_members() -> None:
    teams = {"ward-a": {"members": ["nurse-1", "nurse-2"], "duties": {"team": {"people": ["nurse-3"]}}}}
    assert find("team", OWNER, teams=teams, technical_team="") == ["nurse-3"]
    assert find("team", None, teams=teams, technical_team="") == ["nurse-3"]


def test_presence_is_known_of_those_with_hours() -> None:
    directory = settings(**nurse_off_at_night()).directory
    assert [directory.present("nurse-1", at) for at in (NOON, NIGHT)] == [True, False]
    assert directory.present("nurse-2", NOON) is None
    assert directory.present("nobody", NOON) is None


def test_without_teams_there_is_the_owner_alone() -> None:
    alone: dict[str, Any] = {"teams": {}, "default_team": "", "technical_team": ""}
    assert find("owner", OWNER, **alone) == ["nurse-1"]
    assert find("team", OWNER, **alone) == find("phone", None, **alone) == []


def test_s8_whoever_stands_in_is_told_in_the_place_of_who_gave() -> None:
    directory = msgspec.structs.replace(settings().directory, standing_in={"nurse-1": "nurse-3"})
    assert [one.id for one in directory.find("owner", OWNER, NOON)] == ["nurse-3"]
    assert [one.id for one in directory.find("team", OWNER, NOON)] == ["nurse-3", "nurse-2"]
    assert [one.id for one in directory.find("charge_nurse", OWNER, NOON)] == ["nurse-3"]
    passed_on = msgspec.structs.replace(directory, standing_in={"nurse-1": "nurse-3", "nurse-3": "nurse-2"})
    assert [one.id for one in passed_on.find("team", OWNER, NOON)] == ["nurse-2"]
    in_a_ring = msgspec.structs.replace(directory, standing_in={"nurse-1": "nurse-2", "nurse-2": "nurse-1"})
    assert {one.id for one in in_a_ring.find("team", OWNER, NOON)} == {"nurse-1", "nurse-2"}


def test_s8_whoever_stands_in_is_told_whatever_their_own_hours_are() -> None:
    recipients = {**SECTION["recipients"], "nurse-2": {"channels": ["memory://"], "hours": OFF_AT_NIGHT}}
    directory = settings(recipients=recipients).directory
    assert [one.id for one in directory.find("owner", Responsible("nurse-1", ""), NIGHT)] == ["nurse-1"]
    taken = msgspec.structs.replace(directory, standing_in={"nurse-1": "nurse-2"})
    assert [one.id for one in taken.find("owner", Responsible("nurse-1", ""), NIGHT)] == ["nurse-2"]
    assert (taken.on_duty("nurse-1", NIGHT), taken.on_duty("nurse-2", NIGHT)) == (False, True)


def test_s8_a_duty_that_ends_is_known_of_those_without_hours() -> None:
    shifts = [{"between": ["07:00", "19:00"], "people": ["nurse-1"]}]
    teams = {"ward-a": {"members": ["nurse-1", "nurse-2"], "duties": {"phone": {"shifts": shifts}}}}
    directory = settings(teams=teams, technical_team="").directory
    assert [directory.on_duty("nurse-1", at) for at in (NOON, NIGHT)] == [True, False]
    assert directory.on_duty("nurse-2", NIGHT) is None


def test_s3_what_concerns_everybody_is_told_in_every_team_but_the_technicians() -> None:
    teams = {
        "ward-a": {"members": ["nurse-1"], "duties": {"charge_nurse": {"people": ["nurse-3"]}}},
        "ward-b": {"members": ["nurse-1", "nurse-2"]},
        "technicians": {"members": ["technician"]},
    }
    directory = settings(teams=teams).directory
    assert [one.id for one in directory.find_everywhere("team", NOON)] == ["nurse-1", "nurse-2"]
    assert [one.id for one in directory.find_everywhere("charge_nurse", NOON)] == ["nurse-3"]
    assert directory.find_everywhere("owner", NOON) == ()
