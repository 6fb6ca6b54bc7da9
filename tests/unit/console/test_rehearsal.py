"""The rehearsal ward keeps the contract that it stands in for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitals.clock import ManualClock
from vitals.console.rehearsal import PHASES, RehearsalWard
from vitals.console.rehearsal_states import stage
from vitals.errors import ConfigurationError, ConflictError, NotFoundError
from vitals.observation import GenerationMode
from vitals.ward import OUTCOMES, ShownAlarm, Tile


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(utc_ms=1_790_000_000_000)


@pytest.fixture
def ward(clock: ManualClock) -> RehearsalWard:
    return RehearsalWard(clock, 14)


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


async def test_a_pause_is_of_one_episode_and_ends_by_itself(ward: RehearsalWard, clock: ManualClock) -> None:
    heard: list[ShownAlarm] = []
    ward.listen(heard.append)
    alarm, other = high(ward), high(ward, 1)
    paused = await ward.pause_audio(alarm.episode, 1, actor="a", key="k")
    assert (paused.phase, paused.sounding, paused.version) == ("active", False, 2)
    assert paused.paused_until == "2026-09-21T14:15:20.000Z"
    assert [each.sounding for each in ward.snapshot().alarms] == [False, True]
    assert other.sounding
    clock.advance(119_999)
    assert not ward.snapshot().alarms[0].sounding
    clock.advance(1)
    assert ward.snapshot().alarms[0].sounding
    assert (heard[-1].episode, heard[-1].paused_until, heard[-1].version) == (alarm.episode, None, 3)


async def test_what_got_worse_is_heard_at_once(ward: RehearsalWard) -> None:
    alarm = high(ward)
    await ward.pause_audio(alarm.episode, 1, actor="a", key="k")
    worse = ward.worsen(alarm.episode, 79, 80)
    assert (worse.sounding, worse.paused_until) == (True, None)


async def test_what_ended_stays_paused_and_what_was_taken_does_not(ward: RehearsalWard, clock: ManualClock) -> None:
    alarm = high(ward)
    await ward.pause_audio(alarm.episode, 1, actor="a", key="k")
    ended = ward.end(alarm.episode, 96)
    assert (ended.phase, ended.sounding, ended.paused_until is None) == ("ended", False, False)
    over = await ward.acknowledge(alarm.episode, ended.version, actor="a", key="k2")
    assert (over.phase, over.paused_until) == ("over", None)
    clock.advance(120_000)
    assert ward.snapshot().alarms == ()


async def test_a_silent_alarm_cannot_be_silenced_nor_a_sounding_one_resumed(ward: RehearsalWard) -> None:
    alarm = high(ward)
    with pytest.raises(ConflictError, match="not paused"):
        await ward.resume_audio(alarm.episode, 1, actor="a", key="k")
    paused = await ward.pause_audio(alarm.episode, 1, actor="a", key="k1")
    with pytest.raises(ConflictError, match="no sound"):
        await ward.pause_audio(alarm.episode, 2, actor="a", key="k2")
    again = await ward.resume_audio(alarm.episode, paused.version, actor="a", key="k3")
    assert (again.sounding, again.paused_until) == (True, None)


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_an_outcome_is_an_acknowledgement_too(ward: RehearsalWard, outcome: str) -> None:
    alarm = high(ward)
    done = await ward.resolve(alarm.episode, 1, outcome=outcome, note="n", actor="a", key="k")
    assert (done.phase, done.acknowledged_by) == ("acknowledged", "a")
    assert ward.resolved == {alarm.episode: (outcome, "n")}
    assert await ward.resolve(alarm.episode, 1, outcome=outcome, note="n", actor="a", key="k") == done


async def test_of_what_is_over_the_outcome_alone_is_recorded(ward: RehearsalWard) -> None:
    alarm = high(ward)
    taken = await ward.acknowledge(alarm.episode, 1, actor="a", key="k")
    over = ward.end(alarm.episode, 96)
    with pytest.raises(ConflictError):
        await ward.resolve(alarm.episode, taken.version, outcome="spoke", note="", actor="a", key="k2")
    done = await ward.resolve(alarm.episode, over.version, outcome="spoke", note="", actor="b", key="k3")
    assert (done.version, done.phase, done.acknowledged_by) == (over.version, "over", "a")
    assert ward.resolved == {alarm.episode: ("spoke", "")}


async def test_an_unknown_outcome_changes_nothing(ward: RehearsalWard) -> None:
    alarm = high(ward)
    with pytest.raises(ConflictError, match="spoke"):
        await ward.resolve(alarm.episode, 1, outcome="fine", note="", actor="a", key="k")
    assert ward.snapshot().alarms[0].phase == "active"


async def test_suspended_monitoring_is_visible_and_resumes_by_itself(ward: RehearsalWard, clock: ManualClock) -> None:
    patient = ward.patients[2]
    shown = await ward.suspend(patient, reason="shower", minutes=20, actor="a", key="k")
    tile = ward.snapshot().tiles[2]
    assert (tile.status, tile.suspended) == ("suspended", shown)
    assert (shown.owner, shown.reason, shown.until) == ("a", "shower", "2026-09-21T14:33:20.000Z")
    clock.advance(20 * 60_000)
    assert ward.snapshot().tiles[2].status == "monitored"
    await ward.suspend(patient, reason="clinic", minutes=120, actor="a", key="k2")
    await ward.resume(patient, actor="a", key="k3")
    await ward.resume(patient, actor="a", key="k3")
    assert ward.snapshot().tiles[2].suspended is None
    with pytest.raises(ConflictError):
        await ward.resume(patient, actor="a", key="k4")


@pytest.mark.parametrize(("reason", "minutes"), [("nap", 20), ("shower", 0), ("shower", 121)])
async def test_nobody_suspends_without_reason_or_end(ward: RehearsalWard, reason: str, minutes: int) -> None:
    with pytest.raises(ConflictError):
        await ward.suspend(ward.patients[0], reason=reason, minutes=minutes, actor="a", key="k")
    with pytest.raises(NotFoundError):
        await ward.suspend("p-none", reason="shower", minutes=20, actor="a", key="k")


async def test_a_missed_event_is_open_until_somebody_reviewed_it(ward: RehearsalWard) -> None:
    event = ward.miss(ward.patients[0], "spo2", worst=78, limit=85)
    assert ward.snapshot().missed == (event,)
    with pytest.raises(ConflictError):
        await ward.review(event.id, 2, actor="a", key="k")
    done = await ward.review(event.id, 1, actor="a", key="k")
    assert done.reviewed_by == "a"
    assert ward.snapshot().missed == ()
    assert await ward.review(event.id, 1, actor="a", key="k") == done
    with pytest.raises(NotFoundError):
        await ward.review(event.id, 1, actor="a", key="k2")


async def test_one_key_serves_one_action(ward: RehearsalWard) -> None:
    alarm = high(ward)
    await ward.pause_audio(alarm.episode, 1, actor="a", key="k")
    with pytest.raises(ConflictError, match="that key"):
        await ward.acknowledge(alarm.episode, 2, actor="a", key="k")
