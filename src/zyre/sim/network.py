"""The modelled network: segments that carry broadcasts, and paths between computers that can be cut one way or both.

Datagrams may be lost, doubled and overtaken. A broadcast to many is carried in a few waves rather than one by one: in
each wave it arrives at a share of the receivers, chosen at random, so that a thousand nodes do not cost a thousand
entries in the agenda for every beacon.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache, partial
from itertools import compress

from zyre.sim.box import Box, Port, Power
from zyre.sim.clock import Agenda
from zyre.sim.conditions import Conditions
from zyre.sim.hearing import Refrain, RefrainKey
from zyre.sim.transport import SimTransport

__all__ = ["Network"]

_ON = Power.ON

#: Chances are drawn as octets, one for each receiver.
_DRAWS = 256
#: How many different delays one broadcast has at most.
_WAVES = 8


class Network:
    """All segments. ``conditions`` hold everywhere, and may be changed at any time."""

    __slots__ = (
        "_blocked",
        "_entropy",
        "_segments",
        "agenda",
        "at",
        "conditions",
        "datagram_octets",
        "datagrams",
        "on_lost",
        "queued",
        "refrains",
        "watcher",
    )

    def __init__(self, agenda: Agenda, entropy: random.Random, conditions: Conditions) -> None:
        self.agenda = agenda
        self.conditions = conditions
        self.datagrams = 0
        self.datagram_octets = 0
        self.queued = 0
        """Messages on all links: taken from their senders, and neither arrived nor lost."""
        self.watcher: Callable[[SimTransport, SimTransport, Iterable[Sequence[bytes]]], None] | None = None
        """Told of every batch of messages that arrives: from whom, to whom, what."""
        self.on_lost: Callable[[SimTransport, Sequence[Sequence[bytes]]], None] = lambda sender, messages: None
        """Told of messages that a link loses: from whom, what."""
        self._entropy = entropy
        self.refrains: dict[RefrainKey, Refrain] = {}
        """What is noted of beacons."""
        self._segments: dict[str, list[Port]] = defaultdict(list)
        self.at: dict[str, Port] = {}
        """Whose interface has an address."""
        self._blocked: set[tuple[Box, Box]] = set()

    # -- what is where -------------------------------------------------------------------------------------------

    def plug_in(self, port: Port) -> None:
        """Attach an interface to its segment."""
        port.seat = len(self._segments[port.segment])
        self._segments[port.segment].append(port)
        self.at[port.address] = port

    def readdress(self, port: Port, address: str) -> None:
        """Give an interface another address, as DHCP does."""
        del self.at[port.address]
        port.address = address
        self.at[address] = port

    @property
    def addresses(self) -> Collection[str]:
        """Those that somebody has."""
        return self.at.keys()

    # -- faults --------------------------------------------------------------------------------------------------

    def block(self, sources: Iterable[Box], targets: Iterable[Box]) -> None:
        """Nothing passes from any of the sources to any of the targets; the way back stays open."""
        targets = tuple(targets)
        self._blocked.update((source, target) for source in sources for target in targets if source is not target)

    def unblock(self, sources: Iterable[Box], targets: Iterable[Box]) -> None:
        """Everything passes again."""
        targets = tuple(targets)
        self._blocked.difference_update((source, target) for source in sources for target in targets)

    def unblock_all(self) -> None:
        """Everything passes everywhere."""
        self._blocked.clear()

    def passes_both_ways(self, one: Box, other: Box) -> bool:
        """Whether what one of two computers sends arrives at the other."""
        if one.power is not _ON or other.power is not _ON:
            return False
        blocked = self._blocked
        return not blocked or ((one, other) not in blocked and (other, one) not in blocked)

    # -- traffic -------------------------------------------------------------------------------------------------

    def delay(self) -> float:
        """How long one transmission takes."""
        return self.conditions.latency.sample(self._entropy)

    def delay_to_connect(self) -> float:
        """How long it takes until the first octets of a connection arrive: there, back, and there again."""
        sample = self.conditions.latency.sample
        return sample(self._entropy) + 2 * sample(self._entropy)

    def after_delay(self, action: Callable[[], object]) -> None:
        """Let something happen when one transmission has arrived."""
        agenda = self.agenda
        agenda.at(agenda.time + self.conditions.latency.sample(self._entropy), action)

    def broadcast(self, sender: Port, source_port: int, target_port: int, payload: bytes) -> None:
        """A datagram to everybody on the sender's segment, the sender included."""
        ports = self._segments[sender.segment]
        agenda, key = self.agenda, (sender.segment, payload, sender.address, target_port)
        sample = self.conditions.latency.sample
        draws = self._entropy.randbytes(len(ports))
        passing = self._passing(sender.box, ports)
        for is_in_wave in self._waves(min(_WAVES, len(ports))):
            wave = int.from_bytes(draws.translate(is_in_wave), "little")
            if passing is not None:
                wave &= passing
            if wave:
                agenda.at(agenda.time + sample(self._entropy), partial(self._arrive, key, source_port, wave))

    def _passing(self, source: Box, ports: Sequence[Port]) -> int | None:
        """The set of ports to whose boxes something passes; None for all."""
        if not self._blocked:
            return None
        return int.from_bytes(bytes((source, port.box) not in self._blocked for port in ports), "little")

    def _waves(self, count: int) -> Sequence[bytes]:
        """For each wave which of the 256 values of a draw are in it. Shares that are no multiple of 1/256 are met on
        average."""
        chance = self._entropy.random()
        lost = int(self.conditions.loss * _DRAWS + chance)
        doubled = int(self.conditions.duplication * (_DRAWS - lost) + chance)
        return _deal(count, lost, doubled)

    def _arrive(self, key: RefrainKey, source_port: int, wave: int) -> None:
        """A wave arrives: those who know what it says note it, the others are handed it."""
        arrived = wave.bit_count()
        self.datagram_octets += len(key[1]) * arrived
        refrain = self.refrains.get(key)
        if refrain is not None:
            wave ^= refrain.note(wave, self.agenda.time)
            self.datagrams += arrived - wave.bit_count()
        if wave:
            self._hand_over(_in_wave(wave, self._segments[key[0]]), key, source_port)

    def _hand_over(self, ports: Iterable[Port], key: RefrainKey, source_port: int) -> None:
        _, payload, address, target_port = key
        batch = ((payload, (address, source_port)),)
        for port in ports:
            box = port.box
            if port.up and box.power is _ON:
                for ear in box.ears.get(target_port, ()):
                    self.datagrams += 1
                    host = ear.host
                    if host.ready and port in ear.ports:
                        host.on_datagrams(batch)

    def begin_refrain(self, key: RefrainKey) -> Refrain:
        """Somebody knows a beacon, the first to do so."""
        refrain = self.refrains[key] = Refrain(self, key, self._segments[key[0]])
        return refrain

    def end(self, refrain: Refrain) -> None:
        """Nobody knows it any more."""
        del self.refrains[refrain.key]


def _in_wave(wave: int, ports: Sequence[Port]) -> Iterable[Port]:
    """The ports in a set. In an old world it is mostly the sender's alone, who hears itself."""
    if wave.bit_count() == 1:
        return (ports[wave.bit_length() - 1 >> 3],)
    return compress(ports, wave.to_bytes(len(ports), "little"))


@lru_cache(maxsize=64)
def _deal(waves: int, lost: int, doubled: int) -> tuple[bytes, ...]:
    """Give the values of a draw to the waves: the first ``lost`` to none, the ``doubled`` ones behind them to two."""
    tables = [bytearray(_DRAWS) for _ in range(waves)]
    for draw in range(lost, _DRAWS):
        tables[draw % waves][draw] = 1
        if draw < lost + doubled:
            tables[(draw + 1) % waves][draw] = 1
    return tuple(map(bytes, tables))
