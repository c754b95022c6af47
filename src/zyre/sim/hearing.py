"""What everybody hears again and again, noted once for all of them.

A thousand nodes that beacon each second are a million datagrams a second, and nearly all say what their receivers know:
nothing follows but that the sender's silence begins later. So a machine says which beacons it knows, and these are
noted here, one octet for each receiver, and all those of a wave by a few operations on one large number. While a beacon
comes again and again, its receivers need not look at anything. Who has not heard it for most of the time after which
silence begins is told when it came last, and watches for the silence itself until it comes again.

What comes of it is the same as if each datagram had been handed over at its time, and to the last bit where nothing
hangs on how often a machine looks at its peers. (A process that has stood still looks, when it goes on, at all whose
time came meanwhile, and may notice a silence one fiftieth of the evasive time sooner or later; and whether a link needs
a proof, or a doubt about it is over, is noticed at the next look.) A node that records its inputs is handed each, and
``tests/sim/test_hearing.py`` holds the two against each other through the swarm's histories. So whatever else could
change what a datagram means (a process that stalls, a cable that is pulled, a clock that jumps) settles first, and its
node is handed each until nothing follows again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from zyre.config import Timing
from zyre.core.peer import PeerRecord

if TYPE_CHECKING:
    from zyre.sim.box import Box, Port
    from zyre.sim.network import Network
    from zyre.sim.transport import SimTransport

__all__ = ["Hearing", "Refrain", "RefrainKey"]

#: Waves are numbered by what fits in an octet; 0 is none.
_MOST: Final = 255
_OCTET: Final = 255
#: Octets for the number of waves in which something came: a hundred years' worth.
_WIDE: Final = 4
_WIDEST: Final = (1 << 8 * _WIDE) - 1
_NEVER: Final = float("-inf")
#: Those who have not heard it are looked for after each such share of the time after which a peer is asked. Whoever has
#: heard it in one of the last three rounds can wait for the next look.
_ROUND: Final = 0.2

#: The segment, the payload, the address that it comes from, and the UDP port that it goes to.
RefrainKey: TypeAlias = tuple[str, bytes, str, int]


def _seats(octets: bytes, number: int) -> Iterator[int]:
    """Where that number is, among mostly others."""
    seat = octets.find(number)
    while seat >= 0:
        yield seat
        seat = octets.find(number, seat + 1)


class Refrain:
    """One beacon that is said again and again.

    Sets of receivers are numbers with one octet for each port of the segment, 1 for those in the set: a thousand of
    them are united, told apart and counted by one operation each.
    """

    __slots__ = (
        "_counts",
        "_counts_before",
        "_last",
        "_learners",
        "_longest",
        "_network",
        "_number",
        "_patience",
        "_ports",
        "_recent",
        "_recent_before",
        "_recent_long_before",
        "_round",
        "_rounds",
        "_times",
        "key",
        "known",
    )

    def __init__(self, network: Network, key: RefrainKey, ports: Sequence[Port]) -> None:
        self.key = key
        self.known = 0
        """Whose node knows it, so that nothing follows from hearing it once more; those who learned it since it came
        last are still among the learners."""
        self._learners: list[int] = []
        """The seats of those who came to know it lately. In a young world they come one by one, and a set with room for
        a thousand is not made anew for each."""
        self._network = network
        self._ports = ports
        self._number = 0
        self._times = [_NEVER] * (_MOST + 1)
        """When each wave came."""
        self._last = 0
        """For each port the number of the wave in which it came last."""
        self._counts = 0
        """For each port how often it came since the waves were numbered anew."""
        self._counts_before = 0
        """How often before, in as many octets as that may take."""
        self._recent = 0
        """Who has heard it in this round, or came to know it."""
        self._recent_before = 0
        self._recent_long_before = 0
        self._patience = -_NEVER
        self._longest = 0.0
        """The shortest and the longest patience that anybody has who came to know it."""
        self._round = -_NEVER
        self._rounds = 0

    def note(self, reached: int, now: float) -> int:
        """It came to all of ``reached``; those of them who know it."""
        if self._learners:
            self._count_in()
        if self._number == _MOST:
            self._number = 0
            self._put_counts_by()
        self._number = number = self._number + 1
        if not self._times[number] + self._longest < now:  # who heard it no later has been told already
            self._settle(number)
        self._times[number] = now
        heard = reached & self.known
        self._counts += heard
        self._recent |= heard
        self._last ^= self._last & heard * _OCTET ^ heard * number
        return heard

    def _settle(self, number: int) -> None:
        """Some have not heard it for as many waves as have numbers."""
        for seat in _seats(self._last.to_bytes(len(self._ports), "little"), number):
            self._hearing_at(seat).settle(self.key[1])

    def _end_round(self, number: int) -> None:
        """A round is over, unless it was cut short."""
        if number == self._rounds and (self.known or self._learners):
            self._look()
            if self.known:
                self._begin_round()

    def _count_in(self) -> None:
        """Take the learners into the sets."""
        octets = bytearray(len(self._ports))
        for seat in self._learners:
            octets[seat] = 1
        self._learners.clear()
        learners = int.from_bytes(octets, "little")
        self.known |= learners
        self._recent |= learners

    def _look(self) -> None:
        if self._learners:
            self._count_in()
        silent = self.known & ~(self._recent | self._recent_before | self._recent_long_before)
        self._recent_long_before, self._recent_before, self._recent = self._recent_before, self._recent, 0
        if silent:
            next_look = self._network.agenda.time + self._round
            seats, last = len(self._ports), self._last.to_bytes(len(self._ports), "little")
            for seat in _seats(silent.to_bytes(seats, "little"), 1):
                heard_at = self._times[last[seat]]
                if not next_look < heard_at + self._patience:
                    hearing = self._hearing_at(seat)
                    if not next_look < heard_at + hearing.patience:
                        hearing.settle(self.key[1])

    def _begin_round(self) -> None:
        self._rounds += 1
        agenda = self._network.agenda
        agenda.at(agenda.time + self._round, partial(self._end_round, self._rounds))

    def _hearing_at(self, seat: int) -> Hearing:
        (ear,) = self._ports[seat].box.ears[self.key[3]]
        assert ear.hearing is not None, "who notes nothing knows nothing"
        return ear.hearing

    def _put_counts_by(self) -> None:
        seats = len(self._ports)
        counts = bytearray(_WIDE * seats)
        counts[::_WIDE] = self._counts.to_bytes(seats, "little")
        self._counts_before += int.from_bytes(counts, "little")
        self._counts = 0

    def learn(self, seat: int, patience: float) -> None:
        """The node at that port knows it, and asks its sender after so many seconds of silence."""
        self._learners.append(seat)
        if patience > self._longest:
            self._longest = patience
        if patience < self._patience:
            self._patience, self._round = patience, patience * _ROUND
            self._look()
            self._begin_round()

    def forget(self, seat: int) -> None:
        """The node at that port is to be handed it."""
        if self._learners:
            self._count_in()
        others = ~(_OCTET << 8 * seat)
        self.known &= others
        self._last &= others
        self._counts &= others
        self._counts_before &= ~(_WIDEST << 8 * _WIDE * seat)
        if not self.known:
            self._network.end(self)

    def heard_at(self, seat: int) -> float:
        """When it was noted for a port last, in the time of the world."""
        return self._times[self._last >> 8 * seat & _OCTET]

    def count(self, seat: int) -> int:
        """How often it was noted for that port."""
        return (self._counts >> 8 * seat & _OCTET) + (self._counts_before >> 8 * _WIDE * seat & _WIDEST)


class Hearing:
    """What one node hears and is not handed; the machine's port for it, see zyre.core.machine.Hearing."""

    __slots__ = (
        "_ask",
        "_beacon_port",
        "_clock",
        "_ears",
        "_evasive",
        "_following",
        "_network",
        "_noted",
        "_port",
        "hand_back",
    )

    def __init__(self, network: Network, box: Box, beacon_port: int, timing: Timing) -> None:
        self.hand_back: Callable[[bytes, float], object]
        """Told of a beacon that is not noted any more, and when it was noted last by the node's clock."""
        self._network = network
        self._clock = box.clock
        self._beacon_port = beacon_port
        self._evasive = timing.evasive
        self._ask = min(timing.ask, timing.evasive)
        self._port: Port | None = None
        self._ears: Sequence[SimTransport] = ()
        """All who hear on our computer."""
        self._noted = 0
        self._following: dict[bytes, Refrain] = {}

    def begin(self, ports: Sequence[Port]) -> None:
        """The node hears by these ports. One that hears by several is handed all: the same beacon comes from many
        places then."""
        if len(ports) == 1:
            self._port = ports[0]
            self._ears = self._port.box.ears[self._beacon_port]

    def end(self) -> None:
        """The node hears nothing any more."""
        for beacon in tuple(self._following):
            self.forget(beacon)
        self._port = None

    def settle_all(self) -> None:
        """Be handed everything from now on: something about the node or its computer is about to change."""
        for beacon in tuple(self._following):
            self.settle(beacon)

    @property
    def noted(self) -> int:
        """How many beacons were noted instead of handed over."""
        if self._port is None:
            return self._noted
        seat = self._port.seat
        return self._noted + sum(refrain.count(seat) for refrain in self._following.values())

    @property
    def patience(self) -> float:
        """How long the node waits for a peer before it asks it, in the time of the world."""
        return self._ask / self._clock.rate

    # -- the machine's port --------------------------------------------------------------------------------------

    def know(self, beacon: bytes, address: str) -> bool:
        """See zyre.core.machine.Hearing."""
        port = self._port
        if port is None or not port.up or beacon in self._following or len(self._ears) > 1:
            return False
        key = port.segment, beacon, address, self._beacon_port
        refrain = self._network.refrains.get(key) or self._network.begin_refrain(key)
        refrain.learn(port.seat, self._ask / self._clock.rate)
        self._following[beacon] = refrain
        return True

    def recall(self, records: Iterable[PeerRecord]) -> None:
        """See zyre.core.machine.Hearing."""
        for record in records:
            if record.noted:
                quiet_at = self._heard_at(record.beacon) + self._evasive
                record.quiet_at = max(record.quiet_at, quiet_at)

    def settle(self, beacon: bytes) -> None:
        """See zyre.core.machine.Hearing."""
        heard_at = self._heard_at(beacon)
        self.forget(beacon)
        self.hand_back(beacon, heard_at)

    def forget(self, beacon: bytes) -> None:
        """See zyre.core.machine.Hearing."""
        refrain, seat = self._following.pop(beacon), self._seat
        self._noted += refrain.count(seat)
        refrain.forget(seat)

    def _heard_at(self, beacon: bytes) -> float:
        """When it was noted last, by the node's clock."""
        heard_at = self._following[beacon].heard_at(self._seat)
        return heard_at if heard_at == _NEVER else self._clock.at(heard_at)

    @property
    def _seat(self) -> int:
        assert self._port is not None, "who knows something has a port"
        return self._port.seat
