"""The registry: people, sensors, bindings with history, monitoring plans, alarms as recorded.

:func:`open_registry` opens one and brings its schema up to date; ``entities`` are the values that go in and out.
"""

from vitals.registry.entities import (
    Action,
    Binding,
    Checkpoint,
    Cursor,
    Enrolled,
    Event,
    Patient,
    Plan,
    Sensor,
    State,
)
from vitals.registry.opening import open_registry
from vitals.registry.store import Registry

__all__ = [
    "Action",
    "Binding",
    "Checkpoint",
    "Cursor",
    "Enrolled",
    "Event",
    "Patient",
    "Plan",
    "Registry",
    "Sensor",
    "State",
    "open_registry",
]
