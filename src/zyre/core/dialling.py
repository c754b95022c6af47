"""Explicit connections: endpoints at which the application says that a peer is to be found.

libzyre's require_peer wants the peer's UUID as well and does not try again; here the UUID may be unknown until the
peer says HELLO, and the connection is kept up for as long as the node runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint
from zyre.identity import PeerId

__all__ = ["Dial", "Dialling"]


@dataclass(slots=True, eq=False)
class Dial:
    """One explicit connection. ``record`` is its anonymous peer while nobody has answered."""

    endpoint: Endpoint
    peer: PeerId | None
    record: PeerRecord | None = None


class Dialling:
    """The explicit connections of a node, by endpoint."""

    __slots__ = ("_dials",)

    def __init__(self) -> None:
        self._dials: dict[Endpoint, Dial] = {}

    def add(self, endpoint: Endpoint, peer: PeerId | None) -> Dial | None:
        """A new dial, or None if there is one to that endpoint already."""
        if endpoint in self._dials:
            return None
        dial = self._dials[endpoint] = Dial(endpoint, peer)
        return dial

    def claim(self, endpoint: Endpoint) -> PeerRecord | None:
        """The anonymous record whose link leads to whoever says HELLO from ``endpoint``; it is theirs from now on.

        The peer may spell its endpoint in another way than the application did (a host name, another of its
        addresses). Two links to one peer would fight for our one identity at its ROUTER, so a single waiting dial
        to the same port is taken to be the same.
        """
        if not self._dials:
            return None
        waiting = [dial for dial in self._dials.values() if dial.record is not None]
        exact = [dial for dial in waiting if dial.endpoint == endpoint]
        alike = [dial for dial in waiting if dial.endpoint.is_tcp and dial.endpoint.port == endpoint.port]
        for candidates in (exact, alike):
            if len(candidates) == 1:
                record, candidates[0].record = candidates[0].record, None
                return record
        return None

    def at_link(self, link: int) -> PeerRecord | None:
        """The anonymous record that has that link."""
        return next((record for record in self.anonymous() if record.link == link), None)

    def __iter__(self) -> Iterator[Dial]:
        return iter(self._dials.values())

    def anonymous(self) -> Iterator[PeerRecord]:
        """The records of dials that nobody has answered."""
        return (dial.record for dial in self._dials.values() if dial.record is not None)
