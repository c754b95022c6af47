"""Explicit connections: endpoints at which the application says that a peer is to be found.

libzyre's require_peer wants the peer's UUID as well and does not try again; here the UUID may be unknown until the
peer says HELLO, and the connection is kept up for as long as the node runs.

The peer greets back on a connection of its own, and may name itself by another address than the one that was dialled,
or by a host name; behind a NAT it names one that leads nowhere. Which dial it answers is told by where that connection
comes from. To get it wrong matters: two links to one peer would fight for our one identity at its ROUTER.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint
from zyre.identity import PeerId

__all__ = ["Dial", "Dialling"]


@dataclass(slots=True, eq=False)
class Dial:
    """One explicit connection. ``record`` is its anonymous peer while nobody has answered, ``answered_by`` who did;
    ``addresses`` are those that a host name stands for, once that is known."""

    endpoint: Endpoint
    peer: PeerId | None
    record: PeerRecord | None = None
    answered_by: PeerId | None = None
    addresses: tuple[str, ...] = ()
    rest_until: float = 0.0
    """Who is there was not let in, and is left alone until then."""

    def leads_to(self, address: str) -> bool:
        """Whether that address is the dialled one."""
        return address == self.endpoint.host or address in self.addresses

    @property
    def is_unresolved(self) -> bool:
        """Whether the dialled host is a name of which nothing is known."""
        return self.endpoint.is_tcp and not self.addresses and not _is_address(self.endpoint.host)


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

    def knows(self, endpoint: Endpoint) -> bool:
        """Whether the application asked for that endpoint."""
        return endpoint in self._dials

    def on_resolved(self, host: str, addresses: tuple[str, ...]) -> None:
        """A host name stands for these addresses."""
        for dial in self._dials.values():
            if dial.endpoint.host == host:
                dial.addresses = addresses

    def claim(self, peer: PeerId, endpoint: Endpoint, source: str) -> PeerRecord | None:
        """The anonymous record whose link leads to ``peer``, who says HELLO from ``endpoint`` over a connection from
        the address ``source`` ("" if unknown); the record is theirs from now on. None if no dial can be meant."""
        if not self._dials:
            return None
        waiting = [
            dial for dial in self._dials.values() if dial.record is not None and dial.endpoint.key in ("", endpoint.key)
        ]
        for candidates in _by_evidence(waiting, endpoint, source):
            if len(candidates) == 1:
                dial = candidates[0]
                record, dial.record = dial.record, None
                dial.answered_by = peer
                return record
        return None

    def rest(self, peer: PeerId, endpoint: Endpoint, source: str, until: float) -> PeerRecord | None:
        """Leave alone until then who says HELLO from there, and is not let in. The record whose link led there."""
        record = self.claim(peer, endpoint, source)
        for dial in self._dials.values():
            if peer in (dial.peer, dial.answered_by) or dial.endpoint == endpoint:
                dial.rest_until = until
        return record

    def at_link(self, link: int) -> PeerRecord | None:
        """The anonymous record that has that link."""
        return next((record for record in self.anonymous() if record.link == link), None)

    def __iter__(self) -> Iterator[Dial]:
        return iter(self._dials.values())

    def anonymous(self) -> Iterator[PeerRecord]:
        """The records of dials that nobody has answered."""
        return (dial.record for dial in self._dials.values() if dial.record is not None)


def _by_evidence(waiting: list[Dial], endpoint: Endpoint, source: str) -> Iterator[list[Dial]]:
    """The dials that a HELLO may answer, the best evidence first."""
    yield [dial for dial in waiting if dial.endpoint == endpoint]
    if not endpoint.is_tcp:
        return
    same_port = [dial for dial in waiting if dial.endpoint.is_tcp and dial.endpoint.port == endpoint.port]
    yield [dial for dial in same_port if dial.leads_to(endpoint.host)]
    yield [dial for dial in same_port if source and dial.leads_to(source)]
    if source and source != endpoint.host:  # it names an address that is not on the way: a NAT may change ports, too
        yield [dial for dial in waiting if dial.leads_to(source)]
    yield [dial for dial in same_port if dial.is_unresolved]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
