"""What a central finds in the air and gets told, against the ledger."""

import itertools
from pathlib import Path

import pytest
from bumble.att import ATT_Error
from tests.integration.firmware_sim.central import plugged_in
from tests.integration.firmware_sim.simulator import eventually, on_air

from vitals import gatt
from vitals.codes import Attribute, Metric
from vitals.errors import DecodeError
from vitals.gatt import heart_rate_measurement, plx_continuous_measurement, plx_features
from vitals.gatt.plx_features import Feature
from vitals.observation import Missing
from vitals_firmware_sim.peripherals import oximeter, strap
from vitals_firmware_sim.physiology import person_seed
from vitals_firmware_sim.scenarios import SCENARIOS
from vitals_firmware_sim.script import live

STRAP, OXIMETER = "F0:00:00:00:01:01", "F0:00:00:00:01:02"
STRAP_2, OXIMETER_2 = "F0:00:00:00:02:01", "F0:00:00:00:02:02"


async def test_every_sensor_advertises_its_services(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable", "stable") as simulator, plugged_in(simulator.dial) as central:
        await central.scan()
        await eventually(lambda: len(central.advertised) == 4)
        assert central.advertised[STRAP] == b"\x02\x01\x06\x07\x03\x0d\x18\x0f\x18\x0a\x18\x0c\x09SIM strap 1"
        assert central.advertised[OXIMETER_2] == b"\x02\x01\x06\x07\x03\x22\x18\x0f\x18\x0a\x18\x0f\x09SIM oximeter 2"


async def test_a_strap_has_its_services(tmp_path: Path) -> None:
    async with on_air(tmp_path, "low-battery") as simulator, plugged_in(simulator.dial) as central:
        sensor = await central.connect(STRAP)
        assert await sensor.read("2A38") == b"\x01"
        assert await sensor.read("2A19") == bytes([20])
        assert "simulated" in (await sensor.read("2A29")).decode()
        assert await sensor.read("2A24") == b"SIM-HRS"
        assert await sensor.read("2A25") == b"SIM-0001-HRS"


async def test_an_oximeter_has_its_services(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator, plugged_in(simulator.dial) as central:
        sensor = await central.connect(OXIMETER)
        features = plx_features.decode(await sensor.read("2A60"))
        assert features.features == Feature.MEASUREMENT_STATUS | Feature.DEVICE_STATUS | Feature.PULSE_AMPLITUDE_INDEX
        assert features.device_status_support is not None
        assert features.device_status_support & (1 << 11)
        assert await sensor.read("2A25") == b"SIM-0001-PLX"


async def test_two_people_are_heard_as_the_ledger_says_and_as_the_seed_wants(tmp_path: Path) -> None:
    async with on_air(tmp_path, "desaturation", "atrial-fibrillation", seed=11) as simulator:
        async with plugged_in(simulator.dial) as central:
            heard = {}
            for address, name in ((STRAP, "2A37"), (OXIMETER, "2A5F"), (STRAP_2, "2A37"), (OXIMETER_2, "2A5F")):
                heard[address, name] = await (await central.connect(address)).subscribe(name)
            await eventually(lambda: all(len(payloads) >= 30 for payloads in heard.values()))
        for (address, name), payloads in heard.items():
            said = simulator.said(address, name)
            assert payloads == said[: len(payloads)]
        notifications = simulator.ledger.notifications
        assert [line.n for line in notifications] == list(range(1, len(notifications) + 1))
        assert all(before.at_ms <= after.at_ms for before, after in itertools.pairwise(notifications))
        said = simulator.said(OXIMETER_2, "2A5F")
        script = itertools.islice(live(SCENARIOS["atrial-fibrillation"], person_seed(11, 2)), len(said) + 60)
        wanted = [plx_continuous_measurement.encode(oximeter.measurement(moment)) for moment in script]
        begin = wanted.index(said[0])
        assert said == wanted[begin : begin + len(said)]


async def test_the_ledger_counts_observations(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator, plugged_in(simulator.dial) as central:
        await (await central.connect(STRAP)).subscribe("2A37")
        await (await central.connect(OXIMETER)).subscribe("2A5F")
        await eventually(lambda: len(simulator.ledger.notifications) >= 20)
        for line in simulator.ledger.notifications:
            reading = gatt.read(line.characteristic, bytes.fromhex(line.payload))
            assert line.observations == len(reading.observations)
        assert sum(line.observations for line in simulator.ledger.notifications) > 40


async def test_nothing_is_sent_without_a_subscription(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable") as simulator, plugged_in(simulator.dial) as central:
        sensor = await central.connect(STRAP)
        pulse = await (await central.connect(OXIMETER)).subscribe("2A5F")
        await eventually(lambda: len(pulse) >= 5)
        assert {line.sensor for line in simulator.ledger.notifications} == {OXIMETER}
        beats = await sensor.subscribe("2A37")
        await eventually(lambda: len(beats) >= 3)
        await sensor.characteristic("2A37").unsubscribe(force=True)
        heard, pulses = len(beats), len(pulse)
        await eventually(lambda: len(pulse) >= pulses + 5)
        assert len(beats) == heard
        assert simulator.said(STRAP, "2A37") == beats
        assert simulator.events(STRAP) == ["connected", "subscribed", "unsubscribed"]


async def test_battery_is_told_on_subscription_and_every_minute(tmp_path: Path) -> None:
    async with on_air(tmp_path, "low-battery", time_scale=0.01) as simulator, plugged_in(simulator.dial) as central:
        levels = await (await central.connect(STRAP)).subscribe("2A19")
        await eventually(lambda: len(levels) >= 3)
        assert levels[:3] == [bytes([20]), bytes([10]), bytes([1])]
        assert simulator.said(STRAP, "2A19")[:3] == levels[:3]


async def test_a_spot_check_is_indicated_and_in_the_ledger(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable", time_scale=0.01) as simulator, plugged_in(simulator.dial) as central:
        checks = await (await central.connect(OXIMETER)).subscribe("2A5E")
        await eventually(lambda: bool(checks))
        assert checks == simulator.said(OXIMETER, "2A5E")
        metrics = [observation.metric for observation in gatt.read("2A5E", checks[0]).observations]
        assert metrics == [Metric.SPO2, Metric.PULSE_RATE, Metric.PERFUSION_INDEX]


async def test_energy_is_told_and_reset(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable", time_scale=0.01) as simulator, plugged_in(simulator.dial) as central:
        sensor = await central.connect(STRAP)
        beats = await sensor.subscribe("2A37")

        def energies() -> list[int]:
            readings = [heart_rate_measurement.decode(payload).energy_kj for payload in beats]
            return [energy for energy in readings if energy is not None]

        await eventually(lambda: bool(energies()) and energies()[-1] >= 5)
        with pytest.raises(ATT_Error) as refused:
            await sensor.write("2A39", b"\x02")
        assert refused.value.error_code == 0x80
        await sensor.write("2A39", b"\x01")
        told = len(energies())
        await eventually(lambda: len(energies()) > told + 1)
        assert energies()[-1] < energies()[told - 1]


async def test_garbage_is_sent_and_counts_as_one(tmp_path: Path) -> None:
    async with on_air(tmp_path, "stable", garbage=3) as simulator, plugged_in(simulator.dial) as central:
        beats = await (await central.connect(STRAP)).subscribe("2A37")
        await eventually(lambda: len(beats) >= 9)
        assert [index for index, payload in enumerate(beats, start=1) if payload == strap.UNREADABLE][:3] == [3, 6, 9]
        with pytest.raises(DecodeError):
            gatt.read("2A37", strap.UNREADABLE)
        assert {line.observations for line in simulator.ledger.notifications if line.payload == "10"} == {1}


async def test_finger_off_reaches_the_central(tmp_path: Path) -> None:
    async with on_air(tmp_path, "finger-off", time_scale=0.01) as simulator, plugged_in(simulator.dial) as central:
        pulse = await (await central.connect(OXIMETER)).subscribe("2A5F")
        await eventually(lambda: len(pulse) >= 40)
        reading = gatt.read("2A5F", pulse[30])
        assert {observation.missing for observation in reading.observations} == {Missing.SENSOR_OFF}
        assert reading.attributes[Attribute.DEVICE_STATUS] == 1 << 11
