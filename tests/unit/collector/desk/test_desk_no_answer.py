"""What follows when a patient does not answer (S14)."""

from collections.abc import Callable

import pytest
from tests.desk_scene import Scene

from vitals.alarms import noanswer
from vitals.errors import ConfigurationError, NotFoundError
from vitals.registry import Plan
from vitals.registry.entities import require_plan
from vitals.ward import ShownAlarm

MakeScene = Callable[..., Scene]
STEPS = "2 min: call again\n1 min: send somebody"
CONDITION = "no_answer"


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    """A patient with two steps prescribed."""
    return make_scene(plan=Plan(prescribed={"spo2": []}, responsible_nurse="nurse-1", cover="nurse-2", no_answer=STEPS))


async def resolve(scene: Scene, alarm: ShownAlarm, outcome: str, key: str) -> ShownAlarm:
    return await scene.desk.resolve(alarm.episode, alarm.version, outcome=outcome, note="", actor="nurse-1", key=key)


async def unanswered(scene: Scene) -> ShownAlarm:
    """A high of a patient who did not answer; it is over meanwhile. The step that waits."""
    scene.seconds(7, spo2=84)
    await resolve(scene, scene.only("spo2.low"), "no_answer", "first")
    scene.second(spo2=97)
    return scene.only(CONDITION)


async def test_s14_no_answer_starts_the_prescribed_sequence(scene: Scene) -> None:
    waiting = await unanswered(scene)
    assert (waiting.priority, waiting.phase, waiting.sounding) == ("low", "acknowledged", False)
    assert waiting.acknowledged_by == "nurse-1"
    assert waiting.message == "No answer: call again at 12:02 (step 1 of 2)"
    scene.seconds(118, spo2=97)
    assert scene.only(CONDITION).priority == "low"
    scene.second(spo2=97)
    due = scene.only(CONDITION)
    assert (due.priority, due.phase, due.sounding) == ("medium", "active", True)
    assert due.message == "No answer: call again (step 1 of 2)"


async def test_s14_the_last_step_is_repeated_until_somebody_is_found(scene: Scene) -> None:
    await unanswered(scene)
    scene.seconds(119, spo2=97)
    for number in range(3):
        again = await resolve(scene, scene.only(CONDITION), "no_answer", f"again {number}")
        assert again.phase == "over"
        assert scene.only(CONDITION).message.startswith("No answer: send somebody at ")
        scene.seconds(60, spo2=97)
        assert scene.only(CONDITION).priority == "medium"
    await resolve(scene, scene.only(CONDITION), "spoke", "found")
    scene.seconds(300, spo2=97)
    assert scene.open(CONDITION) == []


async def test_s14_a_step_that_somebody_took_on_and_left_undone_comes_back(scene: Scene) -> None:
    await unanswered(scene)
    scene.seconds(119, spo2=97)
    due = scene.only(CONDITION)
    await scene.desk.acknowledge(due.episode, due.version, actor="nurse-2", key="taken")
    scene.seconds(599, spo2=97)
    assert not scene.only(CONDITION).sounding
    scene.second(spo2=97)
    assert scene.only(CONDITION).sounding


@pytest.mark.parametrize("elapsed_s", [10, 130])
async def test_s14_the_sequence_survives_a_restart(scene: Scene, elapsed_s: int) -> None:
    await unanswered(scene)
    scene.seconds(elapsed_s, spo2=97)
    before = scene.only(CONDITION)
    await scene.desk.persist()
    scene.start()
    assert scene.only(CONDITION).episode == before.episode
    scene.seconds(120, spo2=97)
    assert (scene.only(CONDITION).priority, scene.only(CONDITION).sounding) == ("medium", True)
    await resolve(scene, scene.only(CONDITION), "no_answer", "again")
    assert scene.only(CONDITION).message.startswith("No answer: send somebody")


async def test_s14_every_step_is_recorded_and_one_sequence_runs(scene: Scene) -> None:
    first = await unanswered(scene)
    scene.seconds(7, spo2=84)
    await resolve(scene, scene.only("spo2.low"), "no_answer", "second alarm")
    assert scene.only(CONDITION).episode == first.episode
    await resolve(scene, scene.only(CONDITION), "ambulance", "sent")
    await scene.desk.persist()
    changes = [(event.change, event.actor) for event in scene.recorded(CONDITION)]
    by = "nurse-1"
    assert changes == [("raised", by), ("acknowledged", by), ("resolved", by), ("ended", by)]


async def test_s14_without_a_prescription_the_usual_steps_follow(make_scene: MakeScene) -> None:
    await unanswered(scene := make_scene())
    assert scene.only(CONDITION).message == "No answer: call again at 12:05 (step 1 of 3)"


async def test_s14_an_outcome_can_be_given_after_a_restart(scene: Scene) -> None:
    scene.seconds(7, spo2=84)
    alarm = scene.only("spo2.low")
    await scene.desk.acknowledge(alarm.episode, alarm.version, actor="nurse-1", key="k1")
    scene.second(spo2=97)
    over = scene.told[-1]
    assert over.phase == "over"
    await scene.desk.persist()
    scene.start()
    answer = await resolve(scene, over, "no_answer", "late")
    assert (answer.episode, answer.version, answer.message) == (over.episode, over.version, over.message)
    assert (answer.acknowledged_by, answer.raised_at, answer.value) == ("nurse-1", over.raised_at, over.value)
    assert scene.only(CONDITION).priority == "low"
    with pytest.raises(NotFoundError):
        await scene.desk.resolve("p-1:x:1", 1, outcome="spoke", note="", actor="nurse-1", key="never")


@pytest.mark.parametrize("text", ["call again", "x min: call", "5 min:", "5 min: " + "a" * 81, "1 min: a\n" * 11])
def test_a_plan_whose_steps_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no_answer"):
        require_plan(Plan(prescribed={}, no_answer=text))


def test_steps_are_read_line_by_line() -> None:
    assert noanswer.parse(STEPS) == (noanswer.Step(120, "call again"), noanswer.Step(60, "send somebody"))
    assert noanswer.parse("") == noanswer.DEFAULT
