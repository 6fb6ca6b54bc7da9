"""A desk that keeps what it is told, for tests of the pipeline in front of it."""

from collections.abc import Sequence

from vitals.collector.base import Heard
from vitals.series.base import Arrival, Logged
from vitals.wire.bodies import GatewayState


class KeepingDesk:
    """Implements ``vitals.collector.base.Desk``."""

    def __init__(self) -> None:
        self.observed: list[tuple[Arrival, list[Heard]]] = []
        self.states: list[tuple[str, GatewayState]] = []
        self.notices: list[tuple[str, str | None]] = []
        self.log: list[Logged] = []
        self.ticks: list[int] = []
        self.persisted = 0
        self.failure: Exception | None = None

    def observe(self, arrival: Arrival, rows: Sequence[Heard]) -> None:
        if self.failure is not None:
            raise self.failure
        self.observed.append((arrival, list(rows)))

    def gateway_state(self, gateway: str, state: GatewayState, received_ms: int) -> None:
        assert received_ms >= 0
        self.states.append((gateway, state))

    def notice(self, code: str, text: str | None) -> None:
        self.notices.append((code, text))

    def committed(self, logged: Sequence[Logged]) -> None:
        self.log += logged

    def tick(self, now_ms: int) -> None:
        self.ticks.append(now_ms)

    async def persist(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.persisted += 1

    @property
    def seqs(self) -> list[int]:
        """Sequence numbers of what was observed."""
        return [arrival.header.seq for arrival, _ in self.observed]

    def holds(self, code: str) -> bool:
        """Whether the newest notice of *code* is that it holds."""
        said = [text for name, text in self.notices if name == code]
        return bool(said) and said[-1] is not None

    def texts(self, code: str) -> list[str]:
        """Everything said of *code*."""
        return [text for name, text in self.notices if name == code and text is not None]
