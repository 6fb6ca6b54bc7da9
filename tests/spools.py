"""Spools for tests: opened with few words, read back as messages."""

from pathlib import Path

from vitals import gatt
from vitals.observation import GenerationMode
from vitals.wire import bodies, columns, header
from vitals.wire.bodies import Clock, ClockState, Data, Gap, Void
from vitals.wire.header import Header
from vitals_gateway.spool.file import Spool
from vitals_gateway.spool.opening import Identity
from vitals_gateway.spool.rows import Bounds, Change, Entry, Moment, Notification
from vitals_gateway.wall_clock import WallClock

GATEWAY = "gw-1"
STRAP = "F0:00:00:00:01:01"
OXIMETER = "F0:00:00:00:01:02"
WALL = WallClock(1_800_000_000_000, ClockState.HOLDOVER)
WHOLE_EPOCH = (1, 2**40)


def at(at_ms: int, wall: WallClock = WALL) -> Moment:
    return Moment(at_ms, wall)


def opened(
    path: Path,
    at_ms: int = 1000,
    *,
    boot: int = 1,
    mode: GenerationMode = GenerationMode.TEST,
    wall: WallClock = WALL,
    gateway: str = GATEWAY,
    bounds: Bounds | None = None,
) -> Spool:
    identity = Identity(gateway=gateway, mode=mode, boot=boot, bounds=bounds or Bounds())
    return Spool(path, identity, gatt.read, at(at_ms, wall))


def beat(at_ms: int, bpm: int = 70, *, sensor: str = STRAP, after_loss: bool = False) -> Notification:
    """A heart-rate notification."""
    return Notification(sensor, "2A37", at_ms, bytes([0x00, bpm]), after_loss)


def spool_beat(spool: Spool, at_ms: int, bpm: int = 70) -> Change:
    """One notification in a batch of its own."""
    spool.record([beat(at_ms, bpm)], at(at_ms))
    return spool.close_batch(at(at_ms))


def waiting(spool: Spool) -> list[Entry]:
    """Every row that is not acknowledged."""
    return spool.waiting(0, 1_000_000)


def messages(spool: Spool, gateway: str = GATEWAY) -> list[tuple[Header, Clock | Data | Gap | Void]]:
    """Everything that would be sent, oldest first."""
    found = []
    for entry in waiting(spool):
        frame, _ = spool.frame(entry.row, at(0))
        assert frame is not None
        message = header.decode(gateway, frame)
        found.append((message.header, bodies.decode(message.header.kind, message.body)))
    return found


def beats(spool: Spool) -> list[tuple[int, int, int]]:
    """Boot, time and rate of every heart-rate notification that waits in a batch."""
    found = []
    for identity, body in messages(spool):
        if isinstance(body, Data):
            for block in body.blocks:
                rows = columns.unpack(block)
                found += [(identity.boot, row.at_ms, row.reading.observations[0].raw) for row in rows]
    return found


def gaps(spool: Spool) -> list[Gap]:
    return [body for _, body in messages(spool) if isinstance(body, Gap)]


def voids(spool: Spool) -> list[Void]:
    return [body for _, body in messages(spool) if isinstance(body, Void)]


def acknowledge_all(spool: Spool, at_ms: int) -> list[int]:
    epochs = spool.depth().epochs
    rows, _ = spool.acknowledge({epoch: [WHOLE_EPOCH] for epoch in epochs}, at(at_ms))
    return rows
