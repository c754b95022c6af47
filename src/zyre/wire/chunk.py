"""A large message in pieces: the frames of the extension ``chunk``, between nodes that listed it.

    CHUNK    header | transfer, 8 octets | offset, 8 | [length, 4 | head | plan]     then octets of the message
    CHUNKED  header | flags | transfer, 8 | octets, 8
             "Of that transfer I have so many octets." GAP: something before what just came is missing. REFUSED: it is
             more than I take.

The octets of a message are those of all its contents, one after the other. A chunk of offset 0 says what message it
is: its ``head`` is the message's id, 1 octet, and its fields; the ``plan`` is the length of each frame of contents, 8
octets each. A transfer's number is not used again by its sender in one life; one peer's transfers follow each other.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "CHUNK",
    "CHUNKED",
    "GAP",
    "MESSAGE_NAMES",
    "MOST_FRAMES",
    "REFUSED",
    "Chunk",
    "Chunked",
    "decode_chunk",
    "decode_chunked",
    "encode_chunk",
    "encode_chunked",
    "transfer_of",
]

CHUNK: Final = 73
CHUNKED: Final = 74
MESSAGE_NAMES: Final = {CHUNK: "CHUNK", CHUNKED: "CHUNKED"}
#: Of a message.
MOST_FRAMES: Final = 65536

GAP: Final = 1
REFUSED: Final = 2

_CHUNK: Final = struct.Struct(">QQ")
_LENGTH: Final = struct.Struct(">I")
_CHUNKED: Final = struct.Struct(">BQQ")


class Chunk(NamedTuple):
    """One piece."""

    transfer: int
    offset: int
    octets: bytes
    head: bytes = b""
    """Id and fields of the message, if the offset is 0."""
    plan: tuple[int, ...] = ()
    """The lengths of all its frames, likewise."""


class Chunked(NamedTuple):
    """How far a transfer is."""

    flags: int
    transfer: int
    octets: int


def encode_chunk(chunk: Chunk) -> tuple[bytes, bytes]:
    """The fields of CHUNK, and the frame behind it."""
    fields = _CHUNK.pack(chunk.transfer, chunk.offset)
    if not chunk.offset:
        fields += _LENGTH.pack(len(chunk.head)) + chunk.head + struct.pack(f">{len(chunk.plan)}Q", *chunk.plan)
    return fields, chunk.octets


def transfer_of(frame: bytes) -> tuple[int, int]:
    """``(transfer, offset)`` of a CHUNK frame that we made."""
    transfer, offset = _CHUNK.unpack_from(frame, HEADER_SIZE)
    return transfer, offset


def decode_chunk(frame: bytes, contents: Sequence[bytes]) -> Chunk:
    """Read a CHUNK frame and the ``contents`` behind it. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    transfer, offset = _CHUNK.unpack(cursor.octets(_CHUNK.size, "chunk"))
    if len(contents) != 1 or not contents[0]:
        raise DecodeError("a chunk has other frames")
    if offset:
        if cursor.left:
            raise DecodeError("a chunk has another length")
        return Chunk(transfer, offset, contents[0])
    head = cursor.octets(_LENGTH.unpack(cursor.octets(_LENGTH.size, "length"))[0], "head")
    count, rest = divmod(cursor.left, 8)
    if not head or rest or not 0 < count <= MOST_FRAMES:
        raise DecodeError("a message in chunks begins with another plan")
    plan = struct.unpack(f">{count}Q", cursor.octets(8 * count, "plan"))
    if not len(contents[0]) <= sum(plan) < 1 << 63:
        raise DecodeError("a message in chunks is of another size than its plan")
    return Chunk(transfer, 0, contents[0], head, plan)


def encode_chunked(chunked: Chunked) -> bytes:
    """The fields of CHUNKED."""
    return _CHUNKED.pack(*chunked)


def decode_chunked(frame: bytes) -> Chunked:
    """Read a CHUNKED frame. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _CHUNKED.size:
        raise DecodeError("the state of a transfer has another length")
    return Chunked(*_CHUNKED.unpack_from(frame, HEADER_SIZE))
