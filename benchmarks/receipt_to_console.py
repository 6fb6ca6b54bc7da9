"""How long an alarm takes to a screen, 1,000 patients at 1 Hz: ``python -m benchmarks.receipt_to_console [PATIENTS]``.

Prints one JSON object. Everything is real: a broker, a server process (collector, registry, series, console), one
screen that reads the stream, and one MQTT client that speaks the wire for a gateway a patient, evenly spread over each
second. Values are a noisy walk. ALARMS of them fall below a limit that alarms at the first value; the time runs from
the moment the client hands that batch to its socket until the alarm stands in the screen's stream, so the broker's
part is in it: from receipt at the collector it is less. All of it shares the cores of this machine.
"""

import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from tests.brokers import Broker
from typing_extensions import override

from vitals.cli.demo.processes import free_port
from vitals.codes import Metric
from vitals.observation import GenerationMode, Reading, observe
from vitals.registry import Patient, Plan, Sensor, open_registry
from vitals.wire import bodies, columns, topics
from vitals.wire import header as frames
from vitals.wire.bodies import ClockState, Data
from vitals.wire.header import Header, Kind

PATIENTS: Final = 1000
ALARMS: Final = 300
WARM_UP_S: Final = 12
ALARMS_PER_S: Final = 10
WITHIN_S: Final = 120
EPOCH: Final = 3
PROFILE: Final = """
name = "bench"
[spo2]
hysteresis = 2
limits = [{ below = 90, delay_s = 15, priority = "medium" }, { below = 80, samples = 1, priority = "high" }]
[pulse_rate]
hysteresis = 3
limits = [{ below = 40, delay_s = 15, priority = "medium" }, { above = 130, delay_s = 15, priority = "medium" }]
"""


def sensor(number: int) -> str:
    return f"F0:00:00:{number >> 8:02X}:{number & 255:02X}:02"


def enrol(path: Path, patients: int) -> None:
    registry = open_registry(path)
    for number in range(patients):
        registry.enrol(
            Patient(
                id=f"p-{number}", family=f"F{number}", given="G", birth_date="1950-01-01", record_number=f"R{number}"
            ),
            at_utc_ms=round(time.time() * 1000),
            by="bench",
            sensors=[Sensor(id=sensor(number))],
            plan=Plan(prescribed={"spo2": []}, responsible_nurse="n", cover="c"),
        )
    registry.close()


class Screen(threading.Thread):
    """One console: notes when the first alarm of every patient came."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.came: dict[str, float] = {}
        self.snapshots = 0
        self._stream = socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S)
        self._stream.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)

    @override
    def run(self) -> None:
        """Read until the stream ends."""
        event = b""
        for line in self._stream.makefile("rb"):
            if line.startswith(b"event: "):
                event = line[7:].strip()
                self.snapshots += event == b"snapshot"
            elif line.startswith(b"data: ") and event == b"alarm":
                alarm = json.loads(line[6:])
                if alarm["condition"] == "spo2.low":
                    self.came.setdefault(alarm["patient"], time.monotonic())


class Load:
    """Every gateway, through one client."""

    def __init__(self, port: int, patients: int) -> None:
        self._chance = random.Random(4)
        self._patients = patients
        self._values = [96.0] * patients
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "load")
        self._client.max_inflight_messages_set(0)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._seq = 0
        self.sent: dict[str, float] = {}
        self.behind_s = 0.0

    def second(self, falling: set[int]) -> None:
        """One second of everybody, spread over it."""
        start = time.monotonic()
        self._seq += 1
        for number in range(self._patients):
            ahead_s = start + number / self._patients - time.monotonic()
            if ahead_s > 0:
                time.sleep(ahead_s)
            else:
                self.behind_s = max(self.behind_s, -ahead_s)
            self._batch(number, low=number in falling)
        time.sleep(max(0, start + 1 - time.monotonic()))

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _batch(self, number: int, *, low: bool) -> None:
        value = self._values[number] = min(99.9, max(93.0, self._values[number] + self._chance.gauss(0, 0.3)))
        pulse = observe(Metric.PULSE_RATE, round(70 + self._chance.gauss(0, 3), 1))
        at_ms = round(time.monotonic() * 1000)
        reading = Reading((observe(Metric.SPO2, 75 if low else round(value, 1)), pulse))
        block = columns.pack(sensor(number), "2A5F", [columns.Row(at_ms, reading)])
        gateway = f"gw-{number}"
        head = Header(mode=GenerationMode.TEST, kind=Kind.DATA, epoch=EPOCH, seq=self._seq, boot=1, published_ms=at_ms)
        body = bodies.encode(Data(round(time.time() * 1000) - at_ms, ClockState.SYNCHRONISED, [block]))
        payload = frames.encode(gateway, head, body)
        if low:
            self.sent[f"p-{number}"] = time.monotonic()
        self._client.publish(topics.vitals(gateway), payload, qos=1)


def measured(patients: int) -> dict[str, object]:
    """Every figure."""
    with tempfile.TemporaryDirectory() as name, Broker("mosquitto", Path(name)) as broker:
        folder, port = Path(name), free_port()
        enrol(folder / "registry.db", patients)
        (folder / "profile.toml").write_text(PROFILE)
        config = folder / "server.toml"
        config.write_text(
            f'mode = "test"\n[broker]\nurl = "{broker.url}"\n[console]\nport = {port}\n'
            '[alarms]\nprofile = "profile.toml"\n'
        )
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "vitals.cli", "serve", "--config", str(config)], stderr=log, cwd=folder
            )
        try:
            return _run(_screen(port, folder / "server.log"), Load(broker.port, patients), server.pid)
        finally:
            server.terminate()
            server.wait(30)


def _screen(port: int, log: Path) -> Screen:
    end = time.monotonic() + WITHIN_S
    while True:
        try:
            screen = Screen(port)
        except OSError:
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        else:
            screen.start()
            return screen


def _run(screen: Screen, load: Load, server: int) -> dict[str, object]:
    for _ in range(WARM_UP_S):
        load.second(set())
    patients = load._patients  # noqa: SLF001 - the same module
    order = random.Random(5).sample(range(patients), min(ALARMS, patients))
    cpu, wall = _cpu_s(server), time.monotonic()
    load.behind_s = 0.0
    for first in range(0, len(order), ALARMS_PER_S):
        load.second(set(order[first : first + ALARMS_PER_S]))
    cpu, wall = _cpu_s(server) - cpu, time.monotonic() - wall
    end = time.monotonic() + 10
    while len(screen.came) < len(load.sent) and time.monotonic() < end:
        time.sleep(0.1)
    load.close()
    waits = sorted(1000 * (screen.came[patient] - at) for patient, at in load.sent.items() if patient in screen.came)
    return {
        "patients": patients,
        "alarms": len(load.sent),
        "alarms_not_seen": len(load.sent) - len(waits),
        "receipt_to_console_p50_ms": round(statistics.median(waits), 1),
        "receipt_to_console_p99_ms": round(waits[len(waits) * 99 // 100], 1),
        "receipt_to_console_worst_ms": round(waits[-1], 1),
        "server_core_share": round(cpu / wall, 2),
        "load_behind_ms": round(load.behind_s * 1000),
    }


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS), indent=2))
