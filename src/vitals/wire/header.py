"""The fixed header, the same in every version, and the checksum that covers identity and body.

Little-endian, 42 bytes: ``OV``, version u8, flags u8, kind u8, reserved u8, epoch u64, seq u64, boot u64,
publish-monotonic u64 (ms), CRC-32 u32. The checksum covers the gateway's name, version, kind, generation mode,
epoch, seq, boot and body; publish-monotonic and the lane bit may differ from one transmission to the next
and are outside it: a bound is all that protects publish-monotonic. A payload that arrives on another gateway's topic
fails the checksum.
"""

import struct
import zlib
from enum import IntEnum
from typing import Final

import msgspec

from vitals.errors import ChecksumError, DecodeError, UnknownVersion
from vitals.observation import GenerationMode

VERSION: Final = 1
MAX_BODY: Final = 8192
"""Bytes. A batch closes at this size; a receiver refuses nothing for being larger."""

MAX_MS: Final = 2**44
"""557 years in milliseconds: no monotonic time and no offset to UTC is larger."""

_HEADER: Final = struct.Struct("<2sBBBBQQQQI")
_IDENTITY: Final = struct.Struct("<BBBQQQ")
_MAGIC: Final = b"OV"
_MODE_BITS: Final = 0x03
_BACKLOG_BIT: Final = 0x04
_TIME_OFFSET: Final = 30
SIZE: Final = _HEADER.size


class Kind(IntEnum):
    """What a spooled row tells (protocol.md, Gateway)."""

    DATA = 1
    ALARM = 2
    CLOCK = 3
    VOID = 4
    GAP = 5


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Who, what and when, readable whatever the body's version."""

    mode: GenerationMode
    kind: int
    epoch: int
    seq: int
    boot: int
    published_ms: int
    backlog: bool = False
    version: int = VERSION


class Message(msgspec.Struct, frozen=True):
    """A header whose checksum held, and the body as it arrived."""

    header: Header
    body: bytes


def encode(gateway: str, header: Header, body: bytes) -> bytes:
    """Frame *body* for *gateway*'s topic."""
    flags = int(header.mode) | (_BACKLOG_BIT if header.backlog else 0)
    return (
        _HEADER.pack(
            _MAGIC,
            header.version,
            flags,
            header.kind,
            0,
            header.epoch,
            header.seq,
            header.boot,
            header.published_ms,
            _checksum(gateway, header, body),
        )
        + body
    )


def decode(gateway: str, payload: bytes) -> Message:
    """Read the frame that arrived on *gateway*'s topic.

    Raises:
        DecodeError: it is no frame of ours, or its time of publication cannot be.
        ChecksumError: it was damaged, or belongs to another gateway.
    """
    if len(payload) < SIZE or not payload.startswith(_MAGIC):
        raise DecodeError(f"not an OpenVitals message: {len(payload)} bytes")
    _, version, flags, kind, _, epoch, seq, boot, published_ms, checksum = _HEADER.unpack_from(payload)
    body = payload[SIZE:]
    try:
        mode = GenerationMode(flags & _MODE_BITS)
    except ValueError:
        raise DecodeError("the header names no generation mode") from None
    header = Header(
        mode=mode,
        kind=kind,
        epoch=epoch,
        seq=seq,
        boot=boot,
        published_ms=published_ms,
        backlog=bool(flags & _BACKLOG_BIT),
        version=version,
    )
    if _checksum(gateway, header, body) != checksum:
        raise ChecksumError(f"checksum of {gateway} epoch {epoch:016x} seq {seq} does not hold")
    if published_ms > MAX_MS:
        raise DecodeError(f"{gateway} epoch {epoch:016x} seq {seq} claims to be published at {published_ms} ms")
    return Message(header, body)


def require_version(header: Header) -> None:
    """Refuse a body that this release cannot read.

    Raises:
        UnknownVersion: the header is sound, the version is not ours.
    """
    if header.version != VERSION:
        raise UnknownVersion(f"version {header.version} of the wire format; this release reads {VERSION}")


def _checksum(gateway: str, header: Header, body: bytes) -> int:
    identity = _IDENTITY.pack(header.version, header.kind, int(header.mode), header.epoch, header.seq, header.boot)
    return zlib.crc32(body, zlib.crc32(identity, zlib.crc32(gateway.encode())))
