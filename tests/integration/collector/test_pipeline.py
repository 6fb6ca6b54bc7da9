"""From a message on a real broker to a durable commit and its acknowledgement."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.batches import EPOCH, SENSOR, data, header, rejected, void
from tests.brokers import Broker
from tests.desks import KeepingDesk
from tests.integration.collector.peers import collecting, gateway, running, until

from vitals.collector.app import LAG_MS
from vitals.errors import StoreError
from vitals.observation import GenerationMode
from vitals.series.memory import MemorySeries
from vitals.series.sqlite import SqliteSeries, open_reader
from vitals.wire import bodies, topics
from vitals.wire.bodies import GatewayState
from vitals.wire.header import Kind

DEMO = GenerationMode.DEMO


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "series.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteSeries]:
    series = SqliteSeries(path, DEMO)
    yield series
    series.close()


async def test_a_batch_is_committed_once_and_acknowledged_and_so_is_its_copy(
    broker: Broker, store: SqliteSeries, path: Path
) -> None:
    async with collecting(broker, store) as desk, gateway(broker) as peer:
        await peer.send(header(1), bodies.encode(data([97.0, 96.0])))
        await until(lambda: peer.holds(EPOCH, 1), "an acknowledgement")
        reader = open_reader(path)
        assert [point.value for point in reader.points(SENSOR, "spo2", 0, 2**50)] == [97.0, 96.0]
        assert [message.store for message in peer.committed] == [store.store]
        assert peer.stores
        assert set(peer.stores) == {store.store}
        assert store.counts().redelivered == 0  # one subscription, one copy
        peer.committed.clear()
        await peer.send(header(1, published_ms=9000), bodies.encode(data([97.0, 96.0])))
        await until(lambda: peer.holds(EPOCH, 1), "an acknowledgement of the copy")
        await until(lambda: reader.counts().redelivered == 2, "the copy is counted")
        assert (reader.counts().rows, reader.counts().observations) == (1, 2)
        assert desk.seqs == [1]
        reader.close()


async def test_a_stream_is_acknowledged_in_merged_ranges(broker: Broker, store: SqliteSeries) -> None:
    async with collecting(broker, store) as desk, gateway(broker) as peer:
        for seq in (*range(1, 21), *range(31, 41)):
            await peer.send(header(seq))
        await until(lambda: peer.holds(EPOCH, 20) and peer.holds(EPOCH, 40), "both ranges")
        assert peer.committed[-1].ranges == {EPOCH: [(1, 20), (31, 40)]} or peer.ranges[EPOCH][-1] == (31, 40)
        assert not any(peer.holds(EPOCH, seq) for seq in range(21, 31))
        await peer.send(header(41, kind=Kind.VOID), bodies.encode(void({EPOCH: [(21, 30)]})))
        await until(lambda: peer.holds(EPOCH, 25), "the void closes the hole")
        assert store.committed("gw-1") == {EPOCH: [(1, 41)]}
        assert sorted(desk.seqs) == [*range(1, 21), *range(31, 41)]
        assert len(peer.committed) < 30


async def test_what_cannot_be_recorded_is_quarantined_and_acknowledged(broker: Broker, store: SqliteSeries) -> None:
    async with collecting(broker, store) as desk, gateway(broker) as peer:
        await peer.send(header(1), b"\xc1 no body")
        await peer.send(header(2, mode=GenerationMode.REAL))
        await peer.send(header(3, version=2))
        await peer.send(header(4), topic="v2/gw-1/vitals")
        await peer.send(header(5, kind=Kind.ALARM), topic=topics.alarm("gw-1"))
        await peer.send(header(6), bodies.encode(data([97.0], rejected=[rejected()])))
        await until(lambda: all(peer.holds(EPOCH, seq) for seq in range(1, 7)), "all are acknowledged")
        reasons = [item.reason for item in store.quarantined() if item.arrival is not None]
        assert [
            any(word in reason for reason in reasons) for word in ("body", "real", "version 2", "v2", "kind 2")
        ] == [True] * 5
        assert desk.seqs == [6]
        assert desk.holds("quarantined:gw-1")
        assert (store.counts().quarantined_batches, store.counts().observations) == (5, 1)


async def test_a_damaged_message_is_not_acknowledged(broker: Broker, store: SqliteSeries) -> None:
    async with collecting(broker, store) as desk, gateway(broker) as peer:
        await peer.publish(topics.vitals("gw-1"), b"OV garbage that is long enough for a header, and more")
        await peer.send(header(2))
        await until(lambda: peer.holds(EPOCH, 2), "the sound one")
        assert desk.holds("damaged:gw-1")
        assert peer.ranges == {EPOCH: [(2, 2)] * len(peer.committed)}


async def test_a_collector_that_starts_again_acknowledges_what_it_holds(broker: Broker, store: SqliteSeries) -> None:
    async with gateway(broker) as peer:
        async with collecting(broker, store):
            await peer.insist(1)
        peer.stores.clear()
        async with collecting(broker, store) as desk:
            await until(lambda: bool(peer.stores), "a known gateway is told the store at start")
            peer.committed.clear()
            await peer.insist(1)
            await peer.insist(2)
            assert desk.seqs == [2]
    assert store.committed("gw-1") == {EPOCH: [(1, 2)]}
    assert store.counts().rows == 2


async def test_a_broker_that_dies_and_returns(broker: Broker, store: SqliteSeries) -> None:
    async with collecting(broker, store) as desk:
        async with gateway(broker) as peer:
            await peer.insist(1)
        broker.kill()
        await until(lambda: desk.holds("broker_lost"), "the loss is told")
        broker.start()
        await until(lambda: not desk.holds("broker_lost"), "the return is told")
        async with gateway(broker) as peer:
            await peer.insist(2)
            await until(lambda: bool(peer.stores), "the configuration is published again")
    assert store.committed("gw-1") == {EPOCH: [(1, 2)]}


async def test_a_broker_that_is_not_there_yet(store: SqliteSeries, tmp_path: Path) -> None:
    broker = Broker("nats-server", tmp_path)
    desk = KeepingDesk()
    async with running(broker, store, desk):
        await until(lambda: desk.holds("broker_lost"), "its absence is told")
        assert broker.url.removeprefix("mqtt://") in desk.texts("broker_lost")[0]
        with broker:
            await until(lambda: not desk.holds("broker_lost"), "its arrival is told")
            async with gateway(broker) as peer:
                await peer.insist(1)


async def test_states_reach_the_desk_but_for_a_will_of_an_older_session(broker: Broker) -> None:
    store = MemorySeries()
    states = [GatewayState(session=session, online=True, mode=DEMO) for session in (1, 2)]
    async with gateway(broker) as peer:
        await peer.publish(topics.state("gw-1"), bodies.encode(states[0]), retain=True)
        async with collecting(broker, store) as desk:
            await until(lambda: [state for _, state in desk.states] == states[:1], "the retained state")
            await until(lambda: peer.stores == [store.store], "a gateway is told the store on its first word")
            await peer.publish(topics.state("gw-1"), bodies.encode(states[1]), retain=True)
            for session in (1, 2):
                will = GatewayState(session=session, online=False, mode=DEMO)
                await peer.publish(topics.state("gw-1"), bodies.encode(will), retain=True)
            await until(lambda: len(desk.states) > 2, "the will")
            assert [(state.session, state.online) for _, state in desk.states] == [(1, True), (2, True), (2, False)]


async def test_a_store_without_room_goes_on_alarming_and_records_once_there_is_room(
    nats: Broker, store: SqliteSeries
) -> None:
    async with collecting(nats, store) as desk, gateway(nats) as peer:
        await peer.insist(1)
        store.limit(1)  # no further than it is
        large = bodies.encode(data([97.0] * 900))
        for seq in range(2, 30):
            await peer.send(header(seq), large)
        await until(lambda: desk.holds("not_recording"), "the failure is told")
        await until(lambda: desk.seqs == list(range(1, 30)), "alarming goes on")
        assert not peer.holds(EPOCH, 29)
        store.limit(None)
        await until(lambda: not desk.holds("not_recording"), "the recovery is told")
        await until(lambda: peer.holds(EPOCH, 29), "what waited is acknowledged")
    assert store.committed("gw-1") == {EPOCH: [(1, 29)]}
    assert [entry.log_seq for entry in desk.log] == list(range(1, 30))


async def test_two_gateways_with_the_same_rows_are_two(broker: Broker, store: SqliteSeries) -> None:
    async with collecting(broker, store), gateway(broker, "gw-1") as one, gateway(broker, "gw-2") as two:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(one.insist(1))
            tasks.create_task(two.insist(1))
        assert store.counts().rows == 2
        assert store.gateways() == ["gw-1", "gw-2"]


async def test_the_desk_is_ticked_and_persists_also_at_the_end(nats: Broker) -> None:
    async with collecting(nats, MemorySeries()) as desk:
        await until(lambda: len(desk.ticks) > 5 and desk.persisted > 2, "time passes")
        before = desk.persisted
    assert desk.persisted > before
    assert desk.ticks == sorted(desk.ticks)


async def test_alarms_that_are_not_recorded_are_told(nats: Broker) -> None:
    async with collecting(nats, MemorySeries()) as desk:
        desk.failure = StoreError("registry.db: disk I/O error")
        await until(lambda: desk.holds("alarms_not_recorded"), "the failure is told")
        assert "disk I/O error" in desk.texts("alarms_not_recorded")[0]
        desk.failure = None
        await until(lambda: not desk.holds("alarms_not_recorded"), "the recovery is told")


async def test_an_event_loop_that_is_held_up_is_told(nats: Broker) -> None:
    async with collecting(nats, MemorySeries()) as desk:
        time.sleep(LAG_MS / 1000 + 0.2)  # noqa: ASYNC251 - to hold it up is the point
        await until(lambda: desk.holds("collector_slow"), "the lag is told")
        await until(lambda: not desk.holds("collector_slow"), "and ends")
