"""The radio side over a real virtual controller: found, connected, subscribed once, lost, found again."""

import asyncio
import logging

import pytest
from tests.integration.gateway.radio.peripheral import Bench, Properties, characteristic, refusing, service
from tests.integration.gateway.radio.recorder import PATIENCE_S, Recorder, gateway, until

from vitals.gatt import battery_level, heart_rate_measurement
from vitals.gatt.heart_rate_measurement import HeartRateMeasurement
from vitals_gateway.session import Pace

QUICK = Pace(silent_s=6000)


def beat(bpm: int) -> bytes:
    return heart_rate_measurement.encode(HeartRateMeasurement(bpm=bpm))


async def test_two_sensors_stream_and_say_who_they_are(bench: Bench, recorder: Recorder) -> None:
    strap, oximeter = await bench.strap(), await bench.oximeter()
    beats = [beat(bpm) for bpm in range(60, 80)]
    async with bench.plugged(), gateway(bench.transport, recorder, pace=QUICK):
        await until(lambda: strap.is_subscribed("2A37") and oximeter.is_subscribed("2A5E"))
        for number, payload in enumerate(beats):
            await strap.notify("2A37", payload)
            await oximeter.notify("2A5F", b"\x00\x61\x00" + number.to_bytes(2, "little"))
        await oximeter.indicate("2A5E", b"\x00\x62\x00\x3c\x00")
        await strap.notify("2A19", battery_level.encode(42))
        await until(lambda: len(recorder.payloads(oximeter.address, "2A5E")) == 1)
        await until(lambda: len(recorder.payloads(oximeter.address, "2A19")) == 1)
        await until(lambda: (state := recorder.state(strap.address)) is not None and state.battery == 42)
        state = recorder.state(oximeter.address)
        await until(lambda: (state := recorder.state(strap.address)) is not None and state.firmware != "")
    assert recorder.payloads(strap.address, "2A37") == beats
    assert len(recorder.payloads(oximeter.address, "2A5F")) == len(beats)
    # A battery that notifies is heard by notification alone, one that cannot is read.
    assert recorder.payloads(strap.address, "2A19") == [battery_level.encode(42)]
    assert recorder.payloads(oximeter.address, "2A19") == [battery_level.encode(55)]
    assert state is not None
    assert (state.link, state.name, state.battery, state.rssi) == ("connected", "Oximeter", 55, -50)
    final = recorder.state(strap.address)
    assert final is not None
    assert (final.link, final.model, final.serial, final.firmware) == ("lost", "Model X", "S-17", "1.2.3")


async def test_ten_reconnects_subscribe_once_each_and_double_nothing(bench: Bench, recorder: Recorder) -> None:
    strap = await bench.strap()
    sent: list[bytes] = []
    async with bench.plugged(), gateway(bench.transport, recorder, time_scale=0.02, pace=QUICK):
        for turn in range(11):
            await until(lambda turn=turn: strap.links == turn + 1 and strap.is_subscribed("2A19"))  # type: ignore[misc]
            for bpm in (turn + 50, turn + 150):
                sent.append(beat(bpm))
                await strap.notify("2A37", sent[-1])
            if turn < 10:
                await strap.drop()
        await until(lambda: len(recorder.payloads(strap.address, "2A37")) >= len(sent))
        await asyncio.sleep(0.1)  # for a doubled callback to show
        assert strap.subscriptions == {"2A37": 11, "2A19": 11}
    assert recorder.payloads(strap.address, "2A37") == sent
    assert recorder.happened("lost", strap.address, "2A37") == ["link_lost"] * 10 + ["gateway_down"]
    recorder.check_order()


async def test_a_gap_begins_with_what_was_last_heard(bench: Bench, recorder: Recorder) -> None:
    strap = await bench.strap()
    async with bench.plugged(), gateway(bench.transport, recorder, pace=QUICK):
        await until(lambda: strap.is_subscribed("2A19"))
        await strap.notify("2A37", beat(60))
        await until(lambda: bool(recorder.payloads(strap.address, "2A37")))
        await asyncio.sleep(0.2)
        await strap.drop()
        await until(lambda: bool(recorder.happened("lost", strap.address, "2A37")))
    heard = recorder.times[recorder.calls.index(("notified", strap.address, "2A37", beat(60)))]
    lost = recorder.times[recorder.calls.index(("lost", strap.address, "2A37", "link_lost"))]
    assert lost == heard


async def test_out_of_slots_is_said_and_ends_when_a_slot_is_free(
    bench: Bench, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    strap, oximeter = await bench.strap(), await bench.oximeter()
    sensors = {strap.address: (strap, "2A37"), oximeter.address: (oximeter, "2A5F")}
    async with bench.plugged(), gateway(bench.transport, recorder, slots=1, time_scale=0.02, pace=QUICK):
        await until(lambda: any("out_of_slots" in str(call[3]) for call in recorder.calls))
        left_out = next(call[1] for call in recorder.calls if call[3] == "out_of_slots")
        peripheral, name = sensors.pop(left_out)
        winner, its_name = sensors.popitem()[1]
        await until(lambda: winner.is_subscribed(its_name))
        state = recorder.state(left_out)
        assert state is not None
        assert state.problem.startswith("out of slots: all 1 connection slots are in use")
        assert peripheral.links == 0
        await winner.leave()
        await until(lambda: peripheral.is_subscribed(name))
        await until(lambda: (state := recorder.state(left_out)) is not None and not state.problem)
    assert recorder.happened("lost", left_out, name) == ["out_of_slots", "gateway_down"]
    said = [record for record in caplog.records if record.levelno == logging.WARNING and left_out in record.message]
    assert len(said) == 1


async def test_a_silent_link_is_torn_down_and_made_again(bench: Bench, recorder: Recorder) -> None:
    strap = await bench.strap()
    async with bench.plugged(), gateway(bench.transport, recorder, time_scale=0.02):
        await until(lambda: strap.is_subscribed("2A37"))
        await strap.notify("2A37", beat(60))
        await until(lambda: strap.links >= 2, "a second link")
        await until(lambda: strap.is_subscribed("2A37"))
    problems = [state.problem for state in recorder.states[strap.address]]
    assert "link silent: 2A37" in problems
    assert recorder.happened("lost", strap.address, "2A37")[0] == "link_lost"
    recorder.check_order()


async def test_a_vanished_sensor_is_noticed_and_the_others_stream_on(bench: Bench, recorder: Recorder) -> None:
    strap, oximeter = await bench.strap(), await bench.oximeter()
    pace = Pace(silent_s=150, disconnect_s=0.3)
    async with bench.plugged(), gateway(bench.transport, recorder, time_scale=0.02, pace=pace):
        await until(lambda: strap.is_subscribed("2A37") and oximeter.is_subscribed("2A5F"))
        await until(lambda: (state := recorder.state(strap.address)) is not None and state.firmware != "")
        strap.vanish()
        async with asyncio.timeout(PATIENCE_S):
            while not recorder.happened("lost", strap.address, "2A37"):
                await oximeter.notify("2A5F", b"\x00\x61\x00\x3c\x00")
                await asyncio.sleep(0.02)
        assert recorder.happened("lost", strap.address, "2A37") == ["link_lost"]
        assert oximeter.links == 1
        await until(lambda: (state := recorder.state(strap.address)) is not None and state.link == "lost")


async def test_a_closed_socket_loses_everything_and_an_open_one_restores_it(
    bench: Bench, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "vitals_gateway")
    strap, oximeter = await bench.strap(), await bench.oximeter()
    async with gateway(bench.transport, recorder, time_scale=0.02, pace=QUICK):
        await until(lambda: any("radio lost" in record.message for record in caplog.records))
        async with bench.plugged():
            await until(lambda: strap.is_subscribed("2A37") and oximeter.is_subscribed("2A5F"))
            await strap.notify("2A37", beat(60))
            await until(lambda: bool(recorder.payloads(strap.address, "2A37")))
        await until(lambda: bool(recorder.happened("lost", strap.address, "2A37")))
        await until(lambda: bool(recorder.happened("lost", oximeter.address, "2A5F")))
        await asyncio.sleep(0.3)  # many attempts meanwhile
        async with bench.plugged():
            await until(lambda: strap.is_subscribed("2A37") and oximeter.is_subscribed("2A5F"))
            await strap.notify("2A37", beat(61))
            await until(lambda: len(recorder.payloads(strap.address, "2A37")) == 2)
    assert recorder.happened("lost", strap.address, "2A37")[0] == "link_lost"
    recorder.check_order()
    radio = [record.message for record in caplog.records if record.message.startswith("radio")]
    assert radio[0].startswith("radio lost: no Bluetooth controller at unix-client:")
    assert "is the simulator running" in radio[0]
    assert [line.split(":")[0] for line in radio[:3]] == ["radio lost", "radio restored", "radio lost"]
    assert sum(line.startswith("radio restored") for line in radio) == 2
    assert len(radio) <= 6


async def test_only_wanted_sensors_are_read_and_a_change_is_followed(bench: Bench, recorder: Recorder) -> None:
    strap, oximeter = await bench.strap(), await bench.oximeter()
    wanted = {oximeter.address.lower(), "F0:00:00:00:99:99"}
    async with bench.plugged(), gateway(bench.transport, recorder, wanted=lambda: wanted, time_scale=0.02, pace=QUICK):
        await until(lambda: oximeter.is_subscribed("2A5F"))
        await asyncio.sleep(0.2)
        assert strap.links == 0
        missing = recorder.state("F0:00:00:00:99:99")
        assert missing is not None
        assert missing.problem == "never seen"
        wanted.add(strap.address)
        wanted.discard(oximeter.address.lower())
        await until(lambda: strap.is_subscribed("2A37") and oximeter.connection is None)
        assert recorder.happened("lost", oximeter.address, "2A5F") == ["link_lost"]
    assert oximeter.links == 1


async def test_unreadable_payloads_are_passed_on_untouched(bench: Bench, recorder: Recorder) -> None:
    strap = await bench.strap()
    garbage = [b"", b"\x10", bytes(range(20))]
    async with bench.plugged(), gateway(bench.transport, recorder, pace=QUICK):
        await until(lambda: strap.is_subscribed("2A19"))
        for payload in garbage:
            await strap.notify("2A37", payload)
        await strap.notify("2A19", b"")
        await until(lambda: bool(recorder.payloads(strap.address, "2A19")))
    assert recorder.payloads(strap.address, "2A37") == garbage


async def test_a_refused_subscription_is_said_and_tried_again(bench: Bench, recorder: Recorder) -> None:
    measurement = characteristic("2A37", Properties.NOTIFY, descriptors=[refusing()])
    strap = await bench.put(1, "Strap", service("180D", measurement))
    async with bench.plugged(), gateway(bench.transport, recorder, time_scale=0.02, pace=QUICK):
        await until(lambda: strap.links >= 2)
        states = [state.problem for state in recorder.states[strap.address]]
        assert any(problem.startswith("subscription refused") and "2A37" in problem for problem in states)
    assert set(recorder.happened("lost", strap.address, "2A37")) == {"subscription_failed"}
    assert recorder.happened("subscribed", strap.address, "2A37") == []


async def test_a_refused_spot_check_leaves_the_stream_alone(bench: Bench, recorder: Recorder) -> None:
    spot_check = characteristic("2A5E", Properties.INDICATE, descriptors=[refusing()])
    plx = service("1822", characteristic("2A5F", Properties.NOTIFY), spot_check)
    oximeter = await bench.put(2, "Oximeter", plx)
    async with bench.plugged(), gateway(bench.transport, recorder, time_scale=0.02, pace=QUICK):
        await until(lambda: oximeter.is_subscribed("2A5F"))
        await oximeter.notify("2A5F", b"\x00\x61\x00\x3c\x00")
        await until(lambda: bool(recorder.payloads(oximeter.address, "2A5F")))
        await until(lambda: (state := recorder.state(oximeter.address)) is not None and state.link == "connected")
        state = recorder.state(oximeter.address)
        assert state is not None
        assert "2A5E" in state.problem
    assert recorder.happened("lost", oximeter.address, "2A5E") == ["subscription_failed"]
    assert oximeter.links == 1


async def test_a_sensor_without_what_it_advertises_is_left_alone(bench: Bench, recorder: Recorder) -> None:
    empty = await bench.put(3, "Empty", service("180D", characteristic("2A38", Properties.READ, b"\x01")))
    async with bench.plugged(), gateway(bench.transport, recorder, time_scale=0.02, pace=QUICK):
        await until(lambda: (state := recorder.state(empty.address)) is not None and "unsupported" in state.problem)
        await until(lambda: empty.connection is None)
        await asyncio.sleep(0.3)
    assert empty.links == 1
    assert recorder.calls == []


async def test_cancellation_ends_every_link(bench: Bench, recorder: Recorder) -> None:
    strap, oximeter = await bench.strap(), await bench.oximeter()
    async with bench.plugged():
        async with gateway(bench.transport, recorder, pace=QUICK) as running:
            await until(lambda: strap.is_subscribed("2A19") and oximeter.is_subscribed("2A5E"))
            oximeter.vanish()  # it will not answer the disconnect
            running.cancel()
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.wait([running])
        assert strap.connection is None
    assert recorder.happened("lost", strap.address, "2A37") == ["gateway_down"]
    assert recorder.happened("lost", oximeter.address, "2A5F") == ["gateway_down"]
    state = recorder.state(strap.address)
    assert state is not None
    assert state.link == "lost"
