"""Battery Service 1.0 (Bluetooth SIG), beside whatever else a sensor is."""

from typing import Final

from vitals_gateway.drivers.base import Driver, Subscription

LEVEL: Final = "2A19"
DRIVER: Final = Driver(name="battery", services=frozenset({"180F"}), subscribe=(Subscription(LEVEL),), read=(LEVEL,))
