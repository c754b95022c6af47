"""Signatures (Ed25519, RFC 8032) by the library ``cryptography``, which clusters with an authority need, and no others.

It is an extra, ``pip install 'zyre[security]'``, and loaded when something is first signed or verified.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from zyre.errors import InvalidConfig
from zyre.security.keys import KeyPair, decode_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["SigningKey", "VerifyingKey", "signing_key_of"]

_MISSING = "a cluster with an authority takes cryptography, which `pip install 'zyre[security]'` installs"


class SigningKey:
    """The secret half, of a seed of 32 octets. In no repr."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ImportError:
            raise InvalidConfig(_MISSING) from None
        self._key: Ed25519PrivateKey = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def sign(self, octets: bytes) -> bytes:
        """The signature, 64 octets."""
        return self._key.sign(octets)

    def __repr__(self) -> str:
        return "<SigningKey>"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not written down anywhere")


class VerifyingKey:
    """The public half, 32 octets."""

    __slots__ = ("_key", "octets")

    def __init__(self, octets: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError:
            raise InvalidConfig(_MISSING) from None
        self.octets = octets
        self._key: Ed25519PublicKey = Ed25519PublicKey.from_public_bytes(octets)

    def verifies(self, signature: bytes, octets: bytes) -> bool:
        """Whether the owner of this key has signed that."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, octets)
        except InvalidSignature:
            return False
        return True


def signing_key_of(pair: KeyPair) -> SigningKey:
    """The signing key that goes with a node's CURVE keys: derived from the secret one by BLAKE2b's keyed mode, so that
    a certificate remains the two files of CZMQ."""
    secret = decode_key(pair.secret, "secret key")
    return SigningKey(hashlib.blake2b(key=secret, digest_size=32, person=b"zyre signing").digest())
