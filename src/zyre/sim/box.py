"""A computer on the simulated network: its interfaces, its clock, its power, and the nodes that run on it."""

from __future__ import annotations

import ipaddress
from enum import Enum, auto
from typing import TYPE_CHECKING

from zyre.core.locality import Interface
from zyre.sim.clock import BoxClock

if TYPE_CHECKING:
    from zyre.sim.transport import SimTransport

__all__ = ["Box", "Port", "Power"]

_FIRST_PORT = 49152


class Power(Enum):
    """Whether a computer is there."""

    ON = auto()
    SUSPENDED = auto()
    """Asleep: nothing runs, nothing answers; it will go on where it was."""
    OFF = auto()


class Port:
    """One interface of a box: an address in a segment of the network. May be down, and may change its address."""

    __slots__ = ("address", "box", "name", "prefix", "seat", "segment", "up")

    def __init__(self, box: Box, name: str, address: str, prefix: int, segment: str) -> None:
        self.box = box
        self.name = name
        self.address = address
        self.prefix = prefix
        self.segment = segment
        self.seat = 0
        """Its place among the ports of its segment."""
        self.up = True
        """Whether anything comes in or goes out; see ``switch``."""

    def switch(self, up: bool) -> None:
        """Plug the cable in, or pull it."""
        self.box.settle()
        self.up = up
        self.box.replug()

    def describe(self) -> Interface:
        """What a node is told about it."""
        network = ipaddress.IPv4Network(f"{self.address}/{self.prefix}", strict=False)
        return Interface(self.name, self.address, self.prefix, str(network.broadcast_address))


class Box:
    """A computer. Its nodes hear beacons at ``ears``, by UDP port, and are reached at ``inboxes``, by TCP port.

    ``hidden``: nobody can open a connection to it (it can open connections), as behind a NAT or a firewall.
    """

    __slots__ = (
        "_leads_to",
        "_next_port",
        "asleep_since",
        "clock",
        "ears",
        "hidden",
        "inboxes",
        "name",
        "ports",
        "power",
    )

    def __init__(self, name: str, clock: BoxClock) -> None:
        self.name = name
        self.clock = clock
        clock.before_change = self.settle
        self.power = Power.ON
        """Whether it runs; see ``turn``."""
        self.asleep_since = 0.0
        self.hidden = False
        self.ports: dict[str, Port] = {}
        self._leads_to: dict[str, bool] = {}
        """What ``leads_to`` has answered, for as long as nothing is plugged in or out."""
        self.ears: dict[int, list[SimTransport]] = {}
        self.inboxes: dict[int, SimTransport] = {}
        self._next_port = _FIRST_PORT

    def turn(self, power: Power) -> None:
        """Turn it on or off, or suspend it."""
        self.settle()
        self.power = power

    def settle(self) -> None:
        """Something is about to change: what its nodes have heard so far counts as it is. See zyre.sim.hearing."""
        for ears in self.ears.values():
            for ear in ears:
                ear.settle()

    def add_port(self, name: str, address: str, prefix: int, segment: str) -> Port:
        """One more interface."""
        port = self.ports[name] = Port(self, name, address, prefix, segment)
        self.replug()
        return port

    def replug(self) -> None:
        """The ways from here are not as before."""
        self._leads_to.clear()

    def choose(self, wanted: str | None) -> tuple[Port, ...]:
        """The interfaces that a node asks for, by name or address; None for all."""
        return tuple(port for port in self.ports.values() if wanted in (None, port.name, port.address))

    def leads_to(self, segment: str) -> bool:
        """Whether anything gets to a segment. Who has interfaces there uses one of those and no other, as routing
        tables have it."""
        answer = self._leads_to.get(segment)
        if answer is None:
            there = [port.up for port in self.ports.values() if port.segment == segment]
            answer = self._leads_to[segment] = any(there or [port.up for port in self.ports.values()])
        return answer

    def bind(self, transport: SimTransport, tcp_port: int | None) -> int:
        """Give a node a TCP port: the wanted one, or the next free one."""
        if tcp_port is None:
            while self._next_port in self.inboxes:
                self._next_port += 1
            tcp_port = self._next_port
        self.inboxes[tcp_port] = transport
        return tcp_port

    def has_address(self, address: str) -> bool:
        """Whether one of its interfaces is up and has that address."""
        return any(port.up and port.address == address for port in self.ports.values())
