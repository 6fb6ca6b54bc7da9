"""What the alarm desk costs: per observation, per tick, per snapshot, per transaction B. Prints one JSON object.

Figures are of one core and one run; *in alarm* against *quiet* is the ratio to read.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from vitals.alarms.crossing import CALM, Measured, step
from vitals.alarms.limits import Side, rule
from vitals.alarms.profile import built_in
from vitals.clock import ManualClock
from vitals.codes import Metric
from vitals.collector.base import Heard
from vitals.collector.desk import AlarmDesk
from vitals.observation import GenerationMode, Observation, Reading, observe
from vitals.registry import Patient, Plan, Sensor, open_registry
from vitals.series.base import Arrival
from vitals.series.memory import MemorySeries
from vitals.wire import columns
from vitals.wire.columns import Row
from vitals.wire.header import Header, Kind

PATIENTS = 200
SECONDS = 60
REPEATS = 5
UTC_MS = 1_800_014_400_000


def sensors(number: int) -> tuple[str, str]:
    """A strap and an oximeter."""
    high, low = divmod(number, 256)
    return f"F0:00:00:{high:02X}:{low:02X}:01", f"F0:00:00:{high:02X}:{low:02X}:02"


def desk_of(folder: Path, clock: ManualClock) -> AlarmDesk:
    """A desk with everybody enrolled, started."""
    registry = open_registry(folder / "registry.db")
    for number in range(PATIENTS):
        strap, oximeter = sensors(number)
        registry.enrol(
            Patient(
                id=f"p-{number}", family=f"F{number}", given="G", birth_date="1950-01-01", record_number=f"R{number}"
            ),
            at_utc_ms=UTC_MS,
            by="bench",
            sensors=[Sensor(id=strap), Sensor(id=oximeter)],
            plan=Plan(prescribed={"spo2": [], "heart_rate": []}, responsible_nurse="n", cover="c"),
        )
    desk = AlarmDesk(registry, mode=GenerationMode.TEST, profile=built_in("adult"), clock=clock)
    desk.start(MemorySeries())
    return desk


def second(clock: ManualClock, spo2: float, seq: int) -> list[tuple[Arrival, list[Heard]]]:
    """What every patient's gateway sends for one second: heart rate with an RR interval, SpO2 with pulse rate."""
    at_ms = clock.monotonic_ms()
    heart: tuple[Observation, ...] = (observe(Metric.HEART_RATE, 70), observe(Metric.RR_INTERVAL, 857))
    oximetry: tuple[Observation, ...] = (observe(Metric.SPO2, spo2), observe(Metric.PULSE_RATE, 70))
    out = []
    for number in range(PATIENTS):
        strap, oximeter = sensors(number)
        header = Header(mode=GenerationMode.TEST, kind=Kind.DATA, epoch=1, seq=seq, boot=1, published_ms=at_ms)
        arrival = Arrival(
            gateway=f"gw-{number}",
            header=header,
            body=b"",
            received_ms=at_ms,
            received_utc_ms=clock.utc_ms(),
            receiver_boot=1,
            queued_ms=0,
        )
        heard = [
            Heard(
                sensor=strap,
                characteristic="2A37",
                block=columns.pack(strap, "2A37", [Row(at_ms, Reading(heart))]),
                utc_offset_ms=UTC_MS,
                boot=1,
                receipt_ms=at_ms,
            ),
            Heard(
                sensor=oximeter,
                characteristic="2A5F",
                block=columns.pack(oximeter, "2A5F", [Row(at_ms, Reading(oximetry))]),
                utc_offset_ms=UTC_MS,
                boot=1,
                receipt_ms=at_ms,
            ),
        ]
        out.append((arrival, heard))
    return out


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def observed(desk: AlarmDesk, clock: ManualClock, spo2: float, seq: int) -> float:
    """Nanoseconds an observation, over SECONDS of everybody's data."""
    spent = 0.0
    for number in range(SECONDS):
        clock.advance(1000)
        batches = second(clock, spo2, seq + number)

        def evaluate(batches: list[tuple[Arrival, list[Heard]]] = batches) -> None:
            for arrival, heard in batches:
                desk.observe(arrival, heard)

        spent += timed(evaluate)
    return spent / (SECONDS * PATIENTS * 4) * 1e9


def stepped() -> dict[str, int]:
    """Nanoseconds of one ``step`` of a limit condition: quiet, and with an alarm standing."""
    by = rule(Metric.SPO2, built_in("adult").at(720)[Metric.SPO2], Side.LOW, held_s=15)
    assert by is not None
    out = {}
    for name, value in (("quiet", 97.0), ("in_alarm", 84.0)):
        state, count = CALM, 100_000
        events = [Measured(value, 1, 1000 * number, by) for number in range(count)]
        begin = time.process_time()
        for number, event in enumerate(events):
            state, _ = step(state, event, 1000 * number, realarm_ms=600_000)
        out[name] = round((time.process_time() - begin) / count * 1e9)
    return out


def main() -> None:
    """Measure and print."""
    clock = ManualClock(monotonic_ms=1_000_000, utc_ms=UTC_MS)
    with tempfile.TemporaryDirectory() as folder:
        desk = desk_of(Path(folder), clock)
        quiet = observed(desk, clock, 97, 1)
        snapshot_s = statistics.median(timed(desk.snapshot) for _ in range(REPEATS))
        tick_s = statistics.median(timed(lambda: desk.tick(clock.monotonic_ms())) for _ in range(REPEATS))
        in_alarm = observed(desk, clock, 84, 1000)
        write_s = timed(lambda: asyncio.run(desk.persist()))
        figures = {
            "patients": PATIENTS,
            "observation_ns": {"quiet": round(quiet), "every_patient_in_alarm": round(in_alarm)},
            "quiet_observations_per_second": round(1e9 / quiet),
            "step_ns": stepped(),
            "snapshot_ms": round(snapshot_s * 1000, 2),
            "tick_ms": round(tick_s * 1000, 2),
            "transaction_b_of_everybody_ms": round(write_s * 1000, 1),
        }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
