"""A small ward's notification settings, and alarms as a ward shows them."""

from typing import Any

import msgspec

from vitals.clock import iso
from vitals.notify import config
from vitals.notify.config import Settings
from vitals.ward import ShownAlarm

NOON = 1_800_014_400_000
"""A UTC moment at 12:00, in winter."""
NURSE = "nurse-1"
EPISODE = "p-1:spo2.low:5000"

SECTION: dict[str, Any] = {
    "time_zone": "Europe/Oslo",
    "self_test_at": "",
    "recipients": {
        "nurse-1": {"channels": ["memory://a", "memory://b"]},
        "nurse-2": {"channels": ["memory://a"]},
        "nurse-3": {"channels": ["memory://a"]},
        "desk-phone": {"channels": ["memory://a"]},
        "technician": {"channels": ["memory://a"]},
    },
    "default_team": "ward-a",
    "technical_team": "technicians",
    "teams": {
        "ward-a": {
            "members": ["nurse-1", "nurse-2"],
            "duties": {"charge_nurse": {"people": ["nurse-3"]}, "phone": {"people": ["desk-phone"]}},
        },
        "technicians": {"members": ["technician"]},
    },
}


def section(**changes: Any) -> dict[str, Any]:
    """The section of server.toml, with some keys changed."""
    return SECTION | changes


def settings(**changes: Any) -> Settings:
    """What is made of it."""
    found = config.read(section(**changes))
    assert found is not None
    return found


def shown(episode: str = EPISODE, *, version: int = 1, phase: str = "active", **changes: Any) -> ShownAlarm:
    """An alarm of patient p-1; by default a high that was just raised."""
    alarm = ShownAlarm(
        episode=episode,
        version=version,
        condition="spo2.low",
        kind="physiological",
        priority="high",
        phase=phase,
        sounding=phase in {"active", "ended"},
        message="SpO2 84 % < 85 %",
        patient="p-1",
        name="Halvorsen, Ingrid",
        birth_date="1951-03-14",
        record_number="R-4711",
        metric="spo2",
        value=84.0,
        limit=85.0,
        raised_at=iso(NOON),
    )
    return msgspec.structs.replace(alarm, **changes)
