"""The rehearsal ward keeps the contract that it stands in for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitals.clock import ManualClock
from vitals.console.rehearsal import PHASES, RehearsalWard, stage
from vitals.errors import ConfigurationError, ConflictError, NotFoundError
from vitals.observation import GenerationMode
from vitals.ward import ShownAlarm, Tile


@pytest.fixture
def ward() -> RehearsalWard:
    return RehearsalWard(ManualClock(utc_ms=1_790_000_000_000), 14)


def high(ward: RehearsalWard, place: int = 0) -> ShownAlarm:
    return ward.raise_alarm(ward.patients[place], "high", metric="spo2", value=84, limit=85)


async def test_one_key_answers_the_same_twice(ward: RehearsalWard) -> None:
    alarm = high(ward)
    first = await ward.acknowledge(alarm.episode, 1, actor="a", key="k")
    ward.worsen(alarm.episode, 79, 80)
    assert await ward.acknowledge(alarm.episode, 1, actor="a", key="k") == first


async def test_one_key_serves_one_alarm(ward: RehearsalWard) -> None:
    first, second = high(ward), high(ward, 1)
    await ward.acknowledge(first.episode, 1, actor="a", key="k")
    with pytest.raises(ConflictError):
        await ward.acknowledge(second.episode, 1, actor="a", key="k")


async def test_a_changed_alarm_is_a_conflict(ward: RehearsalWard) -> None:
    alarm = high(ward)
    ward.worsen(alarm.episode, 79, 80)
    with pytest.raises(ConflictError, match="version 2, not 1"):
        await ward.acknowledge(alarm.episode, 1, actor="a", key="k")


async def test_an_ended_high_waits_for_its_acknowledgement(ward: RehearsalWard) -> None:
    heard: list[ShownAlarm] = []
    ward.listen(heard.append)
    alarm = high(ward)
    ended = ward.end(alarm.episode, 96)
    assert (ended.phase, ended.sounding) == ("ended", True)
    assert ended.current is not None
    assert ended.current > 90
    over = await ward.acknowledge(alarm.episode, ended.version, actor="a", key="k")
    assert over.phase == "over"
    assert [each.phase for each in heard] == ["active", "ended", "over"]
    assert ward.snapshot().alarms == ()
    with pytest.raises(NotFoundError):
        await ward.acknowledge(alarm.episode, over.version, actor="a", key="other")


def test_an_ended_medium_is_over(ward: RehearsalWard) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "medium", metric="heart_rate", value=128, limit=120)
    assert ward.end(alarm.episode).phase == "over"
    assert ward.snapshot().alarms == ()


def test_who_stops_listening_hears_nothing(ward: RehearsalWard) -> None:
    heard: list[ShownAlarm] = []
    stop = ward.listen(heard.append)
    stop()
    high(ward)
    assert heard == []


def test_every_state_of_the_wall_is_staged(ward: RehearsalWard) -> None:
    stage(ward)
    snapshot = ward.snapshot()
    assert [tile.position for tile in snapshot.tiles] == list(range(14))
    assert {tile.status for tile in snapshot.tiles} == {"monitored", "sensor_off", "stale", "not_monitored", "no_data"}
    assert {(alarm.priority, alarm.phase) for alarm in snapshot.alarms} == {
        ("high", "active"), ("high", "ended"), ("medium", "active"), ("low", "active"),
    }  # fmt: skip


def test_a_value_that_is_not_there_is_none(ward: RehearsalWard) -> None:
    def tile(patient: str) -> Tile:
        return next(tile for tile in ward.snapshot().tiles if tile.patient == patient)

    first, second = ward.patients[:2]
    ward.take_off(first, "spo2")
    assert (tile(first).shown["spo2"].value, tile(first).shown["spo2"].missing) == (None, "sensor_off")
    ward.fall_silent(second, None)
    assert (tile(second).shown["spo2"].value, tile(second).shown["spo2"].age_s) == (None, None)
    ward.speak(first)
    assert tile(first).shown["spo2"].missing is None
    ward.withdraw_plan(first)
    assert tile(first).status == "no_plan"


def test_real_mode_refuses_a_time_scale() -> None:
    with pytest.raises(ConfigurationError):
        RehearsalWard(ManualClock(), mode=GenerationMode.REAL, time_scale=0.1)


@settings(max_examples=40, deadline=None)
@given(events=st.lists(st.sampled_from(["acknowledge", "end", "worsen"]), max_size=8))
async def test_a_version_never_stands_still_and_a_sounding_alarm_is_never_acknowledged(events: list[str]) -> None:
    ward = RehearsalWard(ManualClock(), 1)
    alarm = high(ward)
    for count, event in enumerate(events):
        before = alarm
        if (before.phase, event) not in PHASES:
            continue
        if event == "acknowledge":
            alarm = await ward.acknowledge(before.episode, before.version, actor="a", key=str(count))
        elif event == "end":
            alarm = ward.end(before.episode)
        else:
            alarm = ward.worsen(before.episode, 78, 80)
        assert alarm.version == before.version + 1
        assert alarm.sounding == (alarm.phase in {"active", "ended"})
        if alarm.phase == "over":
            break
