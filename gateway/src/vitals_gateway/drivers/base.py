"""What a driver is: data. It says which sensors it is for, what to subscribe to and what to read once."""

import msgspec


class Subscription(msgspec.Struct, frozen=True):
    """A characteristic to subscribe to.

    *streams*: the sensor notifies it every few seconds for as long as the link is up, so that silence means that the
    link is dead. A result that comes when it is measured (a spot-check, a battery level) does not stream.
    """

    characteristic: str
    streams: bool = False


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of sensor, in the names of :mod:`vitals_gateway.radio.base`.

    *services* are those that such a sensor advertises; *read* is read once after each connect.
    """

    name: str
    services: frozenset[str]
    subscribe: tuple[Subscription, ...]
    read: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """What to do with one sensor, from what it really has; *drivers* is empty where no driver knows it.

    *vital* are the characteristics that make the sensor worth its connection slot.
    """

    drivers: tuple[str, ...] = ()
    subscribe: tuple[Subscription, ...] = ()
    read: tuple[str, ...] = ()
    vital: frozenset[str] = frozenset()
