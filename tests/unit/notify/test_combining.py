"""A storm: few messages with counts instead of many, no new high held back, nothing lost."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.notify_scene import NOON, SECTION, settings, shown
from tests.unit.notify.test_dispatch import Desk
from tests.unit.notify.test_restart import kept

from vitals.notify.combining import GATHERED_S, KIND, MOST
from vitals.notify.dispatch import STOPPED, Dispatcher, Moment
from vitals.registry import Kept, Responsible
from vitals.ward import ShownAlarm

OWNERS = {f"p-{number}": Responsible("nurse-1", "") for number in range(40)}


def outage(number: int) -> ShownAlarm:
    return shown(f"gateway:gw-{number}:offline:1", patient=None, priority="medium", kind="technical")


def of(number: int, **changes: Any) -> ShownAlarm:
    return shown(f"p-{number}:spo2.low:1", patient=f"p-{number}", **changes)


def desk(**changes: Any) -> Desk:
    made = Desk(**changes)
    made.dispatcher.responsible = OWNERS
    return made


def test_several_gateway_outages_are_one_message_with_counts_alone() -> None:
    ward = desk(console_url="https://console.example/")
    for number in range(7):
        ward.alarm(outage(number))
        ward.wait(1)
    ward.wait(5)
    (one,) = ward.sent
    assert (one.kind, one.recipient, one.priority, ward.told[0][0]) == (KIND, "technician", "medium", GATHERED_S)
    text, link = one.text.splitlines()
    assert text == "7 alarms (7 medium), open the console"
    assert link.startswith(f"https://console.example/a/{one.reference}-1-")
    assert "gw" not in one.text
    ward.wait(105)
    assert ward.dispatcher.unreached == 0


def test_one_outage_alone_goes_out_as_it_is() -> None:
    ward = desk()
    ward.alarm(outage(1))
    ward.wait(GATHERED_S)
    (one,) = ward.sent
    assert (one.kind, one.text) == ("alarm", f"Medium priority alarm, open the console: {one.reference}")


def test_a_storm_of_mediums_is_five_messages_and_then_one_for_all_the_others() -> None:
    ward = desk()
    for number in range(40):
        ward.alarm(of(number, priority="medium"))
    assert ward.who == [(0, "nurse-1")] * MOST
    ward.wait(GATHERED_S)
    assert len(ward.sent) == MOST + 1
    assert ward.sent[-1].text == "35 alarms (35 medium), open the console"


def test_a_new_high_of_another_patient_is_never_held_back_by_a_storm() -> None:
    ward = desk()
    for number in range(20):
        ward.alarm(of(number, priority="medium"))
    for number in range(20, 40):
        ward.alarm(of(number))
    highs = [row for row in ward.sent if row.priority == "high"]
    assert [row.episode for row in highs] == [of(number).episode for number in range(20, 40)]
    assert {at_s for at_s, _ in ward.who} == {0}
    ward.alarm(of(3, version=2))  # a medium that waits to be combined, and is worse now
    assert ward.sent[-1].episode == of(3).episode
    assert ward.sent[-1].priority == "high"


def test_whoever_is_told_of_a_combined_message_counts_as_told_of_each() -> None:
    ward = desk(dead=frozenset(SECTION["recipients"]))
    for number in range(3):
        ward.alarm(outage(number))
    ward.wait(3 * GATHERED_S)  # the technician, then the charge nurse, then whoever is left
    assert (ward.dispatcher.unreached, ward.sent) == (3, [])
    ward.dead = frozenset()
    ward.wait(140)
    assert ward.dispatcher.unreached == 0


def test_what_is_acknowledged_while_it_waits_is_not_told_and_recorded_as_stopped() -> None:
    ward = desk()
    ward.alarm(outage(1))
    ward.alarm(outage(2))
    ward.dispatcher.alarm(
        msgspec.structs.replace(outage(1), version=2, phase="acknowledged", acknowledged_by="n"), ward.now
    )
    decided = ward.carry_out()
    assert [(row.state, row.kind) for row in decided.kept] == [(STOPPED, "alarm")]
    ward.wait(GATHERED_S)
    (one,) = ward.sent
    assert (one.kind, one.episode) == ("alarm", outage(2).episode)


def before_a_kill() -> tuple[Dispatcher, Kept]:
    """Three outages, combined and not sent."""
    dispatcher = Dispatcher(settings())
    for number in range(3):
        dispatcher.alarm(outage(number), Moment(0, NOON))
    waiting = dispatcher.take()
    dispatcher.tick(Moment(10_000, NOON + 10_000))
    combined = dispatcher.take()
    rows = {row.key: row for row in (*waiting.kept, *combined.notifications, *combined.kept)}
    stored = kept(waiting, combined)
    return dispatcher, msgspec.structs.replace(
        stored,
        notifications=[row for row in rows.values() if row.state == "queued"],
        combined=[row for row in rows.values() if row.state == KIND],
    )


def test_a_combined_message_survives_a_kill_with_what_it_stands_for() -> None:
    _, stored = before_a_kill()
    assert [row.kind for row in stored.notifications] == [KIND]
    assert {row.combined_into for row in stored.combined} == {stored.notifications[0].key}
    after = Dispatcher(settings())
    now = Moment(11_000, NOON + 11_000)
    (one,) = after.restore(stored, now)
    assert after.take().stop == {}
    after.reported(one.key, now, reached=False)
    assert [row.recipient for row in after.take().kept] == ["nurse-3"] * 3  # each goes on to its next stage


def test_a_combined_message_of_which_nothing_is_open_is_not_sent_after_a_kill() -> None:
    _, stored = before_a_kill()
    after = Dispatcher(settings())
    after.restore(msgspec.structs.replace(stored, escalations=[]), Moment(11_000, NOON + 11_000))
    assert after.take().stop == {stored.notifications[0].key: STOPPED}


def test_what_waited_when_it_was_killed_waits_again_and_is_combined() -> None:
    dispatcher = Dispatcher(settings())
    for number in range(3):
        dispatcher.alarm(outage(number), Moment(0, NOON))
    waiting = dispatcher.take()
    stored = msgspec.structs.replace(kept(waiting), notifications=waiting.kept)
    after = Dispatcher(settings())
    assert after.restore(stored, Moment(5_000, NOON)) == []
    after.tick(Moment(15_000, NOON))
    (one,) = after.take().notifications
    assert one.text.startswith("3 alarms (3 medium)")


HAPPENINGS = st.tuples(
    st.integers(0, 12), st.sampled_from(["outage", "medium", "high"]), st.sampled_from([0.0, 0.0, 0.5, 4.0, 31.0])
)


@given(st.lists(HAPPENINGS, max_size=60))
def test_no_storm_loses_an_alarm_delays_a_new_high_or_sends_more_than_it_may(
    course: list[tuple[int, str, float]],
) -> None:
    ward = desk(chains={"medium": {"stages": [{"to": "owner", "after_s": 0}, {"to": "team", "after_s": 120}]}})
    highs: set[str] = set()
    for number, what, wait_s in course:
        if what == "outage":
            alarm = outage(number)
        else:
            alarm = of(number, priority="high" if of(number).episode in highs else what)
        told = len(ward.sent)
        ward.alarm(msgspec.structs.replace(alarm, version=len(ward.sent) + 1))
        if what == "high" and alarm.episode not in highs:
            highs.add(alarm.episode)
            assert alarm.episode in {row.episode for row in ward.sent[told:] if row.priority == "high"}
        ward.wait(wait_s)
    ward.wait(GATHERED_S)
    sent_one_by_one = Counter[tuple[str, int]]()
    first_highs: set[tuple[str, str]] = set()
    for (at_s, recipient, priority), row in zip(ward.told, ward.sent, strict=True):
        if priority == "high" and (recipient, row.episode) not in first_highs:
            first_highs.add((recipient, row.episode))
        else:
            sent_one_by_one[recipient, int(at_s // 60)] += 1
    assert all(many <= 2 * (MOST + 60 / GATHERED_S) for many in sent_one_by_one.values())
    assert {recipient for _, recipient, _ in ward.told} <= set(SECTION["recipients"])
    told_of = {row.episode for row in ward.sent}
    combined = {row.key for row in ward.sent if row.kind == KIND}
    for row in ward.kept.values():
        assert row.state in {"queued", KIND, "superseded"}
        if row.state == KIND:
            assert row.combined_into in combined
            told_of.add(row.episode)
    assert {row.episode for row in ward.kept.values()} <= told_of
