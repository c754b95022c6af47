"""Whom an authority has taken its word back from: one signed list, which only grows, and whose highest version counts.

    signed: "zyre revocations 1" NUL, version (8), count (4), the CURVE keys (32 each), in order

As a file it is ZPL: ``revocations`` with ``version``, ``signature``, and a ``key`` for each. Values only;
zyre.engine.signing signs and verifies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from zyre.errors import DecodeError, InvalidConfig, InvalidKey
from zyre.security.credential import SIGNATURE_SIZE, decode_signature, encode_signature
from zyre.security.keys import decode_key, encode_key
from zyre.wire.zpl import Setting

__all__ = ["MOST_REVOKED", "NONE_REVOKED", "Revocations", "read_revocations"]

#: Keys on one list: 128 KiB on the wire. An authority with more is to be replaced.
MOST_REVOKED: Final = 4096

_PURPOSE: Final = b"zyre revocations 1\0"
_ABOUT: Final = struct.Struct(">QI")
_KEY: Final = 32
_ROOT: Final = "revocations"


class Revocations(NamedTuple):
    """``keys`` are those that are good for nothing any more, in Z85."""

    version: int
    keys: frozenset[str]
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The octets that the signature is about."""
        return _PURPOSE + self._body()

    def _body(self) -> bytes:
        keys = sorted(decode_key(key) for key in self.keys)
        return _ABOUT.pack(self.version, len(keys)) + b"".join(keys)

    def pack(self) -> bytes:
        """As it goes from node to node."""
        return self._body() + self.signature

    @classmethod
    def unpack(cls, data: bytes) -> Revocations:
        """Read one; the signature has yet to be verified. Raises DecodeError."""
        if len(data) < _ABOUT.size + SIGNATURE_SIZE:
            raise DecodeError("a list of revocations is too short")
        version, count = _ABOUT.unpack_from(data)
        if count > MOST_REVOKED or len(data) != _ABOUT.size + count * _KEY + SIGNATURE_SIZE:
            raise DecodeError("a list of revocations has another size than it says")
        end = _ABOUT.size + count * _KEY
        keys = frozenset(encode_key(data[at : at + _KEY]) for at in range(_ABOUT.size, end, _KEY))
        return cls(version, keys, data[end:])

    def settings(self) -> Setting:
        """The file."""
        root = Setting(comments=["   Keys that are revoked; signed by the authority of the cluster"])
        about = root.add(_ROOT)
        about.add("version", str(self.version))
        about.add("signature", encode_signature(self.signature))
        for key in sorted(self.keys):
            about.add("key", key)
        return root


#: Before there is a list.
NONE_REVOKED: Final = Revocations(0, frozenset(), b"")


def read_revocations(root: Setting) -> Revocations:
    """What a file says; the signature has yet to be verified. Raises InvalidConfig, InvalidKey."""
    about = root.locate(_ROOT)
    keys: Iterable[Setting] = () if about is None else about.named("key")
    try:
        version = int(root.get(f"{_ROOT}/version"))
    except ValueError:
        raise InvalidConfig("a list of revocations has no version") from None
    listed = frozenset(setting.value for setting in keys)
    for key in listed:
        decode_key(key, "revoked key")
    if len(listed) > MOST_REVOKED or not 0 < version < 1 << 63:
        raise InvalidKey("list of revocations", "is none that an authority makes")
    return Revocations(version, listed, decode_signature(root.get(f"{_ROOT}/signature")))
