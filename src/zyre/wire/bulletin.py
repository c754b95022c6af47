"""That everybody has the authority's latest word: the frames of the extension ``bulletin``, among members of a cluster.

80 NOTICE     header | version, 8 octets         "this is the version that I have; which do you have?"
81 BULLETIN   header | the list, as signed       "this is it": see zyre.security.revocation
82 NOTED      header | version, 8 octets         "I have this one"
"""

from __future__ import annotations

import struct
from typing import Final

from zyre.errors import DecodeError
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "BULLETIN",
    "MESSAGE_NAMES",
    "MOST_OCTETS",
    "NOTED",
    "NOTICE",
    "decode_bulletin",
    "decode_version",
    "encode_version",
]

NOTICE: Final = 80
BULLETIN: Final = 81
NOTED: Final = 82

MESSAGE_NAMES: Final = {NOTICE: "NOTICE", BULLETIN: "BULLETIN", NOTED: "NOTED"}

#: Octets of the longest list: 4096 keys, and what stands around them.
MOST_OCTETS: Final = 4096 * 32 + 76
_VERSION: Final = struct.Struct(">Q")


def encode_version(version: int) -> bytes:
    """The fields of NOTICE and NOTED."""
    return _VERSION.pack(version)


def decode_version(frame: bytes) -> int:
    """The version in a NOTICE or NOTED. Raises DecodeError."""
    if len(frame) != HEADER_SIZE + _VERSION.size:
        raise DecodeError("a version has another length")
    version: int = _VERSION.unpack_from(frame, HEADER_SIZE)[0]
    return version


def decode_bulletin(frame: bytes) -> bytes:
    """The list in a BULLETIN, which has yet to be verified. Raises DecodeError."""
    if not 0 < len(frame) - HEADER_SIZE <= MOST_OCTETS:
        raise DecodeError("a bulletin has an impossible length")
    return frame[HEADER_SIZE:]
