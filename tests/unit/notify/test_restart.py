"""S8: chains that a process before this one left go on at their deadlines, whatever is left of them."""

import msgspec
from tests.notify_scene import EPISODE, NOON, settings, shown

from vitals.notify.dispatch import Case, Decisions, Dispatcher, Moment
from vitals.registry import Kept, Responsible


def kept(*decisions: Decisions) -> Kept:
    """What a registry would hold after these."""
    chains = {row.episode: row for decided in decisions for row in decided.escalations.values()}
    messages = {row.key: row for decided in decisions for row in decided.notifications}
    return Kept(
        escalations=[row for row in chains.values() if row.phase != "over"], notifications=list(messages.values())
    )


def test_s8_a_restart_goes_on_at_the_deadlines_and_sends_what_was_not_sent() -> None:
    before = Dispatcher(settings(), reference=lambda: "K7QF3DMX")
    before.responsible = {"p-1": Responsible("nurse-1", "")}
    before.alarm(shown(), Moment(0, NOON))
    stored = kept(before.take())

    after = Dispatcher(settings())
    after.responsible = before.responsible
    assert [row.key for row in after.restore(stored, Moment(0, NOON))] == ["K7QF3DMX-1/nurse-1"]
    later = Moment(20_000, NOON + 20_000)
    after.reconcile([shown()], later)
    after.tick(later)
    assert (after.take().notifications, after.due_ms) == ([], 30_000)
    after.tick(Moment(30_000, NOON + 30_000))
    assert [row.key for row in after.take().notifications] == ["K7QF3DMX-2/nurse-1", "K7QF3DMX-2/nurse-2"]


def test_what_was_not_sent_of_an_alarm_that_is_acknowledged_by_now_is_stopped() -> None:
    before = Dispatcher(settings())
    before.alarm(shown(), Moment(0, NOON))
    first = before.take()
    before.alarm(shown(version=2, phase="acknowledged", acknowledged_by="n"), Moment(0, NOON))
    stored = kept(first, before.take())
    after = Dispatcher(settings())
    after.restore(stored, Moment(0, NOON))
    assert set(after.take().stop) == {row.key for row in stored.notifications}


def test_a_chain_that_cannot_be_read_begins_anew_from_the_ward() -> None:
    before = Dispatcher(settings())
    before.alarm(shown(), Moment(0, NOON))
    stored = kept(before.take())
    (row,) = stored.escalations
    damaged = msgspec.structs.replace(stored, escalations=[msgspec.structs.replace(row, state=b"\xc1")])
    after = Dispatcher(settings())
    after.restore(damaged, Moment(0, NOON))
    after.reconcile([shown()], Moment(0, NOON))
    decided = after.take()
    assert set(decided.stop) == {row.key for row in stored.notifications}
    assert decided.notifications


def test_s8_a_deadline_on_a_timeline_that_was_lost_is_due_now() -> None:
    before = Dispatcher(settings())
    before.alarm(shown(), Moment(9_000_000, NOON))
    stored = kept(before.take())
    after = Dispatcher(settings())
    after.restore(stored, Moment(1000, NOON))
    assert after.due_ms == 1000
    after.tick(Moment(1000, NOON))
    assert [row.stage for row in after.take().notifications] == ["charge_nurse"]
    assert after.due_ms == 121_000


def test_a_case_is_stored_whole() -> None:
    dispatcher = Dispatcher(settings())
    dispatcher.alarm(shown(), Moment(0, NOON))
    (row,) = dispatcher.take().escalations.values()
    case = msgspec.msgpack.decode(row.state, type=Case)
    assert (case.reference, case.patient, case.chain.episode) == (row.reference, "p-1", EPISODE)
    assert dispatcher.episode(row.reference) == EPISODE
    assert dispatcher.next_step(EPISODE) == ("charge_nurse", 60_000)
    assert dispatcher.next_step("other") is None


def test_s8_an_acknowledgement_that_only_the_notifier_recorded_is_undone_with_the_wards() -> None:
    """Killed between the two records: the alarm sounds again, so somebody is told of it again."""
    before = Dispatcher(settings())
    before.alarm(shown(), Moment(0, NOON))
    first = before.take()
    before.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-1"), Moment(5_000, NOON + 5_000))
    after = Dispatcher(settings())
    after.restore(kept(first, before.take()), Moment(9_000, NOON + 9_000))
    after.reconcile([shown()], Moment(9_000, NOON + 9_000))
    assert after.next_step(EPISODE) is not None
    assert after.take().notifications
    after.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-2"), Moment(12_000, NOON + 12_000))
    assert after.next_step(EPISODE) is None
