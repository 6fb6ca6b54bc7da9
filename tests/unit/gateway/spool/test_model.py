"""Spool, sender and a model of the collector under an adversarial schedule.

Messages and acknowledgements are lost, doubled and reordered; the gateway is killed at any moment (its process's file
is abandoned as it stands), connections break, the spool overflows; the collector dies before it commits, or is
restored from a backup under a new store id. Afterwards the network is quiet, and every notification that the spool
took is at the collector, or is named by a void; nothing is there twice; and what happened between two runs is a gap.
"""

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.counts import count
from tests.spools import GATEWAY, STRAP, at, beat
from tests.unit.gateway.spool.conftest import Opener

from vitals.errors import DiskFull
from vitals.wire import bodies, columns, header
from vitals.wire.bodies import Data, Gap, Ranges, Void
from vitals.wire.header import Message
from vitals_gateway.sending import Load, Pace, Send, Sender, Wait
from vitals_gateway.spool.file import Spool
from vitals_gateway.spool.rows import Bounds, Change, Subscribed

STEPS = 150
Identity = tuple[int, int]
Backup = tuple[dict[Identity, Message], set[Identity]]


class Collector:
    """What it has committed, what it has only heard, and which store it is."""

    def __init__(self, luck: random.Random) -> None:
        self.store = luck.getrandbits(64)
        self.log: dict[Identity, Message] = {}
        self.held: set[Identity] = set()
        self._heard: list[Message] = []
        self._again: list[Identity] = []

    def receive(self, payload: bytes) -> None:
        message = header.decode(GATEWAY, payload)
        identity = (message.header.epoch, message.header.seq)
        if identity in self.held:
            self._again.append(identity)
        else:
            self._heard.append(message)

    def commit(self) -> tuple[int, Ranges]:
        done, self._again = self._again, []
        for message in self._heard:
            identity = (message.header.epoch, message.header.seq)
            if identity in self.held:
                continue
            self.log[identity] = message
            self.held.add(identity)
            done.append(identity)
            body = bodies.decode(message.header.kind, message.body)
            if isinstance(body, Void):
                self.held |= {(epoch, seq) for epoch, span in body.ranges.items() for seq in _seqs(span)}
        self._heard = []
        ranges: Ranges = {}
        for epoch, seq in done:
            ranges.setdefault(epoch, []).append((seq, seq))
        return self.store, ranges

    def die(self) -> None:
        self._heard, self._again = [], []

    def backup(self) -> Backup:
        return dict(self.log), set(self.held)

    def restore(self, backup: Backup, luck: random.Random) -> None:
        self.log, self.held = dict(backup[0]), set(backup[1])
        self.store = luck.getrandbits(64)
        self.die()


def _seqs(spans: list[tuple[int, int]]) -> Iterator[int]:
    for low, high in spans:
        yield from range(low, high + 1)


class World:
    """One gateway, one collector, and the network between them."""

    def __init__(self, folder: Path, opener: Opener, seed: int) -> None:
        self.luck = random.Random(seed)
        self.collector = Collector(self.luck)
        self.happened: Counter[str] = Counter()
        self.recorded: list[int] = []
        self.deaths: list[tuple[int, int]] = []
        self.now_ms = 1000
        self._folder = folder
        self._opener = opener
        self._runs = 0
        self._air: list[bytes] = []
        self._answers: list[tuple[int, Ranges]] = []
        self._backup: Backup | None = None
        self.spool = self._open(folder / "spool-0.db")
        self.sender = self._connected()

    def _open(self, path: Path) -> Spool:
        spool: Spool = self._opener(path, self.now_ms, bounds=Bounds(max_bytes=262_144))
        spool.record([Subscribed(STRAP, "2A37", self.now_ms)], at(self.now_ms))
        self._heard_ms = self.now_ms
        return spool

    def _connected(self) -> Sender:
        sender = Sender(Pace(), self.luck.random)
        sender.connected(self.spool.newest(), self.now_ms)
        return sender

    def tell(self, change: Change) -> None:
        self.sender.gone(change.gone)
        self.sender.added(change.added, self.now_ms)

    def notify(self) -> None:
        for _ in range(self.luck.randrange(1, 4)):
            self.now_ms += self.luck.randrange(1, 400)
            rate = 30 + self.now_ms % 200
            self.tell(self.spool.record([beat(self.now_ms, rate)], at(self.now_ms)))
            self.recorded.append(self.now_ms)
            self._heard_ms = self.now_ms

    def close_batch(self) -> None:
        self.tell(self.spool.close_batch(at(self.now_ms)))

    def send(self) -> None:
        """Publish all that the sender wants; the network loses, doubles and delays."""
        while isinstance(order := self.sender.live(self.now_ms), Send):
            self._publish(order)
        while not isinstance(step := self.sender.backlog(self.now_ms), Wait):
            if isinstance(step, Load):
                self.sender.loaded(self.spool.waiting(step.after, 8))
            else:
                self._publish(step)

    def _publish(self, order: Send) -> None:
        frame = order.entry.frame
        if frame is None:
            frame, change = self.spool.frame(order.entry.row, at(self.now_ms))
            self.tell(change)
        if frame is None:
            self.sender.gone([order.entry.row])
            return
        self._air += [frame] * self.luck.choice([0, 1, 1, 1, 2])

    def deliver(self) -> None:
        self.luck.shuffle(self._air)
        for payload in self._air[:6]:
            self.collector.receive(payload)
        self._air = self._air[6:]

    def commit(self) -> None:
        self._answers += [self.collector.commit()] * self.luck.choice([0, 1, 1, 2])

    def answer(self) -> None:
        """Acknowledgements arrive, in any order; those of a store that is not the configured one are ignored."""
        self.luck.shuffle(self._answers)
        for store, ranges in self._answers[:3]:
            if store != self.collector.store:
                continue
            if self.spool.adopt(store, at(self.now_ms)):
                self.sender.reset()
            rows, change = self.spool.acknowledge(ranges, at(self.now_ms))
            self.tell(change)
            self.sender.acknowledged(rows, self.now_ms)
        self._answers = self._answers[3:]

    def wait(self) -> None:
        self.now_ms += self.luck.choice([100, 1000, 3500])

    def kill_gateway(self) -> None:
        """The process is gone; another one opens what it left on the disk."""
        heard_ms = self._heard_ms
        self._runs += 1
        path = self._folder / f"spool-{self._runs}.db"
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.spool.path}{suffix}", f"{path}{suffix}")
        self.spool.close()
        self.now_ms += self.luck.randrange(100, 5000)
        self.spool = self._open(path)
        self.sender = self._connected()
        self.deaths.append((heard_ms, self.now_ms))

    def kill_collector(self) -> None:
        self.collector.die()

    def cut(self) -> None:
        self._air = []
        self.sender.disconnected(self.now_ms)
        self.sender.connected(self.spool.newest(), self.now_ms)

    def overflow(self) -> None:
        if self.spool.depth().rows > 8:
            with suppress(DiskFull):  # nothing but records of losses is left
                self.tell(self.spool._make_room())

    def back_up(self) -> None:
        self._backup = self.collector.backup()

    def restore(self) -> None:
        if self._backup is not None:
            self.collector.restore(self._backup, self.luck)
            self.reconfigure()

    def reconfigure(self) -> None:
        """The retained configuration names the store, also to a gateway that holds nothing unacknowledged."""
        if self.spool.adopt(self.collector.store, at(self.now_ms)):
            self.sender.reset()

    def settle(self) -> None:
        """A quiet network."""
        self.close_batch()
        self._answers = []
        for _ in range(200):
            self.now_ms += 1000
            self.reconfigure()
            self.send()
            for payload in self._air:
                self.collector.receive(payload)
            self._air = []
            self._answers = [self.collector.commit()]
            self.answer()
            if not self.spool.depth().rows:
                return
        raise AssertionError(f"{self.spool.depth()} never left")


STEP_WEIGHTS = {
    World.notify: 30,
    World.close_batch: 20,
    World.send: 20,
    World.deliver: 20,
    World.commit: 15,
    World.answer: 15,
    World.wait: 10,
    World.cut: 2,
    World.kill_gateway: 2,
    World.kill_collector: 3,
    World.overflow: 3,
    World.back_up: 2,
    World.restore: 1,
}


def run(world: World, seed: int) -> None:
    """An overflow forgets acknowledged rows first: with a collector restored as well, both together may lose data."""
    without = World.restore if seed % 2 else World.overflow
    weights = {step: weight for step, weight in STEP_WEIGHTS.items() if step is not without}
    for step in world.luck.choices(list(weights), list(weights.values()), k=STEPS):
        step(world)
        world.happened[step.__name__] += 1
    world.settle()


def check(world: World) -> None:
    found: list[int] = []
    gaps: list[Gap] = []
    voids: list[Void] = []
    for message in world.collector.log.values():
        body = bodies.decode(message.header.kind, message.body)
        if isinstance(body, Data):
            found += [row.at_ms for block in body.blocks for row in columns.unpack(block)]
        elif isinstance(body, Void):
            voids.append(body)
        elif isinstance(body, Gap):
            gaps.append(body)
    assert len(found) == len(set(found)), "doubled"
    assert set(found) <= set(world.recorded), "invented"
    lost = set(world.recorded) - set(found)
    assert all(any(body.from_ms <= at_ms <= body.to_ms for body in voids) for at_ms in lost), "lost"
    assert len(lost) <= sum(sum(body.counts.values()) for body in voids), "lost"
    for epoch, state in world.spool.depth().epochs.items():
        held = {seq for name, seq in world.collector.held if name == epoch}
        assert held >= set(range(1, state.last + 1)), "a hole that nobody declared"
    declared = {(gap.from_ms, gap.to_ms) for gap in gaps if gap.reason == "gateway_down"}
    assert declared == {
        part for heard_ms, back_ms in world.deaths for part in ((heard_ms, back_ms), (back_ms, back_ms))
    }


def test_nothing_is_lost_or_doubled_and_what_is_missing_is_declared(folder: Path, opened: Opener) -> None:
    totals: Counter[str] = Counter()
    for seed in range(count(short=25, long=1500)):
        place = folder / str(seed)
        place.mkdir()
        world = World(place, opened, seed)
        try:
            run(world, seed)
            check(world)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        totals.update(world.happened)
        world.spool.close()
        shutil.rmtree(place)
    for name in ("notify", "kill_gateway", "kill_collector", "cut", "overflow", "restore"):
        assert totals[name] > 5, f"the schedule hardly reached {name}: {totals}"
