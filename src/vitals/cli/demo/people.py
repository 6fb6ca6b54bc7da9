"""Who is on the wall of a demonstration: invented people, each with a scenario. Real-looking data would mislead."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from vitals.clock import Clock, SystemClock
from vitals.registry import Patient, Plan, Sensor, open_registry


class Person(msgspec.Struct, frozen=True):
    """One invented patient with a strap and an oximeter; *number* is the simulator's person."""

    number: int
    family: str
    given: str
    birth_date: str
    scenario: str

    @property
    def patient(self) -> str:
        """Identifier in the registry."""
        return f"demo-{self.number:02d}"

    @property
    def record_number(self) -> str:
        """A number that no hospital gives."""
        return f"DEMO-{self.number:04d}"

    @property
    def strap(self) -> str:
        """Address of the heart-rate strap."""
        return f"F0:00:00:00:{self.number:02X}:01"

    @property
    def oximeter(self) -> str:
        """Address of the pulse oximeter."""
        return f"F0:00:00:00:{self.number:02X}:02"

    def as_patient(self) -> Patient:
        """The patient to enrol; the place on the wall follows the number."""
        return Patient(
            id=self.patient,
            family=self.family,
            given=self.given,
            birth_date=self.birth_date,
            record_number=self.record_number,
            position=self.number - 1,
        )


PEOPLE: Final = (
    Person(1, "Halvorsen", "Ingrid", "1951-03-14", "desaturation"),
    Person(2, "Okonkwo", "Chidi", "1944-11-02", "stable"),
    Person(3, "Lindqvist", "Maja", "1938-06-27", "atrial-fibrillation"),
    Person(4, "Ferreira", "Tomás", "1962-01-19", "stable"),
    Person(5, "Novák", "Jana", "1957-09-08", "finger-off"),
    Person(6, "Abara", "Ngozi", "1970-12-30", "bradycardia"),
    Person(7, "Sørensen", "Anders", "1949-04-05", "flapping-link"),
    Person(8, "Iyer", "Lakshmi", "1966-08-21", "low-battery"),
)


def enrol(registry: Path, people: Sequence[Person], gateway: str, clock: Clock | None = None) -> None:
    """Put *people* into the registry at *registry*, each with a strap, an oximeter and a plan; again, nothing changes.

    Raises:
        StoreError: the registry cannot be opened or written.
    """
    now_utc_ms = (clock or SystemClock()).utc_ms()
    opened = open_registry(registry)
    try:
        known = {enrolled.patient.id for enrolled in opened.enrolled()}
        opened.add_gateway(gateway, at_utc_ms=now_utc_ms, site="demonstration")
        for person in people:
            if person.patient not in known:
                opened.enrol(
                    person.as_patient(),
                    at_utc_ms=now_utc_ms,
                    by="demo",
                    sensors=[Sensor(id=person.strap, model="strap"), Sensor(id=person.oximeter, model="oximeter")],
                    plan=Plan(
                        prescribed={"heart_rate": [person.strap], "spo2": [person.oximeter]},
                        responsible_nurse="demo",
                        cover="demo-cover",
                        prescribed_by="demo",
                        from_utc_ms=now_utc_ms,
                    ),
                )
    finally:
        opened.close()
