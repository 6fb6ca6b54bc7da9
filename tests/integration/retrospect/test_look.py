"""A course that went through the live desk and into the store: looking back finds what was raised."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.desk_scene import NOON, OXIMETER, OXIMETRY, STRAP
from tests.stored_scene import StoredScene, spo2_below

from vitals.alarms.limits import Priority, Side
from vitals.alarms.profile import parse
from vitals.alarms.replay import Episode
from vitals.codes import Metric
from vitals.observation import Missing
from vitals.registry import Plan, Sensor
from vitals.retrospect.look import Findings
from vitals.retrospect.period import Period

SAMPLE_MS = 1000
Told = tuple[Metric, Side, Priority, float, int, int | None]


@pytest.fixture(params=[False, True], ids=["log", "sealed"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoredScene]:
    made = StoredScene(tmp_path, sealed=request.param)
    yield made
    made.close()


def told(episodes: tuple[Episode, ...], scene: StoredScene) -> list[Told]:
    """What two lists must share; moments in whole seconds since the scene began."""

    def second(at_ms: int | None) -> int | None:
        return None if at_ms is None else round((at_ms - scene.began_ms) / 1000)

    return [
        (each.metric, each.side, each.priority, each.limit, second(each.alarm_ms) or 0, second(each.end_ms))
        for each in episodes
    ]


def conditions(found: Findings) -> list[tuple[str, str, str, int]]:
    return [
        (each.condition, each.part, each.priority.label, (each.alarm_ms - each.start_ms) // 1000)
        for each in found.then.technical
    ]


def desaturate(scene: StoredScene, lowest: int, lasting_s: int = 20) -> None:
    for value in (*range(97, lowest, -1), *[lowest] * lasting_s, *range(lowest, 98)):
        scene.second(spo2=value, heart=72)


async def test_a_desaturation_looks_as_it_was_recorded(scene: StoredScene) -> None:
    scene.seconds(60, spo2=97, heart=72)
    desaturate(scene, 87)
    scene.seconds(60, spo2=97, heart=72)
    desaturate(scene, 78, 30)
    high = scene.only("spo2.low")  # until somebody acknowledges it, what follows would belong to it
    await scene.desk.acknowledge(high.episode, high.version, actor="nurse", key="k-1")
    scene.seconds(30, spo2=97, heart=130)
    scene.seconds(30, spo2=97, heart=72)
    scene.seconds(20, spo2=88, heart=72)  # it lasts
    await scene.record()
    found = scene.look()
    assert len(found.alarms) == 4
    assert told(found.then.episodes, scene) == told(found.alarms, scene)
    assert told(found.proposed.episodes, scene) == told(found.alarms, scene)
    assert [each.priority for each in found.alarms] == [
        Priority.MEDIUM,
        Priority.HIGH,
        Priority.MEDIUM,
        Priority.MEDIUM,
    ]
    assert found.alarms[-1].end_ms is None
    assert found.seconds == pytest.approx((scene.clock.utc_ms() - scene.began_ms) / 1000, abs=0.01)
    assert found.missing_s.keys() <= {"gap"}  # the second before the first value
    assert found.then.technical == ()


async def test_an_alarm_that_came_again_unacknowledged_is_two_on_both_sides(scene: StoredScene) -> None:
    for _ in range(2):
        scene.seconds(30, spo2=97, heart=72)
        desaturate(scene, 82)
    await scene.record()
    found = scene.look()
    assert len(scene.recorded("spo2.low")) == 4
    assert len({event.episode for event in scene.recorded("spo2.low")}) == 1
    assert len(found.alarms) == 2
    assert told(found.then.episodes, scene) == told(found.alarms, scene)


async def test_late_data_belongs_to_the_course_and_was_missed_then(scene: StoredScene) -> None:
    scene.seconds(60, spo2=97, heart=72)
    outage_ms = scene.clock.utc_ms()
    scene.seconds(90, heart=72)
    for second in range(1, 90):
        at_ms = outage_ms + 1000 * second
        spo2 = 84 if 30 <= second < 60 else 97
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: spo2}, age_ms=scene.clock.utc_ms() - at_ms, backlog=True)
    scene.seconds(10, spo2=97, heart=72)
    await scene.record()
    found = scene.look()
    (late,) = found.proposed.episodes
    assert found.alarms == ()
    (missed,) = found.missed
    assert (late.priority, late.worst, late.limit) == (missed.priority, missed.worst, missed.limit)
    assert late.priority is Priority.HIGH
    assert abs(late.start_ms - missed.start_ms) < SAMPLE_MS
    assert (late.alarm_ms - outage_ms) // 1000 == 35
    assert [each[0] for each in conditions(found)] == ["sensor_silent"]  # nobody heard anything then
    assert found.missing_s.keys() <= {"gap"}
    assert sum(found.missing_s.values()) <= 2  # and all but the first second and one between is there now


async def test_it_is_whose_sensor_it_was_when_it_was_observed(scene: StoredScene) -> None:
    scene.seconds(30, spo2=97, heart=72)
    low_from = scene.clock.utc_ms()
    scene.seconds(20, spo2=84, heart=72)
    scene.registry.unbind(OXIMETER, at_utc_ms=scene.clock.utc_ms() + 1, by="tests")
    scene.enrol("p-2", ())
    scene.registry.bind(Sensor(id=OXIMETER), "p-2", at_utc_ms=scene.clock.utc_ms() + 1, by="tests")
    await scene.desk.refresh()
    scene.seconds(20, spo2=97, heart=72)
    scene.seconds(20, spo2=88, heart=72)
    # A batch that comes only now tells of the time when the first wore it.
    scene.cut = True
    for second in range(20):
        at_ms = low_from + 1000 * second + 500
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 79}, age_ms=scene.clock.utc_ms() - at_ms, backlog=True)
    await scene.record()
    first, second_look = scene.look(), scene.look(patient="p-2")
    assert [(each.priority, each.worst) for each in first.proposed.episodes] == [(Priority.HIGH, 79)]
    assert [(each.priority, each.worst) for each in second_look.proposed.episodes] == [(Priority.MEDIUM, 88)]
    assert told(second_look.alarms, scene) == told(second_look.then.episodes, scene)
    assert second_look.seconds == pytest.approx(40, abs=0.1)


async def test_silence_gaps_and_a_sensor_that_came_off_are_counted_as_live(scene: StoredScene) -> None:
    scene.seconds(60, spo2=97, heart=72)
    scene.seconds(200, heart=72)  # the oximeter says nothing
    scene.seconds(60, spo2=97, heart=72)
    scene.seconds(40, spo2=91, heart=72)  # nearing
    scene.seconds(60, spo2=Missing.SENSOR_OFF, heart=72)
    scene.seconds(60, spo2=97, heart=72)
    for _ in range(22):  # 10 s of every 30: a third is missing
        scene.seconds(20, spo2=97, heart=72)
        scene.seconds(10, heart=72)
    scene.seconds(700, spo2=97, heart=72)
    await scene.record()
    found = scene.look()
    events = [event for event in scene.registry.events() if event.kind == "technical" and event.change == "raised"]
    live = sorted((event.condition, event.priority, event.at_utc_ms) for event in events)
    ours = sorted(
        (f"{each.condition}:{each.part}", each.priority.label, each.alarm_ms) for each in found.then.technical
    )
    assert [each[:2] for each in ours] == [each[:2] for each in live]
    assert all(abs(mine[2] - theirs[2]) <= SAMPLE_MS for mine, theirs in zip(ours, live, strict=True))
    ended = {event.condition: event.at_utc_ms for event in scene.registry.events() if event.change == "ended"}
    for each in found.then.technical:
        if each.condition != "not_monitored":  # of that there are two
            assert each.end_ms is not None
            assert abs(each.end_ms - ended[f"{each.condition}:{each.part}"]) <= SAMPLE_MS
    assert {each.condition for each in found.then.technical} == {
        "not_monitored",
        "sensor_silent",
        "sensor_off",
        "intermittent",
    }
    assert found.missing_s["sensor_off"] == pytest.approx(60, abs=1)
    assert found.missing_s["gap"] == pytest.approx(200 + 22 * 10, abs=3)


async def test_one_source_alarms_at_a_time(tmp_path: Path) -> None:
    other = "F0:00:00:00:01:03"
    plan = Plan(prescribed={"spo2": [other, OXIMETER], "heart_rate": []}, responsible_nurse="n", cover="c")
    scene = StoredScene(tmp_path, plan=plan, sensors=(STRAP, OXIMETER, other))
    for second in range(120):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 84})
        if second < 60:
            scene.hear(other, OXIMETRY, {Metric.SPO2: 97})
        scene.tick()
    await scene.record()
    found = scene.look()
    assert len(found.alarms) == 1
    assert told(found.then.episodes, scene) == told(found.alarms, scene)
    scene.close()


async def test_two_sensors_that_disagree_make_no_rate_of_change(tmp_path: Path) -> None:
    """The preferred oximeter says 97, is silent for half a minute while the other one says 89, and is back."""
    other = "F0:00:00:00:01:03"
    limits = '[spo2]\nrises = [{ by = 6, within_s = 60, priority = "medium" }]\n'
    plan = Plan(prescribed={"spo2": [other, OXIMETER]}, responsible_nurse="n", cover="c", limits=limits)
    scene = StoredScene(tmp_path, plan=plan, sensors=(STRAP, OXIMETER, other))
    for second in range(120):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 89})
        if not 40 <= second < 70:
            scene.hear(other, OXIMETRY, {Metric.SPO2: 97})
        scene.tick()
    await scene.record()
    found = scene.look()
    assert [each.side for each in found.then.episodes] == [each.side for each in found.alarms]
    assert Side.RISES not in {each.side for each in found.then.episodes}
    scene.close()


async def test_a_heart_rate_comes_before_a_pulse_rate(scene: StoredScene) -> None:
    scene.seconds(30, spo2=97, heart=130)
    for _ in range(60):
        scene.clock.advance(1000)
        scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: 97, Metric.PULSE_RATE: 45})
        scene.tick()
    await scene.record()
    found = scene.look()
    assert [each.metric for each in found.alarms] == [Metric.HEART_RATE, Metric.PULSE_RATE]
    assert told(found.then.episodes, scene) == told(found.alarms, scene)


async def test_night_limits_follow_the_site_s_clock_when_it_changes(tmp_path: Path) -> None:
    """Europe/Oslo, 2026-10-25: 03:00 summer time is 02:00 again. The night limit ends an hour of UTC later."""
    profile = parse(
        'name = "night"\n[heart_rate]\nhysteresis = 1\nlimits = [{ below = 60, delay_s = 5, priority = "medium" }]\n'
        '[[override]]\nbetween = ["01:00", "02:30"]\n'
        'heart_rate.limits = [{ below = 40, delay_s = 5, priority = "medium" }]'
    )
    begins = 1_792_886_400_000  # 2026-10-25T00:00Z is 02:00 in Oslo
    scene = StoredScene(tmp_path, profile=profile, time_zone="Europe/Oslo", utc_ms=begins)
    for _ in range(2 * 360 + 30):
        scene.clock.advance(10_000)
        scene.hear(STRAP, "2A37", {Metric.HEART_RATE: 50})
        scene.tick()
    await scene.record()
    found = scene.look()
    alarms = told(found.then.episodes, scene)
    for ours, theirs in zip(alarms, told(found.alarms, scene), strict=True):
        assert ours[:4] == theirs[:4]
        assert 0 <= theirs[4] - ours[4] <= 10  # live the limits change with the first tick of a minute
    # By night limit until 02:30, an alarm until the clock shows 02:00 again, quiet until 02:30, and an alarm after.
    assert [each[4] // 60 for each in alarms] == [30, 90]
    scene.close()


async def test_what_was_prescribed_then_counts_for_then(scene: StoredScene) -> None:
    scene.seconds(60, spo2=88, heart=72)
    limits = "[spo2]\nlimits = [{ below = 86, delay_s = 15, priority = 'medium' }]"
    plan = Plan(prescribed={"spo2": [], "heart_rate": []}, responsible_nurse="n", cover="c", limits=limits)
    scene.seconds(10, spo2=97, heart=72)
    scene.registry.prescribe("p-1", plan, at_utc_ms=scene.clock.utc_ms())
    await scene.desk.refresh()
    scene.seconds(60, spo2=88, heart=72)
    await scene.record()
    found = scene.look()
    assert len(found.alarms) == 1
    assert told(found.then.episodes, scene) == told(found.alarms, scene)
    assert len(found.proposed.episodes) == 2  # the server's profile, all the time
    assert len(scene.look(keep_prescribed=True).proposed.episodes) == 1
    assert found.names == ("adult", "adult with limits prescribed")


async def test_nobody_alarms_while_monitoring_is_suspended(scene: StoredScene) -> None:
    scene.seconds(60, spo2=97, heart=72)
    scene.seconds(40, spo2=84, heart=72)
    await scene.record()
    await scene.desk.suspend("p-1", reason="shower", minutes=10, actor="nurse", key="k-1")
    scene.seconds(300, spo2=84, heart=72)
    await scene.desk.resume("p-1", actor="nurse", key="k-2")
    scene.seconds(60, spo2=97, heart=72)
    await scene.record()
    found = scene.look()
    assert len(found.then.episodes) == len(found.alarms) == 1
    ours, theirs = found.then.episodes[0], found.alarms[0]
    assert (ours.alarm_ms, ours.priority) == (theirs.alarm_ms, theirs.priority)
    assert ours.end_ms is not None
    assert theirs.end_ms is not None
    assert abs(ours.end_ms - theirs.end_ms) <= SAMPLE_MS
    assert found.seconds == pytest.approx(160, abs=2)


async def test_what_lasts_when_the_period_begins_is_known_and_not_counted(scene: StoredScene) -> None:
    scene.seconds(60, spo2=84, heart=72)
    half = scene.clock.utc_ms()
    scene.seconds(60, spo2=84, heart=72)
    await scene.record()
    found = scene.look(within=Period(half, scene.clock.utc_ms()))
    assert found.then.episodes == ()
    assert found.alarms == ()


async def test_another_limit_is_another_course(scene: StoredScene) -> None:
    scene.seconds(60, spo2=97, heart=72)
    desaturate(scene, 87)
    scene.seconds(60, spo2=97, heart=72)
    await scene.record()
    found = scene.look(spo2_below(88, 30))
    assert found.proposed.episodes == ()
    later = scene.look(spo2_below(92, 15))
    assert later.proposed.episodes[0].alarm_ms < later.then.episodes[0].alarm_ms
    assert scene.began_ms == NOON
