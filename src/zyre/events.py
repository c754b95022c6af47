"""What happens on the network, as small immutable values made for ``match``.

Every event has ``peer`` (the PeerId, accepted wherever a peer is asked for) and ``name`` (its public name). There is
one event for each change of state, never a repetition, and nothing about a peer outside its Enter..Exit.

    match event:
        case Enter(name=name, address=address):        print(f"{name} came, at {address}")
        case Whisper(peer=peer, content=(text,)):      node.whisper(peer, b"got " + text)
        case Exit(name=name, reason="expired"):        print(f"{name} went silent")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from zyre.identity import PeerId
from zyre.payload import Payload
from zyre.refusals import EXPLANATIONS, RefusalCode

__all__ = [
    "Enter",
    "Exit",
    "Evasive",
    "Silent",
    "Returned",
    "Join",
    "Leave",
    "Updated",
    "Collision",
    "Whisper",
    "Shout",
    "ReliableWhisper",
    "ReliableShout",
    "DurableWhisper",
    "DurableShout",
    "Leader",
    "Leaderless",
    "Gap",
    "Refused",
    "NetworkChanged",
    "Event",
    "ExitReason",
]

#: Why a peer is gone: it said so; its process died, and its host refuses connections in its place; nothing was heard of
#: it for the expiry time; a new start of it, or another node at its endpoint, took its place; it lives and cannot be
#: reached, because others hear it and we do not, or because nothing can connect to the endpoint that it named; this
#: node lost its identity to another and knows nobody any more (see Collision); or it may not be here any more (see
#: Refused).
ExitReason: TypeAlias = Literal["left", "crashed", "expired", "replaced", "unreachable", "collision", "revoked"]


@dataclass(frozen=True, slots=True)
class Enter:
    """A peer said HELLO and can be talked to. Its groups follow as Join events too (36/ZRE, HELLO)."""

    peer: PeerId
    name: str
    address: str
    """The endpoint at which it is reached, such as ``tcp://192.168.1.7:49152``."""
    headers: Mapping[str, str]
    """What it says about itself; read only."""
    groups: frozenset[str] = frozenset()
    """The groups that it was in when it said HELLO."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A peer is gone. There are no Leave events before it: whoever exits leaves every group."""

    peer: PeerId
    name: str
    reason: ExitReason


@dataclass(frozen=True, slots=True)
class Evasive:
    """Nothing was heard of a peer for the evasive time; it is being asked for a sign of life."""

    peer: PeerId
    name: str


@dataclass(frozen=True, slots=True)
class Silent:
    """An evasive peer did not answer until the silent time; it will expire unless it does."""

    peer: PeerId
    name: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A peer that was evasive or silent gave a sign of life."""

    peer: PeerId
    name: str


@dataclass(frozen=True, slots=True)
class Join:
    """A peer joined a group, or was in it when it entered."""

    peer: PeerId
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A peer left a group and stays on the network."""

    peer: PeerId
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Updated:
    """A peer changed its headers while it runs. Only nodes of this package tell that."""

    peer: PeerId
    name: str
    changed: Mapping[str, str]
    """The headers that are new or have another value, with it; read only."""
    removed: frozenset[str]
    """The headers that are gone."""


@dataclass(frozen=True, slots=True)
class Whisper(Payload):
    """A message from a peer to this node alone."""

    peer: PeerId
    name: str
    content: tuple[bytes, ...]
    """The frames of the message, exactly as sent."""


@dataclass(frozen=True, slots=True)
class Shout(Payload):
    """A message from a peer to a group."""

    peer: PeerId
    name: str
    group: str
    content: tuple[bytes, ...]
    """The frames of the message, exactly as sent."""


@dataclass(frozen=True, slots=True)
class ReliableWhisper(Whisper):
    """A Whisper that was sent as a reliable one: it comes once, behind all that were sent before it."""

    number: int
    """Counts the reliable messages of that peer to this node, whispers and shouts together, from 0 on."""


@dataclass(frozen=True, slots=True)
class ReliableShout(Shout):
    """A Shout that was sent as a reliable one."""

    number: int
    """See ReliableWhisper."""


@dataclass(frozen=True, slots=True)
class DurableWhisper(Whisper):
    """A Whisper that was sent as a durable one. The program has taken it when it comes for its next event; until then
    it is kept on the sender's disk, and handed over again if this program dies.

    ``(stream, number)`` rises with each message of that peer, over all lives of both nodes: a program that keeps the
    last one beside its work, as with ``zyre.once``, does each message exactly once.
    """

    stream: int
    """Another, and higher, one if the sender has lost its store."""
    number: int
    """Rises within the stream; messages whose time was over are left out."""


@dataclass(frozen=True, slots=True)
class DurableShout(Shout):
    """A Shout that was sent as a durable one; see DurableWhisper."""

    stream: int
    """See DurableWhisper."""
    number: int
    """See DurableWhisper."""


@dataclass(frozen=True, slots=True)
class Leader:
    """A group has a new leader: ``peer`` and ``name``, which may be this node itself."""

    peer: PeerId
    name: str
    group: str
    term: int = 0
    """Rises with every new leader; 0 if the leader is a plain peer, which knows no terms."""
    token: int = 0
    """For whatever the leader writes to: let it refuse a lower one than it has seen. 0 without a term."""


@dataclass(frozen=True, slots=True)
class Leaderless:
    """A leader that a majority had elected leads no more, and nobody does: it gave up, or too few renewed its lease.
    ``peer`` may be this node itself. If the leader exits, its Exit says that instead."""

    peer: PeerId
    name: str
    group: str
    term: int


@dataclass(frozen=True, slots=True)
class Gap:
    """``missed`` messages of a peer were lost on the way, by its own count. The peer stays.
    Those that travelled together in one frame count as one here; the sender's ``fates`` count each."""

    peer: PeerId
    name: str
    missed: int


@dataclass(frozen=True, slots=True)
class Collision:
    """Two nodes of one identity run at the same time. The one that was started last keeps it, and is reached as before;
    the other one has fallen silent. Told once to each of the two, and to those who know the one that keeps it."""

    peer: PeerId
    """The identity that both have."""
    name: str
    """The name of the node that keeps it."""
    address: str
    """Where that one is reached."""
    rival_name: str
    """The name of the node that gave it up."""
    rival_address: str
    """Where that one was reached."""
    lost: bool = False
    """Whether that is this very node: it has no peers any more, and will have none. Stop it, and start another one
    with an identity of its own."""


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    """This computer has other addresses than before: a cable, an address or an interface came or went. ``peer`` and
    ``name`` are this node's own. Peers are found anew where that is needed, without anybody doing anything."""

    peer: PeerId
    name: str
    appeared: tuple[str, ...]
    """Addresses that are new."""
    vanished: tuple[str, ...]
    """Addresses that are gone."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody was not let in, and why; once for each code and address, counted every time.

    ``peer`` and ``name`` are who they say they are: 32 zeros and "" if they have not said so.
    """

    peer: PeerId
    name: str
    code: RefusalCode
    address: str
    """From where they came, such as ``192.168.1.7``; empty for sockets of this machine."""

    @property
    def explanation(self) -> str:
        """What that means, and what to do if they should be let in."""
        return EXPLANATIONS[self.code]


Event: TypeAlias = (
    Enter
    | Exit
    | Evasive
    | Silent
    | Returned
    | Join
    | Leave
    | Updated
    | Whisper
    | Shout
    | Leader
    | Leaderless
    | Gap
    | Refused
    | Collision
    | ReliableWhisper
    | ReliableShout
    | DurableWhisper
    | DurableShout
    | NetworkChanged
)


class _NewWhisper(Payload):
    """A Whisper while it is made: same slots, and assignable.

    A frozen dataclass sets each field by a call of object.__setattr__, which doubles the cost of the events that there
    are most of. Made like this they are the same values of the same class, in half the time.
    """

    __slots__ = Whisper.__slots__

    def __init__(self, peer: PeerId, name: str, content: tuple[bytes, ...]) -> None:
        self.peer = peer
        self.name = name
        self.content = content
        self.__class__ = Whisper  # type: ignore[assignment]


class _NewShout(Payload):
    """A Shout while it is made."""

    __slots__ = Shout.__slots__

    def __init__(self, peer: PeerId, name: str, group: str, content: tuple[bytes, ...]) -> None:
        self.peer = peer
        self.name = name
        self.group = group
        self.content = content
        self.__class__ = Shout  # type: ignore[assignment]


#: A Whisper, made quickly.
new_whisper: Callable[[PeerId, str, tuple[bytes, ...]], Whisper] = _NewWhisper  # type: ignore[assignment]
#: A Shout, made quickly.
new_shout: Callable[[PeerId, str, str, tuple[bytes, ...]], Shout] = _NewShout  # type: ignore[assignment]
