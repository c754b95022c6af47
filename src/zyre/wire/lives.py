"""Which life of a node speaks, and that two of them do at once: beyond 36/ZRE (extension ``incarnation``).

A node whose identity outlives its process is another life of it after each start. HELLO says which, in a header:

    X-ZYRE-INC: 17a3f09c11d4a2b1           16 hexadecimal digits; a later start has a higher number
    X-ZYRE-INC: 17a3f09c11d4a2b1 answer    the same, in a HELLO that answers a HELLO: it needs no answer

    45 TWIN       endpoint string                                    "your identity is in use there as well"
    46 COLLISION  incarnation number-8, endpoint string, name string "I met a life of mine there, and it gives way"
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

from zyre.wire.primitives import Cursor, pack_string
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "COLLISION",
    "INCARNATION_HEADER",
    "MESSAGE_NAMES",
    "TWIN",
    "Rival",
    "decode_collision",
    "decode_twin",
    "encode_collision",
    "encode_twin",
    "format_incarnation",
    "read_incarnation",
]

INCARNATION_HEADER: Final = "X-ZYRE-INC"
TWIN: Final = 45
COLLISION: Final = 46

MESSAGE_NAMES: Final = {TWIN: "TWIN", COLLISION: "COLLISION"}

_U64 = struct.Struct(">Q")
_DIGITS: Final = 16
_ANSWER: Final = "answer"


class Rival(NamedTuple):
    """Another life of a node that runs at the same time."""

    incarnation: int
    endpoint: str
    name: str


def format_incarnation(incarnation: int, *, answer: bool = False) -> str:
    """The value of the header."""
    digits = f"{incarnation:0{_DIGITS}x}"
    return f"{digits} {_ANSWER}" if answer else digits


def read_incarnation(headers: Mapping[str, str]) -> tuple[int, bool]:
    """Which life greets, and whether it answers; ``(0, False)`` for a node that does not say, or not like this."""
    digits, *more = headers.get(INCARNATION_HEADER, "").split()[:2] or [""]
    try:
        incarnation = int(digits, 16) if len(digits) == _DIGITS else 0
    except ValueError:
        return 0, False
    return max(incarnation, 0), incarnation > 0 and more == [_ANSWER]


def encode_twin(endpoint: str) -> bytes:
    """The fields of TWIN."""
    return pack_string(endpoint)


def decode_twin(frame: bytes) -> str:
    """The endpoint of a TWIN frame, header included. Raises DecodeError."""
    return Cursor(frame, HEADER_SIZE).string("endpoint")


def encode_collision(rival: Rival) -> bytes:
    """The fields of COLLISION."""
    return _U64.pack(rival.incarnation) + pack_string(rival.endpoint) + pack_string(rival.name)


def decode_collision(frame: bytes) -> Rival:
    """The life of which a COLLISION frame tells. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    return Rival(cursor.number8("incarnation"), cursor.string("endpoint"), cursor.string("name"))
