"""Commit batches, and seal some, until killed; say which are durable: ``crash_writer.py STORE FIRST_SEQ SEED``."""

import random
import sys
from pathlib import Path

from tests.batches import arrival, data, rejected, void

from vitals.observation import GenerationMode
from vitals.series.base import Arrival
from vitals.series.sqlite import SqliteSeries


def batch(seq: int) -> Arrival:
    """Row *seq*: mostly data, some of it refused, unreadable in part, or a void of an epoch of its own."""
    if seq % 7 == 0:
        return arrival(seq, quarantine="wrong mode")
    if seq % 11 == 0:
        return arrival(seq, void({seq: [(1, 3)]}))
    return arrival(seq, data([97.0] * (seq % 5 + 1), at_ms=10_000 * seq, rejected=[rejected(seq)] * (seq % 3 == 0)))


def main() -> None:
    """Write until killed."""
    path, first, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    store = SqliteSeries(path, GenerationMode.DEMO)
    seq = first
    while True:
        size = chance.randint(1, 40)
        again = [batch(chance.randint(1, seq)) for _ in range(chance.randint(0, 3))]
        logged = store.commit([batch(each) for each in range(seq, seq + size)] + again)
        seq += size
        if logged and chance.random() < 0.3:
            steps = store.seal(logged[-1].log_seq - chance.randint(0, 50))
            next(steps, 0)
        sys.stdout.write(f"{seq - 1}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
