"""The decisions of the protocol as data: the life of a peer, the phases of its silence, what counts as a violation.

    ABSENT ──found──> PENDING ──hello──> READY ──hello──> READY (replaced: a new start, or it forgot us)
       └────────────────hello──────────────┘ └──goodbye, overdue──> ABSENT

A pair that is missing from TRANSITIONS is a defect; a test walks all of them. Differences to libzyre, on purpose: a
wrong sequence number never removes a peer, a beacon counts as a sign of life (36/ZRE says so, libzyre does not), and
a peer that never said HELLO comes and goes without events.
"""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum, auto
from typing import Final

from zyre.events import ExitReason

__all__ = [
    "ABSENT",
    "ADMIT",
    "ALIVE",
    "GREET",
    "ON_FOUND",
    "ON_HELLO",
    "PENDING",
    "PHASES",
    "READY",
    "REASONS",
    "TRANSITIONS",
    "WITHOUT_A_WORD",
    "Action",
    "Input",
    "PeerState",
    "Phase",
    "Violation",
]


class _Key(Enum):
    """Members are looked up by identity: Enum's own hash is a call into Python for every lookup in a table."""

    __hash__ = object.__hash__


class PeerState(_Key):
    """How far we are with a peer."""

    ABSENT = auto()
    """Unknown, or gone."""
    PENDING = auto()
    """Its endpoint is known, our link is open and our HELLO is on its way; it has not said HELLO."""
    READY = auto()
    """It said HELLO: it entered, and can be talked to."""


# Where every message passes, or every peer of a thousand: before Python 3.12 it takes as long to look a member up in
# its enumeration as to call a function.
ABSENT: Final = PeerState.ABSENT
PENDING: Final = PeerState.PENDING
READY: Final = PeerState.READY


class Input(_Key):
    """What can happen to a peer."""

    FOUND = auto()
    """Its beacon was heard, or the application asked for it."""
    HELLO = auto()
    HELLO_AGAIN = auto()
    """HELLO of the very life of the peer that is here: it had lost sight of us."""
    MESSAGE = auto()
    """Any other message."""
    LAST_BEACON = auto()
    """A beacon with port 0. It may have overtaken messages."""
    GOODBYE = auto()
    """GOODBYE on the link, behind everything else; or the time that LAST_BEACON left is over."""
    OVERDUE = auto()
    """Nothing was heard for the expiry time."""
    BEYOND = auto()
    """It was not heard for long after that, though it lives: others hear it, or its host answers for it."""
    REFUSED = auto()
    """Its connection broke, and its host refuses ours."""


class Action(_Key):
    """What the node does then."""

    GREET = auto()
    """Open a link and say HELLO."""
    ADMIT = auto()
    """Take name, headers and groups from its HELLO: Enter, and a Join for each group."""
    DELIVER = auto()
    """Check the sequence, then let the message have its effect."""
    REFRESH = auto()
    """A sign of life."""
    REGREET = auto()
    """Still no HELLO: greet anew if the handshake time is over."""
    REPLACE = auto()
    """Close the link and forget the peer; Exit(reason="replaced")."""
    RESUME = auto()
    """Open a new link and answer, and take over what differs: the peer was here all the time."""
    LINGER = auto()
    """Take what is still on its way for a moment, then it is as if the peer had said GOODBYE."""
    DISMISS = auto()
    """Close the link and forget the peer; Exit(reason="left")."""
    EXPIRE = auto()
    """Close the link and forget the peer; Exit(reason="expired")."""
    GIVE_UP = auto()
    """Close the link and forget the peer; Exit(reason="unreachable")."""
    MOURN = auto()
    """Close the link and forget the peer; Exit(reason="crashed")."""
    FORGET = auto()
    """Close the link and forget the peer, who never entered: no event."""
    REFUSE = auto()
    """Count it as a message of a stranger."""
    IGNORE = auto()


GREET: Final = Action.GREET
ADMIT: Final = Action.ADMIT


TRANSITIONS: Final[dict[tuple[PeerState, Input], tuple[Action, ...]]] = {
    (PeerState.ABSENT, Input.FOUND): (Action.GREET,),
    (PeerState.ABSENT, Input.HELLO): (Action.GREET, Action.ADMIT),
    (PeerState.ABSENT, Input.HELLO_AGAIN): (Action.GREET, Action.ADMIT),
    (PeerState.ABSENT, Input.MESSAGE): (Action.REFUSE,),
    (PeerState.ABSENT, Input.LAST_BEACON): (Action.IGNORE,),
    (PeerState.ABSENT, Input.GOODBYE): (Action.IGNORE,),
    (PeerState.ABSENT, Input.OVERDUE): (Action.IGNORE,),
    (PeerState.ABSENT, Input.BEYOND): (Action.IGNORE,),
    (PeerState.ABSENT, Input.REFUSED): (Action.IGNORE,),
    (PeerState.PENDING, Input.FOUND): (Action.REGREET,),
    (PeerState.PENDING, Input.HELLO): (Action.ADMIT,),
    (PeerState.PENDING, Input.HELLO_AGAIN): (Action.ADMIT,),
    (PeerState.PENDING, Input.MESSAGE): (Action.REFUSE,),
    (PeerState.PENDING, Input.LAST_BEACON): (Action.FORGET,),
    (PeerState.PENDING, Input.GOODBYE): (Action.FORGET,),
    (PeerState.PENDING, Input.OVERDUE): (Action.FORGET,),
    (PeerState.PENDING, Input.BEYOND): (Action.FORGET,),
    (PeerState.PENDING, Input.REFUSED): (Action.IGNORE,),
    (PeerState.READY, Input.FOUND): (Action.REFRESH,),
    (PeerState.READY, Input.HELLO): (Action.REPLACE, Action.GREET, Action.ADMIT),
    (PeerState.READY, Input.HELLO_AGAIN): (Action.RESUME,),
    (PeerState.READY, Input.MESSAGE): (Action.DELIVER,),
    (PeerState.READY, Input.LAST_BEACON): (Action.LINGER,),
    (PeerState.READY, Input.GOODBYE): (Action.DISMISS,),
    (PeerState.READY, Input.OVERDUE): (Action.EXPIRE,),
    (PeerState.READY, Input.BEYOND): (Action.GIVE_UP,),
    (PeerState.READY, Input.REFUSED): (Action.MOURN,),
}


def _of(what: Input) -> dict[PeerState, tuple[Action, ...]]:
    return {state: actions for (state, given), actions in TRANSITIONS.items() if given is what}


#: What is looked up for every peer of a thousand.
ON_FOUND: Final = _of(Input.FOUND)
ON_HELLO: Final = _of(Input.HELLO)


#: What applications are told when a peer goes in that way.
REASONS: Final[dict[Action, ExitReason]] = {
    Action.REPLACE: "replaced",
    Action.DISMISS: "left",
    Action.EXPIRE: "expired",
    Action.GIVE_UP: "unreachable",
    Action.MOURN: "crashed",
    Action.FORGET: "left",
}

#: Who went like this may be back, and not know that it was away.
WITHOUT_A_WORD: Final = ("expired", "unreachable", "crashed")


class Phase(IntEnum):
    """How long a READY peer has been quiet."""

    ALIVE = 0
    EVASIVE = 1
    SILENT = 2
    EXPIRED = 3


#: For the same reason as PeerState's.
ALIVE: Final = Phase.ALIVE
#: The phases in the order in which silence passes through them.
PHASES: Final = tuple(Phase)


class Violation(StrEnum):
    """What peers and strangers do wrong: the keys of ``statistics().violations``, and there are no others."""

    BEACON_MALFORMED = "beacon_malformed"
    """A datagram on the beacon port that is no beacon."""
    BEACON_SECURED = "beacon_secured"
    """A beacon of a node that demands CURVE, heard by an open node."""
    BEACON_OPEN = "beacon_open"
    """A beacon of an open node, heard by one that demands CURVE."""
    BEACON_FORGED = "beacon_forged"
    """A beacon without the proof of the cluster's secret."""
    BEACON_REPLAYED = "beacon_replayed"
    """A proven beacon that is older than another of the same node."""
    BEACON_REDIRECTED = "beacon_redirected"
    """A proven beacon from an address that is none of its node's."""
    BEACON_STALE = "beacon_stale"
    """A proven beacon of another time than now."""
    BEACON_ELSEWHERE = "beacon_elsewhere"
    """A beacon from an address outside the networks of this node's interfaces."""
    FRAME_MALFORMED = "frame_malformed"
    """A message whose frames are not 36/ZRE."""
    IDENTITY_MALFORMED = "identity_malformed"
    """A message whose sender's identity is not 01 and a UUID."""
    MESSAGE_UNKNOWN = "message_unknown"
    """A message with an id that does not exist."""
    KEY_UNKNOWN = "key_unknown"
    """A connection, to or from this node, with a key that may not join."""
    KEY_REVOKED = "key_revoked"
    """A peer whose key may not join any more, or what it says after that."""
    KEY_EXPIRED = "key_expired"
    """A connection, announcement or HELLO with a certificate that is good no longer."""
    STRANGERS_FULL = "strangers_full"
    """A connection with a key that is not known yet, beyond the limit of those."""
    TRIED_TOO_OFTEN = "tried_too_often"
    """A connection from an address of which too many were refused lately."""
    KEY_WRONG = "key_wrong"
    """A beacon or HELLO with another key than its sender is known by, or has proven to own."""
    DOMAIN_OTHER = "domain_other"
    """A connection with a certificate that is not for this node's domain."""
    ADDRESS_DENIED = "address_denied"
    """A connection from an address that is not let in."""
    CLUSTER_OTHER = "cluster_other"
    """A beacon or HELLO of a node of another cluster."""
    OUT_OF_SCOPE = "out_of_scope"
    """A beacon or HELLO from farther away than peers may be, or an endpoint there."""
    STRANGER = "stranger"
    """A message other than HELLO from a peer that has not said HELLO."""
    HELLO_REFUSED = "hello_refused"
    """A HELLO over a limit, or with an endpoint that leads nowhere."""
    SEQUENCE_BACKWARDS = "sequence_backwards"
    """A sequence number that repeats or goes back: the peer is kept, its count is taken over."""
    STATUS_WRONG = "status_wrong"
    """A JOIN or LEAVE with a wrong group status: taken over."""
    GROUP_REFUSED = "group_refused"
    """A JOIN over the limit of groups, or with an impossible group name."""
    ACK_WRONG = "ack_wrong"
    """A peer confirms messages that were never sent: ignored."""
    CREDIT_EXCEEDED = "credit_exceeded"
    """A peer sends more reliable messages than it was granted: not taken."""
    TALLY_WRONG = "tally_wrong"
    """A peer's account of what it got that cannot be true: ignored."""
    SUPERSEDED = "superseded"
    """A HELLO of an earlier life of a peer that is here."""
    HEADERS_REFUSED = "headers_refused"
    """Changed headers over a limit: the peer is known with those that it had."""
    GROUP_FORBIDDEN = "group_forbidden"
    """A JOIN or SHOUT for a group that the certificate of its sender is not good for."""
    PEERS_FULL = "peers_full"
    """A newcomer beyond the limit of peers."""
