"""What never reached the spool is declared: when, of which characteristic, why."""

from pathlib import Path

from tests.spools import GATEWAY, OXIMETER, STRAP, at, beat, beats, gaps, messages, spool_beat
from tests.spools import opened as open_spool
from tests.unit.gateway.spool.conftest import Opener

from vitals.wire.bodies import Gap
from vitals.wire.header import Kind
from vitals_gateway.spool.rows import Lost, Subscribed


def subscribed(at_ms: int, sensor: str = STRAP) -> Subscribed:
    return Subscribed(sensor, "2A37", at_ms)


def lost(at_ms: int, reason: str = "link_lost", sensor: str = STRAP) -> Lost:
    return Lost(sensor, "2A37", at_ms, reason)


def test_the_first_subscription_of_all_ends_no_gap(path: Path, opened: Opener) -> None:
    spool = opened(path)
    assert spool.record([subscribed(2000)], at(2000)).added == []
    assert gaps(spool) == []


def test_a_killed_gateway_is_a_gap_from_the_last_notification_to_the_new_subscription(
    path: Path, opened: Opener
) -> None:
    spool = opened(path, boot=1)
    spool.record([subscribed(2000), beat(2500), beat(3500)], at(3500))
    spool.close()
    spool = opened(path, 100, boot=2)
    until_start = Gap(STRAP, "2A37", "gateway_down", 1, 3500, 2, 100)
    assert gaps(spool) == [until_start]  # at once: the sensor may never be back
    [entry] = spool.record([subscribed(900)], at(905)).added
    assert gaps(spool) == [until_start, Gap(STRAP, "2A37", "gateway_down", 2, 100, 2, 900)]
    identity, _ = messages(spool)[-1]
    assert (identity.kind, identity.boot) == (Kind.GAP, 2)
    assert entry.urgent is False


def test_without_a_notification_the_gap_begins_at_the_last_subscription(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000)], at(2000))
    spool.close()
    spool = opened(path, 5000)
    spool.record([subscribed(6000)], at(6000))
    assert [(gap.from_ms, gap.to_ms) for gap in gaps(spool)] == [(2000, 5000), (5000, 6000)]


def test_every_characteristic_ever_subscribed_has_its_own_gap_and_only_once(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000), subscribed(2000, OXIMETER), beat(2200)], at(2200))
    spool.close_batch(at(2300))
    spool.close()
    for _ in range(2):
        spool = opened(path, 3000)
        spool.close()
    spool = opened(path, 5000)
    spool.record([subscribed(6000), subscribed(7000, OXIMETER)], at(7000))
    spool.record([subscribed(8000)], at(8000))
    assert gaps(spool) == [
        Gap(STRAP, "2A37", "gateway_down", 1, 2200, 1, 3000),
        Gap(OXIMETER, "2A37", "gateway_down", 1, 2000, 1, 3000),
        Gap(STRAP, "2A37", "gateway_down", 1, 3000, 1, 6000),
        Gap(OXIMETER, "2A37", "gateway_down", 1, 3000, 1, 7000),
    ]


def test_a_lost_link_is_a_gap_from_its_loss_to_the_new_subscription(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000), beat(2500), lost(3100), lost(3300, "out_of_slots"), subscribed(4000)], at(4000))
    assert gaps(spool) == [Gap(STRAP, "2A37", "link_lost", 1, 3100, 1, 4000)]


def test_a_gap_never_begins_before_what_is_in_the_spool(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000), beat(2900), lost(2800), subscribed(4000)], at(4000))
    assert gaps(spool) == [Gap(STRAP, "2A37", "link_lost", 1, 2900, 1, 4000)]


def test_a_subscription_that_never_was_is_a_gap_from_the_first_attempt(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([lost(2000, "subscription_failed")], at(2000))
    spool.record([lost(9000, "subscription_failed"), subscribed(9500)], at(9500))
    assert gaps(spool) == [Gap(STRAP, "2A37", "subscription_failed", 1, 2000, 1, 9500)]


def test_a_link_lost_before_the_gateway_went_down_keeps_its_reason(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000), lost(3000)], at(3000))
    spool.close()
    spool = opened(path, 5000)
    spool.record([subscribed(6000)], at(6000))
    assert gaps(spool) == [
        Gap(STRAP, "2A37", "link_lost", 1, 3000, 1, 5000),
        Gap(STRAP, "2A37", "link_lost", 1, 5000, 1, 6000),
    ]


def test_an_orderly_end_is_declared_at_the_next_start_like_any_other(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000), beat(2500), lost(3000, "gateway_down")], at(3000))
    spool.close()
    spool = opened(path, 5000)
    assert gaps(spool) == [Gap(STRAP, "2A37", "gateway_down", 1, 3000, 1, 5000)]


def test_a_notification_that_overtakes_its_subscription_is_stored_and_hides_no_gap(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000)], at(2000))
    spool.close()
    spool = opened(path, 5000)
    spool.record([beat(6000), subscribed(6001)], at(6001))
    spool.close_batch(at(6100))
    assert [(gap.from_ms, gap.to_ms) for gap in gaps(spool)] == [(2000, 5000), (5000, 6001)]
    assert beats(spool) == [(1, 6000, 70)]


def test_notifications_that_could_not_be_stored_are_a_gap_once_one_can(path: Path, opened: Opener) -> None:
    spool = opened(path)
    spool.record([subscribed(2000), beat(2100)], at(2100))
    spool.record([beat(9000, after_loss=True), beat(9100)], at(9100))
    spool.close_batch(at(9200))
    assert gaps(spool) == [Gap(STRAP, "2A37", "spool_full", 1, 2100, 1, 9000)]
    assert [at_ms for _, at_ms, _ in beats(spool)] == [2100, 9000, 9100]


def test_gaps_survive_a_kill_between_the_loss_and_the_next_subscription(path: Path, opened: Opener) -> None:
    """The file is read while the first process has it open, as after a kill: nothing was closed in order."""
    spool = opened(path)
    spool_beat(spool, 2000)
    spool.record([subscribed(2000), lost(3000)], at(3000))
    copy = path.with_name("copy.db")
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    after = open_spool(copy, 5000, gateway=GATEWAY)
    assert gaps(after) == [Gap(STRAP, "2A37", "link_lost", 1, 3000, 1, 5000)]
    after.close()
