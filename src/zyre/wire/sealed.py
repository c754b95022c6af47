"""The sealed beacon of a secured cluster: what a beacon of 43/ZRE says, when, from where, and the proof.

    0  5A 59 52 01 "ZYR"    4 UUID (16)    20 TCP port (2)    22 public key (32)
    54 time (8, milliseconds since 1970)    62 count of addresses (1)    then each: length (1), address (4 or 16)
    then the proof of all the octets before it: a keyed hash (32) where there is one secret; with an authority what it
    has signed of the sender (176, see zyre.security.credential), and the sender's signature (64)

Others look for "ZRE" first and never see it; zeromq-pyre would die of a beacon of 54 octets.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from zyre.errors import DecodeError

__all__ = [
    "MAX_SEALED",
    "MAX_SIGNED",
    "PROOF_SIZE",
    "SEALED_START",
    "SIGNED_PROOF_SIZE",
    "Sealed",
    "decode_sealed",
    "encode_unsealed",
    "sealed_time",
    "sealed_uuid",
]

SEALED_START: Final = b"ZYR\x01"
PROOF_SIZE: Final = 32
SIGNED_PROOF_SIZE: Final = 176 + 64

_BODY: Final = slice(4, 54)
_BODY_SIZE: Final = 50
_UUID: Final = slice(4, 20)
_ABOUT: Final = struct.Struct(">QB")
_FIXED: Final = len(SEALED_START) + _BODY_SIZE + _ABOUT.size
#: Addresses of one node; who has more interfaces is not believed on the others.
_MOST_ADDRESSES: Final = 32
_SIZES: Final = (4, 16)

_LONGEST: Final = _FIXED + _MOST_ADDRESSES * (1 + max(_SIZES))

#: Octets of the longest sealed beacon, by a secret and by a signature.
MAX_SEALED: Final = _LONGEST + PROOF_SIZE
MAX_SIGNED: Final = _LONGEST + SIGNED_PROOF_SIZE


class Sealed(NamedTuple):
    """``body`` is a beacon of 43/ZRE behind its first four octets; ``proven`` are the octets that are proven."""

    body: bytes
    milliseconds: int
    addresses: frozenset[bytes]
    proven: bytes
    proof: bytes


def encode_unsealed(body: bytes, milliseconds: int, addresses: Iterable[str]) -> bytes:
    """A sealed beacon up to its proof."""
    packed = [ipaddress.ip_address(address.partition("%")[0]).packed for address in addresses][:_MOST_ADDRESSES]
    listed = b"".join(bytes((len(address),)) + address for address in packed)
    return SEALED_START + body + _ABOUT.pack(milliseconds, len(packed)) + listed


def decode_sealed(data: bytes) -> Sealed:
    """Read one; the proof has yet to be held against it. Raises DecodeError."""
    if len(data) < _FIXED + PROOF_SIZE or not data.startswith(SEALED_START):
        raise DecodeError("a sealed beacon is too short")
    milliseconds, count = _ABOUT.unpack_from(data, len(SEALED_START) + _BODY_SIZE)
    if count > _MOST_ADDRESSES:
        raise DecodeError("a sealed beacon has too many addresses")
    position = _FIXED
    addresses = set()
    for _ in range(count):
        size = data[position]
        if size not in _SIZES or position + 1 + size > len(data) - PROOF_SIZE:
            raise DecodeError("a sealed beacon has a broken address")
        addresses.add(data[position + 1 : position + 1 + size])
        position += 1 + size
    if len(data) - position not in (PROOF_SIZE, SIGNED_PROOF_SIZE):
        raise DecodeError("a sealed beacon has an unknown size")
    return Sealed(data[_BODY], milliseconds, frozenset(addresses), data[:position], data[position:])


def sealed_time(data: bytes) -> int:
    """When it says to have been made, in milliseconds; 0 if it is no sealed beacon."""
    if len(data) < _FIXED or not data.startswith(SEALED_START):
        return 0
    milliseconds: int = _ABOUT.unpack_from(data, len(SEALED_START) + _BODY_SIZE)[0]
    return milliseconds


def sealed_uuid(data: bytes) -> bytes | None:
    """Whose beacon it says to be, for those who do not know the secret; None if it is none. It may be cut."""
    return data[_UUID] if data.startswith(SEALED_START) and len(data) >= _UUID.stop else None
