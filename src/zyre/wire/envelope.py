"""The envelope of a named cluster: what its beacons are sent in, so that nobody else takes them for his.

    0  5A 59 43 01 "ZYC"    4 which cluster (8)    12 a beacon of 36/ZRE or 43/ZRE, or a sealed one

Which cluster is told by the first octets of a SHA-256 of its name. Others look for "ZRE" first and never see it. A
HELLO says the name itself, in a header, and what a node publishes by gossip begins with those octets.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

__all__ = ["CLUSTER_HEADER", "CLUSTER_START", "ENVELOPE_SIZE", "envelope_of", "gossip_key", "open_envelope"]

CLUSTER_START: Final = b"ZYC\x01"
#: The header of HELLO in which a node of a named cluster says so.
CLUSTER_HEADER: Final = "X-ZYRE-CLUSTER"
_TAG_SIZE: Final = 8
#: What an envelope adds to a beacon, in octets.
ENVELOPE_SIZE: Final = len(CLUSTER_START) + _TAG_SIZE
_DOMAIN: Final = b"zyre cluster\0"


@lru_cache(maxsize=64)
def envelope_of(name: str) -> bytes:
    """What the beacons of a cluster begin with; nothing for that without a name."""
    if not name:
        return b""
    from hashlib import sha256  # which loads OpenSSL, and most clusters have no name

    return CLUSTER_START + sha256(_DOMAIN + name.encode()).digest()[:_TAG_SIZE]


def open_envelope(data: bytes) -> tuple[bytes, bytes]:
    """The envelope of a datagram, empty if it has none, and what is in it."""
    if not data.startswith(CLUSTER_START):
        return b"", data
    return data[:ENVELOPE_SIZE], data[ENVELOPE_SIZE:]


def gossip_key(name: str, uuid: str) -> str:
    """The key under which a node of that cluster says by gossip where it is. Without a name it is libzyre's."""
    tag = envelope_of(name)[len(CLUSTER_START) :]
    return f"{tag.hex()}/{uuid}" if tag else uuid
