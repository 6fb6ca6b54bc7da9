"""One gateway under watch: when it was last heard of, and whether it is offline."""

import msgspec

from vitals.alarms import crossing, lapse
from vitals.alarms.limits import Priority
from vitals.collector.channel import NEVER
from vitals.collector.standing import Moment, Standing
from vitals.collector.watch import Settings, Tell

SUBJECT = "gateway:"
"""Before a gateway's name where subjects stand: no patient's identifier has a colon."""


class GatewayKept(msgspec.Struct):
    """What is kept of a gateway across restarts: its last sign of life, and when its last will came."""

    contact_ms: int = NEVER
    left_ms: int = NEVER


class GatewayWatch:
    """A gateway that is expected to be there since *since_ms*."""

    def __init__(self, gateway: str, since_ms: int, settings: Settings, tell: Tell) -> None:
        self.gateway = gateway
        self.kept = GatewayKept()
        self.offline = Standing(SUBJECT + gateway, "gateway_offline", words=f"Gateway {gateway} offline")
        self._since_ms = since_ms
        self._settings = settings
        self._tell = tell

    def alive(self, moment: Moment) -> None:
        """A live message came. After a last will it may have waited in the broker: only a state ends that."""
        if self.kept.left_ms == NEVER:
            self._contact(moment)

    def state(self, moment: Moment, *, online: bool) -> None:
        """Its state came, or its last will."""
        if online:
            self.kept.left_ms = NEVER
            self._contact(moment)
        elif self.kept.left_ms == NEVER:
            self.kept.left_ms = moment.at_ms
            self.tick(moment, NEVER)

    def tick(self, moment: Moment, restarted_ms: int) -> None:
        """Let time pass."""
        since_ms = due_ms = self.kept.left_ms
        if since_ms == NEVER:
            since_ms = max(self.kept.contact_ms, self._since_ms)
            due_ms = max(since_ms, restarted_ms) + round(self._settings.delays.gateway_offline_s * 1000)
        if moment.at_ms >= due_ms:
            self._step(lapse.Absent(since_ms, due_ms, Priority.LOW), moment)
        if not self.offline.state.quiet:
            self._step(crossing.Ticked(), moment)

    def act(self, standing: Standing, deed: crossing.Deed, moment: Moment) -> None:
        """Let a person's deed act on its being offline."""
        assert standing is self.offline
        self._step(deed, moment)

    def _contact(self, moment: Moment) -> None:
        self.kept.contact_ms = moment.at_ms
        if not self.offline.state.quiet:
            self._step(lapse.Returned(), moment)

    def _step(self, event: lapse.Happening, moment: Moment) -> None:
        transitions = self.offline.step(event, moment.at_ms, self._settings.realarm_ms)
        if transitions:
            self._tell(self.offline, transitions, moment)
