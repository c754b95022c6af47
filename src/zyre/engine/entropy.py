"""Fresh identities."""

from __future__ import annotations

import os

from zyre.identity import PeerId

__all__ = ["new_identity"]


def new_identity() -> PeerId:
    """A random UUID of 16 octets, as 36/ZRE asks; like libzyre's it carries no RFC 4122 version."""
    return PeerId.parse(os.urandom(16))
