"""Who is here: immutable snapshots of the peers that a node knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from zyre.errors import InvalidPeer
from zyre.identity import PeerId

__all__ = ["Leadership", "Peer", "Roster"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer as it was when the snapshot was taken."""

    uuid: PeerId
    name: str
    address: str
    """The endpoint at which it is reached."""
    headers: Mapping[str, str]
    """What it says about itself; read only."""
    groups: frozenset[str]
    found_by: str
    """How it was found: ``beacon`` (heard by UDP), ``hello`` (it found us), ``connect`` (the application asked),
    ``introduced`` (by a peer), ``gossip``, ``remembered`` (from a former life)."""
    extensions: frozenset[str] = frozenset()
    """What it understands beyond plain 36/ZRE."""


class Leadership(NamedTuple):
    """Who leads a group, and since when."""

    peer: PeerId
    name: str
    term: int
    """Rises with every new leader; 0 if the leader is a plain peer, which knows no terms."""
    token: int
    """For whatever the leader writes to: let it refuse a lower one than it has seen. 0 without a term."""


class Roster(Collection[Peer]):
    """The peers at one moment: iterate, count, look up. It never changes; ask the node again for a newer one.

    >>> for peer in node.peers: print(peer.name)          # doctest: +SKIP
    >>> node.peers[event.peer].headers["role"]            # doctest: +SKIP
    """

    __slots__ = ("_by_id",)

    def __init__(self, peers: Mapping[PeerId, Peer]) -> None:
        self._by_id = peers

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, peer: object) -> bool:
        try:
            return PeerId.parse(peer) in self._by_id
        except InvalidPeer:
            return False

    def __getitem__(self, peer: object) -> Peer:
        """The peer with that identity. Raises KeyError if it is not here, InvalidPeer if that is no identity."""
        return self._by_id[PeerId.parse(peer)]

    def get(self, peer: object) -> Peer | None:
        """The peer with that identity, or None if it is not here."""
        return self._by_id.get(PeerId.parse(peer))

    def named(self, name: str) -> tuple[Peer, ...]:
        """The peers of that name: names are public labels and need not be unique."""
        return tuple(peer for peer in self if peer.name == name)

    def in_group(self, group: str) -> Roster:
        """Those of the peers that are in ``group``."""
        return Roster({peer.uuid: peer for peer in self if group in peer.groups})

    def __call__(self, **headers: str) -> Roster:
        """Those of the peers that have all these headers with these values: ``node.peers(role="gpu")``.

        A name that is no Python word is written ``node.peers(**{"x-role": "gpu"})``.
        """
        wanted = headers.items()
        return Roster({peer.uuid: peer for peer in self if wanted <= peer.headers.items()})

    def __eq__(self, other: object) -> bool:
        return self._by_id == other._by_id if isinstance(other, Roster) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it compares by content, which is not hashable

    def __repr__(self) -> str:
        return f"Roster({', '.join(peer.name for peer in self)})"
