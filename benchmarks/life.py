"""What signs of life cost a collector: ``python -m benchmarks.life`` prints one JSON object.

A thousand gateways with a patient's sensor each, a sign every five seconds, a page that draws what it is sent; no
broker and no desk, so this is what they add behind the MQTT client.
"""

import json
import sys
import time
from typing import Final

from benchmarks.collector import SilentDesk

from vitals.alarms.limits import Priority
from vitals.clock import ManualClock
from vitals.collector.app import assemble
from vitals.collector.config import ServerConfig
from vitals.collector.intake import Intake
from vitals.collector.lifeline import Lifeline
from vitals.observation import GenerationMode
from vitals.series.memory import MemorySeries
from vitals.wire import bodies, topics
from vitals.wire.bodies import Committed, Life

GATEWAYS: Final = 1000
SECONDS: Final = 60
TICKS: Final = 20
"""Ticks of 250 ms between two signs of one gateway."""
DEMO: Final = GenerationMode.DEMO


class WatchedDesk:
    """Implements ``lifeline.Watched``."""

    def __init__(self) -> None:
        self.passes = 0
        self._carriers = {_name(number) for number in range(GATEWAYS)}

    def carriers(self) -> set[str]:
        """Every gateway."""
        return self._carriers

    def notice(self, code: str, text: str | None) -> None:
        """A condition would spoil the figures."""
        raise AssertionError(f"{code}: {text}")

    def path_broken(self, text: str | None, priority: Priority = Priority.MEDIUM) -> None:
        """A broken path would spoil the figures."""
        assert text is None, (text, priority)


class Bench:
    """The stages that a sign passes, and the CPU time of each in seconds."""

    def __init__(self) -> None:
        self.clock = ManualClock(monotonic_ms=10_000_000)
        self.desk = WatchedDesk()
        self.life = Lifeline(self.clock, desk=self.desk)
        self.parts = assemble(ServerConfig(mode=DEMO), SilentDesk(), MemorySeries(), self.clock, self.life)
        self.intake = Intake(self.parts, lambda _gateway: None)
        self.spent = dict.fromkeys(("intake", "desk_tick", "console", "answers"), 0.0)
        self.signs = self.answers = self.sign_bytes = 0

    def tick(self) -> None:
        """A quarter of a second passes."""
        self.clock.advance(250)
        now_ms = self.clock.monotonic_ms()
        turn = now_ms // 250
        signs = [(topics.life(_name(n)), self._sign(n, now_ms)) for n in range(GATEWAYS) if (turn + n) % TICKS == 0]
        self.signs, self.sign_bytes = self.signs + len(signs), len(signs[0][1])
        began = time.process_time()
        for topic, payload in signs:
            self.intake.message(topic, payload)
        self._count("intake", began)
        self.desk.passes += 1
        began = time.process_time()
        self.life.turn(
            now_ms,
            linked=True,
            waiting_ms=None,
            holds=self.parts.notices.holds,
            durable=lambda gateway, epoch, seq: self.parts.store.around(gateway, epoch, seq) is not None,
        )
        self._count("desk_tick", began)

    def second(self) -> None:
        """The page draws, the gateways are told."""
        began = time.process_time()
        lap = self.life.fed(needed=True)
        if lap is not None:
            self.life.drawn(lap)
        self.life.report()
        self._count("console", began)
        began = time.process_time()
        while (told := self.parts.acknowledgements.take(self.clock.monotonic_ms())) is not None:
            bodies.encode(Committed(store=1, ranges={}, round_ms=self.life.closed(told[0])))
            self.answers += 1
        self._count("answers", began)

    def _count(self, stage: str, began: float) -> None:
        self.spent[stage] += time.process_time() - began

    def _sign(self, number: int, now_ms: int) -> bytes:
        return bodies.encode(Life(DEMO, 2**60, now_ms, 2**62 + number, 0, "F0:00:00:00:01:01", now_ms - 400))


def _name(number: int) -> str:
    return f"gw-{number}"


def main() -> int:
    """Measure for a minute of theirs."""
    bench = Bench()
    for _ in range(SECONDS):
        for _ in range(4):
            bench.tick()
        bench.second()
    assert bench.life.report().whole
    figures = {
        "gateways": GATEWAYS,
        "sign_bytes": bench.sign_bytes,
        "intake_us_per_sign": round(bench.spent["intake"] / bench.signs * 1e6, 1),
        "answer_us_per_round": round(bench.spent["answers"] / bench.answers * 1e6, 1),
        "percent_of_a_core": round(sum(bench.spent.values()) / SECONDS * 100, 2),
        "us_per_gateway_and_second": round(sum(bench.spent.values()) / SECONDS / GATEWAYS * 1e6, 2),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
