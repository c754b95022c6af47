"""What a machine wants done (effects), and what its host tells it about that (reports).

Links are numbered by the machine: a peer that starts anew gets a new link, so that a late report about the old one
cannot be mistaken. These are tuples, not dataclasses, because every message makes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

__all__ = [
    "AskRoom",
    "Broadcast",
    "CloseLink",
    "Discard",
    "Effect",
    "Hasten",
    "HelloFrom",
    "Keep",
    "KeptLetter",
    "KeysChanged",
    "LinkAnswered",
    "LinkBlocked",
    "LinkFailed",
    "LinkLost",
    "LinkRefused",
    "LinkWritable",
    "KeysComing",
    "ListProven",
    "ListenAnew",
    "LocalityChanged",
    "Mark",
    "NameResolved",
    "NotPersisted",
    "OpenLink",
    "PeerJudged",
    "PeerRefused",
    "Persisted",
    "Probe",
    "Pressure",
    "Report",
    "Restored",
    "Send",
    "Taken",
]

from zyre.core.locality import Locality
from zyre.identity import PeerId
from zyre.refusals import RefusalCode


class OpenLink(NamedTuple):
    """Open link number ``link`` toward ``endpoint``; it may connect later, and queues meanwhile. Where CURVE is used
    the endpoint is followed by ``|`` and the public key of the node there."""

    link: int
    endpoint: str


class Send(NamedTuple):
    """Send one message of ``frames`` on a link."""

    link: int
    frames: Sequence[bytes]


class AskRoom(NamedTuple):
    """There is more to send on a link: if it has taken everything up to here, LinkWritable follows at once."""

    link: int


class CloseLink(NamedTuple):
    """Close a link; with ``flush`` what is queued may still leave for a moment."""

    link: int
    flush: bool


class Broadcast(NamedTuple):
    """Send a beacon on every interface."""

    payload: bytes


class Probe(NamedTuple):
    """Find out whether anybody listens at the ``endpoint`` of a link: LinkAnswered or LinkRefused follows, or nothing.
    Another one for the same link takes its place."""

    link: int
    endpoint: str


class Hasten(NamedTuple):
    """The peer of a link has become quiet. If that is because nothing passes, what is on its way is to go on soon after
    something does again, and not when the host sends again what it could not send for so long."""

    link: int


class Keep(NamedTuple):
    """Write a durable message down, and that its number is used. A Persisted or NotPersisted of its ``serial``, or of a
    later one, follows."""

    serial: int
    peer: PeerId
    stream: int
    number: int
    group: str
    content: tuple[bytes, ...]
    left: float
    """Seconds that it has to live."""


class Discard(NamedTuple):
    """Of the messages kept for a peer, forget those below a number, and some others. If that fails it is tried again,
    or else a later life would offer them to a peer that has forgotten them."""

    serial: int
    peer: PeerId
    below: int
    numbers: tuple[int, ...] = ()


class Mark(NamedTuple):
    """Write down that our program has taken everything of a peer's stream up to and with a number; it follows what
    follows a Keep."""

    serial: int
    peer: PeerId
    stream: int
    number: int


class ListenAnew(NamedTuple):
    """Everybody is silent: listen with the keys that are to come. KeysChanged follows."""


Effect: TypeAlias = (
    OpenLink | Send | AskRoom | CloseLink | Broadcast | Probe | Hasten | Keep | Discard | Mark | ListenAnew
)


class LinkBlocked(NamedTuple):
    """The link's queue is full: ``frames`` were not taken. LinkWritable follows when there is room again."""

    link: int
    frames: Sequence[bytes]


class LinkWritable(NamedTuple):
    """There is room in the link's queue again."""

    link: int


class LinkFailed(NamedTuple):
    """The link could not be opened."""

    link: int


class LinkLost(NamedTuple):
    """The connection broke by which the messages under ``identity`` (17 octets) came. Not ours to that peer: a link of
    ours is connected again and again, and says nothing."""

    identity: bytes


class LinkRefused(NamedTuple):
    """Nobody listens where the link leads: the host is there, and refuses connections."""

    link: int


class LinkAnswered(NamedTuple):
    """Somebody listens where the link leads, and its process runs."""

    link: int


class LocalityChanged(NamedTuple):
    """The interfaces or addresses of this host changed."""

    locality: Locality


class HelloFrom(NamedTuple):
    """The HELLO that comes next under ``identity`` comes over a connection from ``address``; ``groups`` are
    patterns of the groups that its sender may be in, None for all."""

    identity: bytes
    address: str
    groups: tuple[str, ...] | None = None
    refused: RefusalCode | None = None
    """Why that one may not be here any more."""
    rekeyed: bool = False
    """Whether it may have another key than it was known by."""


class KeysComing(NamedTuple):
    """The host has new keys, and will listen with them. That ends all connections to it, so peers have to fall silent
    before: ListenAnew is asked for when they have."""


class KeysChanged(NamedTuple):
    """The host has new keys: links that are opened from now on show the new ones. ``public_key`` is that of the node
    from now on, with ``certificate`` to be shown in HELLO; empty if it is the same as before."""

    public_key: str
    certificate: str


class ListProven(NamedTuple):
    """The host has a later list of revoked keys than before, which the authority has signed."""

    version: int
    octets: bytes


class NameResolved(NamedTuple):
    """A host name that was dialled stands for ``addresses``."""

    host: str
    addresses: tuple[str, ...]


class PeerJudged(NamedTuple):
    """What the host's policy says, now that it has changed, of a peer that is here: why it may not be any more (None if
    it may), and the patterns of the groups that it may be in (None for all)."""

    peer: PeerId
    refused: RefusalCode | None
    groups: tuple[str, ...] | None


class PeerRefused(NamedTuple):
    """The host did not let somebody at ``address`` in, so many times."""

    code: RefusalCode
    address: str
    times: int = 1


class Pressure(NamedTuple):
    """Whether the application reads so slowly that peers should send less."""

    high: bool


class KeptLetter(NamedTuple):
    """A durable message as the store has it, and how many seconds it has left to live."""

    peer: PeerId
    number: int
    group: str
    content: tuple[bytes, ...]
    left: float


class Restored(NamedTuple):
    """What earlier lives of this node have left in its store; told before the start."""

    letters: tuple[KeptLetter, ...]
    """In order, for each peer."""
    streams: tuple[tuple[PeerId, int, int], ...]
    """For each peer that was ever sent to: our stream, and its next number."""
    taken: tuple[tuple[PeerId, int, int], ...]
    """For each peer that ever sent: its stream, and what the program had taken of that."""


class Persisted(NamedTuple):
    """All Keep, Discard and Mark up to that serial are on disk."""

    serial: int


class NotPersisted(NamedTuple):
    """What was to be written since the last Persisted, up to that serial, could not be, and will not be."""

    serial: int
    reason: str


class Taken(NamedTuple):
    """The program has taken a durable message: it came for the next one."""

    peer: PeerId
    stream: int
    number: int


Report: TypeAlias = (
    LinkBlocked
    | LinkWritable
    | LinkFailed
    | LinkLost
    | LinkRefused
    | LinkAnswered
    | ListProven
    | KeysChanged
    | KeysComing
    | LocalityChanged
    | HelloFrom
    | NameResolved
    | PeerJudged
    | PeerRefused
    | Pressure
    | Restored
    | Persisted
    | NotPersisted
    | Taken
)
