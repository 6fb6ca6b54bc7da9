"""A collector in small, to be killed: deterministic batches, alarmed first, committed after, recorded now and then.

Usage: worker.py FOLDER BATCHES. Says "ready" once it has taken up what the one before left, "done" at the end.
"""

import asyncio
import random
import sys
from pathlib import Path

from vitals.alarms.profile import built_in
from vitals.clock import ManualClock, iso
from vitals.codes import Metric
from vitals.collector import base
from vitals.collector.desk import AlarmDesk
from vitals.observation import GenerationMode, Reading, observe
from vitals.registry import Patient, Plan, Registry, Sensor, open_registry
from vitals.series.base import Arrival
from vitals.series.sqlite import SqliteSeries
from vitals.wire import bodies, columns
from vitals.wire.bodies import ClockState, Data
from vitals.wire.header import Header, Kind

PATIENTS = 8
EPOCH = 5
ROUND = 17
"""Every so many batches somebody acknowledges whatever stands."""
VALUES = (97, 97, 93, 91, 89, 86, 84, 84, 79)
NO_ANSWER = "1 min: call again\n1 min: send somebody"
GATEWAY = "gw-1"
START_UTC_MS = 1_800_014_400_000


def sensor(number: int) -> str:
    return f"F0:00:00:00:{number:02X}:02"


def batch(number: int) -> Arrival:
    """Batch *number*: one value of each patient; spells of several seconds, so that delays run out."""
    at_ms = 1000 * number
    blocks = []
    for person in range(PATIENTS):
        value = random.Random(1000 * person + number // 7).choice(VALUES)
        reading = Reading((observe(Metric.SPO2, value),))
        blocks.append(columns.pack(sensor(person), "2A5F", [columns.Row(at_ms, reading)]))
    return Arrival(
        gateway=GATEWAY,
        header=Header(mode=GenerationMode.TEST, kind=Kind.DATA, epoch=EPOCH, seq=number, boot=3, published_ms=at_ms),
        body=bodies.encode(Data(START_UTC_MS, ClockState.SYNCHRONISED, blocks)),
        received_ms=at_ms,
        received_utc_ms=START_UTC_MS + at_ms,
        receiver_boot=1,
        queued_ms=0,
    )


def enrol(registry: Registry) -> None:
    for person in range(PATIENTS):
        registry.enrol(
            Patient(
                id=f"p-{person}", family=f"F{person}", given="G", birth_date="1950-01-01", record_number=f"R{person}"
            ),
            at_utc_ms=START_UTC_MS,
            by="tests",
            sensors=[Sensor(id=sensor(person))],
            plan=Plan(prescribed={"spo2": []}, responsible_nurse="n", cover="c", no_answer=NO_ANSWER),
        )


async def acknowledge(desk: AlarmDesk, number: int) -> None:
    """What somebody does after batch *number*, and does again, with the same keys, after a kill.

    The desk may come back further than the log: what was raised after that batch was not there to be acknowledged.
    """
    if number % ROUND:
        return
    now = iso(START_UTC_MS + 1000 * number)
    for alarm in desk.snapshot().alarms:
        if alarm.phase != "acknowledged" and alarm.raised_at <= now:
            await desk.acknowledge(alarm.episode, alarm.version, actor="nurse", key=f"{number}:{alarm.episode}")
    await arrange(desk, number, now)
    await desk.persist()


async def arrange(desk: AlarmDesk, number: int, now: str) -> None:
    """What is done with what somebody has in hand, by patient: handed over, switched off, nobody found."""
    for alarm in desk.snapshot().alarms:
        key, version = f"{number}:{alarm.episode}", alarm.version
        if alarm.phase != "acknowledged" or alarm.raised_at > now:
            continue
        if alarm.condition == "no_answer":
            if alarm.priority == "medium" and alarm.raised_at < now:  # a step that waits is of this very round
                outcome = ("no_answer", "spoke")[number // ROUND % 2]
                await desk.resolve(alarm.episode, version, outcome=outcome, note="", actor="nurse", key=f"s{key}")
        elif alarm.patient == "p-1":
            offer = await desk.offer(alarm.episode, version, to="other", actor="nurse", key=f"o{key}")
            await desk.accept(offer.episode, offer.version, actor="other", key=f"h{key}")
        elif alarm.patient == "p-2":
            await desk.inactivate(alarm.episode, version, reason="known", minutes=1, actor="nurse", key=f"i{key}")
        elif alarm.patient == "p-3":
            await desk.resolve(alarm.episode, version, outcome="no_answer", note="", actor="nurse", key=f"n{key}")
    asked = await desk.request_suspension("p-4", reason="shower", minutes=9, actor="p-4", key=f"a{number}")
    await desk.refuse_request("p-4", asked.version, actor="nurse", key=f"r{number}")


async def run(folder: Path, last: int) -> None:
    registry = open_registry(folder / "registry.db")
    if not registry.enrolled():
        enrol(registry)
    series = SqliteSeries(folder / "series.db", GenerationMode.TEST)
    ranges = series.committed(GATEWAY).get(EPOCH, [])
    done = ranges[-1][1] if ranges else 0
    clock = ManualClock(monotonic_ms=1000 * done, utc_ms=START_UTC_MS + 1000 * done)
    desk = AlarmDesk(registry, mode=GenerationMode.TEST, profile=built_in("adult"), clock=clock, confirm_s=0)
    desk.start(series)
    await acknowledge(desk, done)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    chance = random.Random()
    while done < last:
        group = [batch(number) for number in range(done + 1, min(last, done + chance.randint(1, 5)) + 1)]
        stop = next((index + 1 for index, each in enumerate(group) if each.header.seq % ROUND == 0), len(group))
        for arrival in group[:stop]:
            clock.advance(1000)
            desk.observe(arrival, base.heard(arrival))
            desk.tick(clock.monotonic_ms())
        if chance.random() < 0.5:
            await desk.persist()  # ahead of the log
        desk.committed(series.commit(group[:stop]))
        done = group[stop - 1].header.seq
        await acknowledge(desk, done)
        if chance.random() < 0.5 or done == last:
            await desk.persist()
    registry.close()
    series.close()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))
