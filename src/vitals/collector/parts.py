"""What the stages of the pipeline share, and the boundary around the desk."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from vitals.clock import Clock
from vitals.collector.acknowledgement import CREDIT_BYTES, Acknowledgements
from vitals.collector.base import Condition, Desk, Heard
from vitals.collector.lateness import Lateness
from vitals.collector.lifeline import Lifeline
from vitals.collector.notices import Notices
from vitals.collector.pending import Pending
from vitals.errors import StoreError
from vitals.observation import GenerationMode
from vitals.series.base import Arrival, Logged, Series
from vitals.wire.bodies import GatewayState

_log = logging.getLogger(__name__)

WELL_AFTER_MS: Final = 60_000
"""How long after its last failure a desk counts as working again."""


class GuardedDesk:
    """A desk whose failures stop neither the others' alarms nor the recording; implements ``base.Desk``.

    The batch or state that it failed on is lost to alarming, so that is said aloud.
    """

    def __init__(self, desk: Desk, clock: Clock, time_scale: float) -> None:
        self._desk = desk
        self._clock = clock
        self._shown_ms = round(WELL_AFTER_MS * time_scale)
        self.notices = Notices(self)

    def observe(self, arrival: Arrival, rows: Sequence[Heard]) -> None:
        """See ``base.Desk``."""
        self._call(lambda: self._desk.observe(arrival, rows))

    def gateway_state(self, gateway: str, state: GatewayState, received_ms: int) -> None:
        """See ``base.Desk``."""
        self._call(lambda: self._desk.gateway_state(gateway, state, received_ms))

    def notice(self, code: str, text: str | None) -> None:
        """See ``base.Desk``."""
        try:
            self._desk.notice(code, text)
        except Exception:  # noqa: BLE001 - the boundary
            _log.exception("the alarm desk failed to take a notice")

    def committed(self, logged: Sequence[Logged]) -> None:
        """See ``base.Desk``."""
        self._call(lambda: self._desk.committed(logged))

    def tick(self, now_ms: int) -> None:
        """See ``base.Desk``."""
        self._call(lambda: self._desk.tick(now_ms))

    async def persist(self) -> None:
        """See ``base.Desk``; any failure is a StoreError."""
        try:
            await self._desk.persist()
        except StoreError:
            raise
        except Exception as error:
            _log.exception("the alarm desk failed to persist")
            raise StoreError(f"the alarm desk failed to persist: {error!r}") from error

    def _call(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the boundary
            if not self.notices.holds(Condition.NOT_ALARMING):
                _log.exception("the alarm desk failed")
            until_ms = self._clock.monotonic_ms() + self._shown_ms
            self.notices.begin(Condition.NOT_ALARMING, f"the alarm desk failed: {error!r}", until_ms)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the stages work with. *wake* is set whenever a gateway is to be told something sooner than thought."""

    desk: GuardedDesk
    store: Series
    clock: Clock
    mode: GenerationMode
    time_scale: float
    pending: Pending
    acknowledgements: Acknowledgements
    lateness: Lateness
    wake: asyncio.Event
    life: Lifeline
    credit: int = CREDIT_BYTES

    @property
    def notices(self) -> Notices:
        """The conditions that hold."""
        return self.desk.notices

    def rounds_closed(self, gateways: list[str]) -> None:
        """Signs of these went all the way round: they are to be told."""
        now_ms = self.clock.monotonic_ms()
        for gateway in gateways:
            if self.acknowledgements.owe(gateway, now_ms):
                self.wake.set()

    def settled(self, gateway: str, epoch: int, seq: int, size: int, *, urgent: bool) -> None:
        """Row *seq* is durable: its gateway is to be told."""
        now_ms = self.clock.monotonic_ms()
        if self.acknowledgements.settled(gateway, epoch, seq, size, now_ms, urgent=urgent):
            self.wake.set()
