"""Heart Rate Service 1.0 (Bluetooth SIG): chest straps and wrist sensors."""

from typing import Final

from vitals_gateway.drivers.base import Driver, Subscription

DRIVER: Final = Driver(
    name="heart rate",
    services=frozenset({"180D"}),
    subscribe=(Subscription("2A37", streams=True),),
)
