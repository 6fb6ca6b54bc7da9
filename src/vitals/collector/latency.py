"""How long an alarm took from the value to whoever listens."""

import msgspec


class Latency(msgspec.Struct, frozen=True):
    """When a raised alarm's value was observed, received and told, on the collector's monotonic timeline (ms)."""

    episode: str
    version: int
    observed_ms: int | None
    received_ms: int
    raised_ms: int
