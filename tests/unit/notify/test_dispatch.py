"""What is decided: who is told when, what stops it, and that nothing but an acknowledgement does."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notify_scene import EPISODE, NOON, SECTION, settings, shown

from vitals.alarms.escalation import Phase
from vitals.clock import iso
from vitals.notify.dispatch import STOPPED, SUPERSEDED, Decisions, Dispatcher, Moment
from vitals.registry import HandOver, Notification, Responsible
from vitals.ward import ShownAlarm


class Desk:
    """A dispatcher with a clock; who is *dead* is never reached, anybody else always."""

    def __init__(self, *, dead: frozenset[str] = frozenset(), **changes: Any) -> None:
        self.dispatcher = Dispatcher(settings(**changes))
        self.dispatcher.responsible = {"p-1": Responsible("nurse-1", "nurse-2")}
        self.dead = dead
        self.at_ms = 0
        self.told: list[tuple[float, str, str]] = []
        self.stopped: dict[str, str] = {}
        self.sent: list[Notification] = []
        self.kept: dict[str, Notification] = {}

    @property
    def now(self) -> Moment:
        return Moment(self.at_ms, NOON + self.at_ms)

    def alarm(self, alarm: ShownAlarm, **options: Any) -> None:
        self.dispatcher.alarm(alarm, self.now, **options)
        self.carry_out()

    def wait(self, seconds: float) -> None:
        end_ms = self.at_ms + round(seconds * 1000)
        while (due_ms := self.dispatcher.due_ms) is not None and due_ms <= end_ms:
            self.at_ms = max(self.at_ms, due_ms)
            self.dispatcher.tick(self.now)
            self.carry_out()
        self.at_ms = end_ms
        self.dispatcher.tick(self.now)
        self.carry_out()

    def carry_out(self) -> Decisions:
        """Deliver at once, until nothing more is decided."""
        while True:
            decided = self.dispatcher.take()
            self.stopped |= decided.stop
            self.kept |= {row.key: row for row in decided.kept}
            if not decided.notifications:
                return decided
            for notification in decided.notifications:
                reached = notification.recipient not in self.dead
                if reached:
                    self.sent.append(notification)
                    self.told.append((self.at_ms / 1000, notification.recipient, notification.priority))
                self.dispatcher.reported(notification.key, self.now, reached=reached)
                if reached:
                    self.dispatcher.settled(notification.key)

    @property
    def who(self) -> list[tuple[float, str]]:
        return [(at_s, recipient) for at_s, recipient, _ in self.told]


def test_a_high_that_nobody_acknowledges_climbs_and_repeats_the_last_stage() -> None:
    desk = Desk()
    desk.alarm(shown())
    desk.wait(400)
    assert desk.who == [
        (0, "nurse-1"),
        (30, "nurse-1"),
        (30, "nurse-2"),
        (60, "nurse-3"),
        (120, "desk-phone"),
        (240, "desk-phone"),
        (360, "desk-phone"),
    ]
    assert {notification.priority for notification in desk.sent} == {"high"}


@pytest.mark.parametrize(
    "change",
    [
        shown(version=2, sounding=False, paused_until=iso(NOON + 120_000)),
        shown(version=2, phase="ended", ended_at=iso(NOON)),
        shown(version=2),
        shown(version=1),
        shown(version=0, phase="acknowledged"),
    ],
)
def test_s2_neither_a_paused_sound_nor_an_end_nor_news_stop_it(change: ShownAlarm) -> None:
    desk = Desk()
    desk.alarm(shown())
    desk.wait(10)
    desk.alarm(change)
    desk.wait(60)
    assert desk.who[1:] == [(30, "nurse-1"), (30, "nurse-2"), (60, "nurse-3")]


@pytest.mark.parametrize(
    "change",
    [
        shown(version=2, phase="acknowledged", sounding=False, acknowledged_by="nurse-2"),
        shown(version=2, phase="over", sounding=False, acknowledged_by="nurse-2"),
        shown(version=2, phase="over", sounding=False),
    ],
)
def test_an_acknowledgement_stops_it_and_so_does_that_nothing_is_left_to_acknowledge(change: ShownAlarm) -> None:
    desk = Desk()
    desk.alarm(shown())
    desk.wait(40)
    desk.alarm(change)
    told = list(desk.told)
    desk.wait(3600)
    assert desk.told == told
    assert desk.dispatcher.due_ms is None


def test_s8_an_acknowledged_alarm_that_comes_again_is_told_from_the_first_stage_on() -> None:
    desk = Desk()
    desk.alarm(shown())
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-2"))
    desk.wait(600)
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-2"))  # heard twice
    desk.alarm(shown(version=3))
    desk.wait(30)
    assert desk.who[1:] == [(600, "nurse-1"), (630, "nurse-1"), (630, "nurse-2")]
    assert len({notification.key for notification in desk.sent}) == len(desk.sent)


def test_a_medium_that_becomes_high_is_told_at_once_to_whoever_knew() -> None:
    desk = Desk()
    desk.alarm(shown(priority="medium"))
    desk.wait(130)
    desk.alarm(shown(version=2))
    assert desk.told[3:] == [(130, "nurse-1", "high"), (130, "nurse-1", "high"), (130, "nurse-2", "high")]
    desk.wait(30)
    assert desk.told[-1] == (160, "nurse-3", "high")


def test_a_low_priority_opens_no_case() -> None:
    desk = Desk()
    desk.alarm(shown(priority="low"))
    assert (desk.dispatcher.due_ms, desk.told) == (None, [])


def test_an_alarm_of_no_patient_goes_to_the_technicians() -> None:
    desk = Desk()
    desk.alarm(shown("gateway:gw-1:offline:1", patient=None, priority="medium", kind="technical"))
    assert desk.who == []  # many gateways fail together: it waits for others
    desk.wait(10)
    assert desk.who == [(10, "technician")]  # there is no owner: the next stage at once


def test_s3_that_nobody_would_hear_is_told_to_the_nurses_at_once() -> None:
    desk = Desk()
    desk.alarm(shown("server:faults:stations_silent:1", condition="stations_silent", patient=None, priority="medium"))
    assert desk.who == [(0, "nurse-1"), (0, "nurse-2")]
    desk.wait(300)
    assert (300, "nurse-3") in desk.who


def test_that_nobody_can_be_told_is_told_to_nobody() -> None:
    desk = Desk(dead=frozenset(SECTION["recipients"]))
    desk.alarm(shown("server:faults:nobody_told:1", condition="nobody_told", patient=None, priority="medium"))
    assert (desk.dispatcher.unreached, desk.dispatcher.due_ms) == (0, None)


def test_s8_an_unassigned_patient_is_told_to_the_team_at_once() -> None:
    desk = Desk()
    desk.alarm(shown(patient="p-2"))
    assert desk.who == [(0, "nurse-1"), (0, "nurse-2")]
    assert desk.dispatcher.unanswered == 0
    desk.dispatcher.responsible = {"p-2": Responsible("somebody", "")}
    assert desk.dispatcher.unanswered == 1


def test_a_dead_owner_gives_way_at_once_and_the_rest_keeps_its_time() -> None:
    desk = Desk(dead=frozenset({"nurse-1"}))
    desk.alarm(shown())
    desk.wait(60)
    assert desk.who == [(0, "nurse-2"), (60, "nurse-3")]
    assert desk.dispatcher.unreached == 0


def test_when_nobody_can_be_told_that_is_counted_until_somebody_is() -> None:
    everybody = frozenset(SECTION["recipients"])
    desk = Desk(dead=everybody)
    desk.alarm(shown())
    assert (desk.told, desk.dispatcher.unreached) == ([], 1)
    assert desk.dispatcher.due_ms == 120_000
    desk.dead = frozenset()
    desk.wait(120)
    assert desk.who == [(120, "desk-phone")]
    assert desk.dispatcher.unreached == 0


def test_a_message_that_is_still_tried_gives_way_to_a_newer_one_of_the_same_alarm() -> None:
    desk = Desk(dead=frozenset({"nurse-1"}))
    desk.alarm(shown())
    reference = desk.sent[0].reference
    assert desk.stopped == {f"{reference}-1/nurse-1": SUPERSEDED}
    desk.alarm(shown("other"))
    assert not any(key.startswith(f"{reference}-2") for key in desk.stopped)


def test_an_acknowledgement_stops_what_is_still_tried() -> None:
    desk = Desk(dead=frozenset(SECTION["recipients"]))
    desk.alarm(shown())
    pending = set(desk.dispatcher._pending)
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="n"))
    assert pending
    assert {key for key, reason in desk.stopped.items() if reason == STOPPED} == pending
    assert desk.dispatcher.unreached == 0


def test_a_recipient_takes_nothing_below_its_own_priority() -> None:
    recipients = {**SECTION["recipients"], "nurse-1": {"channels": ["memory://"], "least": "high"}}
    desk = Desk(recipients=recipients)
    desk.alarm(shown(priority="medium"))
    assert desk.who == [(0, "nurse-2")]  # muted is not reached: the next stage at once, with whoever takes it
    desk.alarm(shown(version=2))
    assert "nurse-1" in {recipient for _, recipient in desk.who}


def test_an_alarm_that_was_raised_while_nobody_listened_is_overdue() -> None:
    desk = Desk()
    desk.at_ms = 70_000
    desk.dispatcher.reconcile([shown(raised_at=iso(NOON + 5_000))], desk.now)
    desk.carry_out()
    assert desk.who == [(70, "nurse-1"), (70, "nurse-1"), (70, "nurse-2"), (70, "nurse-3")]
    assert desk.dispatcher.due_ms == 125_000


def test_a_clock_that_stepped_makes_no_alarm_come_from_the_future() -> None:
    desk = Desk()
    desk.dispatcher.reconcile([shown(raised_at=iso(NOON + 3_600_000)), shown("e-2", raised_at="")], desk.now)
    desk.carry_out()
    assert desk.who == [(0, "nurse-1"), (0, "nurse-1")]


def test_an_alarm_that_the_ward_forgot_ends_at_the_second_look_and_says_so() -> None:
    desk = Desk()
    desk.alarm(shown())
    reference = desk.sent[0].reference
    desk.dispatcher.reconcile([], desk.now)
    assert desk.carry_out().withdrawn == []
    desk.dispatcher.reconcile([shown()], desk.now)  # it is back
    desk.dispatcher.reconcile([], desk.now)
    assert desk.carry_out().withdrawn == []
    desk.dispatcher.reconcile([], desk.now)
    assert desk.carry_out().withdrawn == [reference]
    assert desk.dispatcher.due_ms is None
    desk.alarm(shown())
    assert desk.who[-1] == (0, "nurse-1")
    assert desk.sent[-1].key != desk.sent[0].key


def test_an_acknowledged_alarm_that_is_gone_is_over() -> None:
    desk = Desk()
    desk.alarm(shown())
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="n"))
    desk.dispatcher.reconcile([], desk.now)
    decided = desk.carry_out()
    assert [row.phase for row in decided.escalations.values()] == [Phase.OVER.value]
    assert decided.withdrawn == []


OFF_AT_NIGHT = [{"between": ["07:00", "19:00"]}]


def with_hours() -> dict[str, Any]:
    recipients = {**SECTION["recipients"], "nurse-2": {"channels": ["memory://"], "hours": OFF_AT_NIGHT}}
    return {"recipients": recipients}


def test_s8_an_owner_who_leaves_without_a_hand_over_is_noticed_once() -> None:
    desk = Desk(**with_hours())
    desk.alarm(shown())
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-2"))
    desk.wait(1)
    desk.at_ms = 7 * 3_600_000  # 20:00 in Oslo
    desk.dispatcher.tick(desk.now)
    assert desk.carry_out().left == [EPISODE]
    desk.dispatcher.tick(desk.now)
    assert desk.carry_out().left == []
    desk.dispatcher.owner_left(EPISODE, desk.now)
    desk.carry_out()
    assert desk.who[-1] == (25200, "nurse-1")


def test_s8_an_accepted_hand_over_leaves_it_acknowledged() -> None:
    desk = Desk(**with_hours())
    desk.alarm(shown())
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-2"))
    desk.wait(1)
    desk.dispatcher.handed_over(EPISODE, "nurse-3", desk.now)
    assert desk.dispatcher.owned_by("nurse-3") == [EPISODE]
    desk.dispatcher.reconcile([shown(version=2, phase="acknowledged", acknowledged_by="nurse-2")], desk.now)
    desk.at_ms = 7 * 3_600_000
    desk.dispatcher.tick(desk.now)
    assert desk.carry_out().left == []
    assert desk.dispatcher.owned_by("nurse-3") == [EPISODE]


def test_s8_an_accepted_hand_over_of_a_duty_moves_what_was_acknowledged_and_its_end_tells() -> None:
    desk = Desk(**with_hours())
    desk.alarm(shown())
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-1"))
    evening = NOON + 7 * 3_600_000  # 20:00 in Oslo: nurse-2 is off duty by their own hours
    offer = HandOver(id="h", giver="nurse-1", taker="nurse-2", offered_utc_ms=NOON, until_utc_ms=evening)
    desk.dispatcher.stand_in([offer], desk.now)
    assert desk.dispatcher.owned_by("nurse-1") == [EPISODE]  # an offer changes nothing
    desk.dispatcher.stand_in([msgspec.structs.replace(offer, accepted_utc_ms=NOON)], desk.now)
    assert desk.dispatcher.owned_by("nurse-2") == [EPISODE]
    desk.wait(60)
    assert desk.carry_out().left == []
    desk.at_ms = evening - NOON
    desk.dispatcher.stand_in([], desk.now)
    desk.dispatcher.tick(desk.now)
    assert desk.carry_out().left == [EPISODE]


def test_whoever_acknowledges_off_duty_does_not_leave_at_once() -> None:
    desk = Desk(**with_hours())
    desk.at_ms = 7 * 3_600_000
    desk.alarm(shown())
    desk.alarm(shown(version=2, phase="acknowledged", acknowledged_by="nurse-2"))
    desk.wait(60)
    assert desk.carry_out().left == []


CHANGES = st.tuples(
    st.sampled_from(["active", "paused", "ended", "acknowledged", "look"]),
    st.sampled_from(["medium", "high"]),
    st.floats(0, 200),
    st.sets(st.sampled_from(sorted(SECTION["recipients"]))),
)


@given(st.lists(CHANGES, max_size=25))
def test_as_long_as_it_is_unacknowledged_somebody_is_told_again_within_two_minutes(
    course: list[tuple[str, str, float, set[str]]],
) -> None:
    """Whatever channels die and come back, sounds are paused or conditions end: a deadline is never lost."""
    desk = Desk(chains={"medium": {"stages": [{"to": "owner", "after_s": 0}, {"to": "phone", "after_s": 120}]}})
    newest = shown()
    desk.alarm(newest)
    for phase, priority, wait_s, dead in course:
        desk.dead = frozenset(dead)
        if phase == "look":
            desk.dispatcher.reconcile([newest], desk.now)
            desk.carry_out()
        else:
            paused_until = iso(NOON) if phase == "paused" else None
            newest = shown(
                version=newest.version + 1,
                phase="active" if phase == "paused" else phase,
                priority=priority,
                paused_until=paused_until,
                acknowledged_by="n" if phase == "acknowledged" else None,
            )
            desk.alarm(newest)
        assert (desk.dispatcher.due_ms is None) is (newest.phase == "acknowledged")
        if desk.dispatcher.due_ms is not None:
            assert desk.at_ms < desk.dispatcher.due_ms <= desk.at_ms + 120_000
        desk.wait(wait_s)
    desk.dead = frozenset()
    before = len(desk.told)
    desk.wait(120)
    assert newest.phase == "acknowledged" or len(desk.told) > before
