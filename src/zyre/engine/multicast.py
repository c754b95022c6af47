"""The rungs of discovery beside broadcasts: IPv4 multicast, and IPv6 multicast on each link.

Some networks pass the one and not the other, and some have no IPv4 at all. What is said is the same beacon, from the
interface's own address, so whoever hears it twice has one peer with two ways to it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from typing import Final

from zyre.core.discovery import Source
from zyre.core.locality import Interface
from zyre.engine.udp import is_dead, let_go, open_receivers, open_udp
from zyre.wire.beacon import MAX_SIZE

__all__ = ["IPV4_GROUP", "IPV6_GROUP", "Multicast"]

#: Administratively scoped to the site (RFC 2365), so no router passes it on by default; chosen after the port, 5670.
IPV4_GROUP: Final = "239.255.56.70"
#: All nodes on the link (RFC 4291, 2.7.1): what libzyre uses where IPv6 is switched on.
IPV6_GROUP: Final = "ff02::1"


class Multicast:
    """The multicasts of one node. ``receiver`` is the IPv4 socket that hears broadcasts; it joins the group."""

    def __init__(self, port: int, receiver: socket.socket, longest: int = MAX_SIZE, *, ringing: bool = False) -> None:
        self.receiver, self.bell = _open_ipv6_receivers(port, ringing)
        """Hear IPv6, see udp.py; None where there is none."""
        self._port = port
        self._longest = longest
        self._ipv4_receiver = receiver
        self._joined: set[str] = set()
        self._senders: dict[Interface, socket.socket] = {}
        self._interfaces: tuple[Interface, ...] = ()
        self._links: frozenset[str] = frozenset()
        self._names: dict[int, str] = {}

    def use(self, interfaces: Iterable[Interface]) -> None:
        """Speak and listen on these interfaces from now on; loopback needs no multicast."""
        self._interfaces = tuple(one for one in interfaces if not one.is_loopback)
        self._links = frozenset(one.name for one in self._interfaces if one.is_ipv6)
        self._names.clear()
        for gone in self._senders.keys() - set(self._interfaces):
            self._senders.pop(gone).close()
        addresses = {one.address for one in self._interfaces if not one.is_ipv6}
        for address in addresses - self._joined:
            if self._change_membership(socket.IP_ADD_MEMBERSHIP, address):
                self._joined.add(address)
        for address in self._joined - addresses:
            self._change_membership(socket.IP_DROP_MEMBERSHIP, address)
            self._joined.discard(address)

    def _change_membership(self, option: int, address: str) -> bool:
        membership = socket.inet_aton(IPV4_GROUP) + socket.inet_aton(address)
        try:
            self._ipv4_receiver.setsockopt(socket.IPPROTO_IP, option, membership)
        except OSError:  # an interface without multicast, or a second address of one that has joined
            return False
        return True

    @property
    def is_dead(self) -> bool:
        """Whether nothing will be heard any more: the system has taken the socket away."""
        return any(ear is not None and is_dead(ear) for ear in (self.receiver, self.bell))

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """Those on which it speaks."""
        return self._interfaces

    def send(self, payload: bytes) -> None:
        """Say it everywhere."""
        for interface in self._interfaces:
            self.say(payload, interface)

    def say(self, payload: bytes, interface: Interface) -> bool:
        """Say it on one interface. A rung that fails is one of several: it is tried again."""
        try:
            sender = self._senders.get(interface) or self._open_sender(interface)
            sender.sendto(payload, self._group_of(interface))
        except OSError:
            broken = self._senders.pop(interface, None)
            if broken is not None:
                broken.close()
        return True

    def _group_of(self, interface: Interface) -> tuple[str, int] | tuple[str, int, int, int]:
        if interface.is_ipv6:
            return (IPV6_GROUP, self._port, 0, _scope_of(interface))
        return (IPV4_GROUP, self._port)

    def _open_sender(self, interface: Interface) -> socket.socket:
        sender = open_udp(socket.AF_INET6 if interface.is_ipv6 else socket.AF_INET)
        try:
            if interface.is_ipv6:
                sender.setsockopt(
                    socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, struct.pack("@i", _scope_of(interface))
                )
                sender.bind((interface.address.partition("%")[0], 0, 0, _scope_of(interface)))
            else:
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface.address))
                sender.bind((interface.address, 0))
        except OSError:
            sender.close()
            raise
        self._senders[interface] = sender
        return sender

    def receive(self, limit: int) -> list[tuple[bytes, Source]]:
        """Datagrams that came by IPv6 and a link in use, of at most ``limit``, with their sources: ``fe80::1%eth0``."""
        return self._read(self.receiver, limit)

    def rung(self, limit: int) -> list[tuple[bytes, Source]]:
        """Those that rang the bell, likewise."""
        return self._read(self.bell, limit)

    def _read(self, ear: socket.socket | None, limit: int) -> list[tuple[bytes, Source]]:
        received: list[tuple[bytes, Source]] = []
        if ear is None:
            return received
        try:
            for _ in range(limit):
                data, (address, port, _, scope) = ear.recvfrom(self._longest + 1)
                name = self._name_of(scope)
                if name in self._links:
                    received.append((data, (f"{address.partition('%')[0]}%{name}", port)))
        except OSError:
            pass
        return received

    def _name_of(self, scope: int) -> str:
        name = self._names.get(scope)
        if name is None:
            try:
                name = self._names[scope] = socket.if_indextoname(scope)
            except OSError:  # gone since, or none
                name = ""
        return name

    def close(self) -> None:
        """Close what was opened here; the IPv4 receiver is another's."""
        for ear in (self.receiver, self.bell):
            if ear is not None:
                let_go(ear)
        for sender in self._senders.values():
            sender.close()
        self._senders.clear()


def _scope_of(interface: Interface) -> int:
    return socket.if_nametoindex(interface.name)


def _open_ipv6_receivers(port: int, ringing: bool) -> tuple[socket.socket | None, socket.socket | None]:
    """All-nodes multicasts come to every socket that is bound to the port: there is nothing to join."""
    if not socket.has_ipv6:
        return None, None
    try:
        return open_receivers(socket.AF_INET6, "::", port, ringing)
    except OSError:
        return None, None
