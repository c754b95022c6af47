"""Who a node is: fresh identities, and numbers for the lives of one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from zyre.identity import PeerId

__all__ = ["Life", "begin_life", "new_identity", "new_incarnation"]

#: So many low bits of an incarnation are chance: two hosts that start a node in one microsecond still differ.
_CHANCE = 10


class Life(NamedTuple):
    """Who a node is, which life of that begins, and what to call when it is over."""

    identity: PeerId
    incarnation: int
    release: Callable[[], object] | None = None


def begin_life(uuid: object, path: str | os.PathLike[str] | None, store: str | os.PathLike[str] | None = None) -> Life:
    """A new identity, the one that the application wants, or the one in a file, which may be beside a store. Raises
    what KeptIdentity does, and InvalidPeer."""
    wanted = None if uuid is None else PeerId.parse(uuid)
    if path is None and wanted is None and store is not None:
        path = os.fspath(store) + ".identity"
    if path is None:
        return Life(wanted or new_identity(), new_incarnation())
    from zyre.engine.kept import KeptIdentity  # with what it takes to read and write files

    kept = KeptIdentity(path, wanted)
    return Life(kept.uuid, kept.incarnation, kept.release)


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
    now = time.time_ns() >> _CHANCE << _CHANCE | int.from_bytes(os.urandom(2), "big") % (1 << _CHANCE)
    return max(now, last + 1)
