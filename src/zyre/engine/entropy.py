"""Fresh identities."""

from __future__ import annotations

import os

from zyre.identity import PeerId

__all__ = ["new_identity"]


def new_identity() -> PeerId:
    """A random UUID of 16 octets, as 36/ZRE asks.

    It never looks like an RFC 4122 version 4: by that other nodes of ours tell zeromq-pyre and zyre.js apart.
    """
    octets = bytearray(os.urandom(16))
    octets[6] &= 0x0F
    return PeerId.parse(octets)
