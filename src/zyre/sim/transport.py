"""The Transport port on the modelled network: one inbox, links to others, beacons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from zyre.config import Limits
from zyre.core.discovery import Source
from zyre.core.effects import HelloFrom, LinkAnswered, LinkLost, LinkRefused, Report
from zyre.core.locality import Locality
from zyre.core.outqueue import share_of_link
from zyre.endpoint import Endpoint
from zyre.errors import AddressInUse, InvalidEndpoint, NoInterface
from zyre.sim.hearing import Hearing
from zyre.sim.links import SimLink, Way
from zyre.wire import bundle, zre
from zyre.wire.zre import identity_frame

if TYPE_CHECKING:
    from zyre.sim.box import Box, Port
    from zyre.sim.network import Network

__all__ = ["Receiver", "SimTransport"]

_BUNDLE = bytes((bundle.BUNDLE,))
_DATA = (bytes((zre.WHISPER,)), bytes((zre.SHOUT,)))


class Receiver(Protocol):
    """What takes in what arrives: a node's host. ``name`` is the node's."""

    name: str
    ready: bool
    """False while its process does not run."""
    on_datagrams: Callable[[Iterable[tuple[bytes, Source]]], None]
    on_messages: Callable[[Iterable[Sequence[bytes]]], None]
    on_greeter: Callable[[HelloFrom], None]
    """From where the next HELLO comes."""

    def on_report(self, report: Report) -> None:
        """How a link fares, or a connection of somebody."""


class SimTransport:
    """The sockets of one node."""

    __slots__ = (
        "_beacon_port",
        "_greeter",
        "_inbox",
        "_interface",
        "_links",
        "_news",
        "_sources",
        "advertise",
        "beacons_sent",
        "box",
        "closed",
        "data_taken",
        "hearing",
        "host",
        "identity",
        "limits",
        "most_queued",
        "network",
        "octets_sent",
        "ports",
        "tcp_port",
        "wanted_port",
    )

    def __init__(
        self, network: Network, box: Box, identity: bytes, limits: Limits, beacon_port: int, interface: str | None
    ) -> None:
        self.network = network
        self.box = box
        self.identity = identity_frame(identity)
        self.limits = limits
        self.most_queued, _ = share_of_link(limits)
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
        self.ports: tuple[Port, ...] = ()
        """The interfaces by which the node hears beacons. (A process that does not run misses them: the kernel keeps a
        few datagrams, we keep none.)"""
        self.tcp_port = 0
        self.closed = False
        self._sources: dict[bytes, SimLink] = {}
        """By which connection the last messages of each sender came."""
        self._news: list[Report] = []
        """What a process that does not run is told later."""
        self._inbox: list[list[bytes]] = []
        self._links: dict[int, SimLink] = {}
        self._greeter = HelloFrom(self.identity, "")

    # -- the port -------------------------------------------------------------------------------------------------

    def open(self) -> Locality:
        """Appear at the box's addresses."""
        ports = self.box.choose(self._interface)
        if not ports:
            raise NoInterface(self._interface, tuple(self.box.ports))
        if self.wanted_port is not None and self.wanted_port in self.box.inboxes:
            raise AddressInUse(f"tcp://*:{self.wanted_port}")
        self.ports = ports
        self.tcp_port = self.box.bind(self, self.wanted_port)
        if self._beacon_port:
            self.box.settle()
            self.box.ears.setdefault(self._beacon_port, []).append(self)
            if self.hearing is not None:
                self.hearing.begin(self.ports)
        return self.locality()

    def locality(self) -> Locality:
        """Where the node is now; the box's addresses may have changed."""
        interfaces = tuple(port.describe() for port in self.ports)
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
        kind = frames[0][2:3]
        self.data_taken += bundle.size_of(frames[0]) if kind == _BUNDLE else kind in _DATA
        for frame in frames:
            self.octets_sent += len(frame)
        return True

    def close_link(self, link: int, flush: bool) -> None:
        """Close a link; what is queued leaves only with ``flush``."""
        closed = self._links.pop(link, None)
        if closed is None:
            return
        closed.close(flush)

    def hasten(self, link: int) -> None:
        """TCP tries a link again once a second at least."""
        if link in self._links:
            self._links[link].hasten()

    def listen_anew(self) -> None:
        """There are no keys here."""

    def probe(self, link: int, endpoint: str) -> None:
        """Send a SYN: a host that is there refuses it, or accepts it; and a process that runs says something then."""
        way = Way(self, Endpoint.parse(endpoint))

        def arrive() -> None:
            end = way.end(connected=False)
            if end is None:
                return
            target = end.box.inboxes.get(way.endpoint.port)
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
        for port in self.ports:
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

    def greeter_in(self, segment: str) -> HelloFrom:
        """From where its HELLO comes in a segment: from the address of its interface there, if it has one."""
        ports = self.box.ports.values()
        for port in ports:
            if port.segment == segment:
                break
        else:
            port = next(iter(ports))
        if port.address != self._greeter.address:
            self._greeter = HelloFrom(self.identity, port.address)
        return self._greeter

    @property
    def room(self) -> int:
        """How many more messages the inbox takes from one sender."""
        return self.limits.inbox_messages - len(self._inbox)

    def take(self, identity: bytes, messages: Sequence[Sequence[bytes]], link: SimLink) -> None:
        """Messages arrive by a link; they wait here while the process does not run."""
        self._sources[identity] = link
        several = len(messages) > 1
        arrived = [[identity, *frames] for frames in messages] if several else [[identity, *messages[0]]]
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

    def count_links_to(self, box: Box) -> int:
        """How many links lead to a computer."""
        return sum(link.leads_to(box) for link in self._links.values())

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
