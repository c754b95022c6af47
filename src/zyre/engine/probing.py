"""Does anybody listen at a peer's endpoint? Asked with a bare connection, below ZeroMQ.

    refused                      nobody listens there: LinkRefused
    accepted, and it speaks      libzmq there greets whoever connects, if its process runs: LinkAnswered
    accepted, and it ends        a process that is dying, whose sockets close one after the other: LinkRefused
    accepted, and it is silent   the process stands still: nothing, for as long as it does
    neither                      the host is away: nothing

A host name is looked up each time, for it may lead elsewhere than before. One of several addresses that refuses is not
the last word.

The other end sees a connection that comes and goes without a word, which no application is told of.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from zyre.core.effects import LinkAnswered, LinkRefused, Report
from zyre.endpoint import Endpoint
from zyre.engine.engine import Engine
from zyre.engine.names import is_address, look_up_beside

__all__ = ["Prober", "Probes"]

#: What a connect says that is on its way.
_ON_ITS_WAY = (0, errno.EINPROGRESS, errno.EAGAIN, errno.EWOULDBLOCK)
#: What it says where nobody listens; an ipc endpoint is a file that its owner removes.
_REFUSED = (errno.ECONNREFUSED, errno.ECONNRESET, errno.ENOENT)


class Probes:
    """The connections of one node, one for each link at most. Not thread-safe."""

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}

    def begin(self, link: int, endpoint: Endpoint) -> Report | int | None:
        """Connect: what is known at once, or the descriptor that becomes readable when there is more to know. None if
        there is nothing to connect to, as by a host name."""
        self.end(link)
        made = _socket_for(endpoint)
        if made is None:
            return None
        probe, address = made
        probe.setblocking(False)
        error = probe.connect_ex(address)
        if error in _ON_ITS_WAY:
            self._sockets[link] = probe
            return probe.fileno()
        probe.close()
        return LinkRefused(link) if error in _REFUSED else None

    def look(self, link: int) -> Report | bool:
        """What a connection has shown: a report, or whether it may still show something."""
        probe = self._sockets.get(link)
        if probe is None:
            return False
        error = probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            return LinkRefused(link) if error in _REFUSED else False
        try:
            return LinkAnswered(link) if probe.recv(1) else LinkRefused(link)
        except (BlockingIOError, InterruptedError):
            return True
        except ConnectionResetError:
            return LinkRefused(link)
        except OSError as failure:
            return failure.errno == errno.ENOTCONN  # some systems say so while the connection is being made

    def end(self, link: int) -> int | None:
        """Close a connection; the descriptor that it had, which may be watched."""
        probe = self._sockets.pop(link, None)
        if probe is None:
            return None
        descriptor = probe.fileno()
        probe.close()
        return descriptor

    def open(self) -> tuple[int, ...]:
        """The links that are being asked about."""
        return tuple(self._sockets)

    def descriptor(self, link: int) -> int | None:
        """What to watch for news of a link."""
        probe = self._sockets.get(link)
        return None if probe is None else probe.fileno()


class Prober:
    """Probes in the engine thread: begun from anywhere, and reported when there is something to say."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self.engine: Engine
        self._report = report
        self._probes = Probes()
        self._asked: set[int] = set()

    def begin(self, link: int, endpoint: str) -> None:
        """Ask about a link; may be called from any thread."""
        self._asked.add(link)
        asked = Endpoint.parse(endpoint)
        if asked.is_tcp and not is_address(asked.host):
            look_up_beside(asked.host, partial(self._on_addresses, link, asked.port))
        else:
            self.engine.call_soon(partial(self._begin, link, (asked,)))

    def _on_addresses(self, link: int, port: int, host: str, addresses: tuple[str, ...]) -> None:
        """In the thread that looked them up. IPv4 comes first, which libzmq prefers."""
        ordered = sorted(addresses, key=lambda address: ":" in address)
        endpoints = tuple(Endpoint("tcp", address, port) for address in ordered)
        self.engine.call_soon(partial(self._begin, link, endpoints))

    def forget(self, link: int) -> None:
        """A link is closed; may be called from any thread."""
        if link in self._asked:
            self._asked.discard(link)
            self.engine.call_soon(partial(self._end, link))

    def close(self) -> None:
        """Ask no more. In the engine thread."""
        self._asked.clear()
        for link in self._probes.open():
            self._end(link)

    def abandon(self) -> None:
        """In a child after a fork: the descriptors are copies."""
        for link in self._probes.open():
            self._probes.end(link)

    def _begin(self, link: int, endpoints: tuple[Endpoint, ...], refused: bool = False) -> None:
        """Ask at the first of these; ``refused``: whether an earlier one has said no."""
        if link not in self._asked:
            return
        self._end(link)
        begun = self._probes.begin(link, endpoints[0])
        if isinstance(begun, int):
            self.engine.watch(begun, partial(self._look, link, endpoints, refused))
        else:
            self._go_on(link, endpoints, refused, begun)

    def _look(self, link: int, endpoints: tuple[Endpoint, ...], refused: bool) -> bool:
        shown = self._probes.look(link)
        if shown is not True:
            self._end(link)
            self._go_on(link, endpoints, refused, shown)
        return False

    def _go_on(self, link: int, endpoints: tuple[Endpoint, ...], refused: bool, shown: Report | bool | None) -> None:
        if isinstance(shown, LinkAnswered):
            self._report(shown)
            return
        refused = refused or isinstance(shown, LinkRefused)
        if endpoints[1:]:
            self._begin(link, endpoints[1:], refused)
        elif refused:
            self._report(LinkRefused(link))

    def _end(self, link: int) -> None:
        descriptor = self._probes.descriptor(link)
        if descriptor is not None:
            self.engine.unwatch(descriptor)
            self._probes.end(link)


def _socket_for(endpoint: Endpoint) -> tuple[socket.socket, Any] | None:
    if endpoint.transport == "ipc" and hasattr(socket, "AF_UNIX"):
        path = "\0" + endpoint.host[1:] if endpoint.host.startswith("@") else endpoint.host
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), path
    if not endpoint.is_tcp:
        return None
    host, _, scope = endpoint.host.partition("%")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if address.version == 4:
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM), (host, endpoint.port)
    return socket.socket(socket.AF_INET6, socket.SOCK_STREAM), (host, endpoint.port, 0, _scope_number(scope))


def _scope_number(scope: str) -> int:
    if scope.isdigit():
        return int(scope)
    try:
        return socket.if_nametoindex(scope) if scope else 0
    except OSError:
        return 0
