"""The frame: what survives, what is noticed, what may differ between transmissions."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vitals.errors import ChecksumError, DecodeError, UnknownVersion
from vitals.observation import GenerationMode
from vitals.wire.header import MAX_MS, SIZE, VERSION, Header, Kind, Message, decode, encode, require_version

U64 = st.integers(0, 2**64 - 1)
HEADERS = st.builds(
    Header,
    mode=st.sampled_from(GenerationMode),
    kind=st.integers(0, 255),
    epoch=U64,
    seq=U64,
    boot=U64,
    published_ms=st.integers(0, MAX_MS),
    backlog=st.booleans(),
    version=st.integers(0, 255),
)
BODIES = st.binary(max_size=60)
MODE_BITS, LANE_BIT = 0x03, 0x04
FLAGS, RESERVED, PUBLISHED = 3, 5, range(30, 38)
EXAMPLE = Header(mode=GenerationMode.DEMO, kind=Kind.DATA, epoch=2**63, seq=9, boot=3, published_ms=77)


@given(HEADERS, BODIES)
def test_round_trip(header: Header, body: bytes) -> None:
    payload = encode("gw-1", header, body)
    assert len(payload) == SIZE + len(body)
    assert decode("gw-1", payload) == Message(header, body)


def test_the_layout_never_changes() -> None:
    identity = "4f56" + "01" + "03" + "01" + "00"  # magic, version, flags, kind, reserved
    numbers = "0000000000000080" + "0900000000000000" + "0300000000000000" + "4d00000000000000"
    checksum = "72ada999"  # CRC-32 of gw-1, version, kind, mode, epoch, seq, boot and body
    assert encode("gw-1", EXAMPLE, b"body").hex() == identity + numbers + checksum + b"body".hex()


@given(HEADERS, BODIES, st.integers(0, MAX_MS))
def test_lane_and_time_of_publication_may_differ_between_transmissions(
    header: Header, body: bytes, again_ms: int
) -> None:
    first = bytearray(encode("gw-1", header, body))
    again = msgspec.structs.replace(header, backlog=not header.backlog, published_ms=again_ms)
    assert encode("gw-1", again, body)[38:42] == first[38:42]
    first[FLAGS] ^= LANE_BIT
    first[PUBLISHED.start : PUBLISHED.stop] = again_ms.to_bytes(8, "little")
    assert decode("gw-1", bytes(first)) == Message(again, body)


@given(HEADERS, BODIES, st.data())
def test_any_other_damaged_bit_is_noticed(header: Header, body: bytes, data: st.DataObject) -> None:
    payload = bytearray(encode("gw-1", header, body))
    place = data.draw(st.integers(0, len(payload) - 1))
    bit = data.draw(st.integers(0, 7))
    assume(place not in {RESERVED, *PUBLISHED})
    assume(place != FLAGS or 1 << bit & MODE_BITS)
    payload[place] ^= 1 << bit
    with pytest.raises(DecodeError):
        decode("gw-1", bytes(payload))


@given(HEADERS, BODIES, st.integers(0, 255))
def test_reserved_bits_are_ignored(header: Header, body: bytes, reserved: int) -> None:
    payload = bytearray(encode("gw-1", header, body))
    payload[FLAGS] |= reserved & ~(MODE_BITS | LANE_BIT)
    payload[RESERVED] = reserved
    assert decode("gw-1", bytes(payload)) == Message(header, body)


@given(HEADERS, BODIES, st.integers(1, 200))
def test_a_truncated_message_is_refused(header: Header, body: bytes, lost: int) -> None:
    with pytest.raises(DecodeError):
        decode("gw-1", encode("gw-1", header, body)[:-lost])


def test_a_damaged_body_is_a_checksum_error() -> None:
    with pytest.raises(ChecksumError, match=r"gw-1 epoch 8000000000000000 seq 9"):
        decode("gw-1", encode("gw-1", EXAMPLE, b"body") + b"!")


@given(HEADERS, BODIES)
def test_another_gateways_topic_fails_the_checksum(header: Header, body: bytes) -> None:
    with pytest.raises(ChecksumError):
        decode("gw-2", encode("gw-1", header, body))


def test_another_generation_mode_fails_the_checksum() -> None:
    payload = bytearray(encode("gw-1", EXAMPLE, b"body"))
    payload[FLAGS] = int(GenerationMode.REAL)
    with pytest.raises(ChecksumError):
        decode("gw-1", bytes(payload))


def test_no_generation_mode_is_refused() -> None:
    payload = bytearray(encode("gw-1", EXAMPLE, b"body"))
    payload[FLAGS] = 0
    with pytest.raises(DecodeError, match="no generation mode"):
        decode("gw-1", bytes(payload))


def test_a_time_of_publication_that_cannot_be_is_refused() -> None:
    header = msgspec.structs.replace(EXAMPLE, published_ms=MAX_MS + 1)
    with pytest.raises(DecodeError, match="published"):
        decode("gw-1", encode("gw-1", header, b""))


@given(st.binary(max_size=100))
def test_random_bytes_are_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        decode("gw-1", payload)
    with pytest.raises(DecodeError):
        decode("gw-1", b"OV" + payload)


def test_an_unknown_version_is_read_and_then_refused() -> None:
    newer = msgspec.structs.replace(EXAMPLE, version=VERSION + 1)
    header = decode("gw-1", encode("gw-1", newer, b"of the future")).header
    with pytest.raises(UnknownVersion, match="version 2 of the wire format; this release reads 1"):
        require_version(header)
    require_version(EXAMPLE)
