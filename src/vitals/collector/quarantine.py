"""Look again at what was set aside: a newer release, or a server of the right mode, may be able to read it."""

import msgspec

from vitals.collector.admission import admit
from vitals.observation import GenerationMode
from vitals.series.base import Logged, Series


class Reprocessed(msgspec.Struct, frozen=True):
    """Batches that are recorded now, and how many stay in quarantine."""

    recorded: list[Logged]
    kept: int


def reprocess(store: Series, mode: GenerationMode) -> Reprocessed:
    """Repeat every check on each quarantined batch of *store*, and record those that pass.

    A batch was acknowledged when it was set aside and keeps its identity, so nothing is doubled. Rejected
    notifications stay as they are: their batch is recorded.

    Raises:
        StoreError: the store refused; what was recorded until then is.
    """
    recorded: list[Logged] = []
    kept = 0
    for item in store.quarantined():
        if item.arrival is None or item.released_as is not None:
            continue
        if admit(item.arrival.header, item.arrival.body, mode).refusal is None:
            recorded.append(store.release(item.number))
        else:
            kept += 1
    return Reprocessed(recorded, kept)
