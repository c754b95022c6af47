"""One secret for a cluster, and the keys that follow from it.

The secret is stretched by scrypt (RFC 7914), which makes guessing expensive, and the keys are taken from the result by
BLAKE2b in its mode for deriving keys (RFC 7693, keyed, with a personalisation). Both are the standard library's, the
first OpenSSL's: so a secret needs nothing installed beyond this package.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache
from typing import Final

from zyre.errors import InvalidConfig

__all__ = ["ClusterKeys", "cluster_keys"]

#: 32 MiB and about a tenth of a second for each guess; paid once for each secret in a process. (RFC 7914 recommends
#: r = 8, p = 1.) All nodes must derive the same without having spoken, so the salt is a constant.
_COST: Final = 1 << 15
_BLOCK: Final = 8
_MEMORY: Final = 64 << 20
_SALT: Final = b"zyre, the secret of a cluster, version 1"
_OCTETS: Final = 32


class ClusterKeys:
    """What members know and strangers do not. In no repr, and not to be pickled."""

    __slots__ = ("_root",)

    def __init__(self, root: bytes) -> None:
        self._root = root

    @property
    def beacon(self) -> bytes:
        """The key of the proof in beacons."""
        return self._derive(b"zyre beacon", b"")

    @property
    def member(self) -> bytes:
        """The secret CURVE key by which every member shows that it is one."""
        return self._derive(b"zyre member", b"")

    def place(self, name: str) -> bytes:
        """The secret CURVE key of the node at a well-known place: a chosen TCP port, or a path."""
        return self._derive(b"zyre place", name.encode())

    def _derive(self, purpose: bytes, subject: bytes) -> bytes:
        return hashlib.blake2b(subject, digest_size=_OCTETS, key=self._root, person=purpose).digest()

    def __repr__(self) -> str:
        return "<ClusterKeys>"

    def __reduce__(self) -> str:
        raise TypeError("the keys of a cluster are not written down anywhere")


def cluster_keys(secret: object) -> ClusterKeys:
    """The keys of a secret: any text; blanks around it do not count, so that it may come from a file. Raises
    InvalidConfig, which does not show it."""
    if not isinstance(secret, str):
        raise InvalidConfig(f"a secret is text, not {type(secret).__name__}")
    text = unicodedata.normalize("NFC", secret).strip()
    if not text:
        raise InvalidConfig("the secret is empty; 'zyre keys secret' makes a good one")
    return _stretched(text)


@lru_cache(maxsize=16)
def _stretched(text: str) -> ClusterKeys:
    stretched = hashlib.scrypt(text.encode(), salt=_SALT, n=_COST, r=_BLOCK, p=1, maxmem=_MEMORY, dklen=_OCTETS)
    return ClusterKeys(stretched)
