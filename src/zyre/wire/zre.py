"""The messages of 36/ZRE between two nodes, as frames.

    [identity, by ROUTER] [header | fields] [content frames, of WHISPER and SHOUT only]

    header:  0 AA A1 signature   2 message id   3 version 02   4 sequence (16 bits, big endian)

The version octet is 2 whatever the beacon says: nobody emits version 3, and libzyre drops it. ELECT, LEADER and
GOODBYE stand in no RFC; they are libzyre's. The header is written and read by one precompiled Struct because
every message passes there; WHISPER has no fields and SHOUT only its group, so both are handled by the functions at
the top and never become an object.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_dictionary, pack_string, pack_strings

__all__ = [
    "HELLO",
    "WHISPER",
    "SHOUT",
    "JOIN",
    "LEAVE",
    "PING",
    "PING_OK",
    "ELECT",
    "LEADER",
    "GOODBYE",
    "MESSAGE_NAMES",
    "GroupChange",
    "Hello",
    "Vote",
    "decode_group_change",
    "decode_hello",
    "decode_shout_group",
    "decode_vote",
    "encode_group_change",
    "encode_hello",
    "encode_shout",
    "encode_vote",
    "identity_frame",
    "kind_of",
    "pack_beginning",
    "pack_header",
    "pack_sequence",
    "split_header",
    "unpack_header",
]

HELLO: Final = 1
WHISPER: Final = 2
SHOUT: Final = 3
JOIN: Final = 4
LEAVE: Final = 5
PING: Final = 6
PING_OK: Final = 7
ELECT: Final = 8
LEADER: Final = 9
GOODBYE: Final = 10

MESSAGE_NAMES: Final = {
    HELLO: "HELLO",
    WHISPER: "WHISPER",
    SHOUT: "SHOUT",
    JOIN: "JOIN",
    LEAVE: "LEAVE",
    PING: "PING",
    PING_OK: "PING-OK",
    ELECT: "ELECT",
    LEADER: "LEADER",
    GOODBYE: "GOODBYE",
}

SIGNATURE: Final = 0xAAA1
VERSION: Final = 2
_HEADER = struct.Struct(">HBBH")
_BEGINNING = struct.Struct(">HBB")
HEADER_SIZE: Final = _HEADER.size
#: The sequence number alone, behind what ``pack_beginning`` makes: for a message that goes to many peers.
pack_sequence: Final = struct.Struct(">H").pack
#: ``(kind, sequence)`` of a first frame, unchecked: of 36/ZRE version 2 is what has a kind that ``kind_of`` gives.
#: Raises struct.error if the frame is too short.
split_header: Final = struct.Struct(">IH").unpack_from
#: The first frame of a SHOUT to a group with the longest of names.
_LONGEST_SHOUT: Final = HEADER_SIZE + 1 + 255


def pack_header(message_id: int, sequence: int) -> bytes:
    """The six octets with which every message begins; the whole first frame of WHISPER, PING, PING-OK, GOODBYE."""
    return _HEADER.pack(SIGNATURE, message_id, VERSION, sequence)


def pack_beginning(message_id: int) -> bytes:
    """The four octets of that which are the same in all messages of one id."""
    return _BEGINNING.pack(SIGNATURE, message_id, VERSION)


def kind_of(message_id: int) -> int:
    """Those octets as a number."""
    return int.from_bytes(pack_beginning(message_id), "big")


def unpack_header(frame: bytes) -> tuple[int, int]:
    """``(message id, sequence)`` of a first frame. Raises DecodeError if it is not 36/ZRE version 2."""
    if len(frame) < HEADER_SIZE:
        raise DecodeError("header is truncated")
    signature, message_id, version, sequence = _HEADER.unpack_from(frame)
    if signature != SIGNATURE or version != VERSION:
        raise DecodeError("signature or version is not of 36/ZRE")
    return message_id, sequence


def identity_frame(octets: bytes) -> bytes:
    """The identity of our DEALER at a peer's ROUTER: 01, then the UUID, since an identity must not begin with 00."""
    return b"\x01" + octets


@dataclass(frozen=True, slots=True)
class Hello:
    """The greeting: who I am, where you reach me, which groups I am in."""

    endpoint: str
    name: str
    groups: tuple[str, ...] = ()
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupChange:
    """JOIN or LEAVE: the group, and the sender's count of such changes modulo 256 after this one."""

    group: str
    status: int


@dataclass(frozen=True, slots=True)
class Vote:
    """ELECT or LEADER: the group, and the challenger's or leader's UUID as 32 upper-case digits."""

    group: str
    candidate: str


def encode_hello(hello: Hello) -> bytes:
    """The fields of HELLO, behind its header."""
    return b"".join(
        (
            pack_string(hello.endpoint),
            pack_strings(hello.groups),
            bytes((hello.status,)),
            pack_string(hello.name),
            pack_dictionary(hello.headers),
        )
    )


def decode_hello(frame: bytes) -> Hello:
    """Read a HELLO frame, header included. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    endpoint = cursor.string("endpoint")
    groups = tuple(cursor.strings("groups"))
    status = cursor.number1("status")
    name = cursor.string("name")
    return Hello(endpoint, name, groups, status, cursor.dictionary("headers"))


def encode_group_change(group: str, status: int) -> bytes:
    """The fields of JOIN and LEAVE."""
    return pack_string(group) + bytes((status,))


def decode_group_change(frame: bytes) -> GroupChange:
    """Read a JOIN or LEAVE frame. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    return GroupChange(cursor.string("group"), cursor.number1("status"))


def decode_shout_group(frame: bytes) -> str:
    """The group of a SHOUT frame. Raises DecodeError."""
    if len(frame) > _LONGEST_SHOUT:  # by what nobody reads, and which is not to be remembered
        return Cursor(frame, HEADER_SIZE).string("group")
    return _decode_group(frame[HEADER_SIZE:])


@lru_cache(maxsize=1024)
def _decode_group(fields: bytes) -> str:
    """The same few groups are read from every SHOUT."""
    return Cursor(fields).string("group")


@lru_cache(maxsize=1024)
def encode_shout(group: str) -> bytes:
    """The fields of SHOUT."""
    return pack_string(group)


def encode_vote(group: str, candidate: str) -> bytes:
    """The fields of ELECT and LEADER."""
    return pack_string(group) + pack_string(candidate)


def decode_vote(frame: bytes) -> Vote:
    """Read an ELECT or LEADER frame. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    return Vote(cursor.string("group"), cursor.string("challenger or leader id"))
