"""The radio side against the simulator as its own process: the ledger says what was sent, the intake what came."""

import signal
from pathlib import Path

import pytest
from tests.integration.firmware_sim.simulator import SimulatorProcess, started
from tests.integration.gateway.radio.recorder import Recorder, gateway, until

from vitals_gateway.session import Pace

PATIENT = Pace(silent_s=6000)
STREAMS = {"01": "2A37", "02": "2A5F"}


def sensors(*people: int) -> list[tuple[str, str]]:
    return [(f"F0:00:00:00:{person:02X}:{end}", name) for person in people for end, name in STREAMS.items()]


def compare(simulator: SimulatorProcess, recorder: Recorder) -> int:
    """Everything in the ledger arrived once and in order; how many notifications that was."""
    sent = 0
    for line in {(line.sensor, line.characteristic) for line in simulator.ledger.notifications}:
        said = simulator.said(*line)
        assert recorder.payloads(*line) == said, line
        sent += len(said)
    assert sent == sum(kind == "notified" for kind, *_ in recorder.calls)
    recorder.check_order()
    return sent


async def test_links_that_flap_lose_and_double_nothing(tmp_path: Path, recorder: Recorder) -> None:
    options = ("--person", "1=flapping-link", "--person", "2=stable", "--time-scale", "0.02")
    async with (
        started(tmp_path, "run", *options) as simulator,
        gateway(simulator.dial, recorder, time_scale=0.02, pace=PATIENT),
    ):
        strap, name = sensors(1)[0]
        await until(lambda: recorder.happened("subscribed", strap, name).count("") >= 3, "three links")
        await simulator.end()
        await until(lambda: not any(state[-1].link == "connected" for state in recorder.states.values()))
    assert compare(simulator, recorder) > 100


async def test_sensors_that_vanish_are_missed_and_the_others_are_not(tmp_path: Path, recorder: Recorder) -> None:
    options = ("--person", "1=vanish", "--person", "2=stable", "--time-scale", "0.04", "--garbage", "7")
    pace = Pace(silent_s=100)
    async with (
        started(tmp_path, "run", *options) as simulator,
        gateway(simulator.dial, recorder, time_scale=0.04, pace=pace),
    ):
        for sensor, name in sensors(1):
            await until(lambda s=sensor, n=name: recorder.happened("lost", s, n) == ["link_lost"])  # type: ignore[misc]
        for sensor, _ in sensors(2):
            await until(lambda s=sensor: (state := recorder.state(s)) is not None and state.link == "connected")  # type: ignore[misc]
            state = recorder.state(sensor)
            assert state is not None
            assert (state.battery is not None, state.model != "") == (True, True)
        await simulator.end()
        await until(lambda: not any(state[-1].link == "connected" for state in recorder.states.values()))
    assert compare(simulator, recorder) > 100


async def test_a_simulator_that_is_killed_and_started_again_is_found_again(tmp_path: Path, recorder: Recorder) -> None:
    options = ("--person", "1=stable", "--time-scale", "0.05")
    async with (
        started(tmp_path, "run", *options) as simulator,
        gateway(simulator.dial, recorder, time_scale=0.05, pace=PATIENT),
    ):
        for sensor, name in sensors(1):
            await until(lambda s=sensor, n=name: bool(recorder.payloads(s, n)))  # type: ignore[misc]
        await simulator.end(9)
        for sensor, name in sensors(1):
            await until(lambda s=sensor, n=name: recorder.happened("lost", s, n) == ["link_lost"])  # type: ignore[misc]
        async with started(tmp_path, "run", *options):
            for sensor, name in sensors(1):
                await until(lambda s=sensor, n=name: len(recorder.happened("subscribed", s, n)) == 2)  # type: ignore[misc]
    recorder.check_order()


@pytest.mark.parametrize("stalled", ["until silence is noticed", "until the radio is given up"])
async def test_a_radio_that_stalls_gives_every_sensor_back(tmp_path: Path, recorder: Recorder, stalled: str) -> None:
    options = ("--person", "1=stable", "--person", "2=stable", "--time-scale", "0.05")
    everyone = sensors(1, 2)
    async with (
        started(tmp_path, "run", *options) as simulator,
        gateway(simulator.dial, recorder, time_scale=0.05, pace=Pace(silent_s=20, disconnect_s=0.5)),
    ):
        for sensor, name in everyone:
            await until(lambda s=sensor, n=name: bool(recorder.payloads(s, n)))  # type: ignore[misc]
        simulator.process.send_signal(signal.SIGSTOP)
        try:
            for sensor, name in everyone:
                await until(lambda s=sensor, n=name: "link_lost" in recorder.happened("lost", s, n))  # type: ignore[misc]
            if stalled == "until the radio is given up":
                for sensor, _ in everyone:
                    await until(lambda s=sensor: "radio lost" in _problems(recorder, s))  # type: ignore[misc]
        finally:
            simulator.process.send_signal(signal.SIGCONT)
        before = {pair: len(recorder.payloads(*pair)) for pair in everyone}
        for sensor, name in everyone:
            await until(
                lambda s=sensor, n=name: len(recorder.payloads(s, n)) > before[s, n],  # type: ignore[misc]
                f"{sensor} streams again",
            )
            await until(lambda s=sensor: (state := recorder.state(s)) is not None and state.link == "connected")  # type: ignore[misc]
            state = recorder.state(sensor)
            assert state is not None
            assert state.problem == ""
    recorder.check_order()


def _problems(recorder: Recorder, sensor: str) -> list[str]:
    return [state.problem for state in recorder.states[sensor]]
