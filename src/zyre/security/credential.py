"""What an authority signs about a node: its keys, until when they are good, and what its certificate says of it.

The signature stands in the metadata of the node's certificate, so that the file is CZMQ's as before:

    metadata
        name = "alice"          groups, domains and whatever else there is
        signing-key = "..."     Ed25519, in Z85: what the node's announcements are signed with
        issued, expires = "..." seconds since 1970
        salt = "..."            so that nobody guesses the rest by the digest
        signature = "..."       Ed25519, of the octets below, by the authority

    signed: "zyre certificate 1" NUL, CURVE key (32), signing key (32), issued (8), expires (8), digest of metadata (32)

So the signature can be held against a key and a digest alone: announcements carry these, and no name in clear text.
Values only; zyre.engine.signing signs and verifies.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

from zyre.errors import DecodeError, InvalidKey
from zyre.security.certificate import Certificate
from zyre.security.keys import KEY_TEXT, decode_key, encode_key
from zyre.wire.primitives import Cursor, pack_dictionary

__all__ = [
    "CREDENTIAL_SIZE",
    "EXPIRES",
    "ISSUED",
    "NAME",
    "SALT",
    "SIGNATURE",
    "SIGNATURE_SIZE",
    "SIGNING_KEY",
    "Credential",
    "credential_of",
    "decode_signature",
    "digest_of",
    "encode_signature",
    "format_certificate",
    "parse_certificate",
]

NAME: Final = "name"
SIGNING_KEY: Final = "signing-key"
ISSUED: Final = "issued"
EXPIRES: Final = "expires"
SALT: Final = "salt"
SIGNATURE: Final = "signature"

SIGNATURE_SIZE: Final = 64
_PURPOSE: Final = b"zyre certificate 1\0"
_SIGNED: Final = struct.Struct(">32s32sQQ32s")
#: Octets of a credential as it stands in announcements.
CREDENTIAL_SIZE: Final = _SIGNED.size + SIGNATURE_SIZE

#: Octets of a certificate that is shown to others, and items of its metadata: an authority issues no larger ones.
_LONGEST: Final = 4096
_MOST_ITEMS: Final = 64
_KEY: Final = 32


class Credential(NamedTuple):
    """What is signed, and the signature. ``issued`` and ``expires`` are in seconds since 1970."""

    key: bytes
    signing_key: bytes
    issued: int
    expires: int
    digest: bytes
    signature: bytes = bytes(SIGNATURE_SIZE)

    @property
    def signed(self) -> bytes:
        """The octets that the signature is about."""
        return _PURPOSE + _SIGNED.pack(*self[:-1])

    def pack(self) -> bytes:
        """As it stands in announcements."""
        return _SIGNED.pack(*self[:-1]) + self.signature

    @classmethod
    def unpack(cls, data: bytes) -> Credential:
        """Read one; the signature has yet to be verified. Raises DecodeError."""
        if len(data) != CREDENTIAL_SIZE:
            raise DecodeError("a credential has another size")
        key, signing_key, issued, expires, digest = _SIGNED.unpack_from(data)
        return cls(key, signing_key, issued, expires, digest, data[_SIGNED.size :])


def digest_of(metadata: Mapping[str, str]) -> bytes:
    """What stands for the metadata of a certificate: all but the signature, in the order of their names."""
    items = {name: metadata[name] for name in sorted(metadata) if name != SIGNATURE}
    return hashlib.blake2b(pack_dictionary(items), digest_size=_KEY, person=b"zyre metadata").digest()


def credential_of(certificate: Certificate) -> Credential:
    """What the authority has signed of a certificate; nothing is verified. Raises InvalidKey where it has not."""
    metadata = certificate.metadata
    missing = next((name for name in (SIGNING_KEY, ISSUED, EXPIRES, SIGNATURE) if name not in metadata), None)
    if missing is not None:
        raise InvalidKey("certificate", f"is not signed by an authority: it has no {missing}")
    try:
        issued, expires = (_seconds(metadata[name]) for name in (ISSUED, EXPIRES))
    except ValueError:
        raise InvalidKey("certificate", "has a time that is no number of seconds") from None
    return Credential(
        decode_key(certificate.public_key),
        decode_key(metadata[SIGNING_KEY], "signing key"),
        issued,
        expires,
        digest_of(metadata),
        decode_signature(metadata[SIGNATURE]),
    )


def _seconds(text: str) -> int:
    value = int(text)
    if not 0 <= value < 1 << 63:
        raise ValueError(text)
    return value


def encode_signature(signature: bytes) -> str:
    """Its 80 characters of Z85."""
    return encode_key(signature[:_KEY]) + encode_key(signature[_KEY:])


def decode_signature(text: str) -> bytes:
    """The 64 octets of a signature. Raises InvalidKey."""
    return decode_key(text[:KEY_TEXT], "signature") + decode_key(text[KEY_TEXT:], "signature")


def format_certificate(certificate: Certificate) -> str:
    """A public certificate as one line, for a header. Raises InvalidKey if it says too much."""
    packed = decode_key(certificate.public_key) + pack_dictionary(certificate.metadata)
    if len(packed) > _LONGEST or len(certificate.metadata) > _MOST_ITEMS:
        raise InvalidKey("certificate", f"says too much: {len(packed)} octets, and {_LONGEST} are the most")
    return base64.b64encode(packed).decode("ascii")


def parse_certificate(text: str) -> Certificate:
    """A certificate that somebody shows; nothing is verified. Raises DecodeError, InvalidKey."""
    if len(text) > 2 * _LONGEST:
        raise DecodeError("a certificate is too long")
    try:
        packed = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise DecodeError("a certificate is not written in base 64") from None
    cursor = Cursor(packed)
    key = cursor.octets(_KEY, "key")
    metadata = cursor.dictionary("metadata")
    if cursor.left or len(metadata) > _MOST_ITEMS:
        raise DecodeError("a certificate has too much in it")
    return Certificate(encode_key(key), None, metadata)
