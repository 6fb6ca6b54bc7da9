"""A patient's gateway: what it sends at a second, live first, what waited behind it."""

from typing import Final

import numpy as np
from benchmarks.day.script import MEASURED, OFF, OUT_OF_REACH, QUESTIONABLE, Person
from numpy.typing import NDArray

from vitals.clock import ManualClock
from vitals.codes import Metric
from vitals.collector.base import Heard
from vitals.observation import GenerationMode, Missing, Observation, Reading, Validity, absent, observe
from vitals.series.base import Arrival
from vitals.wire import bodies, columns
from vitals.wire.bodies import ClockState, Data, GatewayState
from vitals.wire.columns import Row
from vitals.wire.header import Header, Kind

QUIET_EVERY_S: Final = 5
"""Of a second in which nothing can change, one in so many is sent: the longest gap that counts as none."""
AROUND_S: Final = (3, 8)
"""Seconds before and after anything that may matter that are all sent."""
BACKLOG_ROWS: Final = 60
STATE_EVERY_S: Final = 10

_HEART, _OXIMETRY = "2A37", "2A5F"
_VALIDITY: Final = {MEASURED: Validity.VALID, QUESTIONABLE: Validity.QUESTIONABLE}


def told_of(person: Person, *, every_second: bool) -> NDArray[np.bool_]:
    """The seconds that are sent: all, or all in which a value, a sensor or the link is not plainly quiet.

    A value within the quiet band leaves a quiet alarm as it is (tests/unit/collector/desk/test_desk_screen.py), so the
    rest changes nothing but the time that the run takes.
    """
    seconds = len(person.heart)
    told = np.zeros(seconds, np.bool_)
    told[(hash_of(person.id) % QUIET_EVERY_S) :: QUIET_EVERY_S] = True
    if every_second:
        return np.ones_like(told)
    lowest = 88 if person.lower_limits else 92
    busy = (person.spo2_shown < lowest) | (person.heart_shown < 53) | (person.heart_shown > 117)
    busy |= (person.strap != MEASURED) | (person.finger != MEASURED) | person.away
    before_s, after_s = AROUND_S
    reach = np.convolve(busy, np.ones(before_s + after_s + 1, np.int32))
    return told | (reach[before_s : before_s + seconds] > 0)


def hash_of(name: str) -> int:
    """The same number for the same name in every process."""
    return sum(name.encode())


class Uplink:
    """The gateway of *person*; *seconds* are those that are sent."""

    def __init__(self, person: Person, seconds: NDArray[np.bool_], clock: ManualClock) -> None:
        self.person = person
        self.gateway = f"gw-{person.id}"
        self.strap, self.oximeter = f"strap-{person.id}", f"oximeter-{person.id}"
        self._seconds = seconds
        self._clock = clock
        self._ahead_ms = 1_000_000 + 7919 * hash_of(person.id)
        self._boot = 100 + hash_of(person.id)
        self._seq = 0
        self._waiting: list[int] = []
        self._sent: list[int] = []
        self._begins_ms = clock.monotonic_ms()
        self._connected = True

    def turn(self, second: int, *, served: bool) -> tuple[list[tuple[Arrival, list[Heard]]], GatewayState | None]:
        """What reaches the server in this second; nothing while either end is away."""
        told = bool(self._seconds[second])
        if self.person.away[second] or not served:
            if told:
                self._waiting.append(second)
            left, self._connected = self._connected, False
            by_will = left and served and hash_of(self.person.id) % 2 == 0
            return [], self._state(online=False) if by_will else None
        found = []
        if told:
            found.append(self._batch([second], backlog=False))
            self._sent.append(second)
        back, self._connected = not self._connected, True
        if self._waiting and not back:
            oldest, self._waiting = self._waiting[:BACKLOG_ROWS], self._waiting[BACKLOG_ROWS:]
            found.append(self._batch(oldest, backlog=True))
            self._sent += oldest
        due = back or (second + hash_of(self.person.id)) % STATE_EVERY_S == 0
        return [each for each in found if each[1]], self._state(online=True) if due else None

    def committed(self) -> None:
        """What was sent is durable at the server: it is deleted here."""
        self._sent.clear()

    def unanswered(self) -> None:
        """The server is gone, and never said that it has what was sent last: it is sent again."""
        self._waiting = sorted(self._sent + self._waiting)
        self._sent = []

    def _state(self, *, online: bool) -> GatewayState:
        return GatewayState(session=1, online=online, mode=GenerationMode.TEST)

    def _batch(self, seconds: list[int], *, backlog: bool) -> tuple[Arrival, list[Heard]]:
        clock = self._clock
        now_ms = clock.monotonic_ms() + self._ahead_ms
        offset_ms = clock.utc_ms() - now_ms
        person, blocks, heard = self.person, [], []
        for sensor, characteristic, on, read in (
            (self.strap, _HEART, person.strap, self._beats),
            (self.oximeter, _OXIMETRY, person.finger, self._pulse),
        ):
            rows = [Row(self._at_ms(at), Reading(read(at))) for at in seconds if on[at] != OUT_OF_REACH]
            if rows:
                block = columns.pack(sensor, characteristic, rows)
                blocks.append(block)
                heard.append(
                    Heard(
                        sensor=sensor,
                        characteristic=characteristic,
                        block=block,
                        utc_offset_ms=offset_ms,
                        boot=self._boot,
                        receipt_ms=now_ms,
                    )
                )
        self._seq += 1
        arrival = Arrival(
            gateway=self.gateway,
            header=Header(
                mode=GenerationMode.TEST,
                kind=Kind.DATA,
                epoch=5,
                seq=self._seq,
                boot=self._boot,
                published_ms=now_ms,
                backlog=backlog,
            ),
            body=bodies.encode(Data(offset_ms, ClockState.SYNCHRONISED, blocks)),
            received_ms=clock.monotonic_ms(),
            received_utc_ms=clock.utc_ms(),
            receiver_boot=clock.boot(),
            queued_ms=0,
        )
        return arrival, heard

    def _at_ms(self, second: int) -> int:
        return self._begins_ms + self._ahead_ms + 1000 * second

    def _beats(self, second: int) -> tuple[Observation, ...]:
        if self.person.strap[second] == OFF:
            return (absent(Metric.HEART_RATE, Missing.SENSOR_OFF),)
        return (observe(Metric.HEART_RATE, int(self.person.heart_shown[second])),)

    def _pulse(self, second: int) -> tuple[Observation, ...]:
        person = self.person
        if person.finger[second] == OFF:
            return absent(Metric.SPO2, Missing.SENSOR_OFF), absent(Metric.PULSE_RATE, Missing.SENSOR_OFF)
        validity = _VALIDITY[int(person.finger[second])]
        return (
            observe(Metric.SPO2, int(person.spo2_shown[second]), validity),
            observe(Metric.PULSE_RATE, int(person.heart[second]), validity),
        )
