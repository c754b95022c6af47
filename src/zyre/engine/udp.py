"""UDP sockets for beacons: one that hears, and one for each interface that speaks from that interface's address.

Peers make an endpoint of a datagram's source address, so the sender's address must be the one of the interface by
which it leaves. A socket that fails to send is counted and tried again with the next beacon: cables come back.

Beside the socket that hears there may be a bell: a second one on the same port, to which the kernel lets only what is
news (see sieve.py). Broadcasts and multicasts reach both, so what rings is read at once, and the rest now and then. A
datagram to this host alone reaches one socket of all that share the port, and must not be one that is read seldom:
Linux prefers those bound last, and leaves the choice among those with SO_REUSEPORT to a hash. (With IPv6 it puts those
behind all others.)
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from typing import Final

from zyre.core.discovery import Source
from zyre.core.locality import Interface
from zyre.engine.sieve import attach_sieve, dropped_by_kernel
from zyre.errors import AddressInUse, NetworkError
from zyre.wire.beacon import MAX_SIZE

__all__ = ["BeaconSockets", "is_dead", "let_go", "open_receivers", "open_udp"]

#: What may wait to be read where that happens seldom, in octets of the kernel's; a beacon takes up to 4 KiB of them.
_WAITING_OCTETS: Final = 1 << 20


class BeaconSockets:
    """The beacon sockets of one node. Several nodes, also of other programs, share the port on one host.

    ``longest`` is the size of the longest datagram that makes sense, in octets; with ``ringing`` there is a bell where
    the kernel can do that.
    """

    def __init__(
        self, port: int, interfaces: Iterable[Interface], longest: int = MAX_SIZE, *, ringing: bool = False
    ) -> None:
        self.sent = 0
        self.failed = 0
        self._dropped = 0
        self._port = port
        self._longest = longest
        self._interfaces: tuple[Interface, ...] = ()
        self._senders: dict[Interface, socket.socket] = {}
        self.use(interfaces)
        self.receiver, self.bell = self._open_receivers(ringing)

    def use(self, interfaces: Iterable[Interface]) -> None:
        """Speak on these interfaces from now on."""
        self._interfaces = tuple(interface for interface in interfaces if interface.broadcast)
        for gone in self._senders.keys() - set(self._interfaces):
            self._senders.pop(gone).close()

    def fileno(self) -> int:
        """The descriptor that becomes readable when beacons arrive."""
        return self.receiver.fileno()

    def _open_receivers(self, ringing: bool) -> tuple[socket.socket, socket.socket | None]:
        try:
            return open_receivers(socket.AF_INET, "", self._port, ringing)
        except OSError as error:
            where = f"udp://*:{self._port}"
            raise (
                AddressInUse(where) if error.errno == errno.EADDRINUSE else NetworkError(f"{where}: {error.strerror}")
            ) from error

    @property
    def dropped(self) -> int:
        """How many datagrams the kernel dropped: no beacons, or more than were read in time."""
        return self._dropped if self.receiver.fileno() < 0 else dropped_by_kernel(self.receiver)

    @property
    def is_dead(self) -> bool:
        """Whether nothing will be heard any more: the system has taken the socket away."""
        return is_dead(self.receiver) or (self.bell is not None and is_dead(self.bell))

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
        sender = open_udp(socket.AF_INET)
        try:
            sender.bind((interface.address, 0))
        except OSError:
            sender.close()
            raise
        self._senders[interface] = sender
        return sender

    def receive(self, limit: int) -> list[tuple[bytes, Source]]:
        """Datagrams that have arrived, at most ``limit``, with their sources."""
        return self._read(self.receiver, limit)

    def rung(self, limit: int) -> list[tuple[bytes, Source]]:
        """Those that rang the bell, likewise."""
        return [] if self.bell is None else self._read(self.bell, limit)

    def _read(self, ear: socket.socket, limit: int) -> list[tuple[bytes, Source]]:
        received: list[tuple[bytes, Source]] = []
        try:
            for _ in range(limit):
                received.append(ear.recvfrom(self._longest + 1))
        except BlockingIOError:
            pass
        except OSError:  # an ICMP answer to something that we sent, on systems that report it here
            self.failed += 1
        return received

    def close(self) -> None:
        """Close all of them."""
        self._dropped = self.dropped
        let_go(self.receiver)
        if self.bell is not None:
            let_go(self.bell)
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


def open_receivers(family: int, address: str, port: int, ringing: bool) -> tuple[socket.socket, socket.socket | None]:
    """A socket that hears beacons, and its bell if there is to be one and the kernel can do that. Raises OSError."""
    receiver, bell = open_udp(family), None
    try:
        if attach_sieve(receiver) and ringing:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WAITING_OCTETS)
            bell = open_udp(family)
            bell.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, family == socket.AF_INET)
            attach_sieve(bell)
        receiver.bind((address, port))
        if bell is not None:
            bell.bind((address, port))
    except OSError:
        receiver.close()
        if bell is not None:
            bell.close()
        raise
    return receiver, bell


def open_udp(family: int) -> socket.socket:
    """A socket that shares its port with others on this host."""
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):  # libzyre and BSD want this one too
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    else:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return udp
