"""The UDP beacon: 22 octets (36/ZRE), or 54 with a CURVE public key (43/ZRE).

    0  5A 52 45 "ZRE"     3 version 01 or 03     4 UUID (16)     20 TCP port (2)     22 public key (32, version 3)

Port 0 says "I am leaving".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from zyre.errors import DecodeError

__all__ = ["LENGTHS", "MAX_SIZE", "STARTS", "Beacon", "decode_beacon", "encode_beacon"]

_BEACON = struct.Struct(">4s16sH")
_PLAIN: Final = b"ZRE\x01"
_SECURE: Final = b"ZRE\x03"
_KEY_SIZE: Final = 32
_SIZE: Final = _BEACON.size

#: How long a beacon can be, and how it can begin.
LENGTHS: Final = (_SIZE, _SIZE + _KEY_SIZE)
STARTS: Final = (_PLAIN, _SECURE)
#: A beacon is never longer; a datagram is read with one octet more, so that a longer one shows.
MAX_SIZE: Final = _SIZE + _KEY_SIZE


@dataclass(frozen=True, slots=True)
class Beacon:
    """``uuid`` (16 octets) listens on TCP ``port`` of the datagram's source; with ``key`` it demands CURVE."""

    uuid: bytes
    port: int
    key: bytes | None = None


def encode_beacon(beacon: Beacon) -> bytes:
    """The datagram."""
    if beacon.key is None:
        return _BEACON.pack(_PLAIN, beacon.uuid, beacon.port)
    return _BEACON.pack(_SECURE, beacon.uuid, beacon.port) + beacon.key


def decode_beacon(data: bytes) -> Beacon:
    """Read a datagram. Raises DecodeError.

    A version-1 beacon of 54 octets counts as one of 22, as in libzyre. A version-3 beacon whose key is all zero is
    none: 43/ZRE wants a valid key (libzyre tests the first octet only and so refuses one good key in 256).
    """
    size = len(data)
    if size not in (_SIZE, MAX_SIZE):
        raise DecodeError("beacon has an unknown size")
    start, uuid, port = _BEACON.unpack_from(data)
    if start == _PLAIN:
        return Beacon(uuid, port)
    if start != _SECURE or size != MAX_SIZE:
        raise DecodeError("beacon has an unknown version")
    key = data[_SIZE:]
    if not any(key):
        raise DecodeError("beacon has an empty key")
    return Beacon(uuid, port, key)
