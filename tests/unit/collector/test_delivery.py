"""The whole protocol against a model of gateways and a hostile network: nothing lost, nothing doubled.

The collector's side is the product; the gateway's side is a model of the protocol (spool, epochs, voids, ranges).
Faults: loss, duplication, reordering, a collector killed before a commit, a gateway that reopens its spool, a spool
that drops its oldest rows, a store restored from a backup under a new name.
"""

import copy
import random

import pytest
from tests.batches import data, header, void
from tests.unit.collector.test_intake import Bench

from vitals.series.base import Series
from vitals.series.memory import MemorySeries
from vitals.wire import bodies, topics
from vitals.wire import header as frames
from vitals.wire.bodies import Data, Ranges
from vitals.wire.header import Kind

STEPS = 250
Row = tuple[int, int]


class ModelGateway:
    """Spool, epochs and acknowledgements as the protocol has them."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.spool: dict[Row, bodies.Body] = {}
        self.acknowledged: dict[Row, bodies.Body] = {}
        self.values: dict[Row, int] = {}
        self.store: int | None = None
        self.born = 0
        self.voided: set[int] = set()
        self.reopen()

    def reopen(self) -> None:
        self.epoch, self.seq = self._chance.getrandbits(64), 0

    def measure(self) -> None:
        self.born += 1
        self.values[self.epoch, self.seq + 1] = self.born
        self._put(data([97.0], at_ms=self.born))

    def drop_oldest(self) -> None:
        rows = [row for row, body in self.spool.items() if isinstance(body, Data)][:3]
        ranges: Ranges = {}
        for epoch, seq in rows:
            ranges.setdefault(epoch, []).append((seq, seq))
            del self.spool[epoch, seq]
            self.voided.add(self.values[epoch, seq])
        if rows:
            self._put(void(ranges))

    def sends(self) -> list[bytes]:
        rows = list(self.spool)
        chosen = {*rows[-1:], *rows[:2], *self._chance.sample(rows, min(2, len(rows)))}
        return [self._frame(row) for row in chosen]

    def told(self, store: int, ranges: Ranges) -> None:
        if self.store is not None and store != self.store:
            self.spool.update(self.acknowledged)
            self.acknowledged.clear()
        self.store = store
        for epoch, spans in ranges.items():
            for row in [row for row in self.spool if row[0] == epoch and any(lo <= row[1] <= hi for lo, hi in spans)]:
                self.acknowledged[row] = self.spool.pop(row)

    def _put(self, body: bodies.Body) -> None:
        self.seq += 1
        self.spool[self.epoch, self.seq] = body

    def _frame(self, row: Row) -> bytes:
        body = self.spool[row]
        kind = Kind.DATA if isinstance(body, Data) else Kind.VOID
        head = header(row[1], epoch=row[0], kind=kind, published_ms=self.born, backlog=self._chance.random() < 0.5)
        return frames.encode("gw-1", head, bodies.encode(body))


class World:
    """A gateway, a network and a collector under a schedule of faults."""

    def __init__(self, seed: int, *, restores: bool) -> None:
        self.chance = random.Random(seed)
        self.gateway = ModelGateway(self.chance)
        self.bench = Bench()
        self.restores = restores
        self.network: list[bytes] = []
        self.answers: list[tuple[int, Ranges]] = []
        self.backup: MemorySeries | None = None

    def step(self) -> None:
        chance = self.chance
        if chance.random() < 0.4:
            self.gateway.measure()
        for frame in self.gateway.sends():
            self.network += [frame] * chance.choice([0, 1, 1, 2])
        self.deliver(chance.randint(0, 6), loss=0.3)
        if chance.random() < 0.5:
            self.collect()
        chance.shuffle(self.answers)
        self.answer(2, loss=0.4)
        self.fail()

    def deliver(self, count: int, loss: float) -> None:
        self.chance.shuffle(self.network)
        arriving, self.network = self.network[:count], self.network[count:]
        for frame in arriving:
            if self.chance.random() >= loss:
                self.bench.intake.message(topics.vitals("gw-1"), frame)

    def collect(self) -> None:
        self.bench.commit()
        for _, rows in self.bench.told():
            ranges: Ranges = {}
            for epoch, seq in rows:
                around = self.bench.store.around("gw-1", epoch, seq)
                assert around is not None
                ranges.setdefault(epoch, []).append(around)
            self.answers.append((self.bench.store.store, ranges))

    def answer(self, count: int, loss: float) -> None:
        arriving, self.answers = self.answers[:count], self.answers[count:]
        for store, ranges in arriving:
            # an answer of a store that is no longer the configured one is ignored
            if self.chance.random() >= loss and store == self.bench.store.store:
                self.gateway.told(store, ranges)

    def fail(self) -> None:
        chance = self.chance
        if chance.random() < 0.02:
            self.bench = Bench(self.bench.store)
        if chance.random() < 0.02:
            self.gateway.reopen()
        if chance.random() < 0.03 and len(self.gateway.spool) > 8:
            self.gateway.drop_oldest()
        if chance.random() < 0.02:
            self.backup = copy.deepcopy(self.bench.store)
        if self.restores and chance.random() < 0.01 and self.backup is not None:
            restored = copy.deepcopy(self.backup)
            restored._store = chance.getrandbits(64)
            self.bench = Bench(restored)

    def drain(self) -> None:
        for _ in range(400):
            if self.restores:  # the retained configuration names the store that is there now
                self.gateway.told(self.bench.store.store, {})
            self.network += self.gateway.sends()
            self.deliver(len(self.network), loss=0)
            self.collect()
            self.answer(len(self.answers), loss=0)
            if not self.gateway.spool:
                return


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_is_lost_and_nothing_doubled(seed: int) -> None:
    world = World(seed, restores=seed % 2 == 1)
    for _ in range(STEPS):
        world.step()
    world.drain()
    gateway, store = world.gateway, world.bench.store
    assert not gateway.spool
    recorded = values_of(store)
    assert len(recorded) == len(set(recorded))
    missing = set(range(1, gateway.born + 1)) - set(recorded)
    assert missing <= gateway.voided
    assert gateway.born > STEPS // 4


def values_of(store: Series) -> list[int]:
    """The number of each measurement: its time."""
    return [point.at_ms for point in store.points("F0:00:00:00:01:02", "spo2", 0, 2**50)]
