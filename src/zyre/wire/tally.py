"""How many messages arrived: the frames of the extension ``tally``, between nodes that both listed it.

36/ZRE tells a sender nothing about the fate of what it sends. A tally does, at the price of two small messages a
second while there is something to tell, and none otherwise.

    TALLY    header | link, 4 octets | sent, 8                "on this link I have sent you so many messages"
    TALLIED  header | link, 4 | sent, 8 | base, 8 | got, 8    "of those from the base-th on I have got so many"

Only WHISPER and SHOUT count. A link keeps order, so whatever was sent before a TALLY and has not come before it will
never come. ``sent`` of a last TALLIED is FINAL: its sender is leaving, and takes nothing more.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from zyre.errors import DecodeError
from zyre.wire.zre import HEADER_SIZE

__all__ = ["FINAL", "TALLIED", "TALLY", "Tallied", "decode_tallied", "decode_tally", "encode_tallied", "encode_tally"]

TALLY: Final = 68
TALLIED: Final = 69
#: As many as there ever were.
FINAL: Final = (1 << 64) - 1

_TALLY: Final = struct.Struct(">IQ")
_TALLIED: Final = struct.Struct(">IQQQ")


class Tallied(NamedTuple):
    """What a receiver says about a link: of the messages from number ``base`` to ``sent`` it ``got`` so many."""

    link: int
    sent: int
    base: int
    got: int


def encode_tally(link: int, sent: int) -> bytes:
    """The fields of TALLY."""
    return _TALLY.pack(link & 0xFFFFFFFF, sent)


def decode_tally(frame: bytes) -> tuple[int, int]:
    """``(link, sent)`` of a TALLY frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _TALLY.size:
        raise DecodeError("a tally has another length")
    link, sent = _TALLY.unpack_from(frame, HEADER_SIZE)
    return link, sent


def encode_tallied(tallied: Tallied) -> bytes:
    """The fields of TALLIED."""
    return _TALLIED.pack(*tallied)


def decode_tallied(frame: bytes) -> Tallied:
    """Read a TALLIED frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _TALLIED.size:
        raise DecodeError("a tally has another length")
    return Tallied(*_TALLIED.unpack_from(frame, HEADER_SIZE))
