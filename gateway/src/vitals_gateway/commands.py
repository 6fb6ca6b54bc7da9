"""What the collector tells this gateway on ``cmd/{gateway}/...``: what it holds, and what is to be read."""

import logging
from collections.abc import Callable
from typing import Final

from vitals.errors import DecodeError
from vitals.wire import bodies
from vitals.wire.bodies import Configuration
from vitals_gateway.spool.keeper import Keeper
from vitals_gateway.status import Status

_LOG: Final = logging.getLogger(__name__)


class Commands:
    """Believes one store only: the one that the retained configuration names, or else the first that speaks.

    Args:
        keeper: the spool.
        status: where a problem is shown.
        acknowledged: hears which rows were released by the store, and the credit that it grants.
        taken_back: hears that rows wait again because another store is to be filled.
        watched: hears which sign of life went all the way to a console.
    """

    def __init__(
        self,
        keeper: Keeper,
        status: Status,
        acknowledged: Callable[[list[int], int], None],
        taken_back: Callable[[], None],
        watched: Callable[[int], None],
    ) -> None:
        self.sensors: list[str] = []
        self.malformed = 0
        self._keeper = keeper
        self._status = status
        self._acknowledged = acknowledged
        self._taken_back = taken_back
        self._watched = watched

    async def committed(self, payload: bytes) -> None:
        """Ranges that the collector holds durably. Raises StoreError."""
        try:
            message = bodies.decode_committed(payload)
        except DecodeError as error:
            self._count_malformed("an acknowledgement", error)
            return
        configured = await self._keeper.setting("configured")
        if configured is not None and message.store != configured:
            self._status.problem(
                "store",
                f"acknowledgements of unknown store {message.store:016x} are ignored:"
                f" the collector's configuration names {configured:016x}",
            )
            return
        if message.round_ms is not None:
            self._watched(message.round_ms)
        await self._adopt(message.store)
        if not message.ranges:
            return  # there is nothing new to release: it came for the round alone
        rows = await self._keeper.acknowledge(message.ranges)
        self._acknowledged(rows, message.credit)

    async def configured(self, payload: bytes) -> None:
        """The retained configuration. Raises StoreError."""
        if not payload:  # a retained message that was taken away: what it said last still holds
            return
        try:
            message: Configuration = bodies.decode_configuration(payload)
        except DecodeError as error:
            self._count_malformed("a configuration", error)
            return
        await self._keeper.configure(message.store)
        await self._adopt(message.store)
        self._status.solved("store")
        self.sensors = message.sensors
        if self._status.configuration != message.version:
            self._status.configuration = message.version
            self._status.changed.set()

    async def _adopt(self, store: int) -> None:
        if await self._keeper.adopt(store):
            _LOG.warning("another store collects now, %016x: what the last one held is sent again", store)
            self._taken_back()

    def _count_malformed(self, what: str, error: DecodeError) -> None:
        self.malformed += 1
        if self.malformed == 1:
            _LOG.warning("%s that cannot be read is ignored: %s", what, error)
