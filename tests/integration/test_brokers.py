"""The brokers that tests use: start, stop, kill and restart on the same port."""

import aiomqtt
from tests.brokers import Broker


async def echo(broker: Broker) -> bytes:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("v1/gw-1/vitals", qos=1)
        await client.publish("v1/gw-1/vitals", b"\x00binary", qos=1)
        message = await anext(aiter(client.messages))
    assert isinstance(message.payload, bytes)
    return message.payload


async def test_a_broker_carries_a_message_and_does_so_again_after_a_kill(broker: Broker) -> None:
    assert await echo(broker) == b"\x00binary"
    broker.kill()
    assert not broker.accepts()
    broker.start()
    assert await echo(broker) == b"\x00binary"


async def test_a_paused_broker_answers_nobody_and_a_resumed_one_does(broker: Broker) -> None:
    broker.pause()
    assert not broker.accepts()
    broker.resume()
    assert await echo(broker) == b"\x00binary"
