"""Where this node is: what it bound, which interfaces it uses, and which of its addresses a given peer should use.

On a host with several networks no single endpoint is right for every peer. HELLO is sent to one peer at a time, so
each is told the address that lies in its own network; 36/ZRE needs no change for that.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property, lru_cache

from zyre.endpoint import Endpoint

__all__ = ["Interface", "Locality", "is_link_local", "is_loopback", "without_scope"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=1024)
def _parse_address(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether that address leads to whoever uses it."""
    address = _parse_address(host)
    return address is not None and address.is_loopback


def without_scope(address: str) -> str:
    """An address without the link that it came by: two interfaces of one host may be on the same link."""
    return address.partition("%")[0]


def is_link_local(host: str) -> bool:
    """Whether that is an IPv6 address that means something on one link only, so that it takes a scope to reach it."""
    return host[:5].lower() == "fe80:"


@dataclass(frozen=True)
class Interface:
    """One address of a network interface. ``broadcast`` is None where the network has no broadcast address."""

    name: str
    address: str
    prefix: int
    broadcast: str | None = None

    @cached_property
    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        """The network that the address is in."""
        return ipaddress.ip_network(f"{self.address}/{self.prefix}", strict=False)

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is one of IPv6; one that holds on a link only names the interface: ``fe80::1%eth0``."""
        return ":" in self.address

    @property
    def is_loopback(self) -> bool:
        """Whether it leads to this host only."""
        return self.network.is_loopback


@dataclass(frozen=True)
class Locality:
    """``bound`` is the endpoint of the inbox, with its real port; ``interfaces`` those that this node uses.

    ``advertise`` is what peers are told instead of ``bound``, if the application said so. ``restricted``: the
    application chose the interfaces, and does not want to hear of others.
    """

    bound: Endpoint
    interfaces: tuple[Interface, ...] = ()
    advertise: str | None = None
    restricted: bool = False
    unplugged: frozenset[str] = frozenset()
    """The names of interfaces that are connected to nothing just now."""
    scope: str = "any"
    """How far away peers may be: see NodeConfig."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those by which something can be reached now."""
        return tuple(dict.fromkeys(one.address for one in self.interfaces if one.name not in self.unplugged))

    @property
    def beacon_port(self) -> int:
        """The port that beacons carry; 0 where the inbox is not reached by TCP."""
        return self.bound.port if self.bound.is_tcp else 0

    @cached_property
    def own_addresses(self) -> frozenset[str]:
        """Those of the interfaces in use, without the links that they hold on."""
        return frozenset(without_scope(interface.address) for interface in self.interfaces)

    def covers(self, source: str) -> bool:
        """Whether a datagram from ``source`` came by one of the interfaces in use, judged by its network.

        The receiving socket hears every interface of the host, but two nodes in one process may use different ones.
        A node that uses them all hears everybody: netmasks of peers are not always what they should be.
        """
        if not self.restricted:
            return True
        address = _parse_address(source)
        if is_link_local(source):
            return any(interface.name == source.partition("%")[2] for interface in self.interfaces)
        return address is not None and any(address in interface.network for interface in self.interfaces)

    def is_attached_to(self, remote: Endpoint) -> bool:
        """Whether an endpoint lies in one of the networks of the interfaces in use."""
        return remote.is_tcp and self._is_near(remote.host)

    def _is_near(self, host: str) -> bool:
        if is_link_local(host):
            return any(interface.name == host.partition("%")[2] for interface in self.interfaces)
        address = _parse_address(host)
        return address is not None and any(address in interface.network for interface in self.interfaces)

    def admits(self, host: str) -> bool:
        """Whether somebody at that address is within our scope; with any but the widest, a name is not."""
        if self.scope == "any" or host == "localhost" or is_loopback(host):
            return True
        return self.scope == "link" and self._is_near(host)

    def has(self, told: str) -> bool:
        """Whether an endpoint that was told to a peer is still ours, by its address."""
        host = Endpoint.parse(told).host
        return any(without_scope(interface.address) == host for interface in self.interfaces)

    def toward(self, remote: Endpoint) -> str:
        """The endpoint of this node as a peer at ``remote`` should use it."""
        told = self._told_to_all
        return self._choose(remote) if told is None else told

    @cached_property
    def _told_to_all(self) -> str | None:
        """The endpoint for every peer alike, if there is nothing to choose from: as with one interface."""
        if self.advertise is not None:
            return self.advertise
        if any(is_link_local(interface.address) for interface in self.interfaces):
            return None
        if not self.bound.any_host:
            return self.bound.text
        return str(Endpoint("tcp", self.interfaces[0].address, self.bound.port)) if len(self.interfaces) == 1 else None

    def _choose(self, remote: Endpoint) -> str:
        if self.bound.is_tcp and is_link_local(remote.host):
            scope = remote.host.partition("%")[2]
            for interface in self.interfaces:
                if interface.name == scope and is_link_local(interface.address):
                    # The peer's name for the link is another one, and it knows from where we are calling.
                    return str(Endpoint("tcp", interface.address.partition("%")[0], self.bound.port))
        if not self.bound.any_host:
            return self.bound.text
        return str(Endpoint("tcp", self._address_toward(remote), self.bound.port))

    def _address_toward(self, remote: Endpoint) -> str:
        if len(self.interfaces) == 1:  # there is no other, whoever asks
            return self.interfaces[0].address
        address = _parse_address(remote.host) if remote.is_tcp else None
        if address is not None:
            for interface in self.interfaces:
                if address in interface.network:
                    return interface.address
        return self.main_address

    @property
    def main_address(self) -> str:
        """The address for a peer of whom nothing better is known: the first that is not loopback."""
        for interface in sorted(self.interfaces, key=lambda one: one.name in self.unplugged):
            if not interface.is_loopback:
                return interface.address
        return self.interfaces[0].address if self.interfaces else "127.0.0.1"

    @property
    def endpoint(self) -> str:
        """The endpoint to show to people: where a peer that we know nothing about would be sent."""
        if self.advertise is not None:
            return self.advertise
        if not self.bound.any_host:
            return str(self.bound)
        return str(Endpoint("tcp", self.main_address, self.bound.port))
