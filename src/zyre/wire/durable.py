"""What keeps durable messages going from one disk to the other's program: the frames of the extension ``durable``.

    OFFER    header | flags | stream, 8 octets | after, 8 | first, 8
             "In my stream to you nothing is left between the numbers after and first." With ASK: "What do you have?"
    LETTERS  header | the fields of BATCH: flags, stream, first, count, table, lengths     then the contents
             messages whose numbers follow each other, from first on
    HAVE     header | flags | stream, 8 | arrived, 8 | taken, 8 | messages, 4 | octets, 8
             "Of your stream I have all up to number arrived, and my program has taken, and my disk knows it, all up to
             number taken: forget those. Let no more than so many messages and octets be between the two."

A stream's number, and those of its messages, outlive both processes; the first message of a stream is number 1. The
sender sends nothing before it is on its own disk, so that no number ever means two messages. One message may begin
below the limit of octets and end above it.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from zyre.errors import DecodeError
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "ANSWER",
    "ASK",
    "GAP",
    "HAVE",
    "LETTERS",
    "MESSAGE_NAMES",
    "OFFER",
    "Have",
    "Offer",
    "decode_have",
    "decode_offer",
    "encode_have",
    "encode_offer",
]

OFFER: Final = 76
LETTERS: Final = 77
HAVE: Final = 78
MESSAGE_NAMES: Final = {OFFER: "OFFER", LETTERS: "LETTERS", HAVE: "HAVE"}

#: The flag of an OFFER.
ASK: Final = 1
#: The flags of a HAVE: it answers an OFFER that asked; something before what just came is missing.
ANSWER: Final = 1
GAP: Final = 2

_OFFER: Final = struct.Struct(">BQQQ")
_HAVE: Final = struct.Struct(">BQQQIQ")
#: What a store can hold, with a wide margin: SQLite's integers are signed.
_MOST: Final = 1 << 62


class Offer(NamedTuple):
    """What a sender says about its stream."""

    flags: int
    stream: int
    after: int
    first: int


class Have(NamedTuple):
    """What a receiver says about a stream."""

    flags: int
    stream: int
    arrived: int
    taken: int
    messages: int
    octets: int


def encode_offer(offer: Offer) -> bytes:
    """The fields of OFFER."""
    return _OFFER.pack(*offer)


def decode_offer(frame: bytes) -> Offer:
    """Read an OFFER frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _OFFER.size:
        raise DecodeError("an offer has another length")
    offer = Offer(*_OFFER.unpack_from(frame, HEADER_SIZE))
    if not offer.after < offer.first <= _MOST or offer.stream > _MOST:
        raise DecodeError("an offer has numbers that no stream has")
    return offer


def encode_have(have: Have) -> bytes:
    """The fields of HAVE."""
    return _HAVE.pack(*have)


def decode_have(frame: bytes) -> Have:
    """Read a HAVE frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _HAVE.size:
        raise DecodeError("an account of what arrived has another length")
    have = Have(*_HAVE.unpack_from(frame, HEADER_SIZE))
    if have.taken > have.arrived:
        raise DecodeError("more is taken than has arrived")
    return have
