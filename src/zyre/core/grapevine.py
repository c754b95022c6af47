"""Peers of whom a gossip service tells: tuples of a UUID and an endpoint, as libzyre's nodes publish them.

A tuple is said once and holds until it is gone, so whoever is not here is looked for again: soon at first, then ever
more seldom, because a CZMQ hub goes on telling of the dead. That a tuple is gone makes no peer leave; its goodbye does,
or its silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from zyre.core.discovery import Found
from zyre.core.locality import Locality
from zyre.core.membership import Membership
from zyre.core.part import Follower, Moves, Part, Verb
from zyre.core.profile import NodeProfile
from zyre.core.tables import PeerState
from zyre.core.timers import NEVER, Deadlines
from zyre.endpoint import Endpoint
from zyre.errors import InvalidEndpoint, InvalidPeer
from zyre.identity import PeerId
from zyre.wire.envelope import gossip_key

__all__ = ["Grapevine", "Rumour"]

#: Seconds until somebody is looked for again, the first time and at the most; each time takes twice as long.
_SOON: Final = 5.0
_SELDOM: Final = 300.0
#: Rumours that are followed; a gossip service tells of further ones in vain.
_MOST: Final = 4096


@dataclass(slots=True)
class Rumour:
    """Where a peer is said to be, and when to look there again."""

    endpoint: Endpoint
    again_at: float
    wait: float


class _Look(Enum):
    """The timer for looking again."""

    DUE = "due"


class Grapevine(Part):
    """The part of a node that follows what gossip says."""

    def __init__(self, profile: NodeProfile, membership: Membership, timers: Deadlines[object]) -> None:
        self._identity = profile.identity
        self._start = gossip_key(profile.cluster.name, "")
        self._membership = membership
        self._timers = timers
        self._rumours: dict[PeerId, Rumour] = {}
        self._look_at = NEVER
        self._locality: Locality | None = None

    def start(self, locality: Locality, now: float) -> Moves:
        """Follow what was heard before."""
        self._locality = locality
        return self._look(now)

    def _gossiped(self, key: str, contact: str, now: float) -> Moves:
        """A tuple: the UUID of a peer, and its endpoint with, behind a ``|``, its public key; empty if it is gone.

        Gossip is for other things and other clusters, too: what is no such tuple of ours means nothing.
        """
        if not key.startswith(self._start):
            return ()
        try:
            peer = PeerId.parse(key.removeprefix(self._start))
            endpoint = Endpoint.parse(contact) if contact else None
        except (InvalidPeer, InvalidEndpoint):
            return ()
        if endpoint is None:
            self._rumours.pop(peer, None)
            return ()
        full = peer not in self._rumours and len(self._rumours) >= _MOST
        if peer == self._identity or full or not endpoint.is_reachable:
            return ()
        self._rumours[peer] = Rumour(endpoint, now, _SOON)
        return self._look(now)

    def _look(self, now: float) -> Moves:
        """Look for everybody whose time it is, if the node runs. Nobody sends it to the sockets of its own host."""
        moves: Moves = ()
        if self._locality is None:
            return moves
        for peer, rumour in list(self._rumours.items()):
            if now < rumour.again_at:
                continue
            if not self._membership.may_connect(rumour.endpoint, self._locality):
                del self._rumours[peer]
                continue
            if self._membership.directory.state_of(peer) is PeerState.READY:
                rumour.wait = _SOON
                record = self._membership.directory.by_id[peer]
                if record.found_by == "hello" and not record.beacon:
                    record.found_by = "gossip"  # which is how it met us, so no beacon tells it that we leave
            else:
                moves += self._membership.on_found(Found(peer, rumour.endpoint), "gossip", now)
            rumour.again_at = now + rumour.wait
            rumour.wait = min(_SELDOM, 2 * rumour.wait)
        self._look_later(now)
        return moves

    def _look_later(self, now: float) -> None:
        at = min((rumour.again_at for rumour in self._rumours.values()), default=NEVER)
        if at < self._look_at:
            self._look_at = at
            self._timers.add(at, _Look.DUE)

    def _on_due(self, subject: _Look, now: float) -> Moves:
        if not now < self._look_at:
            self._look_at = NEVER
        return self._look(now)

    def subjects(self) -> Mapping[type, Follower]:
        """Looking again."""
        return {_Look: self._on_due}

    def verbs(self) -> Mapping[str, Verb]:
        """What gossip says."""
        return {"gossiped": self._gossiped}
