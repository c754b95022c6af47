"""The network interfaces of this machine, and which of them a node uses, and why.

A choice is written as words with commas between them: the name of an interface, one of its addresses, a network
(``192.168.1.0/24``), a pattern for names (``en*``); each may be turned round by ``!``. Words that choose and words that
exclude may be mixed: ``"eth*, !eth2"``. With excluding words only, it is everything else.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import os
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import ifaddr

from zyre.core.locality import Interface, is_link_local
from zyre.errors import InvalidConfig, NoInterface

__all__ = [
    "INTERFACE_VARIABLE",
    "Considered",
    "Selection",
    "Why",
    "choose_interfaces",
    "choose_within",
    "consider_interfaces",
    "has_carrier",
    "is_up",
    "list_interfaces",
    "selection_words",
    "without_carrier",
]

#: Which interface nodes use that are not told; the counterpart of CZMQ's ZSYS_INTERFACE.
INTERFACE_VARIABLE: Final = "ZYRE_INTERFACE"

_ANY: Final = "*"
#: In a network of one or two addresses there is no broadcast address.
_SMALLEST_PREFIX: Final = 30
#: Asks Linux for the flags of an interface (linux/sockios.h), of which the lowest says that it is up (linux/if.h).
_SIOCGIFFLAGS: Final = 0x8913
_IFF_UP: Final = 1
_IFF_RUNNING: Final = 0x40

#: What an application may give: one text of words, or several texts; None for what ZYRE_INTERFACE says.
Selection: TypeAlias = str | Iterable[str] | None


class Why(StrEnum):
    """Why an interface is used, or not: stable words, for people and programs."""

    USED = "used"
    CHOSEN = "chosen"
    """Used because it was asked for."""
    DOWN = "down"
    """Switched off."""
    NO_BROADCAST = "no-broadcast"
    """A point-to-point link or a tunnel: nothing can be said to everybody there. It is used if asked for."""
    NOT_CHOSEN = "not-chosen"
    """The application chose others."""
    EXCLUDED = "excluded"
    """The application excluded it."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One address of one interface, and what became of it."""

    interface: Interface
    why: Why

    @property
    def is_used(self) -> bool:
        """Whether a node speaks there."""
        return self.why in (Why.USED, Why.CHOSEN)


def list_interfaces() -> tuple[Interface, ...]:
    """Every IPv4 address, and the link-local IPv6 address, of every interface; loopback last, IPv6 after IPv4."""
    found = (
        interface
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if (interface := _interface(adapter.name, ip.ip, ip.network_prefix)) is not None
    )
    return tuple(sorted(found, key=lambda one: (one.is_loopback, one.is_ipv6, one.broadcast is None)))


def _interface(name: str, address: str | tuple[str, int, int], prefix: int) -> Interface | None:
    if not isinstance(address, str):
        return Interface(name, f"{address[0]}%{name}", prefix) if is_link_local(address[0]) else None
    broadcast = None
    if prefix <= _SMALLEST_PREFIX:
        network = ipaddress.IPv4Network(f"{address}/{prefix}", strict=False)
        broadcast = str(network.broadcast_address)
    return Interface(name, address, prefix, broadcast)


def is_up(name: str) -> bool:
    """Whether an interface is switched on; where that cannot be asked, it is taken to be."""
    return bool(_flags(name) & _IFF_UP)


def has_carrier(name: str) -> bool:
    """Whether an interface that is up is connected to something; where that cannot be asked, it is taken to be."""
    return bool(_flags(name) & _IFF_RUNNING)


def without_carrier(interfaces: Iterable[Interface]) -> frozenset[str]:
    """The names of those that are connected to nothing."""
    return frozenset(name for name in {interface.name for interface in interfaces} if not has_carrier(name))


def _flags(name: str) -> int:
    try:
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16s16x", name.encode()[:15]))
        return int(struct.unpack_from("=16xH", answer)[0])
    except (ImportError, OSError):
        return _IFF_UP | _IFF_RUNNING


def selection_words(wanted: Selection) -> tuple[str, ...]:
    """The words of a choice, ZYRE_INTERFACE's if there is none; empty for everything. Raises InvalidConfig."""
    if wanted is None:
        wanted = os.environ.get(INTERFACE_VARIABLE) or ()
    texts = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for text in texts:
        if not isinstance(text, str):
            raise InvalidConfig(f"an interface is named by text such as 'eth0' or '!docker*', not {text!r}")
    words = tuple(word.strip() for text in texts for word in text.split(",") if word.strip())
    if words == (_ANY,):
        return ()
    for word in words:
        if not word.removeprefix("!").strip():
            raise InvalidConfig(f"{wanted!r} excludes nothing: say what, as in '!docker*'")
    return words


def _fits(word: str, interface: Interface) -> bool:
    if word in (interface.name, interface.address, interface.address.partition("%")[0]):
        return True
    if "/" in word:
        try:
            return ipaddress.ip_address(interface.address) in ipaddress.ip_network(word, strict=False)
        except ValueError:
            return False
    return fnmatch.fnmatchcase(interface.name, word)


def consider_interfaces(
    wanted: Selection = None,
    available: Iterable[Interface] | None = None,
    up: Callable[[str], bool] = is_up,
) -> tuple[Considered, ...]:
    """Every interface of this machine, and whether a node with that choice uses it. Raises InvalidConfig."""
    words = selection_words(wanted)
    chosen = [word for word in words if not word.startswith("!")]
    excluded = [word[1:].strip() for word in words if word.startswith("!")]

    def why(interface: Interface) -> Why:
        if any(_fits(word, interface) for word in excluded):
            return Why.EXCLUDED
        if chosen and not any(_fits(word, interface) for word in chosen):
            return Why.NOT_CHOSEN
        if not up(interface.name):
            return Why.DOWN
        if chosen:
            return Why.CHOSEN
        return Why.USED if interface.broadcast or interface.is_ipv6 else Why.NO_BROADCAST

    everything = list_interfaces() if available is None else available
    return tuple(Considered(interface, why(interface)) for interface in everything)


def choose_within(scope: str, wanted: Selection) -> tuple[tuple[Interface, ...], bool]:
    """The interfaces of a node with that scope: for "host" only loopback. Raises as choose_interfaces."""
    interfaces, restricted = choose_interfaces(wanted)
    if scope != "host":
        return interfaces, restricted
    here = tuple(interface for interface in interfaces if interface.is_loopback)
    if not here:
        raise NoInterface("loopback", tuple(interface.name for interface in interfaces))
    return here, True


def choose_interfaces(
    wanted: Selection, available: Iterable[Interface] | None = None, up: Callable[[str], bool] = is_up
) -> tuple[tuple[Interface, ...], bool]:
    """The interfaces that a node uses, and whether that is a choice: False for all that there are.

    Args:
        wanted: None for what ZYRE_INTERFACE says, and without it every interface that can broadcast, loopback
            included; ``"*"`` for the same whatever the variable says; else words, as above.
        available: what there is to choose from; by default what this machine has.
        up: whether an interface is switched on.

    Raises:
        NoInterface: if nothing matches.
        InvalidConfig: if ``wanted`` cannot be read.
    """
    considered = consider_interfaces(wanted, available, up)
    words = selection_words(wanted)
    used = tuple(one.interface for one in considered if one.is_used)
    if not used:
        names = dict.fromkeys(f"{one.interface.name} ({one.interface.address})" for one in considered)
        raise NoInterface(", ".join(words) or None, tuple(names))
    return used, bool(words)
