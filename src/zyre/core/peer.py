"""What a node knows about one peer: its place in the table of states, its counters, its signs of life."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from zyre.core.tables import PeerState, Phase
from zyre.endpoint import Endpoint
from zyre.identity import PeerId
from zyre.roster import Peer

__all__ = ["PeerRecord"]

_SEQUENCE_BITS: Final = 16
#: 36/ZRE counts modulo 65536; zeromq-pyre counts modulo 65535, sending and receiving.
MODULUS: Final = 1 << _SEQUENCE_BITS
PYRE_MODULUS: Final = MODULUS - 1
_HALF: Final = MODULUS // 2

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class PeerRecord:
    """One peer, from the moment its endpoint is known until it is gone.

    ``identity`` is None only while an explicit connection has not learned who is at the other end.
    """

    __slots__ = (
        "backlog",
        "blocked",
        "endpoint",
        "extensions",
        "found_by",
        "greet_again_at",
        "groups",
        "headers",
        "identity",
        "link",
        "modulus",
        "name",
        "phase",
        "quiet_at",
        "received",
        "sent",
        "shedding",
        "snapshot",
        "state",
        "status",
        "wrapped",
    )

    def __init__(self, identity: PeerId | None, endpoint: Endpoint, link: int, found_by: str) -> None:
        self.identity = identity
        self.endpoint = endpoint
        self.link = link
        self.found_by = found_by
        self.state = PeerState.PENDING
        self.name = ""
        self.headers = _NO_HEADERS
        self.groups: set[str] = set()
        self.status = 0
        self.extensions: frozenset[str] = frozenset()
        # counting messages
        self.sent = 0
        self.received = 0
        self.modulus = MODULUS
        self.wrapped = False
        # signs of life
        self.phase = Phase.ALIVE
        self.quiet_at = 0.0
        self.greet_again_at = 0.0
        # a full queue
        self.blocked = False
        self.shedding = False
        self.backlog: deque[tuple[int, bytes]] = deque()
        self.snapshot: Peer | None = None

    @property
    def peer(self) -> PeerId:
        """The identity of a peer that is known by one."""
        assert self.identity is not None
        return self.identity

    def next_sequence(self) -> int:
        """Count one message to this peer."""
        self.sent += 1
        if self.sent == self.modulus:
            self.sent = 0
            self.wrapped = True
        return self.sent

    def uncount(self) -> None:
        """Take back the last count: the message did not leave, and a gap would make libzyre drop us."""
        self.sent = (self.sent - 1) % self.modulus

    def missed_before(self, sequence: int) -> int:
        """Take over a received sequence number; how many messages are missing before it, or -1 if it goes back.

        65534 followed by 0 is zeromq-pyre's way to count: from then on we count its way toward it.
        """
        expected = (self.received + 1) % MODULUS
        last, self.received = self.received, sequence
        if sequence == expected:
            return 0
        if last == PYRE_MODULUS - 1 and sequence == 0:
            self.modulus = PYRE_MODULUS
            return 0
        missed = (sequence - expected) % MODULUS
        return missed if missed < _HALF else -1

    def choose_modulus(self, previous: PeerRecord | None) -> None:
        """Guess at HELLO how the peer counts, from its name and from the record that this one replaces.

        A peer that greets anew after our count wrapped probably counts with the other modulus: zeromq-pyre drops us
        at 65535 for that reason. Flipping costs it one re-entry at most, and us nothing if the guess was wrong: the
        next wrap flips it back.
        """
        if looks_like_pyre(self.peer, self.name):
            self.modulus = PYRE_MODULUS
        elif previous is not None and previous.wrapped:
            self.modulus = MODULUS if previous.modulus == PYRE_MODULUS else PYRE_MODULUS
        elif previous is not None:
            self.modulus = previous.modulus

    def to_public(self) -> Peer:
        """The immutable value that applications see; made once for each change."""
        if self.snapshot is None:
            self.snapshot = Peer(
                uuid=self.peer,
                name=self.name,
                address=str(self.endpoint),
                headers=self.headers,
                groups=frozenset(self.groups),
                found_by=self.found_by,
                extensions=self.extensions,
            )
        return self.snapshot


def looks_like_pyre(identity: PeerId, name: str) -> bool:
    """Whether a HELLO gives away zeromq-pyre: its default name is the UUID's first six digits in lower case.

    libzyre's default is upper case, so the two differ wherever there is a letter among them.
    """
    return name == identity.short.lower() != identity.short
