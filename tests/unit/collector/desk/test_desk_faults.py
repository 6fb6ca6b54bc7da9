"""What parts of the server say of themselves is heard as a technical alarm, and ends when they say that it ended."""

from collections.abc import Iterator

import pytest
from tests.desk_scene import Scene

from vitals.collector.faults import ALARMING

CHANNEL = "notification_channel:nurse-1/1 ntfys"
WHY = "notifications: nurse-1/1 ntfys does not deliver: no answer"


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def test_a_dead_channel_is_an_alarm_until_it_works_again(scene: Scene) -> None:
    scene.desk.notice(CHANNEL, WHY)
    alarm = scene.only("notification_channel")
    assert (alarm.kind, alarm.priority, alarm.patient, alarm.message) == ("technical", "low", None, WHY)
    assert "/" not in alarm.episode  # it stands in an address
    assert WHY not in scene.desk.snapshot().notices
    scene.desk.notice(CHANNEL, "notifications: nurse-1/1 ntfys does not deliver: 503")
    scene.desk.notice("notification_channel:nurse-2/1 mailto", "another")
    assert len(scene.open("notification_channel")) == 2
    scene.desk.notice(CHANNEL, None)
    assert [one.message for one in scene.open("notification_channel")] == ["another"]
    assert scene.told[-1].phase == "over"


async def test_it_is_acknowledged_recorded_and_raised_again_when_it_comes_back(scene: Scene) -> None:
    scene.desk.notice(CHANNEL, WHY)
    first = scene.only("notification_channel")
    await scene.desk.acknowledge(first.episode, first.version, actor="technician", key="k")
    scene.seconds(5, spo2=97)
    assert scene.only("notification_channel").phase == "acknowledged"
    scene.desk.notice(CHANNEL, None)
    assert scene.open("notification_channel") == []
    scene.second(spo2=97)
    scene.desk.notice(CHANNEL, WHY)
    second = scene.only("notification_channel")
    assert second.phase == "active"
    assert second.episode != first.episode
    await scene.desk.persist()
    changes = [event.change for event in scene.recorded("notification_channel:nurse-1.1.ntfys")]
    assert changes[0] == "raised"
    assert "acknowledged" in changes


async def test_none_survives_a_restart_unless_it_is_said_again(scene: Scene) -> None:
    scene.desk.notice(CHANNEL, WHY)
    await scene.desk.persist()
    scene.start()
    assert scene.open("notification_channel") == []
    scene.desk.notice(CHANNEL, WHY)
    assert scene.only("notification_channel").phase == "active"


def test_s3_that_nobody_would_hear_is_a_medium_alarm(scene: Scene) -> None:
    scene.desk.notice("stations_silent", "Nobody would hear an alarm: no console is open")
    alarm = scene.only("stations_silent")
    assert (alarm.priority, alarm.sounding) == ("medium", True)


@pytest.mark.parametrize("code", ["unbound", "quarantined:gw-1", "not_recording"])
def test_other_notices_are_read(scene: Scene, code: str) -> None:
    scene.desk.notice(code, "something")
    assert scene.desk.snapshot().notices == ("something",)
    assert code.partition(":")[0] not in ALARMING
