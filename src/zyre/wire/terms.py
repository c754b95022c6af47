"""Which term a leader leads in, between nodes of our own kind (extension ``terms``).

52 TERM   group string, term number-8    "I lead it in this term"; goes before a LEADER that names its sender
53 SEEN   group string, term number-8    "this is the highest term that I have heard of"; 0 asks for the leader's
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from zyre.wire.primitives import Cursor, pack_string
from zyre.wire.zre import HEADER_SIZE

__all__ = ["MESSAGE_NAMES", "SEEN", "TERM", "GroupTerm", "decode_term", "encode_term"]

TERM: Final = 52
SEEN: Final = 53

MESSAGE_NAMES: Final = {TERM: "TERM", SEEN: "SEEN"}

_TERM = struct.Struct(">Q")


class GroupTerm(NamedTuple):
    """TERM and SEEN: a term of a group's leaders."""

    group: str
    term: int


def encode_term(group: str, term: int) -> bytes:
    """The fields of TERM and SEEN."""
    return pack_string(group) + _TERM.pack(term)


def decode_term(frame: bytes) -> GroupTerm:
    """Read a TERM or SEEN frame, header included. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    group = cursor.string("group")
    return GroupTerm(group, *_TERM.unpack(cursor.octets(_TERM.size, "term")))
