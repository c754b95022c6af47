"""Peers heard by IPv6, held back for a moment: most are heard by IPv4 as well, and that is how they are reached then.

It is one way to each peer instead of whichever came first, so that rules made for addresses mean what they say, and
people find the addresses that they know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from zyre.core.discovery import Found
from zyre.core.membership import Membership
from zyre.core.part import Follower, Moves, Part
from zyre.core.tables import ABSENT
from zyre.core.timers import Deadlines
from zyre.identity import PeerId

__all__ = ["SecondChoice"]

#: Of these beacon intervals one brings the beacon by IPv4, if it comes at all.
_INTERVALS: Final = 1.25


class _Held(NamedTuple):
    """The timer of one peer that is held back."""

    peer: PeerId


class SecondChoice(Part):
    """Who was heard by IPv6 only, so far."""

    __slots__ = (
        "_held",
        "_membership",
        "_most",
        "_patience",
        "_timers",
    )

    def __init__(self, beacon: float, most: int, membership: Membership, timers: Deadlines[object]) -> None:
        self._patience = _INTERVALS * beacon
        self._most = most
        self._membership = membership
        self._timers = timers
        self._held: dict[PeerId, Found] = {}

    def holds(self, found: Found, now: float) -> bool:
        """Whether to wait whether that peer is heard in a better way."""
        if not found.endpoint.is_ipv6 or self._membership.directory.state_of(found.peer) is not ABSENT:
            return False
        if found.peer not in self._held and len(self._held) < self._most:
            self._held[found.peer] = found
            self._timers.add(now + self._patience, _Held(found.peer))
        return True

    def _on_due(self, held: _Held, now: float) -> Moves:
        found = self._held.pop(held.peer)
        if self._membership.directory.state_of(held.peer) is ABSENT:
            return self._membership.on_found(found, "beacon", now)
        return ()

    def subjects(self) -> Mapping[type, Follower]:
        """The end of the waiting."""
        return {_Held: self._on_due}
