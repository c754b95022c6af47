"""The Transport port on the modelled network: links that behave like libzmq's DEALER over TCP.

A link queues while it is not connected, keeps order, and loses nothing but what is in flight when its connection is
reset. It tries again by itself. A receiver that does not read fills its inbox, then the sender's queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from zyre.config import Limits
from zyre.core.discovery import Source
from zyre.core.effects import HelloFrom, LinkAnswered, LinkLost, LinkRefused, LinkWritable, Report
from zyre.core.locality import Locality
from zyre.endpoint import Endpoint
from zyre.errors import AddressInUse, InvalidEndpoint, NoInterface
from zyre.sim.hearing import Hearing
from zyre.wire import zre
from zyre.wire.zre import identity_frame

if TYPE_CHECKING:
    from zyre.sim.box import Box, Port
    from zyre.sim.network import Network

__all__ = ["SimLink", "SimTransport", "Receiver"]

#: libzmq tries again after this long to connect to a computer that refuses, and a sender here to a full receiver.
RETRY = 0.1
#: TCP sends again what nobody acknowledges after this long, and after twice as long each time (RFC 6298, in Linux's
#: numbers): so a path that was cut for a while carries messages again only up to as long after it was mended.
RETRANSMIT = 0.2
#: The same for a connection that is not there yet.
RETRANSMIT_OPENING = 1.0
RETRANSMIT_MOST = 120.0

_HELLO = bytes((zre.HELLO,))
_DATA = (bytes((zre.WHISPER,)), bytes((zre.SHOUT,)))


class Receiver(Protocol):
    """What takes in what arrives: a node's host. ``name`` is the node's."""

    name: str
    ready: bool
    """False while its process does not run."""
    on_datagrams: Callable[[Iterable[tuple[bytes, Source]]], None]
    on_messages: Callable[[Iterable[Sequence[bytes]]], None]

    def on_greeter(self, greeter: HelloFrom) -> None:
        """From where the next HELLO comes."""

    def on_report(self, report: Report) -> None:
        """How a link fares, or a connection of somebody."""


class SimLink:
    """A DEALER: a queue toward one endpoint, and what is on its way there."""

    __slots__ = (
        "_connected",
        "_departed",
        "_flight",
        "_last_arrival",
        "_number",
        "_patience",
        "_queue",
        "_reached",
        "_refused",
        "_waiting",
        "_way",
        "open",
    )

    def __init__(self, way: SimTransport, number: int, endpoint: Endpoint) -> None:
        self.open = True
        self._way = _Way(way, endpoint)
        self._number = number
        self._queue: list[Sequence[bytes]] = []
        self._flight = 0
        """Raised by a reset, so that what was in flight before does not arrive."""
        self._departed = 0
        """How many of the queue are on their way."""
        self._reached: SimTransport | None = None
        """Whom the connection leads to; its end breaks the connection."""
        self._connected = False
        self._waiting = False
        self._refused = False
        self._last_arrival = 0.0
        self._patience = 0.0
        """How long TCP waits before it sends again into the void; 0 while nothing is amiss."""

    def push(self, frames: Sequence[bytes]) -> bool:
        """Queue a message, unless the queue is full."""
        if len(self._queue) >= self._way.sender.limits.link_messages:
            self._refused = True
            return False
        self._queue.append(frames)
        self._way.sender.network.queued += 1
        if not self._waiting:
            self._depart()
        return True

    def _depart(self) -> None:
        """Send off what is queued; it arrives after the latency, and behind everything sent before."""
        network = self._way.sender.network
        delay = network.delay() if self._connected else network.delay() + 2 * network.delay()
        self._last_arrival = max(self._last_arrival, network.agenda.now() + delay)
        self._waiting = True
        self._departed = len(self._queue)
        network.agenda.at(self._last_arrival, partial(self._arrive, self._flight))

    def _arrive(self, flight: int) -> None:
        if flight != self._flight:
            return
        self._waiting = False
        if self._reached is not None and self._reached.closed:
            self._lose(self._departed)
            self._connected, self._reached = False, None
        if not self._queue:
            self._end_if_closed()
            return
        answered = self._way.leads(self._connected)
        target = self._way.target() if answered else None
        room = 0 if target is None else target.room
        if target is not None and not self._connected and not target.host.ready:
            room = 0  # the kernel takes the connection, but nobody there shakes hands
        if target is None or not room:
            self._retry(answered)
            return
        self._connected, self._reached, self._departed, self._patience = True, target, 0, 0.0
        arrived, self._queue = self._queue[:room], self._queue[room:]
        self._way.sender.network.queued -= len(arrived)
        watcher = self._way.sender.network.watcher
        if watcher is not None:
            watcher(self._way.sender, target, arrived)
        for frames in arrived:
            if frames[0][2:3] == _HELLO:
                target.host.on_greeter(HelloFrom(self._way.sender.identity, self._way.source))
        target.take(self._way.sender.identity, arrived, self)
        self._tell_of_room()
        if self._queue and not self._waiting:
            self._depart()
        self._end_if_closed()

    def _retry(self, answered: bool) -> None:
        if not self.open:
            self._lose(len(self._queue))
            return
        if answered:
            self._patience = 0.0
        elif self._patience:
            self._patience = min(2 * self._patience, RETRANSMIT_MOST)
        else:
            self._patience = RETRANSMIT if self._connected else RETRANSMIT_OPENING
        self._waiting = True
        agenda = self._way.sender.network.agenda
        agenda.at(agenda.now() + (self._patience or RETRY), partial(self._arrive, self._flight))

    def close(self, flush: bool) -> None:
        """No more; with ``flush`` after what is queued has left."""
        self.open = False
        if flush and self._waiting:
            return
        self.reset(told=True)

    def _end_if_closed(self) -> None:
        if not self.open and not self._queue:
            self._tell_of_end()

    def _tell_of_end(self) -> None:
        """The kernel ends the connection, so the other end knows, if anything gets there."""
        reached, way = self._reached, self._way
        self._reached = None
        if reached is None or not way.leads(connected=True):
            return

        def arrive() -> None:
            if way.leads(connected=True):
                reached.on_end(way.sender.identity, self)

        way.sender.network.after_delay(arrive)

    def reset(self, *, told: bool = False) -> None:
        """The connection breaks; what is in flight is lost, and it connects again by itself. ``told``: the other end
        is told, as it is by a RST or FIN, rather than by an address that is there no more."""
        if told:
            self._tell_of_end()
        if self._waiting:
            self._lose(len(self._queue))
        self._flight += 1
        self._waiting = False
        self._connected, self._reached, self._patience = False, None, 0.0

    def _lose(self, count: int) -> None:
        lost, self._queue = self._queue[:count], self._queue[count:]
        self._departed = 0
        if lost:
            self._way.sender.network.queued -= len(lost)
            network = self._way.sender.network
            network.on_lost(self._way.sender, lost)
            network.agenda.at(network.agenda.now(), self._tell_of_room)

    def _tell_of_room(self) -> None:
        """Let the sender know when a queue that was full is not any more."""
        if self._refused and self.open and len(self._queue) <= self._way.sender.limits.link_messages // 2:
            self._refused = False
            self._way.sender.host.on_report(LinkWritable(self._number))

    def leads_to(self, box: Box) -> bool:
        """Whether the link's endpoint is on that computer."""
        return box.has_address(self._way.endpoint.host)


class _Way:
    """From one node to one endpoint."""

    __slots__ = ("endpoint", "sender")

    def __init__(self, sender: SimTransport, endpoint: Endpoint) -> None:
        self.sender = sender
        self.endpoint = endpoint

    @property
    def source(self) -> str:
        """The sender's address on the way: that of its interface in the receiver's segment."""
        there = self.sender.network.port_at(self.endpoint)
        ports = self.sender.box.ports.values()
        for port in ports:
            if there is not None and port.segment == there.segment:
                return port.address
        return next(iter(ports)).address

    def leads(self, connected: bool) -> bool:
        """Whether anything gets there and back. A new connection wants a receiver that is not hidden."""
        network, box = self.sender.network, self.sender.box
        there = network.port_at(self.endpoint)
        if there is None or not there.up:
            return False
        if there.box is box:
            return True
        if there.box.hidden and not connected:
            return False
        return box.leads_to(there.segment) and network.passes_both_ways(box, there.box)

    def target(self) -> SimTransport | None:
        """Who listens there."""
        return self.sender.network.transport_at(self.endpoint)


class SimTransport:
    """The sockets of one node."""

    def __init__(
        self, network: Network, box: Box, identity: bytes, limits: Limits, beacon_port: int, interface: str | None
    ) -> None:
        self.network = network
        self.box = box
        self.identity = identity_frame(identity)
        self.limits = limits
        self.host: Receiver
        self.hearing: Hearing | None = None
        """What notes the beacons from which nothing follows; None to be handed each."""
        self.wanted_port: int | None = None
        self.advertise: str | None = None
        self.beacons_sent = 0
        self.octets_sent = 0
        self.data_taken = 0
        """Whispers and shouts that a link took."""
        self._beacon_port = beacon_port
        self._interface = interface
        self._ports: tuple[Port, ...] = ()
        self.tcp_port = 0
        self.closed = False
        self._sources: dict[bytes, SimLink] = {}
        """By which connection the last messages of each sender came."""
        self._news: list[Report] = []
        """What a process that does not run is told later."""
        self._inbox: list[list[bytes]] = []
        self._links: dict[int, SimLink] = {}

    # -- the port -------------------------------------------------------------------------------------------------

    def open(self) -> Locality:
        """Appear at the box's addresses."""
        ports = self.box.choose(self._interface)
        if not ports:
            raise NoInterface(self._interface, tuple(self.box.ports))
        if self.wanted_port is not None and self.wanted_port in self.box.inboxes:
            raise AddressInUse(f"tcp://*:{self.wanted_port}")
        self._ports = ports
        self.tcp_port = self.box.bind(self, self.wanted_port)
        if self._beacon_port:
            self.box.settle()
            self.box.ears.setdefault(self._beacon_port, []).append(self)
            if self.hearing is not None:
                self.hearing.begin(self._ports)
        return self.locality()

    def locality(self) -> Locality:
        """Where the node is now; the box's addresses may have changed."""
        interfaces = tuple(port.describe() for port in self._ports)
        host = interfaces[0].address if len(interfaces) == 1 and self._interface else "*"
        restricted = self._interface is not None
        return Locality(Endpoint("tcp", host, self.tcp_port), interfaces, self.advertise, restricted)

    def open_link(self, link: int, endpoint: str) -> bool:
        """Begin to connect. Like libzmq, take no host names beyond ASCII."""
        try:
            target = Endpoint.parse(endpoint)
        except InvalidEndpoint:
            return False
        if not target.host.isascii():
            return False
        self._links[link] = SimLink(self, link, target)
        return True

    def send(self, link: int, frames: Sequence[bytes]) -> bool:
        """Queue a message. As in the real transport, one for a link that could not be opened counts as sent."""
        opened = self._links.get(link)
        if opened is not None and not opened.push(frames):
            return False
        self.data_taken += frames[0][2:3] in _DATA
        for frame in frames:
            self.octets_sent += len(frame)
        return True

    def close_link(self, link: int, flush: bool) -> None:
        """Close a link; what is queued leaves only with ``flush``."""
        closed = self._links.pop(link, None)
        if closed is None:
            return
        closed.close(flush)

    def probe(self, link: int, endpoint: str) -> None:
        """Send a SYN: a host that is there refuses it, or accepts it; and a process that runs says something then."""
        way = _Way(self, Endpoint.parse(endpoint))

        def arrive() -> None:
            if not way.leads(connected=False):
                return
            target = way.target()
            if target is None:
                self.network.after_delay(lambda: answer(LinkRefused(link)))
            elif target.host.ready:
                self.network.after_delay(lambda: answer(LinkAnswered(link)))

        def answer(report: Report) -> None:
            if link in self._links and not self.closed:
                self.tell(report)

        self.network.after_delay(arrive)

    def broadcast(self, payload: bytes) -> None:
        """Send a datagram on every interface that is up, from a port of our own: the beacon port is everybody's. Which
        one does not matter, so it has the number of our TCP port."""
        for port in self._ports:
            if port.up:
                self.beacons_sent += 1
                self.octets_sent += len(payload)
                self.network.broadcast(port, self.tcp_port, self._beacon_port, payload)

    def close(self) -> None:
        """Disappear. Links that were closed with ``flush`` still deliver."""
        self.closed = True
        if self.box.inboxes.get(self.tcp_port) is self:
            del self.box.inboxes[self.tcp_port]
        ears = self.box.ears.get(self._beacon_port, [])
        if self in ears:
            if self.hearing is not None:
                self.hearing.end()
            ears.remove(self)
        for link in self._links.values():
            link.close(flush=False)
        self._links.clear()

    def settle(self) -> None:
        """What was heard so far counts as it is; see zyre.sim.hearing."""
        if self.hearing is not None:
            self.hearing.settle_all()

    # -- what the network does with it ----------------------------------------------------------------------------

    def uses(self, port: Port) -> bool:
        """Whether the node hears what comes by that interface. (A process that does not run misses it: the kernel
        keeps a few datagrams, we keep none.)"""
        return port in self._ports

    @property
    def room(self) -> int:
        """How many more messages the inbox takes from one sender."""
        return self.limits.inbox_messages - len(self._inbox)

    def take(self, identity: bytes, messages: Iterable[Sequence[bytes]], link: SimLink) -> None:
        """Messages arrive by a link; they wait here while the process does not run."""
        self._sources[identity] = link
        arrived = [[identity, *frames] for frames in messages]
        if self.host.ready and not self._inbox:
            self.host.on_messages(arrived)
        else:
            self._inbox.extend(arrived)

    def wake(self) -> None:
        """The process runs again: take in what has waited."""
        waiting, self._inbox = self._inbox, []
        if waiting:
            self.host.on_messages(waiting)
        news, self._news = self._news, []
        for report in news:
            self.host.on_report(report)

    def on_end(self, identity: bytes, link: SimLink) -> None:
        """A connection to here ends. Whoever has come by another one since is not concerned."""
        if not self.closed and self._sources.get(identity) is link:
            del self._sources[identity]
            self.tell(LinkLost(identity))

    def tell(self, report: Report) -> None:
        """Hand in a report, or keep it while the process does not run."""
        if self.host.ready:
            self.host.on_report(report)
        else:
            self._news.append(report)

    def reset_links(self, concerns: Callable[[SimLink], bool], *, told: bool = False) -> None:
        """Break the connections that ``concerns`` is true of; see SimLink.reset."""
        for link in self._links.values():
            if concerns(link):
                link.reset(told=told)

    @property
    def waiting(self) -> int:
        """How many messages wait for a process that does not run, or never will again."""
        return len(self._inbox)

    @property
    def link_count(self) -> int:
        """How many links are open."""
        return len(self._links)
