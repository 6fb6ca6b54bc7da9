"""Pulse Oximeter Service 1.0 (Bluetooth SIG): a sensor has the continuous measurement, the spot-check or both."""

from typing import Final

from vitals_gateway.drivers.base import Driver, Subscription

DRIVER: Final = Driver(
    name="pulse oximeter",
    services=frozenset({"1822"}),
    subscribe=(Subscription("2A5F", streams=True), Subscription("2A5E")),
)
