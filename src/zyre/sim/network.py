"""The modelled network: segments that carry broadcasts, and paths between computers that can be cut one way or both.

Datagrams may be lost, doubled and overtaken. A broadcast to many is carried in a few waves rather than one by one: in
each wave it arrives at a share of the receivers, chosen at random, so that a thousand nodes do not cost a thousand
entries in the agenda for every beacon.
"""

from __future__ import annotations

import random
import struct
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from zyre.core.discovery import Source
from zyre.endpoint import Endpoint
from zyre.sim.box import Box, Port, Power
from zyre.sim.clock import Agenda
from zyre.sim.conditions import Conditions
from zyre.sim.transport import SimTransport

__all__ = ["Network"]

_ON = Power.ON

#: Chances are drawn as whole numbers below this.
_DRAW = 1 << 16
#: How many different delays one broadcast has at most.
_WAVES = 8


class Network:
    """All segments. ``conditions`` hold everywhere, and may be changed at any time."""

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
        self._segments: dict[str, list[Port]] = defaultdict(list)
        self._at: dict[str, Port] = {}
        self._blocked: set[tuple[Box, Box]] = set()

    # -- what is where -------------------------------------------------------------------------------------------

    def plug_in(self, port: Port) -> None:
        """Attach an interface to its segment."""
        self._segments[port.segment].append(port)
        self._at[port.address] = port

    def readdress(self, port: Port, address: str) -> None:
        """Give an interface another address, as DHCP does."""
        del self._at[port.address]
        port.address = address
        self._at[address] = port

    @property
    def addresses(self) -> Collection[str]:
        """Those that somebody has."""
        return self._at.keys()

    def port_at(self, endpoint: Endpoint) -> Port | None:
        """Whose interface has that address."""
        return self._at.get(endpoint.host)

    def transport_at(self, endpoint: Endpoint) -> SimTransport | None:
        """Which node is reached there."""
        port = self._at.get(endpoint.host)
        if port is None or not port.up:
            return None
        return port.box.inboxes.get(endpoint.port)

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

    def passes(self, source: Box, target: Box) -> bool:
        """Whether something sent by one computer arrives at the other."""
        return (source, target) not in self._blocked and target.power is Power.ON and source.power is Power.ON

    # -- traffic -------------------------------------------------------------------------------------------------

    def delay(self) -> float:
        """How long one transmission takes."""
        return self.conditions.latency.sample(self._entropy)

    def broadcast(self, sender: Port, source_port: int, target_port: int, payload: bytes) -> None:
        """A datagram to everybody on the sender's segment, the sender included."""
        receivers = self._segments[sender.segment]
        if self._blocked:
            receivers = [port for port in receivers if (sender.box, port.box) not in self._blocked]
        waves: list[list[Port]] = [[] for _ in range(min(_WAVES, len(receivers)))]
        self._spread(receivers, waves)
        now, source = self.agenda.now(), (sender.address, source_port)
        for wave in waves:
            if wave:
                self.agenda.at(now + self.delay(), partial(self._arrive, wave, payload, source, target_port))

    def _spread(self, receivers: Sequence[Port], waves: list[list[Port]]) -> None:
        """Give each receiver its wave, none, or two; the chance for all of them is drawn at once."""
        draws = struct.unpack(f"<{len(receivers)}H", self._entropy.randbytes(2 * len(receivers)))
        count, lost_below = len(waves), int(self.conditions.loss * _DRAW)
        doubled_below = lost_below + int(self.conditions.duplication * (_DRAW - lost_below))
        for port, draw in zip(receivers, draws, strict=True):
            if draw >= lost_below:
                waves[draw % count].append(port)
                if draw < doubled_below:
                    waves[(draw // count) % count].append(port)

    def _arrive(self, ports: list[Port], payload: bytes, source: Source, target_port: int) -> None:
        batch = ((payload, source),)
        for port in ports:
            box = port.box
            if port.up and box.power is _ON:
                for ear in box.ears.get(target_port, ()):
                    self.datagrams += 1
                    host = ear.host
                    if host.ready and ear.uses(port):
                        host.on_datagrams(batch)
        self.datagram_octets += len(payload) * len(ports)
