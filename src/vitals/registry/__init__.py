"""The registry: people, sensors, bindings with history, monitoring plans, alarms as recorded.

:func:`open_registry` opens one and brings its schema up to date; ``entities`` are the values that go in and out.
"""

from vitals.registry.duty import Duty, Lease
from vitals.registry.entities import (
    Action,
    Attempt,
    Binding,
    Checkpoint,
    Cursor,
    Dispatch,
    Enrolled,
    Entered,
    Escalation,
    Event,
    HandOver,
    Missed,
    Notification,
    Patient,
    Plan,
    Proof,
    PushDevice,
    Sensor,
    State,
)
from vitals.registry.opening import open_registry
from vitals.registry.outbox import Kept, Outbox, Responsible
from vitals.registry.store import Registry

__all__ = [
    "Action",
    "Attempt",
    "Binding",
    "Checkpoint",
    "Cursor",
    "Dispatch",
    "Duty",
    "Enrolled",
    "Entered",
    "Escalation",
    "Event",
    "HandOver",
    "Kept",
    "Lease",
    "Missed",
    "Notification",
    "Outbox",
    "Patient",
    "Plan",
    "Proof",
    "PushDevice",
    "Registry",
    "Responsible",
    "Sensor",
    "State",
    "open_registry",
]
