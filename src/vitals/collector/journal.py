"""What the desk has yet to record, and transaction B (protocol.md): all of it at once, in a worker thread.

The event loop collects; one thread at a time writes. What a failed write held is kept for the next one, so that
nothing is left out and nothing is written twice.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from vitals.errors import StoreError
from vitals.registry import Action, Checkpoint, Cursor, Entered, Event, Missed, Registry, State

EVERY_MS: Final = 10_000
"""How often states are written while no alarm changes."""


class Journal:
    """Pending rows of the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._states: dict[tuple[str, str], State] = {}
        self._events: list[Event] = []
        self._actions: list[Action] = []
        self._missed: dict[str, Missed] = {}
        self._entered: list[Entered] = []
        self._written_ms: int | None = None
        self._in_flight: Checkpoint | None = None
        self._written = asyncio.Event()

    def event(self, event: Event) -> None:
        """Record a transition of an alarm."""
        self._events.append(event)

    def action(self, action: Action) -> None:
        """Record what a person did."""
        self._actions.append(action)

    def missed(self, missed: Missed) -> None:
        """Record a missed event as it stands now."""
        self._missed[missed.id] = missed

    def entered(self, entered: Iterable[Entered]) -> None:
        """Record what a person entered; it goes with the action that says who."""
        self._entered += entered

    def change(self, states: list[State]) -> None:
        """Write *states* with the next checkpoint."""
        self._states |= {(state.subject, state.condition): state for state in states}

    def due(self, now_ms: int) -> bool:
        """Whether to write: at once for an alarm or an action, else every ten seconds."""
        if self._events or self._actions or self._missed:
            return True
        return self._written_ms is None or now_ms - self._written_ms >= EVERY_MS

    def take(self, cursor: Cursor, states: list[State], now_ms: int) -> Checkpoint:
        """Everything pending, with *states* as they are now; they belong together."""
        self.change(states)
        checkpoint = Checkpoint(
            cursor=cursor,
            states=list(self._states.values()),
            events=self._events,
            actions=self._actions,
            missed=list(self._missed.values()),
            entered=self._entered,
        )
        self._states, self._events, self._actions, self._missed, self._entered = {}, [], [], {}, []
        self._written_ms = now_ms
        return checkpoint

    def put_back(self, checkpoint: Checkpoint) -> None:
        """The write of *checkpoint* failed: all of it is pending again, before what came since."""
        taken = {(state.subject, state.condition): state for state in checkpoint.states}
        self._states = taken | self._states
        self._events = [*checkpoint.events, *self._events]
        self._actions = [*checkpoint.actions, *self._actions]
        self._missed = {missed.id: missed for missed in checkpoint.missed} | self._missed
        self._entered = [*checkpoint.entered, *self._entered]

    async def write(self, checkpoint: Checkpoint) -> None:
        """Write in a worker thread; a caller that is cancelled waits until the thread is done.

        Raises:
            StoreError: nothing of it was written; it is pending again.
        """
        self._in_flight = checkpoint
        future = asyncio.get_running_loop().run_in_executor(None, self._registry.save, checkpoint)
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            if future.exception() is not None:
                self.put_back(checkpoint)
            raise
        except StoreError:
            self.put_back(checkpoint)
            raise
        finally:
            self._in_flight = None
            written, self._written = self._written, asyncio.Event()
            written.set()

    async def settled(self, key: str, within_s: float) -> bool:
        """Whether the action of *key* was written, waiting at most so long."""
        try:
            async with asyncio.timeout(within_s):
                while self._is_pending(key):
                    await self._written.wait()
        except TimeoutError:
            return False
        return True

    def _is_pending(self, key: str) -> bool:
        flying = self._in_flight.actions if self._in_flight is not None else []
        return any(action.key == key for action in (*flying, *self._actions))
