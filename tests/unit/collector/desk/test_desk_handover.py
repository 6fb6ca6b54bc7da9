"""Who has an alarm in hand: offered, accepted, or left alone (S8)."""

import json

import pytest
from tests.desk_scene import Scene

from vitals.errors import ConflictError, NotFoundError
from vitals.ward import ShownAlarm


async def taken(scene: Scene, spo2: float = 84, seconds: int = 7) -> ShownAlarm:
    """An SpO2 alarm that nurse-1 acknowledged."""
    scene.seconds(seconds, spo2=spo2, heart=70)
    alarm = scene.only("spo2.low")
    return await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="ack")


async def offered(scene: Scene, alarm: ShownAlarm, to: str = "nurse-2") -> ShownAlarm:
    return await scene.desk.offer(alarm.episode, alarm.version, to=to, actor="nurse-1", key="offer")


async def accepted(scene: Scene, alarm: ShownAlarm, by: str = "nurse-2", key: str = "accept") -> ShownAlarm:
    return await scene.desk.accept(alarm.episode, alarm.version, actor=by, key=key)


async def test_s8_an_acknowledged_high_sounds_again_when_its_owner_leaves(scene: Scene) -> None:
    alarm = await taken(scene)
    assert scene.desk.realarm(alarm.episode)
    again = scene.only("spo2.low")
    assert (again.phase, again.sounding, again.acknowledged_by) == ("active", True, None)
    assert not scene.desk.realarm(alarm.episode)  # nobody has it in hand any more
    await scene.desk.persist()
    left = scene.recorded("spo2.low")[-1]
    assert (left.change, left.actor, left.at_utc_ms) == ("owner_left", "nurse-1", scene.clock.utc_ms())


async def test_s8_nothing_but_an_acknowledged_high_is_left_alone(scene: Scene) -> None:
    medium = await taken(scene, spo2=88, seconds=17)
    assert medium.priority == "medium"
    assert not scene.desk.realarm(medium.episode)
    assert not scene.desk.realarm("p-1:spo2.low:none")


async def test_s8_an_accepted_hand_over_moves_the_owner_and_both_are_recorded(scene: Scene) -> None:
    alarm = await taken(scene)
    offer = await offered(scene, alarm)
    assert (offer.phase, offer.acknowledged_by, offer.offered_to) == ("acknowledged", "nurse-1", "nurse-2")
    scene.second(spo2=84, heart=70)
    owned = await accepted(scene, offer)
    assert (owned.phase, owned.acknowledged_by, owned.offered_to) == ("acknowledged", "nurse-2", None)
    await scene.desk.persist()
    changes = [(event.change, event.actor) for event in scene.recorded("spo2.low")][-2:]
    assert changes == [("offered", "nurse-1"), ("handed_over", "nurse-2")]
    offers = [action for action in scene.registry.actions(since_utc_ms=0) if action.action == "offer"]
    assert [json.loads(action.detail) for action in offers] == [{"to": "nurse-2"}]


async def test_s8_a_hand_over_does_not_put_off_the_re_alarm(scene: Scene) -> None:
    offer = await offered(scene, await taken(scene))
    scene.seconds(599, spo2=84, heart=70)
    await accepted(scene, offer)
    scene.second(spo2=84, heart=70)
    assert scene.only("spo2.low").phase == "active"


async def test_s8_only_whom_it_was_offered_to_accepts(scene: Scene) -> None:
    alarm = await taken(scene)
    with pytest.raises(ConflictError, match="offered to nobody"):
        await accepted(scene, alarm)
    offer = await offered(scene, alarm)
    with pytest.raises(ConflictError, match="offered to nurse-2"):
        await accepted(scene, offer, by="nurse-3")
    back = await accepted(scene, offer, by="nurse-1", key="back")  # taken back
    assert (back.acknowledged_by, back.offered_to) == ("nurse-1", None)
    anybody = await scene.desk.offer(back.episode, back.version, to="", actor="nurse-1", key="anybody")
    assert anybody.offered_to == ""
    assert (await accepted(scene, anybody, by="nurse-3", key="third")).acknowledged_by == "nurse-3"


async def test_s8_an_offer_names_the_version_and_nobody_offers_what_nobody_has(scene: Scene) -> None:
    scene.seconds(7, spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    with pytest.raises(ConflictError, match="acknowledge it"):
        await offered(scene, alarm)
    alarm = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="ack")
    with pytest.raises(ConflictError, match="changed"):
        await scene.desk.offer(alarm.episode, alarm.version - 1, to="", actor="nurse-1", key="old")
    with pytest.raises(NotFoundError):
        await scene.desk.accept("p-1:spo2.low:none", 1, actor="nurse-2", key="none")


async def test_s8_whatever_is_worse_ends_an_offer_and_a_restart_does_not(scene: Scene) -> None:
    offer = await offered(scene, await taken(scene))
    await scene.desk.persist()
    scene.start()
    assert scene.only("spo2.low").offered_to == "nurse-2"
    scene.second(spo2=80, heart=70)
    worse = scene.only("spo2.low")
    assert (worse.phase, worse.offered_to) == ("active", None)
    with pytest.raises(ConflictError):
        await accepted(scene, offer)
