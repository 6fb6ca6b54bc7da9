"""Number words: every SFLOAT there is, and FLOAT by property."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitals.errors import DecodeError
from vitals.gatt.ieee11073 import Special, decode_float32, decode_sfloat, encode_float32, encode_sfloat

SPECIAL_SFLOATS = {0x07FF: "nan", 0x0800: "nres", 0x0801: "rfu", 0x07FE: "pos_inf", 0x0802: "neg_inf"}
SPECIAL_FLOATS = {
    0x007FFFFF: "nan",
    0x00800000: "nres",
    0x00800001: "rfu",
    0x007FFFFE: "pos_inf",
    0x00800002: "neg_inf",
}


def two_complement(bits: int, width: int) -> int:
    return bits if bits < 2 ** (width - 1) else bits - 2**width


def test_every_sfloat_word_is_the_float_nearest_to_its_decimal_value() -> None:
    for word in range(0x10000):
        value = decode_sfloat(word)
        if word in SPECIAL_SFLOATS:
            assert value is Special(SPECIAL_SFLOATS[word])
        else:
            exact = two_complement(word & 0xFFF, 12) * Fraction(10) ** two_complement(word >> 12, 4)
            assert value == float(exact), hex(word)


def test_every_sfloat_value_survives_encoding() -> None:
    for word in range(0x10000):
        value = decode_sfloat(word)
        assert decode_sfloat(encode_sfloat(value)) == value, hex(word)


@given(st.integers(0, 0xFFFFFFFF))
@example(0x7F7FFFFF)
@example(0x80000001)
def test_float_words_mean_their_decimal_value_and_survive_encoding(word: int) -> None:
    value = decode_float32(word)
    if word in SPECIAL_FLOATS:
        assert value is Special(SPECIAL_FLOATS[word])
    else:
        exact = two_complement(word & 0xFFFFFF, 24) * Fraction(10) ** two_complement(word >> 24, 8)
        assert value == float(exact)
    assert decode_float32(encode_float32(value)) == value


@pytest.mark.parametrize("word", [0x07FE, 0x07FF, 0x0800, 0x0801, 0x0802])
def test_a_special_mantissa_is_ordinary_with_any_other_exponent(word: int) -> None:
    mantissa = two_complement(word, 12)
    assert decode_sfloat(0xF000 | word) == mantissa / 10
    assert decode_sfloat(0x1000 | word) == mantissa * 10


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.0, 0x0000),
        (-0.0, 0x0000),
        (61.0, 0x003D),
        (97.4, 0xF3CE),
        (100.0, 0x0064),
        (-1.0, 0x0FFF),
        (2045.0, 0x07FD),
        (2046.0, 0x10CD),  # its own word means plus infinity, so 2050
        (2047.0, 0x10CD),
        (-2048.0, 0x1F33),
        (204.7, 0xF7FF),
        (1e-9, 0x0000),
        (2.047e10, 0x77FF),
        (2.05e10, 0x07FE),
        (-2.1e10, 0x0802),
        (float("inf"), 0x07FE),
        (float("-inf"), 0x0802),
        (float("nan"), 0x07FF),
        (Special.RFU, 0x0801),
    ],
)
def test_sfloat_encoding(value: float | Special, word: int) -> None:
    assert encode_sfloat(value) == word


@given(st.floats(-2000, 2000))
def test_sfloat_encoding_is_within_half_a_step(value: float) -> None:
    decoded = decode_sfloat(encode_sfloat(value))
    assert isinstance(decoded, float)
    assert abs(decoded - value) <= max(abs(value) / 400, 1e-8)  # 3 digits: half a step of the last is 1/409 at worst


@given(st.floats())
def test_any_float_can_be_encoded(value: float) -> None:
    assert 0 <= encode_sfloat(value) <= 0xFFFF
    assert 0 <= encode_float32(value) <= 0xFFFFFFFF


@pytest.mark.parametrize("word", [-1, 0x10000])
def test_what_is_no_word_is_refused(word: int) -> None:
    with pytest.raises(DecodeError, match="no 16-bit SFLOAT word"):
        decode_sfloat(word)
