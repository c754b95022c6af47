"""After an outage links go on soon.

TCP sends again what nobody acknowledges, and waits twice as long each time (RFC 6298, 5.5): after a network was away
for seven seconds that may be six seconds after it is back. Where a peer has become quiet, its connection is told to
wait a second at most (Linux 6.15, tcp(7): TCP_RTO_MAX_MS); older kernels know a smaller remedy for connections with
little on their way (TCP_THIN_LINEAR_TIMEOUTS). Nothing is lost by that, and nothing comes twice.

libzmq does not say which descriptor a link has, nor has it an option for this: so the sockets of this process are
looked through for those that lead to the peer. That is done for a peer that is quiet, not before, and for all together
that become so within a moment.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import deque
from typing import Final

from zyre.core.timers import NEVER
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.borrowed import borrow, peer_address
from zyre.engine.engine import EngineAlarm

__all__ = ["LONGEST_WAIT", "Haste"]

#: TCP waits at most so long before it tries again, in seconds: the least that the kernel takes.
LONGEST_WAIT: Final = 1.0
#: Peers that become quiet within this time are looked for together, in seconds.
_GATHER: Final = 0.2
_TCP_RTO_MAX_MS: Final = 44
_TCP_THIN_LINEAR_TIMEOUTS: Final = 16
_REMEDIES: Final = ((_TCP_RTO_MAX_MS, round(LONGEST_WAIT * 1000)), (_TCP_THIN_LINEAR_TIMEOUTS, 1))

_Place = tuple[str, int]


class Haste:
    """Hastens connections of one process; ``add`` may be called from any thread, and needs the alarm's engine."""

    def __init__(self) -> None:
        self.alarm = EngineAlarm(self.look)
        self._wanted: deque[_Place] = deque()
        self._known: dict[_Place, int] = {}
        """By which descriptor somebody was reached last."""

    def add(self, endpoint: str) -> None:
        """The peer there has become quiet."""
        place = Endpoint.parse(endpoint)
        if not place.is_tcp or not sys.platform.startswith("linux"):
            return
        self._wanted.append((_without_scope(place.host), place.port))
        if self.alarm.deadline == NEVER:
            self.alarm.set(clock.now() + _GATHER)

    def look(self) -> bool:
        """In the engine thread: find the connections that are wanted."""
        wanted = {self._wanted.popleft() for _ in range(len(self._wanted))}
        if any(_hasten(self._known.get(place, -1), {place}) is None for place in wanted):
            places = wanted | self._known.keys()
            descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
            found = {_hasten(descriptor, places): descriptor for descriptor in descriptors}
            self._known = {place: descriptor for place, descriptor in found.items() if place is not None}
        return False


def _hasten(descriptor: int, places: set[_Place]) -> _Place | None:
    """Hasten a connection if it leads to one of these places: which one."""
    with borrow(descriptor) as connection:
        address = None if connection is None else peer_address(connection)
        if connection is None or address is None:
            return None
        place = _without_scope(str(address[0])), int(str(address[1]))
        if place not in places:
            return None
        for option, value in _REMEDIES:
            try:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
                break
            except OSError:  # an older kernel
                continue
        return place


def _without_scope(host: str) -> str:
    return host.partition("%")[0]
