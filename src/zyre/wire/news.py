"""What nodes of our own kind tell each other about their groups and headers, beyond 36/ZRE (extension ``news``).

36/ZRE says JOIN and LEAVE once, and headers in HELLO only. These messages carry what changes in headers, and find out
whether a peer knows how things are. They have the header of every message, and are counted like every other.

    40 CHANGE   version number-8, digest octets-8, set dictionary, removed strings
    41 CHECK    version number-8, digest octets-8
    42 CONFIRM  version number-8
    43 ASK
    44 TELL     version number-8, status number-1, groups strings, headers dictionary

``version`` counts the changes of the sender since its start. The digest of CHANGE is that of all headers, that of
CHECK of groups and headers; see ``digest_of``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from zyre.wire.primitives import Cursor, pack_dictionary, pack_longstr, pack_strings
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "ASK",
    "CHANGE",
    "CHECK",
    "CONFIRM",
    "MESSAGE_NAMES",
    "TELL",
    "Change",
    "Check",
    "Tell",
    "decode_change",
    "decode_check",
    "decode_confirm",
    "decode_tell",
    "digest_of",
    "encode_change",
    "encode_check",
    "encode_confirm",
    "encode_tell",
]

CHANGE: Final = 40
CHECK: Final = 41
CONFIRM: Final = 42
ASK: Final = 43
TELL: Final = 44

MESSAGE_NAMES: Final = {CHANGE: "CHANGE", CHECK: "CHECK", CONFIRM: "CONFIRM", ASK: "ASK", TELL: "TELL"}

_DIGEST_SIZE: Final = 8
_VERSION = struct.Struct(">Q")


class Change(NamedTuple):
    """Some headers have new values, others are gone; all of them together have that digest now."""

    version: int
    digest: bytes
    changed: Mapping[str, str]
    removed: tuple[str, ...]


class Check(NamedTuple):
    """What the sender's groups and headers amount to."""

    version: int
    digest: bytes


class Tell(NamedTuple):
    """All groups and headers of the sender, and its group status."""

    version: int
    status: int
    groups: tuple[str, ...]
    headers: Mapping[str, str]


def digest_of(groups: Iterable[str], headers: Mapping[str, str]) -> bytes:
    """Eight octets that are the same for the same groups and headers, in whatever order."""
    from hashlib import blake2b  # with OpenSSL, which takes long to load: not before there is somebody to tell

    octets = blake2b(pack_strings(sorted(groups)), digest_size=_DIGEST_SIZE)
    for name in sorted(headers):
        octets.update(pack_longstr(name) + pack_longstr(headers[name]))
    return octets.digest()


def encode_change(change: Change) -> bytes:
    """The fields of CHANGE."""
    version = _VERSION.pack(change.version)
    return version + change.digest + pack_dictionary(change.changed) + pack_strings(change.removed)


def decode_change(frame: bytes) -> Change:
    """Read a CHANGE frame, header included. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    version, digest = cursor.number8("version"), cursor.octets(_DIGEST_SIZE, "digest")
    return Change(version, digest, cursor.dictionary("changed headers"), tuple(cursor.strings("removed headers")))


def encode_check(check: Check) -> bytes:
    """The fields of CHECK."""
    return _VERSION.pack(check.version) + check.digest


def decode_check(frame: bytes) -> Check:
    """Read a CHECK frame. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    return Check(cursor.number8("version"), cursor.octets(_DIGEST_SIZE, "digest"))


def encode_confirm(version: int) -> bytes:
    """The fields of CONFIRM."""
    return _VERSION.pack(version)


def decode_confirm(frame: bytes) -> int:
    """The version that a CONFIRM frame is about. Raises DecodeError."""
    return Cursor(frame, HEADER_SIZE).number8("version")


def encode_tell(tell: Tell) -> bytes:
    """The fields of TELL."""
    version, status = _VERSION.pack(tell.version), bytes((tell.status,))
    return version + status + pack_strings(tell.groups) + pack_dictionary(tell.headers)


def decode_tell(frame: bytes) -> Tell:
    """Read a TELL frame. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    version, status = cursor.number8("version"), cursor.number1("status")
    return Tell(version, status, tuple(cursor.strings("groups")), cursor.dictionary("headers"))
