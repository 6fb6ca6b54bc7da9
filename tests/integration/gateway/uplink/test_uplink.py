"""A gateway, real brokers, and a collector that answers, is silent, is another one, or talks nonsense."""

import asyncio
import logging
from pathlib import Path

import pytest
from tests.brokers import Broker
from tests.integration.gateway.collector import GATEWAY, Collector
from tests.integration.gateway.running import STRAP, configured, running

from vitals.wire import bodies, topics
from vitals.wire.bodies import EpochState, GatewayState
from vitals.wire.header import Kind


async def test_what_is_said_arrives_live_once_and_is_released(broker: Broker, tmp_path: Path) -> None:
    config = configured(tmp_path, broker.url, scale=1.0)  # a busy machine must not make a timeout of a delay
    async with Collector(broker.port) as collector, running(config) as strap:
        await strap.beat(50)
        await collector.until(lambda: collector.beats == strap.said, "every notification")
        epoch, last = collector.heard[-1].identity
        empty = {epoch: EpochState(last + 1, last)}  # a state from before the last batch is empty too
        await collector.until(lambda: collector.state and collector.state.epochs == empty, "an empty spool")
    identities = [item.identity for item in collector.heard]
    assert len(identities) == len(set(identities))
    assert not any(item.message.header.backlog for item in collector.heard if item.message.header.kind == Kind.DATA)
    assert sorted(seq for _, seq in identities) == list(range(1, last + 1))
    online = [state for state in collector.states if state.online]
    assert online[-1].spool_rows == 0
    assert online[-1].sensors[0].sensor == STRAP
    assert online[-1].configuration == "v1"
    assert online[-1].problems == []


async def test_every_transmission_says_when_it_was_published(nats: Broker, tmp_path: Path) -> None:
    async with Collector(nats.port, answering=False) as collector, running(configured(tmp_path, nats.url)) as strap:
        await strap.beat()
        await collector.until(lambda: len(collector.heard) > len({item.identity for item in collector.heard}), "again")
    repeated = next(item.identity for item in reversed(collector.heard) if item.message.header.backlog)
    times = [item.message.header.published_ms for item in collector.heard if item.identity == repeated]
    bodies_sent = {item.message.body for item in collector.heard if item.identity == repeated}
    assert times == sorted(set(times))
    assert len(times) > 1
    assert len(bodies_sent) == 1


async def test_an_orderly_end_says_offline_and_the_next_run_goes_on(broker: Broker, tmp_path: Path) -> None:
    config = configured(tmp_path, broker.url)
    async with Collector(broker.port) as collector:
        async with running(config) as strap:
            await collector.until(lambda: collector.state and collector.state.online, "online")
            # times are made strictly increasing: beats of one millisecond would be dated beyond the next start
            await strap.beat(20, every_s=0.002)
        await collector.until(lambda: collector.state and not collector.state.online, "offline")
        assert len({state.session for state in collector.states}) == 1
        async with running(config) as again:
            await again.beat()
            await collector.until(lambda: sorted(collector.beats) == strap.said + again.said, "both runs")
            await collector.until(lambda: len(collector.gaps) == 2, "what the gateway's absence lost")
    first, second = sorted(collector.gaps, key=lambda gap: gap.from_ms)
    assert {first.reason, second.reason} == {"gateway_down"}
    assert (first.from_ms, first.to_ms) == (strap.said[-1], second.from_ms)


async def test_a_broker_that_is_killed_loses_nothing(
    broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="vitals_gateway")
    async with Collector(broker.port) as collector, running(configured(tmp_path, broker.url)) as strap:
        for _ in range(3):
            await strap.beat(20)
            await asyncio.to_thread(broker.kill)
            await strap.beat(20)
            await asyncio.to_thread(broker.start)
        await strap.beat(5)
        await collector.until(lambda: sorted(collector.beats) == strap.said, "every notification")
        await collector.until(lambda: collector.state and collector.state.spool_rows == 0, "an empty spool")
    assert len({state.session for state in collector.states if state.online}) > 1


async def test_without_a_broker_it_says_so_once_and_goes_on(
    broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="vitals_gateway")
    await asyncio.to_thread(broker.kill)
    async with running(configured(tmp_path, broker.url)) as strap:
        await strap.beat(100)
        await asyncio.to_thread(broker.start)
        async with Collector(broker.port) as collector:
            await collector.until(lambda: sorted(collector.beats) == strap.said, "the backlog, oldest first")
            first = [item for item in collector.heard if item.message.header.backlog]
            assert [item.identity[1] for item in first[:3]] == [1, 2, 3]
            await strap.beat()
            await collector.until(lambda: sorted(collector.beats) == strap.said, "the newest")
    lines = [record.message for record in caplog.records if "reach" in record.message]
    assert lines[0].startswith(f"broker {broker.url} is not reachable: ")
    assert lines[0].endswith("; retrying")
    assert lines[1] == f"broker {broker.url} reached"
    assert all(("not reachable" in line) is (number % 2 == 0) for number, line in enumerate(lines))  # changes alone


async def test_the_will_of_an_older_session_does_not_stand(broker: Broker, tmp_path: Path) -> None:
    async with Collector(broker.port) as collector, running(configured(tmp_path, broker.url)):
        await collector.until(lambda: collector.state and collector.state.online, "online")
        mine = collector.states[-1].session
        will = GatewayState(session=mine ^ 1, online=False, mode=collector.states[-1].mode)
        await collector.say(topics.state(GATEWAY), bodies.encode(will), retain=True)
        await collector.until(lambda: collector.state == will, "the will")
        await collector.until(lambda: collector.state != will, "the answer")
        assert collector.state is not None
        assert (collector.state.session, collector.state.online) == (mine, True)


async def test_acknowledgements_of_an_unknown_store_release_nothing(nats: Broker, tmp_path: Path) -> None:
    async with Collector(nats.port, answering=False) as collector, running(configured(tmp_path, nats.url)) as strap:
        await collector.until(lambda: collector.state and collector.state.configuration == "v1", "the configuration")
        await strap.beat()
        await collector.until(lambda: collector.beats == strap.said, "the notification")
        await collector.acknowledge(*(item.identity for item in collector.heard), store=78)
        await collector.until(lambda: collector.state and collector.state.problems, "the problem")
        assert collector.state is not None
        assert "unknown store 000000000000004e" in collector.state.problems[0]
        assert collector.state.spool_rows > 0
        await collector.configure(78, "v2")
        await collector.acknowledge(*(item.identity for item in collector.heard))
        await collector.until(lambda: collector.state and collector.state.spool_rows == 0, "released")
        assert collector.state.problems == []


async def test_a_new_store_is_sent_what_the_last_one_held(nats: Broker, tmp_path: Path) -> None:
    async with Collector(nats.port) as collector, running(configured(tmp_path, nats.url)) as strap:
        await strap.beat(20)
        await collector.until(lambda: collector.beats == strap.said, "every notification")
        await collector.until(lambda: collector.state and collector.state.spool_rows == 0, "an empty spool")
        collector.heard.clear()
        await collector.configure(99, "v2")
        await collector.until(lambda: sorted(collector.beats) == strap.said, "all of it again")
        await collector.until(lambda: collector.state and collector.state.spool_rows == 0, "an empty spool again")
        assert all(item.message.header.backlog for item in collector.heard)


async def test_the_configuration_names_the_sensors(nats: Broker, tmp_path: Path) -> None:
    async with Collector(nats.port) as collector, running(configured(tmp_path, nats.url)) as strap:
        await collector.until(lambda: collector.state and collector.state.configuration == "v1", "the configuration")
        assert list(strap.wanted()) == []
        collector.sensors = [STRAP]
        await collector.configure(collector.store, "v2")
        await collector.until(lambda: collector.state and collector.state.configuration == "v2", "the next")
        assert list(strap.wanted()) == [STRAP]


async def test_nonsense_from_the_collector_is_ignored_and_said_once(
    nats: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Collector(nats.port) as collector, running(configured(tmp_path, nats.url)) as strap:
        await collector.until(lambda: collector.state and collector.state.online, "online")
        for payload in (b"", b"garbage", b"\xc1", bodies.encode(GatewayState(session=1, online=True, mode=3))):  # type: ignore[arg-type]
            for leaf in ("committed", "config", "unknown"):
                await collector.say(f"cmd/{GATEWAY}/{leaf}", payload)
            await collector.say(topics.state(GATEWAY), bodies.encode(GatewayState(session=1, online=True, mode=2)))  # type: ignore[arg-type]
        await collector.acknowledge((1, -5), (2**64 - 1, 2**64 - 1))
        await strap.beat(5)
        await collector.until(lambda: collector.beats == strap.said, "every notification")
        await collector.until(lambda: collector.states[-1].spool_rows == 0, "an empty spool")
    assert sum("cannot be read is ignored" in record.message for record in caplog.records) == 1


async def test_a_collector_that_never_answers_hears_everything_live_all_the_same(nats: Broker, tmp_path: Path) -> None:
    async with Collector(nats.port, answering=False) as collector, running(configured(tmp_path, nats.url)) as strap:
        for _ in range(15):
            await strap.beat(10, every_s=0.02)
            await collector.until(lambda: set(strap.said) <= set(collector.beats), "live")
        assert collector.heard[-1].message.header.published_ms - strap.said[-1] < 3000
        await collector.until(lambda: collector.states[-1].spool_rows > 10, "a growing spool")
        collector.answering = True
        await strap.beat(1)
        await collector.until(lambda: collector.states[-1].spool_rows == 0, "an empty spool")


async def test_a_sensor_that_changes_is_shown_within_the_second(nats: Broker, tmp_path: Path) -> None:
    async with Collector(nats.port) as collector, running(configured(tmp_path, nats.url, scale=1.0)) as strap:
        await collector.until(lambda: collector.state and collector.state.sensors, "the sensor")
        before = len(collector.states)
        for link in ("lost", "connecting", "lost", "connecting", "lost"):
            strap.change(link=link)
        await collector.until(lambda: collector.states[-1].sensors[0].link == "lost", "its link")
        assert len(collector.states) - before <= 2
