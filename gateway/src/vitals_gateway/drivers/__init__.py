"""Every kind of sensor that the gateway reads; how to add one: docs/drivers.md."""

from collections.abc import Collection, Mapping
from typing import Final

from vitals_gateway.drivers import battery, device_information, heart_rate, pulse_oximeter
from vitals_gateway.drivers.base import Driver, Plan, Subscription

__all__ = ["COMPANIONS", "DRIVERS", "Driver", "Plan", "Subscription", "known", "plan", "streaming"]

DRIVERS: Final = {driver.name: driver for driver in (heart_rate.DRIVER, pulse_oximeter.DRIVER)}
"""What makes a sensor one that the gateway connects to."""

COMPANIONS: Final = {driver.name: driver for driver in (battery.DRIVER, device_information.DRIVER)}
"""What any sensor may have besides: never a reason to connect."""

_NOTIFYING: Final = frozenset({"notify", "indicate"})


def known(services: Collection[str]) -> bool:
    """Whether a driver is for a sensor that advertises these services."""
    return any(not driver.services.isdisjoint(services) for driver in DRIVERS.values())


def streaming(services: Collection[str]) -> tuple[str, ...]:
    """What a sensor that advertises these services can be expected to stream."""
    return tuple(
        item.characteristic
        for driver in DRIVERS.values()
        if not driver.services.isdisjoint(services)
        for item in driver.subscribe
        if item.streams
    )


def plan(characteristics: Mapping[str, frozenset[str]]) -> Plan:
    """What to subscribe to and to read on a sensor that has these characteristics.

    What a sensor has counts, not what it advertises: many advertise less, some advertise more.
    """
    drivers = [driver for driver in DRIVERS.values() if _present(driver, characteristics)]
    if not drivers:
        return Plan()
    everything = [*drivers, *COMPANIONS.values()]
    return Plan(
        drivers=tuple(driver.name for driver in drivers),
        subscribe=tuple(item for driver in everything for item in _present(driver, characteristics)),
        read=tuple(
            name for driver in everything for name in driver.read if "read" in characteristics.get(name, frozenset())
        ),
        vital=frozenset(item.characteristic for driver in drivers for item in driver.subscribe),
    )


def _present(driver: Driver, characteristics: Mapping[str, frozenset[str]]) -> list[Subscription]:
    return [item for item in driver.subscribe if _NOTIFYING & characteristics.get(item.characteristic, frozenset())]
