"""Invented people for the rehearsal ward: no name, date or number belongs to anybody."""

import random
from typing import Final

import msgspec

_SURNAMES: Final = (
    "Abbot Adeyemi Baptiste Berglund Brandt Castellanos Costa Dubois Eriksen Farouk Fischer Garcia Haddad Hughes "
    "Ivanova Jansen Kaur Keller Larsen Lefebvre Marchetti Moreau Nakamura Novak Okafor Oliveira Papadopoulos Patel "
    "Petrov Quist Rasmussen Rossi Schneider Singh Sørensen Takahashi Tanaka Thompson Usman Varga Vandenberghe Weber "
    "Wieczorek Xu Yilmaz Young Zeman Zimmermann"
)
_GIVEN: Final = (
    "Ada Bram Carla David Elena Farid Grace Hannah Igor Jasmine Karim Leila Margaret Nils Olga Pierre Quentin Rosa "
    "Samuel Theresa Ulla Viktor Wanda Xenia Yusuf Zoe"
)


class Person(msgspec.Struct, frozen=True):
    """Two identifiers and a name (S10)."""

    patient: str
    name: str
    birth_date: str
    record_number: str


def people(count: int, seed: int) -> list[Person]:
    """*count* invented people; the same for the same *seed*."""
    surnames, given = _SURNAMES.split(), _GIVEN.split()
    chance = random.Random(seed)  # noqa: S311 - invented people, no secret
    return [
        Person(
            patient=f"p-{number:04d}",
            name=f"{chance.choice(surnames)}, {chance.choice(given)}",
            birth_date=f"{chance.randint(1931, 1989)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
            record_number=f"R{chance.randint(100_000, 999_999)}",
        )
        for number in range(1, count + 1)
    ]
