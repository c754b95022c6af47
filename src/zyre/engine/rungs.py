"""Everything by which a node is heard and hears on the discovery port: broadcasts, multicasts, and single hosts.

All are used at the same time, and what comes is the same beacon whichever way it took. Multicasts are said seldom once
a node is known: what they are for is that newcomers are heard at once, and those say everything on every rung.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, Final, TypeAlias

from zyre.core.discovery import Source
from zyre.core.locality import Interface
from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.multicast import Multicast
from zyre.engine.udp import BeaconSockets
from zyre.errors import NetworkError
from zyre.wire.beacon import MAX_SIZE
from zyre.wire.envelope import ENVELOPE_SIZE

__all__ = ["Rungs"]

#: The first of equal beacons go out on all rungs, and from then on one in so many.
_FIRST: Final = 6
_EVERY: Final = 5
_MOST: Final = 64
#: Seconds until what has died, and could not be opened again, is tried once more: the first time, and at the most.
_AGAIN: Final = 1.0
_SELDOM: Final = 60.0
#: Who has been silent for long has not saved more than this, in seconds.
_LONGEST: Final = 2.0

#: Says a beacon in one way, and whether that was possible.
_Way: TypeAlias = Callable[[], bool]


class Rungs:
    """The sockets of one node on one UDP port. Raises NetworkError if the port cannot be had."""

    longest: ClassVar[int] = MAX_SIZE + ENVELOPE_SIZE
    """Octets of the longest datagram that makes sense."""

    def __init__(self, port: int, interfaces: Iterable[Interface]) -> None:
        self.targets: tuple[str, ...] = ()
        """Hosts beyond the reach of both that get each beacon, too."""
        self.interfaces = tuple(interfaces)
        self.port = port
        self._mend_at = 0.0
        self._wait = _AGAIN
        self._open()
        self._said = b""
        self._count = 0
        self.admits: Callable[[str], bool] = lambda host: True
        """Whether beacons may go to a host of ``targets``."""
        self.most = _MOST
        """Datagrams a second, at the most, by which beacons are said after the first ones."""
        self._said_at = -NEVER
        self._turn = 0

    def _open(self) -> None:
        self._broadcast = BeaconSockets(self.port, self.interfaces, self.longest)
        self._multicast = Multicast(self.port, self._broadcast.receiver, self.longest)
        self._multicast.use(self.interfaces)

    def mend(self) -> bool:
        """Open again what has died, ever more seldom while that fails. Whether there are other descriptors now."""
        if not self._broadcast.is_dead and not self._multicast.is_dead:
            self._wait = _AGAIN
            return False
        if clock.now() < self._mend_at:
            return False
        self._mend_at = clock.now() + self._wait
        self._wait = min(2 * self._wait, _SELDOM)
        dead = self._broadcast
        self.close()
        try:
            self._open()
        except NetworkError:
            return False
        self._broadcast.sent, self._broadcast.failed = dead.sent, dead.failed + 1
        return True

    def wrap(self, beacon: bytes) -> bytes:
        """What is sent for a beacon."""
        return beacon

    def unwrap(self, data: bytes, source: str) -> bytes | None:
        """The beacon in a datagram from an address; None if it is to go no further."""
        return data

    def in_order(self, arrived: list[tuple[bytes, Source]]) -> list[tuple[bytes, Source]]:
        """Datagrams in the order in which they were said, where that can be told: several sockets were read."""
        return arrived

    @property
    def sent(self) -> int:
        """Broadcasts that left."""
        return self._broadcast.sent

    @property
    def failed(self) -> int:
        """Broadcasts that could not leave."""
        return self._broadcast.failed

    @property
    def dropped(self) -> int:
        """Datagrams by IPv4 that the kernel did not hand over: no beacons, or more than were read in time."""
        return self._broadcast.dropped

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What becomes readable when beacons arrive."""
        other = self._multicast.receiver
        return (self._broadcast.fileno(),) if other is None else (self._broadcast.fileno(), other.fileno())

    def use(self, interfaces: Iterable[Interface]) -> None:
        """Speak on these interfaces from now on."""
        self.interfaces = tuple(interfaces)
        self._broadcast.use(self.interfaces)
        self._multicast.use(self.interfaces)

    def broadcast(self, beacon: bytes) -> bool:
        """Say it on the rungs whose turn it is; whether every interface took the broadcast."""
        self._count = self._count + 1 if beacon == self._said else 0
        self._said = beacon
        data = self.wrap(beacon)
        ways: list[_Way] = [partial(self._broadcast.say, data, interface) for interface in self._broadcast.interfaces]
        if self._count < _FIRST or self._count % _EVERY == 0:
            ways += [partial(self._multicast.say, data, interface) for interface in self._multicast.interfaces]
        ways += [partial(self._send_to, target, data) for target in self.targets if self.admits(target)]
        return sum(not say() for say in self._in_turn(ways)) == 0  # each, also after one that failed

    def _in_turn(self, ways: list[_Way]) -> list[_Way]:
        """As many as there may be now. The first beacons, and the last, go all ways."""
        now = clock.now()
        most = max(1, round(self.most * min(now - self._said_at, _LONGEST)))
        self._said_at = now
        if self._count < _FIRST or len(ways) <= most:
            return ways
        start = self._turn % len(ways)
        self._turn = start + most
        return (ways[start:] + ways[:start])[:most]

    def _send_to(self, target: str, data: bytes) -> bool:
        """From whatever address leads there: the system knows the way. It may be down, or not there any more."""
        try:
            with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(data, (target, self.port))
        except OSError:
            pass
        return True

    def receive(self, limit: int) -> list[tuple[bytes, Source]]:
        """Beacons that have arrived, of at most ``limit`` datagrams from each socket, with their sources."""
        arrived = self.in_order(self._broadcast.receive(limit) + self._multicast.receive(limit))
        return [(beacon, source) for data, source in arrived if (beacon := self.unwrap(data, source[0])) is not None]

    def close(self) -> None:
        """Close all of them."""
        self._multicast.close()
        self._broadcast.close()
