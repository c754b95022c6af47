"""What everybody hears again and again, noted once for all of them.

A thousand nodes that beacon each second are a million datagrams a second, and nearly all say what their receivers know:
nothing follows but that the sender's silence begins later. So once a machine has shown, by what it made of it, that
nothing follows from a beacon, its repetitions are noted here, one octet for each receiver, and all those of a wave by a
few operations on one large number. The machine asks for them when it looks at how long a peer has been silent.

What comes of it is the same, to the last bit, as if each had been handed over at its time: a node that records its
inputs is handed each, and ``tests/sim/test_hearing.py`` holds the two against each other through the swarm's
histories. So whatever else could change what a datagram means (a process that stalls, a cable that is pulled, a clock
that jumps) settles first, and its node is handed each until nothing follows again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from zyre.core.peer import PeerRecord

if TYPE_CHECKING:
    from zyre.sim.box import Box, Port
    from zyre.sim.network import Network

__all__ = ["Hearing", "Refrain", "RefrainKey"]

#: Waves are numbered by what fits in an octet; 0 is none.
_MOST: Final = 255
_OCTET: Final = 255
_NEVER: Final = float("-inf")

#: The segment, the payload, the address that it comes from, and the UDP port that it goes to.
RefrainKey: TypeAlias = tuple[str, bytes, str, int]


class Refrain:
    """One beacon that is said again and again.

    Sets of receivers are numbers with one octet for each port of the segment, 1 for those in the set: a thousand of
    them are united, told apart and counted by one operation each.
    """

    __slots__ = ("_counts", "_last", "_number", "_octets", "_ports", "_times", "key", "known")

    def __init__(self, key: RefrainKey, ports: Sequence[Port]) -> None:
        self.key = key
        self.known = 0
        """Whose node knows it, so that nothing follows from hearing it once more."""
        self._ports = ports
        self._number = 0
        self._last = 0
        """For each port the number of the wave in which it came last."""
        self._counts = 0
        """For each port how often it came since the waves were numbered anew."""
        self._octets = b""
        """The same, to look at one of them; empty after a change."""
        self._times = [_NEVER] * (_MOST + 1)

    def note(self, reached: int, now: float) -> int:
        """It came to all of ``reached``; those of them who know it."""
        if self._number == _MOST:
            self._number = 0
            self._tell_counts()
        self._number = number = self._number + 1
        if self._times[number] != _NEVER:
            self._settle(number)
        self._times[number] = now
        heard = reached & self.known
        self._counts += heard
        self._last ^= self._last & heard * _OCTET ^ heard * number
        self._octets = b""
        return heard

    def _settle(self, number: int) -> None:
        """Some have not heard it for as many waves as have numbers."""
        octets = self._look()
        seat = octets.find(number)
        while seat >= 0:
            self._hearing_at(seat).settle(self.key[1])
            seat = octets.find(number, seat + 1)

    def _hearing_at(self, seat: int) -> Hearing:
        (ear,) = self._ports[seat].box.ears[self.key[3]]
        assert ear.hearing is not None, "who notes nothing knows nothing"
        return ear.hearing

    def _tell_counts(self) -> None:
        counts, self._counts = self._counts, 0
        for seat, count in enumerate(counts.to_bytes(len(self._ports), "little")):
            if count:
                self._hearing_at(seat).add(count)

    def learn(self, seat: int) -> None:
        """The node at that port knows it."""
        self.known |= 1 << 8 * seat

    def forget(self, seat: int) -> None:
        """The node at that port is to be handed it."""
        known = ~(_OCTET << 8 * seat)
        self.known &= known
        self._last &= known
        self._counts &= known
        self._octets = b""

    def count(self, seat: int) -> int:
        """How often it was noted for that port, and its node was not told."""
        return self._counts >> 8 * seat & _OCTET

    def heard_at(self, seat: int) -> float:
        """When it came to a port last, in the time of the world."""
        octets = self._octets or self._look()
        return self._times[octets[seat]]

    def _look(self) -> bytes:
        self._octets = self._last.to_bytes(len(self._ports), "little")
        return self._octets


class Hearing:
    """What one node has heard and not been handed; the machine's port for it (zyre.core.machine.Hearing)."""

    __slots__ = ("_beacon_port", "_clock", "_evasive", "_following", "_network", "_noted", "_port", "_seat", "_settled")

    def __init__(self, network: Network, box: Box, beacon_port: int, evasive: float) -> None:
        self._network = network
        self._clock = box.clock
        self._beacon_port = beacon_port
        self._evasive = evasive
        self._port: Port | None = None
        self._seat = -1
        self._noted = 0
        self._following: dict[bytes, Refrain] = {}
        self._settled: dict[bytes, float] = {}
        """When beacons that are not followed any more came last, by the node's clock."""

    def begin(self, ports: Sequence[Port]) -> None:
        """The node hears by these ports. One that hears by several is handed all: the same beacon comes from many
        places then."""
        if len(ports) == 1:
            self._port, self._seat = ports[0], ports[0].seat

    def settle(self, beacon: bytes) -> None:
        """Be handed a beacon from now on; what was heard of it until now counts."""
        refrain = self._following.get(beacon)
        if refrain is not None:
            heard_at = refrain.heard_at(self._seat)
            if heard_at != _NEVER:
                self._settled[beacon] = self._clock.at(heard_at)
            self._leave(beacon, refrain)

    def settle_all(self) -> None:
        """Be handed everything from now on: something about the node or its computer is about to change."""
        for beacon in tuple(self._following):
            self.settle(beacon)

    def add(self, count: int) -> None:
        """So many were noted."""
        self._noted += count

    @property
    def noted(self) -> int:
        """How many beacons were noted instead of handed over."""
        return self._noted + sum(refrain.count(self._seat) for refrain in self._following.values())

    def _leave(self, beacon: bytes, refrain: Refrain) -> None:
        del self._following[beacon]
        self._noted += refrain.count(self._seat)
        refrain.forget(self._seat)
        if not refrain.known:
            self._network.end(refrain)

    # -- the machine's port --------------------------------------------------------------------------------------

    def recall(self, records: Iterable[PeerRecord]) -> None:
        """See zyre.core.machine.Hearing."""
        following, seat, evasive, clock = self._following, self._seat, self._evasive, self._clock
        offset, base, rate = clock.offset, clock.base, clock.rate
        for record in records:
            refrain = following.get(record.beacon)
            if refrain is not None:
                quiet_at = offset + (refrain.heard_at(seat) - base) * rate + evasive
                if quiet_at > record.quiet_at:
                    record.quiet_at = quiet_at
            elif self._settled:
                heard_at = self._settled.pop(record.beacon, _NEVER)
                record.quiet_at = max(record.quiet_at, heard_at + evasive)

    def know(self, beacon: bytes, address: str) -> None:
        """See zyre.core.machine.Hearing."""
        port = self._port
        if port is None or not port.up or beacon in self._following or len(port.box.ears[self._beacon_port]) > 1:
            return
        refrain = self._network.refrain((port.segment, beacon, address, self._beacon_port))
        refrain.learn(self._seat)
        self._following[beacon] = refrain
        if self._settled:
            self._settled.pop(beacon, None)

    def forget(self, beacon: bytes) -> None:
        """See zyre.core.machine.Hearing."""
        refrain = self._following.get(beacon)
        if refrain is not None:
            self._leave(beacon, refrain)
        self._settled.pop(beacon, None)
