"""A modelled network: datagrams that may be late or lost, links that are neither but can be cut.

Links keep order and lose nothing while both ends live, as TCP does; datagrams to the broadcast address reach
everybody on the segment. Each simulated host has one interface.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zyre.core.effects import LinkWritable
from zyre.core.locality import Interface, Locality
from zyre.endpoint import Endpoint
from zyre.sim.clock import Agenda
from zyre.wire.zre import identity_frame

if TYPE_CHECKING:
    from zyre.sim.world import SimNode

__all__ = ["Network", "SimTransport"]

_PORT = 49152


class Network:
    """One broadcast segment. ``latency`` is (least, most) seconds; ``loss`` the share of datagrams lost."""

    def __init__(self, agenda: Agenda, entropy: random.Random, latency: tuple[float, float], loss: float) -> None:
        self.agenda = agenda
        self.latency = latency
        self.loss = loss
        self._entropy = entropy
        self._at: dict[str, SimNode] = {}
        self._cut: set[frozenset[SimNode]] = set()

    def attach(self, node: SimNode) -> None:
        """Let a node be reached at its address."""
        self._at[node.address] = node

    def detach(self, node: SimNode) -> None:
        """Whatever is sent to the node from now on is lost."""
        if self._at.get(node.address) is node:
            del self._at[node.address]

    def cut(self, one: SimNode, other: SimNode) -> None:
        """Nothing passes between two nodes any more; links stall, as behind a pulled cable."""
        self._cut.add(frozenset((one, other)))

    def mend(self) -> None:
        """Everything passes again."""
        self._cut.clear()

    def reaches(self, one: SimNode, other: SimNode) -> bool:
        """Whether something sent by one node arrives at the other now."""
        return frozenset((one, other)) not in self._cut and self._at.get(other.address) is other

    def delay(self) -> float:
        """How long one transmission takes."""
        return self._entropy.uniform(*self.latency)

    def broadcast(self, sender: SimNode, payload: bytes) -> None:
        """A datagram to everybody on the segment, the sender included."""
        for receiver in list(self._at.values()):
            if self._entropy.random() < self.loss or not self.reaches(sender, receiver):
                continue
            self.agenda.at(
                self.agenda.now() + self.delay(),
                lambda receiver=receiver: receiver.on_datagram(payload, (sender.address, _PORT)),  # type: ignore[misc]
            )

    def node_at(self, endpoint: Endpoint) -> SimNode | None:
        """Who listens there."""
        return self._at.get(endpoint.host)


class SimLink:
    """One direction of a connection: an ordered queue that empties while the far end is reached."""

    RETRY = 0.1

    def __init__(self, transport: SimTransport, number: int, endpoint: Endpoint) -> None:
        self._transport = transport
        self._number = number
        self._endpoint = endpoint
        self._queue: deque[Sequence[bytes]] = deque()
        self._moving = False
        self._refused = False
        self.open = True

    def push(self, frames: Sequence[bytes]) -> bool:
        """Queue a message, unless the queue is full."""
        if len(self._queue) >= self._transport.capacity:
            self._refused = True
            return False
        self._queue.append(frames)
        self._move()
        return True

    def _move(self) -> None:
        if not self._moving and self._queue:
            self._moving = True
            network = self._transport.network
            network.agenda.at(network.agenda.now() + network.delay(), self._arrive)

    def _arrive(self) -> None:
        self._moving = False
        if not self.open or not self._queue:
            return
        network, sender = self._transport.network, self._transport.node
        receiver = network.node_at(self._endpoint)
        if receiver is None or not network.reaches(sender, receiver):
            self._moving = True
            network.agenda.at(network.agenda.now() + self.RETRY, self._arrive)
            return
        arrived, self._queue = self._queue, deque()
        receiver.on_messages([(identity_frame(sender.machine.identity.octets), *frames) for frames in arrived])
        if self._refused and self.open:
            self._refused = False
            sender.driver.on_report(LinkWritable(self._number))
        self._move()


class SimTransport:
    """The Transport port on a modelled network."""

    def __init__(self, network: Network, node: SimNode, capacity: int) -> None:
        self.network = network
        self.node = node
        self.capacity = capacity
        self._links: dict[int, SimLink] = {}
        self.beacons_sent = 0

    def open(self) -> Locality:
        """Attach the node to the network."""
        self.network.attach(self.node)
        interface = Interface("sim0", self.node.address, 16, "10.0.255.255")
        return Locality(Endpoint("tcp", self.node.address, _PORT), (interface,))

    def open_link(self, link: int, endpoint: str) -> bool:
        """Begin to connect."""
        self._links[link] = SimLink(self, link, Endpoint.parse(endpoint))
        return True

    def send(self, link: int, frames: Sequence[bytes]) -> bool:
        """Queue a message."""
        return self._links[link].push(frames)

    def close_link(self, link: int, flush: bool) -> None:
        """Close a link; what is queued leaves only with ``flush``."""
        closed = self._links.pop(link, None)
        if closed is not None and not flush:
            closed.open = False

    def broadcast(self, payload: bytes) -> None:
        """Send a datagram to the segment."""
        self.beacons_sent += 1
        self.network.broadcast(self.node, payload)

    def close(self) -> None:
        """Leave the network."""
        self.network.detach(self.node)
