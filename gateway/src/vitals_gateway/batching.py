"""When the open batch closes: soon while it is being heard, rarely while nobody listens."""

import msgspec

from vitals.wire.header import MAX_BODY


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds and counts after which an open batch closes.

    *batch_ms* in ordinary running; *crowded_ms* while *crowded* live batches or more are unacknowledged, or while
    nothing has been acknowledged for *unheard_ms*; *offline_ms* while that is so and there is no broker either.
    Acknowledgements come every 2 s, so that ten ordinary batches are unacknowledged before the next one comes: fewer
    than *crowded*, or a healthy line would be slowed to one batch a second.

    The protocol allows *offline_ms* whenever nothing is acknowledged. A connected gateway does not use it: a
    collector that cannot write acknowledges nothing but goes on alarming (S4), and must hear of a desaturation
    within seconds.
    """

    batch_ms: float = 200
    crowded_ms: float = 1000
    crowded: int = 12
    unheard_ms: float = 10_000
    offline_ms: float = 30_000
    full_bytes: int = MAX_BODY

    def scaled(self, scale: float) -> "Pace":
        """The same pace under a time scale."""
        return msgspec.structs.replace(
            self,
            batch_ms=self.batch_ms * scale,
            crowded_ms=self.crowded_ms * scale,
            unheard_ms=self.unheard_ms * scale,
            offline_ms=self.offline_ms * scale,
        )


class Hearing(msgspec.Struct, frozen=True):
    """How well the gateway is being heard: live batches unacknowledged, and how long nothing was acknowledged."""

    live_unacknowledged: int = 0
    unheard_ms: float = 0
    connected: bool = True


def close_after_ms(pace: Pace, hearing: Hearing) -> float:
    """How long the open batch may stay open, from its first notification."""
    if hearing.unheard_ms >= pace.unheard_ms:
        return pace.crowded_ms if hearing.connected else pace.offline_ms
    if hearing.live_unacknowledged >= pace.crowded:
        return max(pace.crowded_ms, pace.batch_ms)
    return pace.batch_ms


ROW_BYTES = 12
"""What a notification takes in a batch beside its payload: its time, its place in the columns, its quality."""


def estimated_bytes(payload: bytes) -> int:
    """What a notification adds to a batch's body, generously."""
    return len(payload) + ROW_BYTES
