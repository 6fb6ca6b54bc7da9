"""A link that is told to stop stops, also when its library swallows the word."""

import asyncio
import logging

import aiomqtt
import pytest
from tests.brokers import Broker
from tests.desks import KeepingDesk
from tests.integration.collector.peers import WITHIN_S, server_config
from typing_extensions import override

from vitals.clock import SystemClock
from vitals.collector.app import assemble
from vitals.collector.intake import Intake
from vitals.collector.link import Link
from vitals.series.memory import MemorySeries


class Canceller(logging.Handler):
    """Cancels a task at the very moment at which the client has its answer in hand: aiomqtt then loses the word."""

    def __init__(self, moment: str, rounds: int = 0) -> None:
        super().__init__()
        self.moment = moment
        self.rounds = rounds
        self.task: asyncio.Task[None] | None = None
        self.done = False

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if self.task is not None and not self.done and self.moment in record.getMessage():
            self.done = True
            self._cancel(self.rounds)

    def _cancel(self, rounds: int) -> None:
        """After so many *rounds* of the loop: a publication's answer takes some to reach who waits for it."""
        assert self.task is not None
        if rounds:
            asyncio.get_running_loop().call_soon(self._cancel, rounds - 1)
        else:
            self.task.cancel()


@pytest.mark.parametrize("moment", ["Received SUBACK", "Received CONNACK"])
async def test_a_cancellation_that_comes_with_the_brokers_answer_is_honoured(
    broker: Broker, caplog: pytest.LogCaptureFixture, moment: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="mqtt")
    canceller = Canceller(moment)
    logging.getLogger("mqtt").addHandler(canceller)
    parts = assemble(server_config(broker), KeepingDesk(), MemorySeries(), SystemClock())
    link = Link(server_config(broker).broker, parts)
    try:
        async with asyncio.TaskGroup() as tasks:
            canceller.task = tasks.create_task(link.receive(Intake(parts, link.introduce)))
            done, _ = await asyncio.wait([canceller.task], timeout=WITHIN_S)
            canceller.task.cancel()
            assert canceller.done
            assert done
            assert not link.connected
    finally:
        logging.getLogger("mqtt").removeHandler(canceller)


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
async def test_a_publisher_whose_answer_comes_with_its_cancellation_ends(
    nats: Broker, caplog: pytest.LogCaptureFixture, rounds: int
) -> None:
    caplog.set_level(logging.DEBUG, logger="mqtt")
    canceller = Canceller("Received PUBACK", rounds)
    logging.getLogger("mqtt").addHandler(canceller)
    parts = assemble(server_config(nats), KeepingDesk(), MemorySeries(), SystemClock())
    link = Link(server_config(nats).broker, parts)
    try:
        async with asyncio.TaskGroup() as tasks:
            receiving = tasks.create_task(link.receive(Intake(parts, link.introduce)))
            canceller.task = tasks.create_task(link.publish())
            link.introduce("gw-1")  # its configuration goes out at QoS 1
            done, _ = await asyncio.wait([canceller.task], timeout=WITHIN_S)
            canceller.task.cancel()
            receiving.cancel()
            assert canceller.done
            assert done
    finally:
        logging.getLogger("mqtt").removeHandler(canceller)


class Failing(Intake):
    """An intake with a defect."""

    @override
    def message(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        raise RuntimeError("a defect")


async def test_what_fails_in_the_intake_is_no_lost_connection(broker: Broker) -> None:
    parts = assemble(server_config(broker), KeepingDesk(), MemorySeries(), SystemClock())
    link = Link(server_config(broker).broker, parts)
    async with aiomqtt.Client("127.0.0.1", broker.port) as gateway, asyncio.TaskGroup() as tasks:
        receiving = tasks.create_task(_ends(link, Failing(parts, link.introduce)))
        while not receiving.done():
            await gateway.publish("v1/gw-1/vitals", b"x", qos=0)
            await asyncio.sleep(0.02)


async def _ends(link: Link, intake: Intake) -> None:
    with pytest.raises(RuntimeError, match="a defect"):
        await asyncio.wait_for(link.receive(intake), WITHIN_S)
