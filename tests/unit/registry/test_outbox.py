"""The outbox: a message is one row by its key, a chain and what it asked for are one transaction."""

from collections.abc import Iterator

import msgspec
import pytest

from vitals.errors import StoreError
from vitals.registry import (
    Attempt,
    Dispatch,
    Escalation,
    Notification,
    Patient,
    Plan,
    Registry,
    Responsible,
    open_registry,
)

CHAIN = Escalation(episode="p-1:spo2.low:5", reference="K7QF3DMX", phase="running", state=b"a", changed_utc_ms=1000)
PAGE = Notification(
    key="K7QF3DMX-1/nurse-1",
    kind="alarm",
    episode=CHAIN.episode,
    reference=CHAIN.reference,
    number=1,
    version=1,
    stage="owner",
    recipient="nurse-1",
    priority="high",
    text="High priority alarm, open the console: K7QF3DMX",
    created_utc_ms=1000,
)
TRY = Attempt(key=PAGE.key, number=1, channel="nurse-1/1 ntfy", began_utc_ms=1001)


@pytest.fixture
def registry() -> Iterator[Registry]:
    opened = open_registry("sqlite://")
    yield opened
    opened.close()


def test_what_is_to_be_done_is_found_again(registry: Registry) -> None:
    registry.outbox.save(Dispatch(escalations=[CHAIN], notifications=[PAGE], attempts=[TRY], timeline=b"t"))
    kept = registry.outbox.load()
    assert (kept.escalations, kept.notifications, kept.timeline) == ([CHAIN], [PAGE], b"t")
    assert kept.attempted == {PAGE.key: 1}
    assert registry.outbox.attempts() == [TRY]
    assert registry.outbox.episode("K7QF3DMX") == CHAIN.episode
    assert registry.outbox.episode("NOTHING1") is None


def test_a_message_that_is_asked_for_again_is_the_same_message(registry: Registry) -> None:
    for _ in range(2):
        registry.outbox.save(Dispatch(notifications=[PAGE]))
    sent = msgspec.structs.replace(PAGE, state="sent", channel="nurse-1/1 ntfy", text="something else")
    registry.outbox.save(Dispatch(notifications=[sent, sent]))
    (row,) = registry.outbox.notifications(episode=CHAIN.episode)
    assert (row.state, row.channel, row.text) == ("sent", "nurse-1/1 ntfy", PAGE.text)
    assert registry.outbox.load().notifications == []


def test_an_attempt_is_completed_by_its_answer(registry: Registry) -> None:
    answered = msgspec.structs.replace(TRY, outcome="sent", receipt="handed_over", ended_utc_ms=1010)
    for row in (TRY, answered, msgspec.structs.replace(TRY, number=2, began_utc_ms=1020)):
        registry.outbox.save(Dispatch(attempts=[row]))
    assert [(row.number, row.outcome) for row in registry.outbox.attempts(key=PAGE.key)] == [(1, "sent"), (2, "begun")]


def test_a_chain_that_is_over_is_kept_and_not_taken_up(registry: Registry) -> None:
    registry.outbox.save(Dispatch(escalations=[CHAIN]))
    registry.outbox.save(Dispatch(escalations=[msgspec.structs.replace(CHAIN, phase="over")]))
    assert registry.outbox.load().escalations == []
    assert registry.outbox.episode("K7QF3DMX") == CHAIN.episode


def test_a_dispatch_that_fails_leaves_nothing(registry: Registry) -> None:
    registry.outbox.save(Dispatch(escalations=[CHAIN]))
    taken = msgspec.structs.replace(CHAIN, episode="p-2:spo2.low:6")
    with pytest.raises(StoreError):
        registry.outbox.save(Dispatch(escalations=[taken], notifications=[PAGE]))
    assert registry.outbox.notifications() == []


def test_keys_by_what_they_begin_with(registry: Registry) -> None:
    keys = ["self-test/2026-11-22/a", "self-test/2026-11-22/b", "self-test/2026-11-23/a", "self-test_2026-11-22/a"]
    registry.outbox.save(Dispatch(notifications=[msgspec.structs.replace(PAGE, key=key) for key in keys]))
    assert registry.outbox.keys("self-test/2026-11-22/") == set(keys[:2])


def test_s16_who_answers_for_whom(registry: Registry) -> None:
    somebody = Patient(id="p-1", family="Novák", given="Jana", birth_date="1957-09-08", record_number="R-1")
    registry.enrol(
        somebody, at_utc_ms=1, by="n", plan=Plan(prescribed={}, responsible_nurse="nurse-1", cover="nurse-2")
    )
    assert registry.outbox.responsible() == {"p-1": Responsible("nurse-1", "nurse-2")}
    registry.prescribe("p-1", Plan(prescribed={}, responsible_nurse="nurse-3"), at_utc_ms=2)
    assert registry.outbox.responsible() == {"p-1": Responsible("nurse-3", "")}
