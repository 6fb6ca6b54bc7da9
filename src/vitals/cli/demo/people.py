"""Who is on the wall of a demonstration: invented people, each with a scenario. Real-looking data would mislead."""

from typing import Final

import msgspec


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
