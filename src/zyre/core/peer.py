"""What a node knows about one peer: its place in the table of states, its counters, its signs of life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from zyre.core.account import Account
from zyre.core.dialect import LOWEST_MODULUS, MODULUS, NOTHING_KNOWN, SHORT_MODULUS
from zyre.core.outqueue import OutQueue
from zyre.core.tables import ALIVE, PENDING, READY
from zyre.core.timers import NEVER
from zyre.endpoint import Endpoint
from zyre.identity import NOBODY, PeerId
from zyre.roster import Peer

__all__ = ["PeerRecord", "common"]

_HALF: Final = MODULUS // 2
_LONG_AGO: Final = -NEVER

#: Who was replaced this often in a row, each time so soon after the last, is not starting anew: both sides answer
#: answers, each after a round trip, which may take long on a bad network.
_OFTEN: Final = 2
_SOON: Final = 1.0

_NO_GROUPS: Final[frozenset[str]] = frozenset()
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@lru_cache(maxsize=256)
def common(ours: frozenset[str], theirs: frozenset[str] | None) -> frozenset[str]:
    """The extensions of both: one object for all pairs of the same kinds, as most are. None is a plain node."""
    return ours & (theirs or frozenset())


class PeerRecord:
    """One peer, from the moment its endpoint is known until it is gone.

    ``identity`` is None only while an explicit connection has not learned who is at the other end; ``peer`` is the same
    for all who need not ask, and NOBODY then.
    """

    __slots__ = (
        "answered_at",
        "ask_again_at",
        "backlog",
        "beacon",
        "blocked",
        "books",
        "carrying",
        "confirmed",
        "congested",
        "dialect",
        "doubted",
        "endpoint",
        "entered_again_at",
        "extensions",
        "former",
        "found_by",
        "greet_again_at",
        "groups",
        "headers",
        "heard_mark",
        "identity",
        "incarnation",
        "is_own_kind",
        "link",
        "name",
        "noted",
        "on_hold",
        "peer",
        "permitted",
        "phase",
        "presumed_at",
        "proven",
        "proven_at",
        "queue",
        "quiet_at",
        "received",
        "relinked_until",
        "replacements",
        "sent",
        "shedding",
        "shedding_large",
        "snapshot",
        "state",
        "status",
        "strayed_at",
        "told",
        "unconfirmed",
        "verified_at",
        "vouched_at",
        "watched",
    )

    def __init__(self, identity: PeerId | None, endpoint: Endpoint, link: int, found_by: str) -> None:
        self.identity, self.peer = identity, identity or NOBODY
        self.endpoint, self.link = endpoint, link
        self.found_by = found_by
        self.state = PENDING
        self.name = ""
        self.headers = _NO_HEADERS
        self.groups = _NO_GROUPS
        self.permitted: tuple[str, ...] | None = None
        """Patterns of the groups that it may be in and speak to; None for all."""
        self.status = 0
        self.extensions: frozenset[str] = frozenset()
        self.is_own_kind = False
        self.incarnation = 0
        """Which life of it that is; 0 if it does not say."""
        self.replacements = 0
        self.entered_again_at = 0.0
        # counting messages
        self.sent = 0
        self.received = 0
        self.former = (
            -1
        )  # the last number on the link that it had before it greeted us on another one, in the same life
        self.dialect = NOTHING_KNOWN
        self.books: Account | None = None
        """Its ``account``; None until there is something to write into it, as for most peers of a large cluster."""
        # signs of life
        self.beacon = b""
        self.noted = False
        """Whether the host notes its beacons, and watches for its silence."""
        self.watched = -1
        """The number of the tick at which it is looked at next."""
        self.phase = ALIVE
        self.quiet_at = 0.0
        self.greet_again_at = 0.0
        self.strayed_at = NEVER
        """Since when its beacons come from elsewhere only than where it is reached."""
        self.presumed_at = NEVER
        """``quiet_at``, if it was last set without a sign of life."""
        self.proven = 0
        """How many messages had come when we last looked, and since when there have been no others."""
        self.proven_at = 0.0
        self.doubted = False  # whether our link may not reach it, so that its beacons prove nothing
        self.answered_at = _LONG_AGO  # when somebody last answered at its endpoint, without being heard otherwise
        self.vouched_at = _LONG_AGO  # when others last heard it, by what they say
        self.verified_at = NEVER
        """From when on one more refusal at its endpoint is final; NEVER: there has been none."""
        self.heard_mark = (0.0, 0)
        """What had been heard of it at the first refusal."""
        # what it knows of us
        self.told = ""
        """Our endpoint as it was told it."""
        self.relinked_until = 0.0
        """Until when a HELLO of it is the answer to ours: it was here all the time, and we moved."""
        self.confirmed = 0
        """The last of our changes that it is known to know of."""
        self.unconfirmed = 0
        """How often it could have been asked since."""
        self.ask_again_at = 0.0
        """Until when it has time to tell us what we missed."""
        # a full queue
        self.blocked = self.shedding = self.on_hold = False
        """On hold: all that is to be said waits for a new link."""
        self.queue: OutQueue | None = None
        self.congested = False
        """Whether too many bundled messages are on their way to it, so that no data is sent until it has some."""
        self.shedding_large = self.carrying = False
        """Patience is over with large messages; one of a stream is on its way: the rest waits."""
        self.backlog: Sequence[tuple[int, bytes]] = ()
        self.snapshot: Peer | None = None

    def reopen(self, endpoint: Endpoint, link: int) -> None:
        """The peer is reached there from now on, over a link on which nothing was sent yet."""
        self.endpoint, self.link = endpoint, link
        self.sent = 0
        self.blocked = self.congested = self.shedding = False
        self.backlog = ()
        self.strayed_at = NEVER
        self.snapshot = None

    def adopt(self, dialled: PeerRecord) -> None:
        """It answers where an explicit connection leads, and what was said there is said."""
        self.sent, self.blocked, self.backlog = dialled.sent, dialled.blocked, dialled.backlog
        self.told, self.confirmed = dialled.told, dialled.confirmed

    @property
    def account(self) -> Account:
        """What became of what we said to each other."""
        if self.books is None:
            self.books = Account()
        return self.books

    def identify(self, peer: PeerId) -> None:
        """Somebody answers where an explicit connection leads."""
        self.identity = self.peer = peer

    @property
    def is_presumed(self) -> bool:
        """Whether it is only remembered from a former life, so that whatever else is said of it counts for more."""
        return self.found_by == "remembered" and self.state is PENDING

    @property
    def wants_goodbye(self) -> bool:
        """Whether it is to be told on its link that we leave: it knows the message, or no beacon tells it so."""
        return self.found_by in ("connect", "gossip") or "goodbye" in self.extensions

    def count_replacement(self, previous: PeerRecord | None, now: float) -> None:
        """The peer entered; note whether it does so again and again."""
        soon_again = previous is not None and now < previous.entered_again_at
        self.replacements = previous.replacements + 1 if previous is not None and soon_again else 0
        self.entered_again_at = now + _SOON

    def replaced_often(self, now: float) -> bool:
        """Whether it has entered several times in a row, a moment after each other."""
        return self.replacements >= _OFTEN and now < self.entered_again_at and self.state is READY

    def next_sequence(self) -> int:
        """Count one message to this peer."""
        self.sent += 1
        if self.sent >= LOWEST_MODULUS and self.sent >= self.dialect.modulus(self):
            self.sent = 0
            self.dialect = self.dialect.learn(wrapped=True)
        return self.sent

    def uncount(self) -> None:
        """Take back the last count: the message did not leave, and a gap would make libzyre drop us."""
        self.sent = self.sent - 1 if self.sent else self.dialect.modulus(self) - 1

    def missed_before(self, sequence: int) -> int:
        """Take over a received sequence number; how many messages are missing before it, or -1 if it goes back. What a
        peer said before it knew that we had answered on its other link belongs to the former one: see Dialling."""
        if self.received == 1 and 0 <= self.former == sequence - 1:
            self.former = sequence
            return 0
        expected = (self.received + 1) % MODULUS
        last, self.received = self.received, sequence
        if sequence == expected:
            return 0
        if sequence == 0 and last == SHORT_MODULUS - 1:
            self.dialect = self.dialect.learn(proven=SHORT_MODULUS)
            return 0
        missed = (sequence - expected) % MODULUS
        return missed if missed < _HALF else -1

    def to_public(self) -> Peer:
        """The immutable value that applications see; made once for each change."""
        if self.snapshot is None:
            self.snapshot = Peer(
                uuid=self.peer,
                name=self.name,
                address=str(self.endpoint),
                headers=self.headers,
                groups=self.groups,
                found_by=self.found_by,
                extensions=self.extensions,
            )
        return self.snapshot
