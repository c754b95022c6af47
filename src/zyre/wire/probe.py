"""Asking others about a peer: the frames of the extension ``probe``, between nodes that both listed it.

    ENQUIRE  header | UUID, 16 octets                       "have you heard of this peer?"
    SEEN     header | UUID, 16 | milliseconds ago, 4        "yes, and so long ago"

Who has heard nothing says nothing.
"""

from __future__ import annotations

import struct
from typing import Final

from zyre.errors import DecodeError
from zyre.wire.zre import HEADER_SIZE

__all__ = ["ENQUIRE", "SEEN", "decode_enquire", "decode_seen", "encode_enquire", "encode_seen"]

ENQUIRE: Final = 32
SEEN: Final = 33

_UUID_SIZE: Final = 16
_SEEN: Final = struct.Struct(">16sI")
_LONGEST: Final = (1 << 32) - 1


def encode_enquire(uuid: bytes) -> bytes:
    """The fields of ENQUIRE."""
    return uuid


def decode_enquire(frame: bytes) -> bytes:
    """The UUID of an ENQUIRE frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _UUID_SIZE:
        raise DecodeError("an enquiry has another length")
    return frame[HEADER_SIZE:]


def encode_seen(uuid: bytes, seconds: float) -> bytes:
    """The fields of SEEN: the peer was heard so many seconds ago."""
    return _SEEN.pack(uuid, min(max(0, round(seconds * 1000)), _LONGEST))


def decode_seen(frame: bytes) -> tuple[bytes, float]:
    """``(UUID, seconds ago)`` of a SEEN frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _SEEN.size:
        raise DecodeError("an answer to an enquiry has another length")
    uuid, milliseconds = _SEEN.unpack_from(frame, HEADER_SIZE)
    return uuid, milliseconds / 1000
