"""What a machine wants done (effects), and what its host tells it about that (reports).

Links are numbered by the machine: a peer that starts anew gets a new link, so that a late report about the old one
cannot be mistaken. These are tuples, not dataclasses, because every message makes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

__all__ = [
    "Broadcast",
    "CloseLink",
    "Effect",
    "HelloFrom",
    "LinkAnswered",
    "LinkBlocked",
    "LinkFailed",
    "LinkLost",
    "LinkRefused",
    "LinkWritable",
    "ListProven",
    "LocalityChanged",
    "NameResolved",
    "OpenLink",
    "PeerJudged",
    "PeerRefused",
    "Probe",
    "Pressure",
    "Report",
    "Send",
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


Effect: TypeAlias = OpenLink | Send | CloseLink | Broadcast | Probe


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
    """The host did not let somebody at ``address`` in."""

    code: RefusalCode
    address: str


class Pressure(NamedTuple):
    """Whether the application reads so slowly that peers should send less."""

    high: bool


Report: TypeAlias = (
    LinkBlocked
    | LinkWritable
    | LinkFailed
    | LinkLost
    | LinkRefused
    | LinkAnswered
    | ListProven
    | LocalityChanged
    | HelloFrom
    | NameResolved
    | PeerJudged
    | PeerRefused
    | Pressure
)
