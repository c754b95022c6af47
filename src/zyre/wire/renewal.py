"""That a link may be replaced without losing anything: the frames of the extension ``renewal``.

83 PAUSE     header | token, 4 octets      "I say nothing more on this link; have you heard all that I said?"
84 PAUSED    header | token, 4 octets      "I have heard everything before that"
85 PARK      header                        "connections to me will end: fall silent until I greet you again"
86 PARKED    header                        "I am silent, and you have heard everything"
"""

from __future__ import annotations

import struct
from typing import Final

from zyre.errors import DecodeError
from zyre.wire.zre import HEADER_SIZE

__all__ = ["MESSAGE_NAMES", "PARK", "PARKED", "PAUSE", "PAUSED", "decode_token", "encode_token"]

PAUSE: Final = 83
PAUSED: Final = 84

PARK: Final = 85
PARKED: Final = 86

MESSAGE_NAMES: Final = {PAUSE: "PAUSE", PAUSED: "PAUSED", PARK: "PARK", PARKED: "PARKED"}

_TOKEN: Final = struct.Struct(">I")


def encode_token(token: int) -> bytes:
    """The fields of PAUSE and PAUSED."""
    return _TOKEN.pack(token & 0xFFFFFFFF)


def decode_token(frame: bytes) -> int:
    """The token in a PAUSE or PAUSED. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _TOKEN.size:
        raise DecodeError("a token has another length")
    token: int = _TOKEN.unpack_from(frame, HEADER_SIZE)[0]
    return token
