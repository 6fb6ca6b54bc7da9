"""One gateway under watch: whether it is offline, its clock can be used, and nothing of it is lost."""

from typing import Final

import msgspec

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import Priority
from vitals.collector.channel import NEVER
from vitals.collector.settings import Settings
from vitals.collector.standing import Moment, Standing, Tell
from vitals.wire.bodies import ClockState, GatewayState

SUBJECT = "gateway:"
"""Before a gateway's name where subjects stand: no patient's identifier has a colon."""

OFFLINE: Final = "gateway_offline"
WRONG_MS: Final = 60_000
"""How far a gateway's wall clock may be from the collector's; a state may also have been on its way for a while."""


class GatewayKept(msgspec.Struct):
    """What is kept across restarts: its last sign of life, when its last will came, since when its clock is wrong."""

    contact_ms: int = NEVER
    left_ms: int = NEVER
    clock_ms: int = NEVER


class GatewayWatch:
    """A gateway that is expected to be there since *since_ms*.

    *offline*, *clock* (its own is unusable) and *lost* (rows that neither it nor the store has) are its conditions.
    """

    def __init__(self, gateway: str, since_ms: int, settings: Settings, tell: Tell) -> None:
        self.gateway = gateway
        self.kept = GatewayKept()
        subject = SUBJECT + gateway
        self.offline = Standing(subject, OFFLINE, words=f"Gateway {gateway} offline")
        self.clock = Standing(subject, "clock_unusable", words=f"Clock of gateway {gateway} unusable")
        self.lost = Standing(subject, "data_lost", words=f"Data of gateway {gateway} lost")
        self._since_ms = since_ms
        self._settings = settings
        self._tell = tell

    def standings(self) -> tuple[Standing, ...]:
        """Every condition of this gateway."""
        return self.offline, self.clock, self.lost

    def alive(self, moment: Moment) -> None:
        """A live message came. After a last will it may have waited in the broker: only a state ends that."""
        if self.kept.left_ms == NEVER:
            self._contact(moment)

    def state(self, moment: Moment, state: GatewayState) -> None:
        """Its state came, or its last will."""
        if state.online:
            self.kept.left_ms = NEVER
            self._contact(moment)
            self._check(moment, state)
        elif self.kept.left_ms == NEVER:
            self.kept.left_ms = moment.at_ms
            self.tick(moment, NEVER)

    def lose(self, moment: Moment, text: str | None) -> None:
        """The pipeline says that rows are lost for certain, or no longer says so."""
        if text is None:
            self._return(self.lost, moment)
        else:
            self.lost.words = f"Data lost: {text}"
            self._step(self.lost, lapse.Absent(moment.at_ms, moment.at_ms, Priority.LOW), moment)

    def tick(self, moment: Moment, restarted_ms: int) -> None:
        """Let time pass."""
        since_ms = due_ms = self.kept.left_ms
        if since_ms == NEVER:
            since_ms = max(self.kept.contact_ms, self._since_ms)
            due_ms = max(since_ms, restarted_ms) + round(self._settings.delays.gateway_offline_s * 1000)
        if moment.at_ms >= due_ms:
            self._step(self.offline, lapse.Absent(since_ms, due_ms, Priority.LOW), moment)
        for standing in self.standings():
            if not standing.state.quiet:
                self._step(standing, crossing.Ticked(), moment)

    def act(self, standing: Standing, deed: crossing.Deed, moment: Moment) -> None:
        """Let a person's deed act on a condition."""
        self._step(standing, deed, moment)

    def _contact(self, moment: Moment) -> None:
        self.kept.contact_ms = moment.at_ms
        self._return(self.offline, moment)

    def _check(self, moment: Moment, state: GatewayState) -> None:
        """Judge its wall clock, which dates what it sends; delays run on its monotonic one (S5)."""
        if not state.published_ms:
            return
        ahead_ms = state.published_ms + state.utc_offset_ms - moment.utc_ms
        if state.clock is not ClockState.UNSET and abs(ahead_ms) <= WRONG_MS:
            self.kept.clock_ms = NEVER
            self._return(self.clock, moment)
            return
        if self.kept.clock_ms == NEVER:
            self.kept.clock_ms = moment.at_ms
        due_ms = self.kept.clock_ms + self._settings.delays.clock_unusable_s * 1000
        if moment.at_ms >= due_ms:
            self._step(self.clock, lapse.Absent(self.kept.clock_ms, due_ms, Priority.LOW), moment)

    def _return(self, standing: Standing, moment: Moment) -> None:
        if not standing.state.quiet:
            self._step(standing, lapse.Returned(), moment)

    def _step(self, standing: Standing, event: lapse.Happening, moment: Moment) -> None:
        transitions = standing.step(event, moment.at_ms, self._settings.realarm_ms)
        if transitions:
            self._tell(standing, transitions, moment)
