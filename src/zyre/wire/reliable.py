"""What keeps a stream of reliable messages going: the frames of the extension ``reliable``, besides BATCH.

    OPEN  header | stream, 8 octets | base, 8 | octets, 8
          "This is my stream to you. The messages before number base, of so many octets, you have had. What are you
          waiting for?"
    ACK   header | flags | stream, 8 | life, 8 | expected, 8 | allowed, 8 | octets, 8
          "Of your stream I have all before number expected. You may send those before number allowed, while fewer than
          so many octets of contents have been sent in all."

A stream's number is never used again by its sender, and rises over its restarts. ``life`` is another number for each
start of the receiver, who forgets its streams when it ends. Before the first ACK, FIRST_MESSAGES and FIRST_OCTETS are
allowed; a message may begin below the limit of octets and end above it.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from zyre.errors import DecodeError
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "ACK",
    "ANSWER",
    "FIRST_MESSAGES",
    "FIRST_OCTETS",
    "GAP",
    "LAST",
    "OPEN",
    "Ack",
    "decode_ack",
    "decode_open",
    "encode_ack",
    "encode_open",
]

OPEN: Final = 65
ACK: Final = 66

#: The flags of an ACK: it answers an OPEN; something before what just came is missing; we leave, and take no more.
ANSWER: Final = 1
GAP: Final = 2
LAST: Final = 4

FIRST_MESSAGES: Final = 64
FIRST_OCTETS: Final = 65536

_OPEN: Final = struct.Struct(">QQQ")
_ACK: Final = struct.Struct(">BQQQQQ")


class Ack(NamedTuple):
    """What a receiver says about a stream."""

    flags: int
    stream: int
    life: int
    expected: int
    allowed: int
    octets: int


def encode_open(stream: int, base: int, octets: int) -> bytes:
    """The fields of OPEN."""
    return _OPEN.pack(stream, base, octets)


def decode_open(frame: bytes) -> tuple[int, int, int]:
    """``(stream, base, octets)`` of an OPEN frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _OPEN.size:
        raise DecodeError("an opening has another length")
    stream, base, octets = _OPEN.unpack_from(frame, HEADER_SIZE)
    return stream, base, octets


def encode_ack(ack: Ack) -> bytes:
    """The fields of ACK."""
    return _ACK.pack(*ack)


def decode_ack(frame: bytes) -> Ack:
    """Read an ACK frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _ACK.size:
        raise DecodeError("an acknowledgement has another length")
    return Ack(*_ACK.unpack_from(frame, HEADER_SIZE))
