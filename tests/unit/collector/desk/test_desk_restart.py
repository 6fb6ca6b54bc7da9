"""What survives a restart: states, deadlines, what the log holds beyond the cursor, and no storm afterwards."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.desk_scene import OXIMETER, OXIMETRY, Scene, new_registry

from vitals.clock import ManualClock
from vitals.codes import Metric
from vitals.collector import base
from vitals.errors import StoreError
from vitals.registry import Event
from vitals.series.base import Arrival
from vitals.series.memory import MemorySeries

MakeScene = Callable[..., Scene]


def desaturate(scene: Scene, seconds: int, *, commit: bool = True, spo2: float = 84) -> list[Arrival]:
    """Seconds of low saturation, alarmed first and committed after (S4)."""
    arrivals = []
    for _ in range(seconds):
        scene.clock.advance(1000)
        arrivals.append(scene.hear(OXIMETER, OXIMETRY, {Metric.SPO2: spo2}))
        if commit:
            scene.desk.committed(scene.series.commit(arrivals[-1:]))
    return arrivals


def recorded(scene: Scene, condition: str = "spo2.low") -> list[tuple[str, int]]:
    return [(event.change, event.version) for event in events(scene) if event.condition == condition]


def events(scene: Scene) -> list[Event]:
    return scene.registry.events()


async def test_an_alarm_is_recorded_at_once_with_who_when_value_and_limit(scene: Scene) -> None:
    desaturate(scene, 6)
    assert scene.only("spo2.low").recorded is False
    await scene.desk.persist()
    alarm = scene.only("spo2.low")
    assert alarm.recorded is True
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k")
    await scene.desk.persist()
    raised, acknowledged = events(scene)
    assert (raised.change, raised.value, raised.limit_value, raised.actor) == ("raised", 84, 85, None)
    assert (raised.patient_id, raised.priority, raised.observed_utc_ms) == ("p-1", "high", scene.clock.utc_ms())
    assert (acknowledged.change, acknowledged.actor, acknowledged.phase) == ("acknowledged", "nurse-1", "acknowledged")


async def test_an_acknowledgement_waits_until_it_is_recorded(make_scene: MakeScene) -> None:
    scene = make_scene(confirm_s=30)
    desaturate(scene, 6)
    alarm = scene.only("spo2.low")
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k"))
        await asyncio.sleep(0)
        assert not waiting.done()
        await scene.desk.persist()
    assert waiting.result().recorded is True


@pytest.mark.parametrize("persisted", [True, False])
async def test_states_survive(scene: Scene, persisted: bool) -> None:  # noqa: FBT001
    desaturate(scene, 6)
    if persisted:
        await scene.desk.persist()
    before = scene.only("spo2.low")
    scene.start()
    after = scene.only("spo2.low")
    assert (after.episode, after.version, after.phase, after.raised_at) == (
        before.episode,
        before.version,
        before.phase,
        before.raised_at,
    )
    assert after.recorded is True
    assert recorded(scene) == [("raised", 1)]
    desaturate(scene, 1, spo2=97)
    assert scene.only("spo2.low").phase == "ended"
    scene.start()
    assert recorded(scene) == [("raised", 1), ("ended", 2)]


async def test_what_was_over_stays_over_though_a_new_delay_runs(scene: Scene) -> None:
    desaturate(scene, 6)
    desaturate(scene, 1, spo2=97)
    desaturate(scene, 3)
    alarm = scene.only("spo2.low")
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k")
    await scene.desk.persist()
    scene.start()
    assert scene.open() == []


async def test_a_delay_that_runs_survives(scene: Scene) -> None:
    desaturate(scene, 3)
    scene.start()
    desaturate(scene, 3)
    assert scene.only("spo2.low").priority == "high"


async def test_what_was_evaluated_but_not_committed_comes_again_and_does_nothing(scene: Scene) -> None:
    """The gateway sends again what nobody acknowledged: the alarm is there, once."""
    desaturate(scene, 3)
    pending = desaturate(scene, 4, commit=False)
    await scene.desk.persist()
    scene.start()
    assert scene.only("spo2.low").version == 1
    for arrival in pending:
        scene.desk.observe(arrival, base.heard(arrival))
    scene.desk.committed(scene.series.commit(pending))
    await scene.desk.persist()
    scene.start()
    assert recorded(scene) == [("raised", 1)]


async def test_the_same_key_gives_the_same_answer_after_a_restart(scene: Scene) -> None:
    desaturate(scene, 6)
    alarm = scene.only("spo2.low")
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k")
    await scene.desk.persist()
    scene.start()
    again = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k")
    assert (again.phase, again.version, again.recorded) == ("acknowledged", 2, True)
    assert recorded(scene) == [("raised", 1), ("acknowledged", 2)]


async def test_s8_deadlines_survive_a_reboot(make_scene: MakeScene) -> None:
    place, series = new_registry(), MemorySeries()
    scene = make_scene(place=place, series=series)
    desaturate(scene, 6)
    alarm = scene.only("spo2.low")
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k")
    await scene.desk.persist()
    # Four minutes later the machine is up again: its monotonic clock began anew, and so did its boot.
    clock = ManualClock(monotonic_ms=7_000, utc_ms=scene.clock.utc_ms() + 240_000, boot=2)
    again = make_scene(place=place, series=series, clock=clock, enrolled=False)
    again.clock.advance(359_000)
    again.tick()
    assert again.only("spo2.low").phase == "acknowledged"
    again.clock.advance(1000)
    again.tick()
    assert again.only("spo2.low").phase == "active"


def test_after_a_restart_nothing_is_silent_sooner_than_it_could_be_heard(scene: Scene) -> None:
    scene.seconds(5, spo2=97, heart=70)
    scene.clock.advance(600_000)
    scene.start()
    assert scene.only("restarted").priority == "medium"
    scene.told.clear()
    scene.seconds(14, heart=70)
    assert scene.told == []
    scene.second(heart=70)  # ten minutes without, and long enough to have come back
    assert [(alarm.condition, alarm.priority) for alarm in scene.told] == [("not_monitored", "medium")]
    scene.seconds(15, heart=70)
    assert [alarm.condition for alarm in scene.told] == ["not_monitored", "sensor_silent"]


async def test_values_and_ages_survive(scene: Scene) -> None:
    scene.seconds(11, spo2=97, heart=70)
    await scene.desk.persist()
    scene.clock.advance(20_000)
    scene.start()
    shown = scene.desk.snapshot().tiles[0].shown["spo2"]
    assert shown.value == 97
    assert shown.age_s is not None
    assert shown.age_s >= 20


def test_a_log_of_another_store_is_not_alarmed_again(make_scene: MakeScene) -> None:
    place = new_registry()
    first = make_scene(place=place)
    other = make_scene()
    desaturate(other, 6)
    again = make_scene(place=place, series=other.series, clock=first.clock, enrolled=False)
    assert again.open() == []
    desaturate(again, 1, spo2=97)
    again.start()
    assert recorded(again) == []


@contextmanager
def without_events(place: Path) -> Iterator[None]:
    """A registry that fails: its table of events is gone for a while."""
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("ALTER TABLE alarm_event RENAME TO elsewhere")
        yield
        connection.execute("ALTER TABLE elsewhere RENAME TO alarm_event")


async def test_s4_alarming_goes_on_while_nothing_can_be_recorded(make_scene: MakeScene) -> None:
    place = new_registry()
    scene = make_scene(place=place)
    with without_events(place):
        desaturate(scene, 6)
        with pytest.raises(StoreError):
            await scene.desk.persist()
        desaturate(scene, 1, spo2=97)
        with pytest.raises(StoreError):
            await scene.desk.persist()
        alarm = scene.only("spo2.low")
        assert (alarm.phase, alarm.recorded, alarm.sounding) == ("ended", False, True)
        answer = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k")
        assert (answer.phase, answer.recorded) == ("over", False)
    await scene.desk.persist()
    assert recorded(scene) == [("raised", 1), ("ended", 2), ("acknowledged", 3)]
    again = await scene.desk.acknowledge(alarm.episode, alarm.version, actor="n", key="k")
    assert again.recorded is True


async def test_a_state_that_could_not_be_written_is_written_later(make_scene: MakeScene) -> None:
    place = new_registry()
    scene = make_scene(place=place)
    with without_events(place):
        desaturate(scene, 6)
        with pytest.raises(StoreError):
            await scene.desk.persist()
    await scene.desk.persist()
    scene.start()
    assert scene.only("spo2.low").phase == "active"
    assert recorded(scene) == [("raised", 1)]


async def test_an_event_that_comes_twice_fails_loudly(make_scene: MakeScene) -> None:
    place = new_registry()
    scene = make_scene(place=place)
    desaturate(scene, 6)
    await scene.desk.persist()
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("UPDATE alarm_event SET version = 2")
        connection.commit()
    desaturate(scene, 1, spo2=97)
    with pytest.raises(StoreError, match="recorded before"):
        await scene.desk.persist()


async def test_nothing_is_written_while_nothing_changes(scene: Scene) -> None:
    scene.seconds(11, spo2=97, heart=70)
    await scene.desk.persist()
    before = scene.registry.cursor("alarms")
    scene.seconds(9, spo2=97, heart=70)
    await scene.desk.persist()
    assert scene.registry.cursor("alarms") == before
    scene.seconds(1, spo2=97, heart=70)
    await scene.desk.persist()
    assert scene.registry.cursor("alarms") != before
