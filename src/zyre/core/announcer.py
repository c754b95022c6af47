"""Our own beacons: that they go out for as long as the node runs, and the last one that says that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from zyre.core.delivery import Delivery
from zyre.core.discovery import BeaconDiscovery
from zyre.core.effects import Broadcast
from zyre.core.locality import Locality
from zyre.core.part import Follower, Moves, Part
from zyre.core.profile import NodeProfile
from zyre.core.timers import Deadlines

__all__ = ["Announcer"]


class _Beacon(Enum):
    """The timer for the next beacon."""

    DUE = "due"


#: After a sleep so many beacons follow each other in this share of the interval: the first of them may be lost.
_HURRIED: Final = 4
_HURRY: Final = 0.25


class Announcer(Part):
    """The part of a node that beacons; silent where the cluster has no UDP port, or the host no beacon socket."""

    def __init__(self, profile: NodeProfile, delivery: Delivery, timers: Deadlines[object]) -> None:
        self.discovery = BeaconDiscovery(
            profile.identity, profile.cluster.port, profile.public_key, profile.cluster.name
        )
        self._wanted = bool(profile.cluster.port)
        self._interval = profile.config.timing.beacon
        self._delivery = delivery
        self._timers = timers
        self._beacon = b""
        self._hurried = 0

    @property
    def running(self) -> bool:
        """Whether peers hear beacons of ours."""
        return bool(self._beacon)

    def start(self, locality: Locality, now: float) -> Moves:
        """Begin to announce where we are."""
        if self._wanted and locality.beacon_port:
            self._beacon = self.discovery.announcement(locality.beacon_port)
            self._timers.add(now, _Beacon.DUE)
        return ()

    def fall_silent(self) -> None:
        """Say nothing more, not even that we leave."""
        self._beacon = b""

    def farewell(self) -> None:
        """Say that we leave, by the beacon with port 0: it is all that libzyre listens to."""
        if self._beacon:
            self._delivery.effects.append(Broadcast(self.discovery.announcement(0)))
            self._beacon = b""

    def _on_due(self, subject: _Beacon, now: float) -> Moves:
        self._delivery.effects.append(Broadcast(self._beacon))
        interval = self._interval
        if self._hurried:
            self._hurried -= 1
            interval *= _HURRY
        self._timers.add(now + interval, subject)
        return ()

    def hurry(self) -> None:
        """Beacon at once, and more often for a moment: whoever took us for gone is to hear it."""
        if self._beacon:
            self._delivery.effects.append(Broadcast(self._beacon))
            self._hurried = _HURRIED

    def subjects(self) -> Mapping[type, Follower]:
        """The next beacon."""
        return {_Beacon: self._on_due}
