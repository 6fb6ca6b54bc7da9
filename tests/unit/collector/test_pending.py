"""What waits for the disk is bounded and keeps its order."""

import asyncio

import pytest
from tests.batches import EPOCH, arrival

from vitals.collector.pending import Pending, size_of


async def test_it_keeps_the_order_and_knows_who_waits() -> None:
    pending = Pending()
    batches = [arrival(seq) for seq in (3, 1, 2)]
    assert all(pending.offer(batch) for batch in batches)
    assert ("gw-1", EPOCH, 1) in pending
    assert pending.oldest() == batches
    pending.settled(batches[:2])
    assert ("gw-1", EPOCH, 1) not in pending
    assert pending.oldest() == batches[2:]
    pending.settled(batches[2:])
    assert pending.is_empty


async def test_it_refuses_what_is_beyond_its_bound_and_has_room_again() -> None:
    batches = [arrival(seq) for seq in range(1, 5)]
    pending = Pending(most_bytes=3 * size_of(batches[0]))
    assert [pending.offer(batch) for batch in batches] == [True, True, True, False]
    assert ("gw-1", EPOCH, 4) not in pending
    pending.settled(batches[:1])
    assert pending.offer(batches[3])


async def test_a_commit_is_bounded_but_never_empty() -> None:
    batches = [arrival(seq) for seq in range(1, 6)]
    pending = Pending(commit_bytes=2 * size_of(batches[0]))
    for batch in batches:
        pending.offer(batch)
    assert pending.oldest() == batches[:2]
    small = Pending(commit_bytes=1)
    small.offer(batches[0])
    assert small.oldest() == batches[:1]


async def test_a_second_copy_in_flight_does_not_hide_the_first() -> None:
    pending = Pending()
    pending.offer(arrival(1))
    pending.offer(arrival(1))
    pending.settled([arrival(1)])
    assert ("gw-1", EPOCH, 1) in pending
    pending.settled([arrival(1)])
    assert ("gw-1", EPOCH, 1) not in pending


async def test_the_committer_sleeps_while_there_is_nothing() -> None:
    pending = Pending()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pending.wait(), 0)
    pending.offer(arrival(1))
    await asyncio.wait_for(pending.wait(), 5)
    pending.settled([arrival(1)])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pending.wait(), 0)
