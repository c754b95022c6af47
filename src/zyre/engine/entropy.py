"""Fresh identities, and numbers for the lives of one."""

from __future__ import annotations

import os
import secrets
import time

from zyre.identity import PeerId

__all__ = ["new_identity", "new_incarnation"]

#: So many low bits of an incarnation are chance: two hosts that start a node in one microsecond still differ.
_CHANCE = 10


def new_identity() -> PeerId:
    """A random UUID of 16 octets, as 36/ZRE asks.

    It never looks like an RFC 4122 version 4: by that other nodes of ours tell zeromq-pyre and zyre.js apart.
    """
    octets = bytearray(os.urandom(16))
    octets[6] &= 0x0F
    return PeerId.parse(octets)


def new_incarnation(last: int = 0) -> int:
    """A number for the life that begins now, higher than ``last``, which is that of the life before if it is known.

    It is the time of day in nanoseconds, so that the lives of one identity are in order without a memory; where the
    clock may go back between them, keep the identity in a file, which remembers the last one.
    """
    now = time.time_ns() >> _CHANCE << _CHANCE | secrets.randbits(_CHANCE)
    return max(now, last + 1)
