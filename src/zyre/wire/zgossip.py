"""ZGOSSIP, the protocol of CZMQ's zgossip: tuples of a key and a value, one message in one frame.

    0  AA A0 signature   2 message id   3 version 01   4 the fields of PUBLISH: key, value, time to live

The id stands before the version. No specification exists; this is what CZMQ 4.2 sends and reads. Its times to live
say nothing: they are sent as 0, and a forwarded tuple carries whatever the sender last received.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_longstr, pack_string

__all__ = [
    "COMMAND_NAMES",
    "HELLO",
    "INVALID",
    "MOST_KEY",
    "PING",
    "PONG",
    "PUBLISH",
    "Publish",
    "decode_publish",
    "encode_command",
    "encode_publish",
    "read_command",
    "read_key",
]

HELLO: Final = 1
PUBLISH: Final = 2
PING: Final = 3
PONG: Final = 4
INVALID: Final = 5

COMMAND_NAMES: Final = {HELLO: "HELLO", PUBLISH: "PUBLISH", PING: "PING", PONG: "PONG", INVALID: "INVALID"}

#: Octets of a key at the most: its length is counted in one octet.
MOST_KEY: Final = 255

_HEADER = struct.Struct(">HBB")
_SIGNATURE: Final = 0xAAA0
_VERSION: Final = 1
_NO_TIME: Final = bytes(4)


@dataclass(frozen=True, slots=True)
class Publish:
    """A tuple."""

    key: str
    value: str


def read_command(frame: bytes) -> int:
    """The message id of a frame. Raises DecodeError if it is not of this protocol, or of no known id."""
    if len(frame) < _HEADER.size:
        raise DecodeError("header is truncated")
    signature, command, version = _HEADER.unpack_from(frame)
    if signature != _SIGNATURE or version != _VERSION or command not in COMMAND_NAMES:
        raise DecodeError("signature, message id or version is not of ZGOSSIP")
    return int(command)


def encode_command(command: int) -> bytes:
    """A message without fields: HELLO, PING, PONG, INVALID."""
    return _HEADER.pack(_SIGNATURE, command, _VERSION)


def encode_publish(key: str, value: str) -> bytes:
    """PUBLISH of a tuple; the caller has checked that the key fits."""
    return _HEADER.pack(_SIGNATURE, PUBLISH, _VERSION) + pack_string(key) + pack_longstr(value) + _NO_TIME


def decode_publish(frame: bytes) -> Publish:
    """Read the fields of a PUBLISH frame. Raises DecodeError.

    CZMQ's texts end at a NUL, whatever their length says, so ours do.
    """
    cursor = Cursor(frame, _HEADER.size)
    key, value = read_key(cursor), cursor.longstr("value")
    cursor.number4("time to live")
    return Publish(key.partition("\0")[0], value.partition("\0")[0])


def read_key(cursor: Cursor) -> str:
    """A key that can be sent on: what is no UTF-8 is replaced by longer octets, and may not fit any more."""
    key = cursor.string("key")
    if "\ufffd" in key and len(key.encode()) > MOST_KEY:
        raise DecodeError("key is no UTF-8")
    return key
