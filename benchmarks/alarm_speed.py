"""How fast values are evaluated, ten limits a patient: ``python -m benchmarks.alarm_speed [PATIENTS ...]``.

Prints one JSON object. One core, CPU seconds of this process, the median of several seconds' worth of everybody's
data. Every patient wears three sensors that say five metrics each second, with two limits each (a medium one after
15 s, a deeper high one after 5 s), and lives at another moment of one recording: a night of an intensive care unit by
the minute (heart rate, pulse, respiration, SpO2) and perfusion by the second, between the minutes a straight line,
with noise of a monitor's size every second. The limits lie where ``BEYOND`` of each metric's values are past one.

How it comes over the wire matters more than anything else, so three shapes are measured:

- ``hub``: a batch holds one second of as many patients as fit into 8 kB (a ward's gateway);
- ``home``: a batch holds one second of one patient (a gateway a patient);
- ``caught_up``: a batch holds 25 s of one patient (a short outage is over; older values would be late).

*evaluated* is the desk alone, from decoded bodies on; *decoded* is what comes before it: header, checksum, body, its
admission; *both* is the two together. Registry and store are not part of it; a tick of everybody is told apart.
"""

import gc
import itertools
import json
import os
import random
import resource
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from vitals import recording
from vitals.alarms.profile import Profile, parse
from vitals.clock import ManualClock
from vitals.codes import CODES, Metric
from vitals.collector import base
from vitals.collector.admission import admit
from vitals.collector.desk import AlarmDesk
from vitals.observation import GenerationMode, to_raw
from vitals.registry import Binding, Enrolled, Patient, Plan, Registry, open_registry
from vitals.series.base import Arrival
from vitals.series.memory import MemorySeries
from vitals.wire import bodies
from vitals.wire import header as frames
from vitals.wire.bodies import Block, ClockState, Column, Data
from vitals.wire.header import MAX_BODY, Header, Kind

PATIENTS: Final = (1_000, 10_000, 100_000)
ROUNDS: Final = 5
BEYOND: Final = 0.015
UTC_MS: Final = 1_800_014_400_000
START_MS: Final = 1_000_000_000
CAUGHT_UP_S: Final = 25
SENSORS: Final = {
    "2A37": {Metric.HEART_RATE: "HR [bpm]"},
    "2A5F": {Metric.SPO2: "SpO2 [%]", Metric.PULSE_RATE: "PULSE [bpm]"},
    "FFF1": {Metric.RESPIRATORY_RATE: "RESP [pm]", Metric.PERFUSION_INDEX: "PI 1"},
}
NOISE: Final = {
    Metric.HEART_RATE: 1.0,
    Metric.SPO2: 0.4,
    Metric.PULSE_RATE: 1.0,
    Metric.RESPIRATORY_RATE: 0.5,
    Metric.PERFUSION_INDEX: 0.05,
}
HIGH: Final = frozenset({Metric.HEART_RATE, Metric.PULSE_RATE})
"""Metrics whose limits lie above; those of the others lie below."""
VALUES: Final = sum(len(metrics) for metrics in SENSORS.values())
ONE: Final = struct.Struct("<h")

Course = dict[Metric, list[int]]
"""Raw integers by the second."""


def registry_of(place: Path, everybody: list[Enrolled]) -> Registry:
    """A registry in which everybody is enrolled without having been written down."""
    registry = open_registry(place)
    registry.enrolled = lambda: everybody  # type: ignore[method-assign]
    return registry


def course() -> Course:
    """The recording, second by second, with noise."""
    chance = random.Random(1)
    folder = Path(os.environ.get("VITALS_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    found = sorted(folder.glob("mimic_numerics/*.csv"))
    if not found:
        sys.exit(f"no recorded data at {folder}: set VITALS_TEST_DATA")
    minutes = recording.load_lines(found[0])
    seconds = recording.load_lines(folder / "varied_fio2" / "100001.csv")
    columns = {metric: name for metrics in SENSORS.values() for metric, name in metrics.items()}
    out: Course = {}
    for metric, name in columns.items():
        lines, apart_s, time_name = (seconds, 1, "Time") if name == "PI 1" else (minutes, 60, "minute")
        rows = recording.read(lines, {recording.TIME: time_name, "value": name}).rows
        points = [row.values[0] for row in rows if row.values[0]]
        values = [
            early + (late - early) * second / apart_s
            for early, late in itertools.pairwise(points)
            for second in range(apart_s)
        ]
        code = CODES[metric]
        out[metric] = [
            to_raw(metric, min(code.high, max(code.low, value + chance.gauss(0, NOISE[metric])))) for value in values
        ]
    return out


def limits(of: Course) -> Profile:
    """Two limits a metric, the outer one where BEYOND of the values lie past it."""
    tables = []
    for metric, raws in of.items():
        code, ordered = CODES[metric], sorted(raws, reverse=metric in HIGH)
        outer, inner = (ordered[round(len(raws) * share)] for share in (BEYOND, BEYOND / 5))
        side = "above" if metric in HIGH else "below"
        pairs = ((outer, 15, "medium"), (inner, 5, "high"))
        listed = ", ".join(
            f'{{ {side} = {raw * code.numerator / code.denominator}, delay_s = {delay}, priority = "{priority}" }}'
            for raw, delay, priority in pairs
        )
        tables.append(f"[{metric.label}]\nhysteresis = {NOISE[metric]}\nlimits = [{listed}]\n")
    return parse('name = "ten"\n' + "".join(tables))


def sensor(number: int, which: int) -> str:
    """Addresses in the order of patients."""
    high, middle, low = number >> 16, number >> 8 & 255, number & 255
    return f"F0:00:{high:02X}:{middle:02X}:{low:02X}:{which:02X}"


def people(count: int) -> list[Enrolled]:
    """Everybody, with a plan for two of the metrics and three sensors."""
    plan = Plan(prescribed={"spo2": [], "heart_rate": []}, responsible_nurse="n", cover="c", from_utc_ms=UTC_MS)
    out = []
    for number in range(count):
        name = f"p-{number}"
        worn = [Binding(sensor=sensor(number, w), patient=name, from_utc_ms=UTC_MS) for w in range(len(SENSORS))]
        patient = Patient(id=name, family=f"F{number}", given="G", birth_date="1950-01-01", record_number=f"R{number}")
        out.append(Enrolled(patient=patient, plan=plan, bindings=tuple(worn)))
    return out


class Load:
    """Frames of everybody, second after second."""

    def __init__(self, of: Course, patients: int) -> None:
        self._course = of
        self._length = max(len(raws) for raws in of.values())
        self._patients = patients
        self._starts = [random.Random(number).randrange(self._length) for number in range(patients)]
        self.seconds = 0
        self._seq = 0
        self._per_hub = MAX_BODY // sum(len(bodies.encode(Data(0, ClockState.UNSET, [b]))) for b in self._blocks(0, 1))

    def _blocks(self, number: int, rows: int) -> list[Block]:
        first_ms = START_MS + self.seconds * 1000
        out = []
        for which, (characteristic, metrics) in enumerate(SENSORS.items()):
            begin = self._starts[number] + self.seconds
            columns = [
                Column(metric, b"".join(ONE.pack(raws[(begin + row) % len(raws)]) for row in range(rows)))
                for metric, raws in ((metric, self._course[metric]) for metric in metrics)
            ]
            deltas = struct.pack(f"<{rows}I", 0, *[1000] * (rows - 1))
            out.append(Block(sensor(number, which), characteristic, first_ms, deltas, columns))
        return out

    def frames(self, shape: str) -> Iterator[tuple[str, bytes]]:
        """The next second, or seconds, of everybody, as they travel; the first patient's name is the gateway's."""
        rows = CAUGHT_UP_S if shape == "caught_up" else 1
        per_batch = self._per_hub if shape == "hub" else 1
        published_ms = START_MS + (self.seconds + rows - 1) * 1000
        for first in range(0, self._patients, per_batch):
            self._seq += 1
            last = min(self._patients, first + per_batch)
            blocks = [block for number in range(first, last) for block in self._blocks(number, rows)]
            head = Header(
                mode=GenerationMode.TEST, kind=Kind.DATA, epoch=1, seq=self._seq, boot=1, published_ms=published_ms
            )
            gateway = f"gw-{first}-{shape == 'hub'}"
            body = bodies.encode(Data(UTC_MS - START_MS, ClockState.SYNCHRONISED, blocks))
            yield gateway, frames.encode(gateway, head, body)
        self.seconds += rows


class Bench:
    """One desk and its load."""

    def __init__(self, folder: Path, of: Course, profile: Profile, patients: int) -> None:
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.clock = ManualClock(monotonic_ms=START_MS, utc_ms=UTC_MS)
        self.registry = registry_of(folder / f"{patients}.db", people(patients))
        self.desk = AlarmDesk(self.registry, mode=GenerationMode.TEST, profile=profile, clock=self.clock)
        self.desk.start(MemorySeries())
        self.load = Load(of, patients)
        self.patients = patients
        self.round("hub")  # everybody is heard for the first time
        self.kb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / patients

    def round(self, shape: str) -> tuple[int, float, float]:
        """Observations, CPU seconds of decoding and of evaluation of the next second of everybody."""
        before, decoding, evaluating = self.load.seconds, 0.0, 0.0
        batch: list[tuple[str, bytes]] = []
        for frame in self.load.frames(shape):
            batch.append(frame)
            if len(batch) == 200:
                decoded, evaluated = self._take(batch)
                decoding, evaluating, batch = decoding + decoded, evaluating + evaluated, []
        decoded, evaluated = self._take(batch)
        self.clock.advance(1000 * (self.load.seconds - before))
        return self.patients * VALUES * (self.load.seconds - before), decoding + decoded, evaluating + evaluated

    def _take(self, batch: Sequence[tuple[str, bytes]]) -> tuple[float, float]:
        start = time.process_time()
        taken = [self._decoded(gateway, payload) for gateway, payload in batch]
        middle = time.process_time()
        for arrival, heard in taken:
            self.desk.observe(arrival, heard)
        return middle - start, time.process_time() - middle

    def _decoded(self, gateway: str, payload: bytes) -> tuple[Arrival, list[base.Heard]]:
        message = frames.decode(gateway, payload)
        contents = admit(message.header, message.body, GenerationMode.TEST).contents
        assert contents is not None
        assert isinstance(contents.body, Data)
        arrival = Arrival(
            gateway=gateway,
            header=message.header,
            body=message.body,
            received_ms=self.clock.monotonic_ms(),
            received_utc_ms=self.clock.utc_ms(),
            receiver_boot=self.clock.boot(),
            queued_ms=0,
        )
        return arrival, base.unpack(arrival, contents.body)

    def shape(self, shape: str) -> dict[str, int]:
        """Observations a second of CPU."""
        self.round(shape)  # its gateways are new
        runs = [self.round(shape) for _ in range(ROUNDS)]
        return {
            "evaluated": round(statistics.median(count / evaluating for count, _, evaluating in runs)),
            "decoded": round(statistics.median(count / decoding for count, decoding, _ in runs)),
            "both": round(statistics.median(count / (decoding + evaluating) for count, decoding, evaluating in runs)),
        }

    def tick_ms(self) -> float:
        """CPU milliseconds of a tick, everybody heard in the last second."""
        spent = []
        for _ in range(ROUNDS):
            self.round("hub")
            self.desk.tick(self.clock.monotonic_ms())  # visits whoever was looked at
            for _ in range(3):
                self.clock.advance(250)
                start = time.process_time()
                self.desk.tick(self.clock.monotonic_ms())
                spent.append(time.process_time() - start)
        return round(statistics.median(spent) * 1000, 2)


def measured(counts: Sequence[int]) -> dict[str, object]:
    """Every figure."""
    of = course()
    profile = limits(of)
    figures: dict[str, object] = {
        "limits_per_patient": sum(len(each.limits) for each in profile.base.values()),
        "values_beyond_a_limit": BEYOND,
        "memory_kb_per_patient": 0,
    }
    with tempfile.TemporaryDirectory() as folder:
        for patients in counts:
            bench = Bench(Path(folder), of, profile, patients)
            rates = {shape: bench.shape(shape) for shape in ("hub", "home")}
            tick_ms = bench.tick_ms()
            rates["caught_up"] = bench.shape("caught_up")
            figures[f"patients_{patients}"] = {**rates, "tick_ms": tick_ms}
            figures["alarm_observations_per_s"] = rates["hub"]["evaluated"]
            figures["memory_kb_per_patient"] = round(bench.kb, 1)
    return figures


if __name__ == "__main__":
    print(json.dumps(measured([int(each) for each in sys.argv[1:]] or PATIENTS), indent=2))
