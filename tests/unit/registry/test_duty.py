"""Leases, hand-overs and browsers as the registry keeps them."""

from collections.abc import Iterator

import pytest

from vitals.errors import ConflictError, NotFoundError
from vitals.registry import HandOver, Lease, PushDevice, Registry, open_registry

OFFER = HandOver(id="h-1", giver="nurse-1", taker="nurse-2", offered_utc_ms=1000, until_utc_ms=9000)
PHONE = PushDevice(endpoint="https://push.example/a", recipient="nurse-1", p256dh="BK", auth="x", added_utc_ms=1000)


@pytest.fixture
def registry() -> Iterator[Registry]:
    opened = open_registry("sqlite://")
    yield opened
    opened.close()


def test_a_lease_is_one_holder_s_until_it_runs_out_is_given_back_or_the_holder_is_gone(registry: Registry) -> None:
    duty = registry.duty
    assert duty.claim("n", Lease("a", 100), now_utc_ms=0) is None
    assert duty.claim("n", Lease("b", 150), now_utc_ms=50) == Lease("a", 100)
    assert duty.claim("other", Lease("b", 150), now_utc_ms=50) is None
    assert duty.claim("n", Lease("a", 200), now_utc_ms=60) is None
    assert duty.claim("n", Lease("b", 300), now_utc_ms=200) is None
    assert duty.claim("n", Lease("c", 300), now_utc_ms=201, over=lambda held: held.holder == "b") is None
    duty.release("n", "b")
    assert duty.claim("n", Lease("d", 400), now_utc_ms=202) == Lease("c", 300)
    duty.release("n", "c")
    assert duty.claim("n", Lease("d", 400), now_utc_ms=202) is None


def test_a_hand_over_is_offered_accepted_and_ended(registry: Registry) -> None:
    duty = registry.duty
    duty.offer(OFFER)
    with pytest.raises(ConflictError, match="offered before"):
        duty.offer(OFFER)
    assert duty.hand_overs(now_utc_ms=2000) == [OFFER]
    accepted = duty.accept("h-1", at_utc_ms=2000)
    assert accepted.accepted_utc_ms == 2000
    assert duty.accept("h-1", at_utc_ms=3000) == accepted
    assert duty.hand_overs(now_utc_ms=3000) == [accepted]
    assert duty.hand_overs(now_utc_ms=9000) == []
    assert duty.end("h-1", at_utc_ms=4000).ended_utc_ms == 4000
    assert duty.hand_overs(now_utc_ms=4000) == []


def test_an_offer_that_is_over_cannot_be_accepted(registry: Registry) -> None:
    duty = registry.duty
    duty.offer(OFFER)
    with pytest.raises(ConflictError, match="is over"):
        duty.accept("h-1", at_utc_ms=9000)
    duty.end("h-1", at_utc_ms=2000)
    with pytest.raises(ConflictError, match="is over"):
        duty.accept("h-1", at_utc_ms=3000)
    with pytest.raises(NotFoundError):
        duty.accept("h-2", at_utc_ms=3000)


def test_a_browser_that_is_gone_is_recorded_without_its_keys_and_may_come_again(registry: Registry) -> None:
    duty = registry.duty
    duty.add_device(PHONE)
    assert duty.devices("nurse-1") == duty.devices() == [PHONE]
    assert duty.remove_device(PHONE.endpoint, at_utc_ms=2000, why="410 Gone")
    assert not duty.remove_device(PHONE.endpoint, at_utc_ms=2001, why="again")
    assert duty.devices() == []
    duty.add_device(PHONE)
    assert duty.devices("nurse-1") == [PHONE]
