"""The sockets of one gossip service: a ROUTER for its clients, and a DEALER for each connection to a hub.

They are touched in the engine's thread only. A connection that is refused or lost is not made again by libzmq, because
a session ends with its connection: a monitor of its DEALER tells of it, and the machine opens another.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Callable, Iterator
from functools import partial

import zmq

from zyre.config import GossipConfig
from zyre.core.effects import CloseLink, LinkFailed
from zyre.core.gossip.effects import ClientLost, GossipEffect, GossipReport, OpenRemote, Reply, Say
from zyre.endpoint import Endpoint
from zyre.engine.context import shared_context
from zyre.engine.engine import Engine
from zyre.engine.gossip_guard import HubSecurity, guard_remote
from zyre.engine.rebinding import bind_again
from zyre.engine.zap import shared_zap_handler
from zyre.errors import AddressInUse, NetworkError

__all__ = ["GossipSockets"]

#: Each hub has a ZAP domain of its own: it never leaves the process.
_NUMBERS = itertools.count(1)
#: Frames taken from one socket before another gets its turn.
_BATCH = 256
#: How long what is queued may still leave when a socket is closed, in milliseconds.
_FLUSH_MS = 200
#: The end of a connection, or of an attempt at one.
_ENDS = zmq.EVENT_CLOSED | zmq.EVENT_CONNECT_RETRIED | zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
#: A DEALER that is told to connect once only (-1) drops what it has received when the connection ends. So it is told to
#: connect again much later, and is closed long before.
_NEVER_AGAIN_MS = 3_600_000
#: Octets of a message beside the values in it.
_OVERHEAD = 1 << 20
#: A connection on which nothing is acknowledged for so long is dead, in milliseconds.
_UNACKNOWLEDGED_MS = 15_000


class GossipSockets:
    """Opens, sends and receives. ``on_client(frames)`` and ``on_hub(link, frame)`` take what comes, ``on_report`` hears
    what happened to a connection, and ``after`` is called when that was all for now."""

    def __init__(
        self,
        engine: Engine,
        config: GossipConfig,
        on_client: Callable[[list[bytes]], None],
        on_hub: Callable[[int, bytes], None],
        on_report: Callable[[GossipReport], None],
        after: Callable[[], None],
    ) -> None:
        self.security: HubSecurity | None = None
        self.zap_domain = "global"
        self._engine = engine
        self._config = config
        self._on_client = on_client
        self._on_hub = on_hub
        self._on_report = on_report
        self._after = after
        self._router: zmq.Socket[bytes] | None = None
        self._guarded = ""
        self._places: list[Endpoint] = []
        self._dealers: dict[int, zmq.Socket[bytes]] = {}
        self._monitors: dict[int, zmq.Socket[bytes]] = {}
        self._written: set[int] = set()

    # -- the hub -----------------------------------------------------------------------------------------------------

    def bind(self, endpoint: Endpoint) -> Endpoint:
        """Let clients connect, there too; where that is. Raises AddressInUse, NetworkError."""
        router = self._router or self._open_router()
        try:
            router.ipv6 = _is_ipv6(endpoint)
            router.bind(str(endpoint))
        except zmq.ZMQError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUse(str(endpoint)) from error
            raise NetworkError(f"{endpoint} cannot be bound: {error.strerror}") from error
        place = Endpoint.parse(router.get_string(zmq.LAST_ENDPOINT).rstrip("\0"))
        self._places.append(place)
        return place

    def listen_anew(self) -> bool:
        """The keys of the service are others now: listen with those. Clients connect again. False if that cannot be
        done everywhere yet."""
        router, security = self._router, self.security
        if router is None or security is None:
            return True
        security.put_keys(router)
        places = [place for place in self._places if place.transport != "inproc"]
        outcomes = [bind_again(router, str(place), ipv6=_is_ipv6(place)) for place in places]
        return all(outcomes)

    def _open_router(self) -> zmq.Socket[bytes]:
        router = self._new_socket(zmq.ROUTER)
        router.router_mandatory = True  # or nothing would ever say that a client has gone
        router.tcp_keepalive = 1
        router.tcp_keepalive_idle = 30
        if self.security is not None:
            self._guarded = f"{self.zap_domain}/gossip/{next(_NUMBERS)}"
            self.security.guard(router, self._guarded)
        self._router = router
        self._engine.watch(int(router.get(zmq.FD)), self._on_router)
        return router

    def _new_socket(self, kind: int) -> zmq.Socket[bytes]:
        try:
            made = shared_context().socket(kind)
        except zmq.ZMQError as error:
            raise NetworkError(f"no socket could be opened: {error.strerror}") from error
        made.linger = 0
        made.sndhwm = 4 * self._config.tuples  # everything that there is to tell to a newcomer, and some
        made.maxmsgsize = self._config.value + _OVERHEAD
        made.handshake_ivl = round(self._config.patience * 1000)
        made.tcp_maxrt = _UNACKNOWLEDGED_MS
        return made

    # -- effects -----------------------------------------------------------------------------------------------------

    def perform(self, effect: GossipEffect) -> GossipReport | None:
        """Do what the machine wants; what went wrong."""
        if isinstance(effect, Say):
            dealer = self._dealers.get(effect.link)
            if dealer is not None and self._send(dealer, effect.frame):
                return None
            self._drain(effect.link)
            return LinkFailed(effect.link)
        if isinstance(effect, Reply):
            router = self._router
            sent = router is not None and self._send(router, effect.client, effect.frame)
            return None if sent else ClientLost(effect.client)
        if isinstance(effect, OpenRemote):
            return None if self._open(effect) else LinkFailed(effect.link)
        self._close(effect)
        return None

    def _send(self, socket: zmq.Socket[bytes], *frames: bytes) -> bool:
        try:
            socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.ZMQError:  # full, nowhere to send to, or no such client
            return False
        self._written.add(int(socket.get(zmq.FD)))
        return True

    def _open(self, effect: OpenRemote) -> bool:
        try:
            dealer = self._new_socket(zmq.DEALER)
        except NetworkError:
            return False
        dealer.reconnect_ivl = _NEVER_AGAIN_MS
        if effect.identity:
            dealer.routing_id = effect.identity
        guard_remote(dealer, effect.endpoint, effect.public_key, self.security)
        self._dealers[effect.link] = dealer
        try:
            monitor = self._monitors[effect.link] = dealer.get_monitor_socket(_ENDS)
            dealer.ipv6 = _is_ipv6(Endpoint.parse(effect.endpoint))
            dealer.connect(effect.endpoint)
        except zmq.ZMQError:
            self._close(CloseLink(effect.link, False))
            return False
        self._engine.watch(int(dealer.get(zmq.FD)), partial(self._on_dealer, effect.link))
        self._engine.watch(int(monitor.get(zmq.FD)), partial(self._on_monitor, effect.link))
        return True

    def _close(self, effect: CloseLink) -> None:
        dealer, monitor = self._dealers.pop(effect.link, None), self._monitors.pop(effect.link, None)
        if monitor is not None and dealer is not None:
            self._engine.unwatch(int(monitor.get(zmq.FD)))
            dealer.disable_monitor()
            monitor.close(0)
        if dealer is not None:
            self._engine.unwatch(int(dealer.get(zmq.FD)))
            dealer.close(_FLUSH_MS if effect.flush else 0)

    def look_again(self) -> None:
        """Sending may have eaten the sign that there is something to receive: have a look at what was written to."""
        written, self._written = self._written, set()
        for descriptor in written:
            self._engine.poke(descriptor)

    def close(self) -> None:
        """Close everything; what is queued may leave for a moment."""
        for link in list(self._dealers):
            self._close(CloseLink(link, True))
        if self._router is not None:
            self._engine.unwatch(int(self._router.get(zmq.FD)))
            self._router.close(_FLUSH_MS)
            self._router = None
        if self._guarded:
            shared_zap_handler().dismiss(self._guarded)

    # -- receiving ---------------------------------------------------------------------------------------------------

    def _on_router(self) -> bool:
        taken = 0
        for frames in self._arrived(self._router):
            self._on_client(frames)
            taken += 1
        self._after()
        return taken == _BATCH

    def _on_dealer(self, link: int) -> bool:
        taken = 0
        for frames in self._arrived(self._dealers.get(link)):
            self._on_hub(link, frames[0])
            taken += 1
        self._after()
        return taken == _BATCH

    def _on_monitor(self, link: int) -> bool:
        if any(True for _ in self._arrived(self._monitors.get(link))):
            self._drain(link)
            self._on_report(LinkFailed(link))
            self._after()
        return False

    def _drain(self, link: int) -> None:
        """What a hub said before the connection ended counts: that it withdraws its tuples, for one."""
        while frames := list(self._arrived(self._dealers.get(link))):
            for frame in frames:
                self._on_hub(link, frame[0])

    def _arrived(self, socket: zmq.Socket[bytes] | None) -> Iterator[list[bytes]]:
        if socket is None or socket.closed:
            return
        try:
            for _ in range(_BATCH):
                yield socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return


def _is_ipv6(endpoint: Endpoint) -> bool:
    """libzmq has to be told, and shows IPv4 addresses as IPv6 ones if it is told needlessly."""
    return endpoint.is_tcp and ":" in endpoint.host
