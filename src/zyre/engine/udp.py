"""UDP sockets for beacons: one that hears, and one for each interface that speaks from that interface's address.

Peers make an endpoint of a datagram's source address, so the sender's address must be the one of the interface by
which it leaves. A socket that fails to send is counted and tried again with the next beacon: cables come back.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from zyre.core.discovery import Source
from zyre.core.locality import Interface
from zyre.engine.sieve import attach_sieve, dropped_by_kernel
from zyre.errors import AddressInUse, NetworkError
from zyre.wire.beacon import MAX_SIZE

__all__ = ["BeaconSockets"]


class BeaconSockets:
    """The beacon sockets of one node. Several nodes, also of other programs, share the port on one host.

    ``longest`` is the size of the longest datagram that makes sense, in octets.
    """

    def __init__(self, port: int, interfaces: Iterable[Interface], longest: int = MAX_SIZE) -> None:
        self.sent = 0
        self.failed = 0
        self._dropped = 0
        self._port = port
        self._longest = longest
        self._interfaces: tuple[Interface, ...] = ()
        self._senders: dict[Interface, socket.socket] = {}
        self.use(interfaces)
        self.receiver = self._open_receiver()

    def use(self, interfaces: Iterable[Interface]) -> None:
        """Speak on these interfaces from now on."""
        self._interfaces = tuple(interface for interface in interfaces if interface.broadcast)
        for gone in self._senders.keys() - set(self._interfaces):
            self._senders.pop(gone).close()

    def fileno(self) -> int:
        """The descriptor that becomes readable when beacons arrive."""
        return self.receiver.fileno()

    def _open_receiver(self) -> socket.socket:
        receiver = _udp_socket()
        try:
            receiver.bind(("", self._port))
        except OSError as error:
            receiver.close()
            where = f"udp://*:{self._port}"
            raise (
                AddressInUse(where) if error.errno == errno.EADDRINUSE else NetworkError(f"{where}: {error.strerror}")
            ) from error
        attach_sieve(receiver)
        return receiver

    @property
    def dropped(self) -> int:
        """How many datagrams the kernel dropped: no beacons, or more than were read in time."""
        return self._dropped if self.receiver.fileno() < 0 else dropped_by_kernel(self.receiver)

    @property
    def is_dead(self) -> bool:
        """Whether nothing will be heard any more: the system has taken the socket away."""
        return is_dead(self.receiver)

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """Those on which it speaks."""
        return self._interfaces

    def broadcast(self, payload: bytes) -> bool:
        """Send a datagram on every interface; whether all of them took it."""
        return sum(not self.say(payload, interface) for interface in self._interfaces) == 0

    def say(self, payload: bytes, interface: Interface) -> bool:
        """Send a datagram on one interface; whether it took it."""
        try:
            sender = self._senders.get(interface) or self._open_sender(interface)
            sender.sendto(payload, (interface.broadcast, self._port))
            self.sent += 1
        except OSError:
            self.failed += 1
            broken = self._senders.pop(interface, None)
            if broken is not None:
                broken.close()
            return False
        return True

    def _open_sender(self, interface: Interface) -> socket.socket:
        sender = _udp_socket()
        try:
            sender.bind((interface.address, 0))
        except OSError:
            sender.close()
            raise
        self._senders[interface] = sender
        return sender

    def receive(self, limit: int) -> list[tuple[bytes, Source]]:
        """Datagrams that have arrived, at most ``limit``, with their sources."""
        received: list[tuple[bytes, Source]] = []
        try:
            for _ in range(limit):
                received.append(self.receiver.recvfrom(self._longest + 1))
        except BlockingIOError:
            pass
        except OSError:  # an ICMP answer to something that we sent, on systems that report it here
            self.failed += 1
        return received

    def close(self) -> None:
        """Close all of them."""
        self._dropped = self.dropped
        let_go(self.receiver)
        for sender in self._senders.values():
            sender.close()
        self._senders.clear()


def is_dead(udp: socket.socket) -> bool:
    """Whether that is no socket any more."""
    try:
        udp.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    except OSError:
        return True
    return False


def let_go(udp: socket.socket) -> None:
    """Close a socket; of one that is dead the number may be somebody else's by now."""
    if is_dead(udp):
        udp.detach()
    else:
        udp.close()


def _udp_socket() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):  # libzyre and BSD want this one too
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return udp
