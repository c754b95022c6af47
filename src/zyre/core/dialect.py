"""How a peer counts its messages: modulo 65536 as 36/ZRE says, or modulo 65535 as zeromq-pyre and zyre.js do.

They drop whoever sends them number 65535, and libzyre drops whoever leaves it out, so after 65,534 messages one has
to know. A peer's own count proves it when it wraps; before that there is evidence, seen at running peers:

- a HELLO with X-ZYRE-EXT is one of ours;
- default names: zeromq-pyre's is six lower-case digits of the UUID, zyre.js's twelve, libzyre's six upper-case ones;
- both have UUIDs of RFC 4122 version 4, libzyre only when built with libuuid; of these zyre.js sends beacons from any
  UDP port, zeromq-pyre from the beacon port but listens on a TCP port below 49152, where libzyre begins.

A wrong guess costs one exit and re-entry, after which the other modulus is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from zyre.identity import PeerId

if TYPE_CHECKING:
    from zyre.core.peer import PeerRecord

__all__ = ["LOWEST_MODULUS", "MODULUS", "NOTHING_KNOWN", "SHORT_MODULUS", "Dialect"]

MODULUS: Final = 65536
SHORT_MODULUS: Final = 65535
#: Below this count nobody needs to know.
LOWEST_MODULUS: Final = SHORT_MODULUS

_FIRST_TCP_PORT_OF_LIBZYRE: Final = 49152


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is known of one peer's way to count. Of most peers that is nothing, and they share that."""

    proven: int = 0
    """The modulus, if it was seen at work or learned the hard way; else 0."""
    wrapped: bool = False
    """Whether our own count toward the peer has wrapped since it last greeted."""
    odd_source: bool = False
    """Whether its beacons come from another UDP port than they go to."""

    def modulus(self, record: PeerRecord) -> int:
        """The modulus for what we send to the peer."""
        if self.proven:
            return self.proven
        return SHORT_MODULUS if self._counts_short(record) else MODULUS

    def _counts_short(self, record: PeerRecord) -> bool:
        if record.is_own_kind:
            return False
        digits = record.peer.lower()
        if record.name in (digits[:6], digits[:12]) and record.name != digits[:6].upper():
            return True
        if not is_version_4(record.peer):
            return False
        low_port = record.endpoint.is_tcp and record.endpoint.port < _FIRST_TCP_PORT_OF_LIBZYRE
        return self.odd_source or low_port

    def learn(self, *, proven: int = 0, wrapped: bool = False, odd_source: bool = False) -> Dialect:
        """The same, and what was found out."""
        return _shared(proven or self.proven, self.wrapped or wrapped, self.odd_source or odd_source)

    def of_next_life(self, previous: PeerRecord) -> Dialect:
        """What is known of a peer that greets anew. If our count had wrapped since it had greeted before, our guess was
        probably wrong."""
        proven = self.proven
        if self.wrapped:
            proven = MODULUS if self.modulus(previous) == SHORT_MODULUS else SHORT_MODULUS
        return _shared(proven, False, self.odd_source)


@lru_cache(maxsize=16)
def _shared(proven: int, wrapped: bool, odd_source: bool) -> Dialect:
    """One object for all of whom the same is known; there are no more than a dozen."""
    return Dialect(proven, wrapped, odd_source)


#: Of somebody new.
NOTHING_KNOWN: Final = _shared(0, False, False)


def is_version_4(peer: PeerId) -> bool:
    """Whether an identity has the marks of a random UUID as RFC 4122 makes it."""
    return peer[12] == "4" and peer[16] in "89AB"
