"""The networks that this node is in: what the host reports of them, and what is told of a change.

A cable, an address, a whole interface comes or goes: the application hears of it, and beacons go out at once, so that
whoever is there now need not wait for the next one. Peers that know us by an address that is gone are greeted anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zyre.core.effects import LocalityChanged
from zyre.core.locality import Locality, is_loopback
from zyre.core.membership import Membership
from zyre.core.part import Follower, Moves, Part
from zyre.core.portrait import Portrait
from zyre.core.profile import NodeProfile
from zyre.endpoint import Endpoint
from zyre.events import Event, NetworkChanged

__all__ = ["Surroundings"]


class Surroundings(Part):
    """``announce()`` says at once where we are, and again soon."""

    def __init__(
        self,
        profile: NodeProfile,
        portrait: Portrait,
        membership: Membership,
        announce: Callable[[], object],
        events: list[Event],
    ) -> None:
        self._membership = membership
        self._over = False
        self._profile = profile
        self._portrait = portrait
        self._announce = announce
        self._events = events

    def stop(self) -> None:
        """Nobody is told anything any more."""
        self._over = True

    def reports(self) -> Mapping[type, Follower]:
        """Where we are now."""
        return {LocalityChanged: self._on_changed}

    def _on_changed(self, report: LocalityChanged, now: float) -> Moves:
        before = self._portrait.locality
        self._portrait.move(report.locality)
        former, present = _addresses(before), _addresses(report.locality)
        if former != present and not self._over:
            appeared = tuple(address for address in present if address not in former)
            vanished = tuple(address for address in former if address not in present)
            self._events.append(NetworkChanged(self._profile.identity, self._profile.name, appeared, vanished))
            self._announce()
            return self._greet_anew(report.locality, now)
        return ()

    def _greet_anew(self, locality: Locality, now: float) -> Moves:
        """Whoever was told an address that is gone hears the new one, over a new link, as soon as there is one: our old
        connections lead nowhere, and so do theirs."""
        moves: Moves = ()
        for record in list(self._membership.directory):
            where = self._portrait.where(record.endpoint)
            if where == record.told or locality.has(record.told) or is_loopback(Endpoint.parse(where).host):
                continue
            record.relinked_until = record.greet_again_at = now + self._profile.config.timing.handshake
            moves += self._membership.reopen(record, record.endpoint, answer=False)
        for dialled in self._membership.dialling.anonymous():
            dialled.greet_again_at = now
        return moves


def _addresses(locality: Locality | None) -> tuple[str, ...]:
    return () if locality is None else locality.addresses
