"""The number words of IEEE 11073-20601: SFLOAT (16 bit) and FLOAT (32 bit).

Both hold ``mantissa * 10 ** exponent``, each part in two's complement: SFLOAT has 4 bits of exponent above 12 of
mantissa, FLOAT 8 above 24. Five words of each stand for something else than a number. They are special only as the
exact word, that is with exponent 0: SFLOAT 0x07FF is *not a number*, while 0xF7FF has the same mantissa with exponent
-1 and is the ordinary number 204.7. Readers that look at the mantissa alone lose every such value.
"""

import math
from enum import Enum
from typing import Final

import msgspec

from vitals.errors import DecodeError


class Special(Enum):
    """What a word says instead of a number."""

    NAN = "nan"
    """Not a number."""
    NRES = "nres"
    """Not at this resolution."""
    RFU = "rfu"
    """Reserved for future use."""
    POS_INF = "pos_inf"
    """Above what can be told."""
    NEG_INF = "neg_inf"
    """Below what can be told."""


Number = float | Special
"""A number, or what stands in its place."""


class _Layout(msgspec.Struct, frozen=True):
    name: str
    mantissa_bits: int
    exponent_bits: int
    specials: dict[int, Special]

    @property
    def bits(self) -> int:
        return self.mantissa_bits + self.exponent_bits


_SFLOAT: Final = _Layout(
    "SFLOAT",
    12,
    4,
    {
        0x07FF: Special.NAN,
        0x0800: Special.NRES,
        0x0801: Special.RFU,
        0x07FE: Special.POS_INF,
        0x0802: Special.NEG_INF,
    },
)
_FLOAT: Final = _Layout(
    "FLOAT",
    24,
    8,
    {
        0x007FFFFF: Special.NAN,
        0x00800000: Special.NRES,
        0x00800001: Special.RFU,
        0x007FFFFE: Special.POS_INF,
        0x00800002: Special.NEG_INF,
    },
)


def decode_sfloat(word: int) -> Number:
    """The number that a 16-bit word stands for, exact to the float nearest to its decimal value.

    Raises:
        DecodeError: it is no 16-bit word.
    """
    return _decode(_SFLOAT, word)


def encode_sfloat(value: Number) -> int:
    """The 16-bit word nearest to *value*, exact where three digits (2045 at most) are enough.

    A number beyond the range becomes plus or minus infinity, a float NaN *not a number*; 2046 and 2047 become 2050,
    since their own words are taken.
    """
    return _encode(_SFLOAT, value)


def decode_float32(word: int) -> Number:
    """The number that a 32-bit word (FLOAT-Type, no IEEE 754 float) stands for.

    Raises:
        DecodeError: it is no 32-bit word.
    """
    return _decode(_FLOAT, word)


def encode_float32(value: Number) -> int:
    """The 32-bit word nearest to *value*; beyond the range and NaN as :func:`encode_sfloat`."""
    return _encode(_FLOAT, value)


def _decode(layout: _Layout, word: int) -> Number:
    if not 0 <= word < 1 << layout.bits:
        raise DecodeError(f"{word:#x} is no {layout.bits}-bit {layout.name} word")
    special = layout.specials.get(word)
    if special is not None:
        return special
    mantissa = _signed(word & ((1 << layout.mantissa_bits) - 1), layout.mantissa_bits)
    exponent = _signed(word >> layout.mantissa_bits, layout.exponent_bits)
    # Whole numbers first, one division last: 974 / 10 is the float nearest to 97.4, 974 * 0.1 is its neighbour.
    return float(mantissa * 10**exponent) if exponent >= 0 else mantissa / 10**-exponent


def _encode(layout: _Layout, value: Number) -> int:
    if isinstance(value, Special):
        return _word_of(layout, value)
    if math.isnan(value):
        return _word_of(layout, Special.NAN)
    word = _nearest(layout, value) if math.isfinite(value) else None
    if word is None:
        return _word_of(layout, Special.POS_INF if value > 0 else Special.NEG_INF)
    return word


def _nearest(layout: _Layout, value: float) -> int | None:
    """The word with the most digits that fit, without trailing zeros behind the point, or None beyond the range."""
    if value == 0:
        return 0
    half = 1 << (layout.mantissa_bits - 1)
    limit = 1 << (layout.exponent_bits - 1)
    finest = math.floor(math.log10(abs(value))) - len(str(half))
    for start in range(max(-limit, finest), limit):
        mantissa, exponent = _scaled(value, start), start
        while exponent < 0 and mantissa % 10 == 0:
            mantissa, exponent = mantissa // 10, exponent + 1
        word = ((exponent % (2 * limit)) << layout.mantissa_bits) | (mantissa % (2 * half))
        if -half <= mantissa < half and word not in layout.specials:
            return word
    return None


def _scaled(value: float, exponent: int) -> int:
    """``value / 10 ** exponent`` to the nearest integer, half to even, in whole numbers: no step in between rounds."""
    above, below = value.as_integer_ratio()
    if exponent >= 0:
        below *= 10**exponent
    else:
        above *= 10**-exponent
    whole, rest = divmod(above, below)
    return whole + (2 * rest > below or (2 * rest == below and whole % 2 == 1))


def _word_of(layout: _Layout, special: Special) -> int:
    return next(word for word, meaning in layout.specials.items() if meaning is special)


def _signed(bits: int, width: int) -> int:
    return bits - (1 << width) if bits >> (width - 1) else bits
