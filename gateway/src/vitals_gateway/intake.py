"""What the radio side tells the spool side. Called from the event loop; never blocks."""

from typing import Protocol

from vitals.wire.bodies import SensorState


class Intake(Protocol):
    """Where notifications and the ends of links go."""

    def notified(self, sensor: str, characteristic: str, at_ms: int, payload: bytes) -> None:
        """A notification arrived at *at_ms* (gateway-monotonic); *characteristic* is its 16-bit name, ``2A37``."""

    def subscribed(self, sensor: str, characteristic: str, at_ms: int) -> None:
        """Notifications flow from now on: an open gap of this characteristic ends here."""

    def lost(self, sensor: str, characteristic: str, at_ms: int, reason: str) -> None:
        """No notification can arrive from now on: a gap begins, unless one is open already.

        *at_ms* is the last moment at which the link is known to have carried notifications, so it may lie before the
        call: a link that fell silent is given up later than it died. *reason*: ``link_lost``,
        ``subscription_failed``, ``out_of_slots``, or ``gateway_down`` when the gateway itself stops.
        """

    def sensor_changed(self, state: SensorState) -> None:
        """A sensor's link, battery or identity changed."""
