"""Our own beacons: that they go out for as long as the node runs, and the last one that says that it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final
from zlib import crc32

from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
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


#: At the start, and after a sleep, so many beacons follow each other in this share of the interval: the first of them
#: may be lost.
_HURRIED: Final = 4
_HURRY: Final = 0.25
#: Each beacon comes up to this share of the interval early, or nodes that started together would stay together.
_JITTER: Final = 0.2
#: How much longer the interval becomes in a large cluster, at the most; and how long of the time after which who is
#: silent is asked. One beacon may be lost without that: a question and an answer for each pair cost more than is saved.
_STRETCH: Final = 2.0
_SHARE_OF_ASK: Final = 0.45


class Announcer(Part):
    """The part of a node that beacons; silent where the cluster has no UDP port, or the host no beacon socket."""

    __slots__ = (
        "_beacon",
        "_count",
        "_delivery",
        "_directory",
        "_hurried",
        "_interval",
        "_longest",
        "_many",
        "_octets",
        "_port",
        "_timers",
        "_wanted",
        "companions",
        "discovery",
    )

    def __init__(
        self, profile: NodeProfile, delivery: Delivery, timers: Deadlines[object], directory: Directory
    ) -> None:
        self.discovery = BeaconDiscovery(
            profile.identity, profile.cluster.port, profile.public_key, profile.cluster.name
        )
        self._wanted = bool(profile.cluster.port)
        timing = profile.config.timing
        self._interval = timing.beacon
        limits = profile.config.limits
        stretch = min(_STRETCH, limits.peers / limits.beacons)
        self._longest = max(timing.beacon, min(timing.beacon * stretch, timing.ask * _SHARE_OF_ASK))
        self._many = limits.beacons
        self._octets = profile.identity.octets
        self._directory = directory
        self._count = 0
        self._delivery = delivery
        self._timers = timers
        self._port = 0
        self._beacon = b""
        self._hurried = 0
        self.companions: list[Callable[[float], None]] = []
        """Who else looks around with each beacon: this process is awake then anyway."""

    def beats_within(self, seconds: float) -> bool:
        """Whether the companions are called at least once in so many seconds."""
        return self.running and not seconds < self._longest

    @property
    def running(self) -> bool:
        """Whether peers hear beacons of ours."""
        return bool(self._beacon)

    def start(self, locality: Locality, now: float) -> Moves:
        """Begin to announce where we are."""
        if self._wanted and locality.beacon_port:
            self._port = locality.beacon_port
            self._beacon = self.discovery.announcement(self._port)
            self._hurried = _HURRIED
            self._timers.add(now, _Beacon.DUE)
        return ()

    def rekey(self, public_key: str) -> None:
        """Announce another key, at once."""
        self.discovery.rekey(public_key)
        if self._beacon:
            self._beacon = self.discovery.announcement(self._port)
            self.hurry()

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
        self._timers.add(now + self._next_interval(), subject)
        for look in self.companions:
            look(now)
        return ()

    def _next_interval(self) -> float:
        """Until the next beacon. What makes it differ from node to node, and from beacon to beacon, is no chance: the
        same life can be lived again."""
        self._count += 1
        dice = crc32(self._count.to_bytes(8), crc32(self._octets)) / (1 << 32)
        interval = min(self._interval * max(1.0, len(self._directory) / self._many), self._longest)
        if self._hurried:
            self._hurried -= 1
            interval = self._interval * _HURRY
        return interval * (1.0 - _JITTER * dice)

    def hurry(self) -> None:
        """Beacon at once, and more often for a moment: whoever took us for gone is to hear it."""
        if self._beacon:
            self._delivery.effects.append(Broadcast(self._beacon))
            self._hurried = _HURRIED

    def subjects(self) -> Mapping[type, Follower]:
        """The next beacon."""
        return {_Beacon: self._on_due}
