"""Everything by which a node is heard and hears on the discovery port: broadcasts, multicasts, and single hosts.

All are used at the same time, and what comes is the same beacon whichever way it took. Multicasts are said seldom once
a node is known: what they are for is that newcomers are heard at once, and those say everything on every rung.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, Final, TypeAlias

from zyre.core.discovery import Source
from zyre.core.locality import Interface
from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.multicast import Multicast
from zyre.engine.sieve import attach_sieve
from zyre.engine.udp import BeaconSockets
from zyre.errors import NetworkError
from zyre.wire.beacon import MAX_SIZE
from zyre.wire.envelope import ENVELOPE_SIZE

__all__ = ["Datagram", "Rungs"]

#: The first of equal beacons go out on all rungs, and from then on one in so many.
_FIRST: Final = 6
_EVERY: Final = 5
_MOST: Final = 64
#: Seconds until what has died, and could not be opened again, is tried once more: the first time, and at the most.
_AGAIN: Final = 1.0
_SELDOM: Final = 60.0
#: Who has been silent for long has not saved more than this, in seconds.
_LONGEST: Final = 2.0

Datagram: TypeAlias = tuple[bytes, Source]
#: Says a beacon in one way, and whether that was possible.
_Way: TypeAlias = Callable[[], bool]


class Rungs:
    """The sockets of one node on one UDP port. Raises NetworkError if the port cannot be had."""

    longest: ClassVar[int] = MAX_SIZE + ENVELOPE_SIZE
    """Octets of the longest datagram that makes sense."""
    ringing: ClassVar[bool] = True
    """Whether there may be a bell: whose beacons are never the same twice has nothing to expect."""

    def __init__(self, port: int, interfaces: Iterable[Interface]) -> None:
        self.targets: tuple[str, ...] = ()
        """Hosts beyond the reach of both that get each beacon, too."""
        self.interfaces = tuple(interfaces)
        self.port = port
        self._mend_at = 0.0
        self._wait = _AGAIN
        self._open()
        self.said = b""
        """The last beacon, as it was before it was wrapped."""
        self._expected: frozenset[bytes] = frozenset()
        self._rung: Counter[Datagram] = Counter()
        """What has rung, and its copy for those who hear all has not been read yet."""
        self._count = 0
        self.admits: Callable[[str], bool] = lambda host: True
        """Whether beacons may go to a host of ``targets``."""
        self.most = _MOST
        """Datagrams a second, at the most, by which beacons are said after the first ones."""
        self._said_at = -NEVER
        self._turn = 0

    def _open(self) -> None:
        ringing = self.ringing
        self._broadcast = BeaconSockets(self.port, self.interfaces, self.longest, ringing=ringing)
        self._multicast = Multicast(self.port, self._broadcast.receiver, self.longest, ringing=ringing)
        self._multicast.use(self.interfaces)

    @property
    def is_dead(self) -> bool:
        """Whether the system has taken a socket away."""
        return self._broadcast.is_dead or self._multicast.is_dead

    def mend(self) -> bool:
        """Open again what has died, ever more seldom while that fails. Whether there are other descriptors now."""
        if not self.is_dead:
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
        self._tune()
        return True

    def wrap(self, beacon: bytes) -> bytes:
        """What is sent for a beacon."""
        return beacon

    def unwrap(self, arrived: list[Datagram]) -> list[Datagram]:
        """The beacons of what has arrived, with their sources."""
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
        """What becomes readable when beacons arrive; if there is a bell, only when there is news."""
        first, other = self._broadcast.receiver, self._multicast.receiver
        if self._broadcast.bell is not None:
            first, other = self._broadcast.bell, self._multicast.bell or other
        return (first.fileno(),) if other is None else (first.fileno(), other.fileno())

    @property
    def has_bell(self) -> bool:
        """Whether beacons may wait that nobody is told of: those that are expected."""
        return self._broadcast.bell is not None

    def expect(self, beacons: Iterable[bytes]) -> None:
        """From these, and our own, nothing follows but that they have come."""
        expected = frozenset((*beacons, self.said)) - {b""}
        if expected != self._expected:
            self._expected = expected
            self._tune()

    def _tune(self) -> None:
        broadcasts = {interface.broadcast for interface in self.interfaces if interface.broadcast}
        for bell in (self._broadcast.bell, self._multicast.bell):
            if bell is not None:
                attach_sieve(bell, self._expected, broadcasts)

    def use(self, interfaces: Iterable[Interface]) -> None:
        """Speak on these interfaces from now on."""
        self.interfaces = tuple(interfaces)
        self._broadcast.use(self.interfaces)
        self._multicast.use(self.interfaces)
        self._tune()

    def broadcast(self, beacon: bytes) -> bool:
        """Say it on the rungs whose turn it is; whether every interface took the broadcast."""
        self._count = self._count + 1 if beacon == self.said else 0
        self.said = beacon
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

    def receive(self, limit: int) -> tuple[int, list[Datagram]]:
        """Beacons that have arrived, of at most ``limit`` datagrams from each socket, with their sources; and of how
        many a descriptor has told."""
        if self._broadcast.bell is None:
            heard = self._hear(limit)
            return len(heard), self.unwrap(heard)
        rung = Counter(self._broadcast.rung(limit) + self._multicast.rung(limit))
        news, heard = rung.total(), self._hear(limit)
        return news, self.unwrap(self._once(rung, heard) if rung or self._rung else heard)

    def _hear(self, limit: int) -> list[Datagram]:
        return self._broadcast.receive(limit) + self._multicast.receive(limit)

    def _once(self, rung: Counter[Datagram], heard: list[Datagram]) -> list[Datagram]:
        """What has rung is heard as well, in its order; but for what came between, and what was sent to this host
        alone."""
        early, fresh = self._rung, []
        for datagram in heard:
            if early[datagram] > 0:
                early[datagram] -= 1
                continue
            rung[datagram] -= 1
            fresh.append(datagram)
        self._rung = +rung
        return fresh + list(self._rung.elements())

    def close(self) -> None:
        """Close all of them."""
        self._multicast.close()
        self._broadcast.close()
