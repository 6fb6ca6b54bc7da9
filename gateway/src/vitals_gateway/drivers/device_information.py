"""Device Information Service 1.1 (Bluetooth SIG), beside whatever else a sensor is."""

from typing import Final

from vitals_gateway.drivers.base import Driver

DRIVER: Final = Driver(
    name="device information", services=frozenset({"180A"}), subscribe=(), read=("2A24", "2A25", "2A26")
)
