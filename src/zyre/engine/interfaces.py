"""The network interfaces of this machine, and which of them a node uses."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable

import ifaddr

from zyre.core.locality import Interface
from zyre.errors import NoInterface

__all__ = ["INTERFACE_VARIABLE", "choose_interfaces", "list_interfaces"]

#: Which interface nodes use that are not told; the counterpart of CZMQ's ZSYS_INTERFACE.
INTERFACE_VARIABLE = "ZYRE_INTERFACE"

_ANY = "*"
#: In a network of one or two addresses there is no broadcast address.
_SMALLEST_PREFIX = 30


def list_interfaces() -> tuple[Interface, ...]:
    """Every IPv4 address of every interface; those that can broadcast first, then loopback, then the rest."""
    found = (
        _interface(adapter.name, str(ip.ip), ip.network_prefix)
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if isinstance(ip.ip, str)
    )
    return tuple(sorted(found, key=lambda interface: (interface.is_loopback, interface.broadcast is None)))


def _interface(name: str, address: str, prefix: int) -> Interface:
    broadcast = None
    if prefix <= _SMALLEST_PREFIX:
        network = ipaddress.IPv4Network(f"{address}/{prefix}", strict=False)
        broadcast = str(network.broadcast_address)
    return Interface(name, address, prefix, broadcast)


def choose_interfaces(
    wanted: str | None, available: Iterable[Interface] | None = None
) -> tuple[tuple[Interface, ...], bool]:
    """The interfaces that a node uses, and whether that is a choice: False for all that there are.

    Args:
        wanted: None for what ZYRE_INTERFACE says, and without it every interface that can broadcast, loopback
            included; ``"*"`` for the same whatever the variable says; else the name of an interface or one of
            its addresses.
        available: what there is to choose from; by default what this machine has.

    Raises:
        NoInterface: if nothing matches.
    """
    everything = list_interfaces() if available is None else tuple(available)
    if wanted is None:
        wanted = os.environ.get(INTERFACE_VARIABLE) or None
    restricted = wanted not in (None, _ANY)
    if not restricted:
        chosen = tuple(interface for interface in everything if interface.broadcast)
    else:
        chosen = tuple(interface for interface in everything if wanted in (interface.name, interface.address))
    if not chosen:
        names = dict.fromkeys(f"{interface.name} ({interface.address})" for interface in everything)
        raise NoInterface(wanted, tuple(names))
    return chosen, restricted
