"""Every byte vector of the reference for the characteristics and words that exist so far."""

import json
from collections import Counter
from typing import Any

import pytest
from tests.peers import recorded_data

from vitals.errors import DecodeError
from vitals.gatt import decoded_json
from vitals.gatt.ieee11073 import Number, Special, decode_float32, decode_sfloat, encode_float32, encode_sfloat

CHARACTERISTICS = {"2A37": 13, "2A5F": 5, "2A5E": 1, "2A60": 1}
WORDS = {"SFLOAT": 12, "FLOAT": 8}
LATER = {"2A9D": 2}
REMARKS = {"uuid", "hex", "source", "note", "error"}
SPECIALS = {
    "NaN": Special.NAN,
    "NRes": Special.NRES,
    "RFU": Special.RFU,
    "+INF": Special.POS_INF,
    "-INF": Special.NEG_INF,
}
Vector = dict[str, Any]


def numbered(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(kind, number) for kind, count in counts.items() for number in range(count)]


@pytest.fixture(scope="module")
def vectors() -> list[Vector]:
    loaded: list[Vector] = json.loads((recorded_data() / "gatt_vectors.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def vector(vectors: list[Vector], kind: str, number: int) -> Vector:
    return [each for each in vectors if kind_of(each) == kind][number]


def kind_of(vector: Vector) -> str:
    return str(vector.get("uuid") or vector["type"])


def test_no_vector_is_forgotten(vectors: list[Vector]) -> None:
    assert Counter(map(kind_of, vectors)) == CHARACTERISTICS | WORDS | LATER


@pytest.mark.parametrize(("kind", "number"), numbered(CHARACTERISTICS))
def test_characteristic(kind: str, vector: Vector) -> None:
    payload = bytes.fromhex(vector["hex"])
    if vector.get("error"):
        with pytest.raises(DecodeError):
            decoded_json(kind, payload)
        return
    fields = {name: value for name, value in vector.items() if name not in REMARKS}
    missing = {
        name: SPECIALS[value].value for name, value in fields.items() if isinstance(value, str) and value in SPECIALS
    }
    if kind == "2A37":  # the reference leaves them out of one vector
        fields = {"contact": True, "energy_kj": None} | fields
    assert decoded_json(kind, payload) == {
        "characteristic": kind,
        **fields,
        **dict.fromkeys(missing),
        "missing": missing,
        "malformed": int("odd trailing byte" in vector.get("note", "")),
    }


@pytest.mark.parametrize(("kind", "number"), numbered(WORDS))
def test_word(kind: str, vector: Vector) -> None:
    word, stated = int(vector["raw"], 16), vector["value"]
    value: Number = SPECIALS[stated] if isinstance(stated, str) else float(stated)
    decode, encode, width = (
        (decode_sfloat, encode_sfloat, 2) if kind == "SFLOAT" else (decode_float32, encode_float32, 4)
    )
    assert word.to_bytes(width, "little").hex() == vector["le_hex"]
    assert decode(word) == value
    assert decode(encode(value)) == value
