"""What late data would have raised (S5, S6): listed, named once, and a missed high is an alarm until reviewed."""

from collections.abc import Sequence

import pytest
from tests.desk_scene import HEART, OXIMETER, OXIMETRY, STRAP, Scene

from vitals.codes import Metric
from vitals.errors import ConflictError, NotFoundError
from vitals.registry import Missed, Sensor
from vitals.series.base import Arrival
from vitals.ward import MissedEvent

OUTAGE_S = 200


def outage(scene: Scene) -> None:
    """A minute of good values, then none at all."""
    scene.seconds(60, spo2=97, heart=70)
    scene.clock.advance(OUTAGE_S * 1000)


def late(scene: Scene, values: Sequence[float], *, newest_age_s: int = 60, boot: int = 77) -> list[Arrival]:
    """One value a second, the newest *newest_age_s* old, as a backlog brings them."""
    return [
        scene.hear(
            OXIMETER,
            OXIMETRY,
            {Metric.SPO2: value, Metric.PULSE_RATE: 70},
            age_ms=(newest_age_s + len(values) - 1 - place) * 1000,
            backlog=True,
            boot=boot,
        )
        for place, value in enumerate(values)
    ]


def missed(scene: Scene) -> tuple[MissedEvent, ...]:
    return scene.desk.snapshot().missed


async def test_s5_what_would_have_been_raised_is_listed_with_its_times_and_worst_value(scene: Scene) -> None:
    outage(scene)
    late(scene, [97] * 5 + [88] * 20 + [86] + [97] * 5)
    assert scene.open("spo2.low") == []
    (event,) = missed(scene)
    assert (event.metric, event.priority, event.worst, event.limit, event.unit) == ("spo2", "medium", 86, 90, "%")
    assert (event.from_at, event.to_at) == ("2027-01-15T12:02:55.000Z", "2027-01-15T12:03:16.000Z")
    assert (event.patient, event.name, event.record_number) == ("p-1", "Halvorsen, Ingrid", "R-p-1")
    assert event.found_at == "2027-01-15T12:04:20.000Z"
    assert scene.open("missed") == []  # a missed medium is listed and makes no sound


async def test_s6_a_missed_high_is_owned_and_sounds_until_somebody_reviews_it(scene: Scene) -> None:
    outage(scene)
    late(scene, [84] * 10 + [97])
    (event,) = missed(scene)
    alarm = scene.only("missed")
    assert (alarm.priority, alarm.sounding, alarm.patient) == ("medium", True, "p-1")
    assert alarm.message == "Missed: SpO2 84 % < 85 %"
    taken = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k1")
    scene.seconds(5, spo2=97, heart=70)
    assert scene.only("missed").acknowledged_by == taken.acknowledged_by == "nurse-1"
    with pytest.raises(ConflictError, match="changed"):
        await scene.desk.review(event.id, event.version - 1, actor="nurse-1", key="k2")
    reviewed = await scene.desk.review(event.id, event.version, actor="nurse-1", key="k3")
    assert (reviewed.reviewed_by, reviewed.reviewed_at) == ("nurse-1", "2027-01-15T12:04:25.000Z")
    assert await scene.desk.review(event.id, event.version, actor="nurse-1", key="k3") == reviewed
    assert (missed(scene), scene.open("missed")) == ((), [])
    with pytest.raises(NotFoundError):
        await scene.desk.review(event.id, reviewed.version, actor="nurse-1", key="k4")
    await scene.desk.persist()
    (kept,) = scene.registry.missed(open_only=False)
    assert (kept.reviewed_by, kept.version) == ("nurse-1", reviewed.version)
    assert scene.registry.missed() == []


def test_s5_what_comes_again_is_not_found_again(scene: Scene) -> None:
    outage(scene)
    values = [84.0] * 10 + [97]
    late(scene, values)
    before = missed(scene)
    scene.told.clear()
    late(scene, values)
    assert missed(scene) == before
    assert scene.told == []


async def test_s6_neither_a_restart_nor_the_log_read_again_doubles_it(scene: Scene) -> None:
    outage(scene)
    scene.series.commit(late(scene, [97] + [84] * 10))
    await scene.desk.persist()  # the cursor stays before what was committed: it is read again
    (event,) = missed(scene)
    assert event.to_at is None
    scene.start()
    assert missed(scene) == (event,)
    assert scene.only("missed").message == "Missed: SpO2 84 % < 85 %"
    late(scene, [97] * 3, newest_age_s=50)
    (over,) = missed(scene)
    assert (over.id, over.version) == (event.id, event.version + 1)
    assert over.to_at == "2027-01-15T12:03:28.000Z"
    assert len(scene.open("missed")) == 1


async def test_s6_what_was_evaluated_before_a_restart_is_gone_on_with(scene: Scene) -> None:
    outage(scene)
    arrivals = late(scene, [97] + [88] * 20)
    scene.desk.committed(scene.series.commit(arrivals))
    await scene.desk.persist()
    (event,) = missed(scene)
    await scene.desk.review(event.id, event.version, actor="nurse-1", key="k1")
    await scene.desk.persist()
    scene.start()
    late(scene, [97] + [88] * 20)  # came again
    late(scene, [86] * 3, newest_age_s=57)
    assert missed(scene) == ()


async def test_s6_a_kill_before_anything_was_written_finds_it_in_the_log(scene: Scene) -> None:
    scene.seconds(60, spo2=97, heart=70)
    await scene.desk.persist()
    scene.clock.advance(OUTAGE_S * 1000)
    scene.series.commit(late(scene, [84] * 10 + [97]))
    (event,) = missed(scene)
    scene.start()
    (again,) = missed(scene)
    assert (again.id, again.from_at, again.to_at) == (event.id, event.from_at, event.to_at)
    assert len(scene.open("missed")) == 1


async def test_s5_what_grew_worse_is_the_same_event_in_a_new_version(scene: Scene) -> None:
    outage(scene)
    late(scene, [88] * 20, newest_age_s=80)
    (medium,) = missed(scene)
    assert (medium.priority, medium.to_at) == ("medium", None)
    late(scene, [82] * 10, newest_age_s=70)
    (high,) = missed(scene)
    assert (high.id, high.priority, high.worst) == (medium.id, "high", 82)
    assert high.version > medium.version
    assert len(scene.open("missed")) == 1
    with pytest.raises(ConflictError):
        await scene.desk.review(medium.id, medium.version, actor="nurse-1", key="k1")
    await scene.desk.review(high.id, high.version, actor="nurse-1", key="k2")
    late(scene, [81] * 5 + [97], newest_age_s=60)
    assert missed(scene) == ()  # reviewed while it lasted: somebody is at the bedside


def test_s5_an_alarm_that_sounded_in_time_was_not_missed(scene: Scene) -> None:
    scene.seconds(20, spo2=84, heart=70)
    alarm = scene.only("spo2.low")
    scene.clock.advance(OUTAGE_S * 1000)
    late(scene, [83] * 30)
    assert missed(scene) == ()
    assert scene.only("spo2.low").episode == alarm.episode


def test_s5_what_goes_on_in_time_ends_what_began_late(scene: Scene) -> None:
    outage(scene)
    late(scene, [88] * 30, newest_age_s=31)
    (event,) = missed(scene)
    assert event.to_at is None
    for age_s in range(30, 0, -1):
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97, Metric.PULSE_RATE: 70}, age_ms=age_s * 1000, backlog=True)
    (over,) = missed(scene)
    assert over.to_at == "2027-01-15T12:03:50.000Z"


def test_s5_what_nothing_more_is_heard_of_ends_with_its_last_value(scene: Scene) -> None:
    outage(scene)
    late(scene, [88] * 30)
    scene.seconds(120, spo2=97, heart=70)
    (event,) = missed(scene)
    assert event.to_at == "2027-01-15T12:03:20.000Z"


async def test_s5_late_values_belong_to_whoever_wore_the_sensor_then(scene: Scene) -> None:
    outage(scene)
    scene.registry.unbind(OXIMETER, at_utc_ms=scene.clock.utc_ms() - 20_000, by="tests")
    scene.enrol("p-2", ())
    scene.registry.bind(Sensor(id=OXIMETER), "p-2", at_utc_ms=scene.clock.utc_ms() - 10_000, by="tests")
    await scene.desk.refresh()
    late(scene, [84] * 10 + [97])
    assert [event.patient for event in missed(scene)] == ["p-1"]
    late(scene, [84] * 10 + [97], newest_age_s=10_000, boot=76)
    assert len(missed(scene)) == 1
    assert any("set aside" in notice for notice in scene.desk.snapshot().notices)


async def test_s15_what_was_observed_while_suspended_was_not_missed(scene: Scene) -> None:
    scene.seconds(60, spo2=97, heart=70)
    await scene.desk.suspend("p-1", reason="shower", minutes=3, actor="nurse-1", key="k1")
    scene.clock.advance(OUTAGE_S * 1000)
    scene.tick()
    late(scene, [84] * 30, newest_age_s=100)
    assert missed(scene) == ()


async def test_a_late_heart_rate_is_judged_too(scene: Scene) -> None:
    outage(scene)
    for age_s in range(80, 60, -1):
        scene.hear(STRAP, HEART, {Metric.HEART_RATE: 150}, age_ms=age_s * 1000, backlog=True)
    (event,) = missed(scene)
    assert (event.metric, event.priority, event.limit) == ("heart_rate", "high", 140)
    await scene.desk.persist()
    assert [type(kept) for kept in scene.registry.missed()] == [Missed]


async def test_s6_what_a_newer_value_overtook_after_a_short_outage_is_judged_as_missed(scene: Scene) -> None:
    """Live goes first: what waited at the gateway for less than the 30 s that make it late comes behind it."""
    scene.seconds(60, spo2=97, heart=70)
    scene.clock.advance(28_000)
    scene.second(spo2=97, heart=70)
    late(scene, [97, 78, 78, 78, 78, 78, 78, 78, 78, 97], newest_age_s=5)
    scene.seconds(5, spo2=97, heart=70)
    assert scene.open("spo2.low") == []  # it is over: nothing live
    (event,) = missed(scene)
    assert (event.metric, event.priority, event.worst) == ("spo2", "high", 78)
    assert scene.only("missed").sounding
