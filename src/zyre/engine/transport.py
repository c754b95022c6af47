"""The Transport port on pyzmq: one ROUTER that only receives, one DEALER per peer that only sends (36/ZRE, "sockets").

So the set of sockets to wait for does not grow with the peers (the DEALERs are in dealers.py). Nothing here decides
anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import zmq

from zyre.config import NodeConfig
from zyre.core.effects import HelloFrom
from zyre.core.locality import Interface, Locality
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.arrivals import with_large
from zyre.engine.connections import Connections
from zyre.engine.context import shared_context
from zyre.engine.dealers import FLUSH_MS, Dealers
from zyre.engine.descriptors import LINK, NODE, budget
from zyre.engine.freight import LAST
from zyre.engine.greeters import TELLING, note, proven_key
from zyre.engine.haste import Haste
from zyre.engine.interfaces import Selection, choose_within, without_carrier
from zyre.engine.ports import bind_first, wanted_endpoints
from zyre.engine.rungs import Rungs
from zyre.errors import InvalidEndpoint, NetworkError, NoInterface
from zyre.refusals import RefusalCode
from zyre.views import LARGE_FROM
from zyre.wire.bundle import BUNDLE
from zyre.wire.zre import identity_frame

if TYPE_CHECKING:
    from zyre.engine.auth import Protection

__all__ = ["ZmqTransport"]

#: What libzmq can count as milliseconds.
_LONGEST_FLUSH = 1_000_000.0
#: So often the host's addresses are looked at, in seconds; at once when an interface does not take a beacon.
_LOOK_AGAIN = 2.0
#: Where the system tells of changes, this is only for what it might not have told: a look costs as much as ten beacons.
_LOOK_ANYWAY = 30.0
# Plain numbers: on the way of every message the enumerations of pyzmq cost more than the call that they are for.
_EVENTS = int(zmq.EVENTS)
_READABLE = int(zmq.POLLIN)

#: The kernel asks silent connections to the inbox so often, in seconds, and gives them up after so many times without
#: an answer: not before their peers have expired.
_KEEPALIVE = 10
_KEEPALIVES = 3
_MESSAGE_ID = slice(2, 3)
_BUNDLE = bytes((BUNDLE,))
_REMARKABLE = TELLING | {_BUNDLE}


class ZmqTransport:
    """Sockets of one node.

    ``on_blocked(link, descriptor)`` is called when a link's queue is full: the descriptor shows when to look for room
    again, and so does ``on_less(link)``, in any thread, when large messages have left it. ``on_closed(link)`` is called
    before a link's descriptor is given back. ``on_moved(locality)`` is called when the host has other addresses than
    before; whoever may read the inbox should then call ``receive``. ``on_probe(link, endpoint)`` has a look at an
    endpoint, and ``on_refused(code, address)`` tells why a link is not opened.
    """

    def __init__(
        self,
        identity: bytes,
        config: NodeConfig,
        interface: Selection,
        beacon_port: int,
        protection: Protection | None = None,
        *,
        on_blocked: Callable[[int, int], None],
        on_closed: Callable[[int], None],
        on_moved: Callable[[Locality], None],
        on_probe: Callable[[int, str], None],
        on_refused: Callable[[RefusalCode, str], None] = lambda code, address: None,
        on_less: Callable[[int], None] = lambda link: None,
    ) -> None:
        self.probe = on_probe
        self._haste = Haste()
        self.alarms = (self._haste.alarm,)
        self.connections: Connections | None = None
        self.beacons: Rungs | None = None
        self._identity = identity_frame(identity)
        self._config = config
        self.selection = interface
        self._protection = protection
        self._proven = protection is not None and protection.proven
        self._interfaces: tuple[Interface, ...] = ()
        self.beacon_port = beacon_port
        self._on_moved = on_moved
        self._on_refused = on_refused
        self._locality: Locality
        self._place = ""
        self._look_again_at = self._looked_at = 0.0
        self.is_told: Callable[[], bool] = lambda: False
        """Whether somebody calls ``look_around`` when the networks of this computer change."""
        self.opened = (0.0, 0.0)
        """When, by the clock that counts the time asleep, too, and by the one on the wall."""
        self._rebinding = ""
        self._rekeying = False
        self._bound_links: dict[str, str] = {}
        self._linking = False
        self._dealers = Dealers(
            self._identity,
            config,
            protection,
            on_blocked=on_blocked,
            on_closed=on_closed,
            on_less=on_less,
            on_refused=on_refused,
        )
        self.send, self.close_link = self._dealers.send, self._dealers.close
        self.is_writable = self._dealers.is_writable
        self._inbox: zmq.Socket[bytes] | None = None
        self._batch_octets = config.limits.batch_octets
        self._taken = False
        self.drained = False
        """Whether the last ``receive`` left nothing."""
        self.greeters: list[HelloFrom] = []
        """From where the HELLOs among the messages just received came; their reader empties it."""

    # -- opening -------------------------------------------------------------------------------------------------

    def open(self) -> Locality:
        """Bind the inbox, and the beacon sockets if there is a port to beacon on."""
        if not budget.take(NODE):
            raise NetworkError(
                "too few descriptors are left for a node: close files and sockets, or raise the limit, for instance by "
                "'ulimit -n 65536'"
            )
        self._taken = True
        try:
            self._interfaces, restricted = choose_within(self._config.scope, self.selection)
            bound = self._bind_inbox()
            if self.beacon_port and bound.is_tcp:
                open_sockets = Rungs if self._protection is None else self._protection.beacon_sockets
                self.beacons = open_sockets(self.beacon_port, self._interfaces)
                self.beacons.most = self._config.limits.beacon_datagrams
                self.beacons.admits = lambda host: self._locality.admits(host)
        except BaseException:
            self.close()
            raise
        self._looked_at = time.monotonic()
        self._look_again_at = self._looked_at + _LOOK_AGAIN
        self.opened = (clock.now(), time.time())
        self._locality = self._locality_of(bound, self._interfaces, restricted)
        if bound.is_tcp and self._config.endpoint is None:
            self._bind_links()
        return self._locality

    def _locality_of(self, bound: Endpoint, interfaces: tuple[Interface, ...], restricted: bool) -> Locality:
        unplugged, config = without_carrier(interfaces), self._config
        return Locality(bound, interfaces, config.advertise, restricted, unplugged, config.scope)

    def _bind_links(self) -> None:
        """Listen at the address of each IPv6 link, too, on the same port: a rung that may be missing."""
        assert self._inbox is not None
        self._inbox.ipv6 = True
        for interface in self._locality.interfaces:
            if interface.is_ipv6 and interface.address not in self._bound_links:
                try:
                    self._inbox.bind(str(Endpoint("tcp", interface.address, self._locality.bound.port)))
                except zmq.ZMQError:  # still being checked for duplicates: tried again later
                    continue
                self._bound_links[interface.address] = self._inbox.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self._inbox.ipv6 = False  # else IPv4 addresses are read and written as IPv6 from now on

    @property
    def _unbound_links(self) -> bool:
        links = {interface.address for interface in self._locality.interfaces if interface.is_ipv6}
        return self._config.endpoint is None and not links <= self._bound_links.keys()

    def _bind_inbox(self) -> Endpoint:
        inbox = self._inbox = shared_context().socket(zmq.ROUTER)
        inbox.linger = 0
        # A peer that lost its connection comes back with the same identity, and must not be refused for it.
        inbox.router_handover = True
        # A connection whose other end has another address now, or no power, would stay for good: nothing is sent on it.
        inbox.tcp_keepalive, inbox.tcp_keepalive_cnt = 1, _KEEPALIVES
        inbox.tcp_keepalive_idle = inbox.tcp_keepalive_intvl = _KEEPALIVE
        inbox.rcvhwm = self._config.limits.inbox_messages
        if self._protection is not None:
            inbox.handshake_ivl = round(self._config.timing.handshake * 1000)
            self._protection.guard_inbox(inbox, self._identity[1:].hex())
        bind_first(inbox, wanted_endpoints(self._config, self._interfaces, self.beacon_port))
        wary = self._protection is not None and self._protection.meets_strangers
        self.connections = Connections(inbox, count_strangers=wary)
        if self._protection is not None:
            self._protection.tend(self.connections)
        self._place = inbox.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        return Endpoint.parse(self._place)

    # -- sending -------------------------------------------------------------------------------------------------

    def open_link(self, link: int, endpoint: str) -> bool:
        """A DEALER that connects, now or later, under our identity."""
        try:
            target = Endpoint.parse(endpoint)
        except InvalidEndpoint:
            return False
        if target.key and self._protection is None:
            return False
        if target.is_tcp and not self._locality.admits(target.host):
            self._on_refused("out of scope", target.host)
            return False
        return self._dealers.open(link, target)

    def flush_within(self, seconds: float) -> None:
        """What links hold that are closed from now on may leave for so long, behind our back; the end of the program
        waits for it."""
        self._dealers.flush_ms = max(FLUSH_MS, round(min(seconds, _LONGEST_FLUSH) * 1000))

    def hasten(self, link: int) -> None:
        """See to it that TCP tries a link again once a second at least, while nothing passes."""
        if (place := self._dealers.place_of(link)) is not None:
            self._haste.add(place)

    def broadcast(self, payload: bytes) -> None:
        """Send a beacon on every interface."""
        if self.beacons is None:
            return
        if not self.beacons.broadcast(payload) or self._is_time_to_look():
            self.look_around()

    def _is_time_to_look(self) -> bool:
        now = time.monotonic()
        if now < self._look_again_at:
            return False
        self._look_again_at = now + _LOOK_AGAIN
        amiss = self._rebinding or self._rekeying or self._unbound_links or self.beacons is None or self.beacons.is_dead
        return bool(amiss) or not self.is_told() or not now < self._looked_at + _LOOK_ANYWAY

    def look_around(self) -> None:
        """Cables, addresses and whole interfaces come and go: speak on those that are there now."""
        self._looked_at = time.monotonic()
        self._look_again_at = self._looked_at + _LOOK_AGAIN
        if not budget.take(LINK):  # looking takes some, and so does binding again, which ends the process without
            return
        budget.give(LINK)
        if self.beacons is not None and self.beacons.mend():
            self._on_moved(self._locality)
        try:
            interfaces, restricted = choose_within(self._config.scope, self.selection)
        except NoInterface:
            return
        bound, unplugged = self._locality.bound, without_carrier(interfaces)
        if interfaces == self._locality.interfaces:
            if self._rebinding or self._rekeying or self._unbound_links or unplugged != self._locality.unplugged:
                self._linking = True
                self._locality = replace(self._locality, unplugged=unplugged)
                self._on_moved(self._locality)
            return
        self._linking = True
        if not bound.any_host:
            addresses = [interface.address for interface in interfaces if not interface.is_ipv6]
            if self._config.endpoint is not None or len(addresses) != 1:
                return
            if addresses[0] != bound.host:
                bound = Endpoint("tcp", addresses[0], bound.port)
                self._rebinding = str(bound)
        if self.beacons is not None:
            self.beacons.use(interfaces)
        self._locality = self._locality_of(bound, interfaces, restricted)
        self._on_moved(self._locality)

    def _bind_again(self, inbox: zmq.Socket[bytes]) -> None:
        """The only interface of a node has another address: the inbox moves there, on the same port."""
        try:
            inbox.bind(self._rebinding)
            self._rebinding = ""
            inbox.unbind(self._place)
            self._place = inbox.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        except zmq.ZMQError:  # somebody else may have the port there; tried again with the next look around
            return

    def listen_anew(self) -> None:
        """The keys of the node have changed, and nobody says anything for a moment."""
        self._rekeying = True
        self._on_moved(self._locality)

    def _bind_anew(self, inbox: zmq.Socket[bytes]) -> None:
        """Listen with new keys; who is connected will have to connect again."""
        if self._protection is not None:
            self._rekeying = not self._protection.listen_again(inbox, self._place, self._bound_links.values())

    # -- receiving -----------------------------------------------------------------------------------------------

    @property
    def inbox_descriptor(self) -> int:
        """libzmq's edge-triggered descriptor of the inbox."""
        assert self._inbox is not None
        return int(self._inbox.get(zmq.FD))

    def receive(self, limit: int) -> list[list[bytes]]:
        """Messages that have arrived, at most ``limit``, and fewer if they are large; ``drained`` tells whether there
        are no more."""
        assert self._inbox is not None
        self.drained = False
        room = self._batch_octets
        look = limit > 1  # one alone is asked for when it is known to be there
        if self._linking:
            self._linking = False
            if self._unbound_links:
                self._bind_links()
        if self._rebinding:
            self._bind_again(self._inbox)
        if self._rekeying:
            self._bind_anew(self._inbox)
        receive, proven = self._inbox.recv, self._proven
        messages: list[list[bytes]] = []
        try:
            for _ in range(limit):
                if look and not self._inbox_has_more():
                    self.drained = True
                    break
                look = look and not messages  # and after the first: where there are two, there are many
                identity = receive(LAST)  # a ROUTER puts it before at least one frame
                frame = receive(LAST, False)
                content = frame.bytes
                frames = [identity, content]
                room -= len(content)
                while frame.more:
                    frame = receive(LAST, False)
                    if (octets := len(frame)) < LARGE_FROM:
                        frames.append(frame.bytes)
                    else:
                        frames = with_large(frames, frame)
                    room -= octets
                if proven:
                    frames[0] += proven_key(frame)
                messages.append(frames)
                message_id = frames[1][_MESSAGE_ID]
                if message_id in _REMARKABLE:
                    if message_id == _BUNDLE:  # which is a batch by itself
                        break
                    self._note(frames, frame)
                if room <= 0:
                    break
        except zmq.Again:
            self.drained = True
        return messages

    def _note(self, frames: list[bytes], frame: zmq.Frame) -> None:
        greeter = note(frames, frame, self._protection, self.connections)
        if greeter is not None:
            self.greeters.append(greeter)

    def _inbox_has_more(self) -> bool:
        """To ask costs a third of being refused."""
        assert self._inbox is not None
        return bool(int(self._inbox.get(_EVENTS)) & _READABLE)

    def close(self) -> None:
        """Close everything; links still open lose what they hold."""
        if self._taken:
            budget.give(NODE)
            self._taken = False
        if self.connections is not None:
            self.connections.close()
        if self._inbox is not None:
            self._inbox.close(0)
        if self._protection is not None:
            self._protection.dismiss()
        if self.beacons is not None:
            self.beacons.close()
        self._dealers.close_all()

    def abandon(self) -> None:
        """In a child after a fork: close copies of descriptors; libzmq's sockets are left alone."""
        if self.beacons is not None:
            self.beacons.close()
