"""``zyre ports``: what a firewall must let in, and the commands that make it do so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import click

from zyre.cli.options import json_option
from zyre.cli.output import make_output
from zyre.config import DISCOVERY_PORT, peer_ports

__all__ = ["Opening", "firewall_commands", "openings", "ports"]


class Opening(NamedTuple):
    """Ports of one protocol that must be reachable from the other nodes: ``first`` to ``last``, both included."""

    protocol: str
    first: int
    last: int
    purpose: str

    def span(self, separator: str) -> str:
        """The ports as one word."""
        return str(self.first) if self.first == self.last else f"{self.first}{separator}{self.last}"


def openings(port: int, tcp_port: int | None = None) -> tuple[Opening, ...]:
    """What nodes of a cluster with that UDP port must be reachable at; ``tcp_port`` if each has a fixed one."""
    among = range(tcp_port, tcp_port + 1) if tcp_port else peer_ports(port)
    return (
        Opening("udp", port, port, "discovery: beacons to everybody on the network"),
        Opening("tcp", among[0], among[-1], "messages: each node on this host takes the first free one"),
    )


def _ufw(one: Opening) -> str:
    return f"ufw allow {one.span(':')}/{one.protocol}"


def _firewalld(one: Opening) -> str:
    return f"firewall-cmd --permanent --add-port={one.span('-')}/{one.protocol}"


def _nft(one: Opening) -> str:
    return f"nft add rule inet filter input {one.protocol} dport {one.span('-')} accept"


def _netsh(one: Opening) -> str:
    return (
        f'netsh advfirewall firewall add rule name="zyre {one.protocol}" dir=in action=allow '
        f"protocol={one.protocol.upper()} localport={one.span('-')}"
    )


def _pf(one: Opening) -> str:
    return f"pass in proto {one.protocol} to any port {one.span(':')}"


#: For each firewall: the program that shows that a machine has it, its commands, and what makes them effective.
_FIREWALLS: Final[Mapping[str, tuple[str, Callable[[Opening], str], str]]] = {
    "ufw": ("ufw", _ufw, ""),
    "firewalld": ("firewall-cmd", _firewalld, "firewall-cmd --reload"),
    "nft": ("nft", _nft, ""),
    "netsh": ("netsh", _netsh, ""),
    "pf": ("pfctl", _pf, "pfctl -f /etc/pf.conf    # after adding the lines above to that file"),
}


def firewall_commands(firewall: str, wanted: tuple[Opening, ...]) -> list[str]:
    """What opens a firewall, a command or configuration line each."""
    _, command, finish = _FIREWALLS[firewall]
    return [*map(command, wanted), *([finish] if finish else [])]


def _present() -> list[str]:
    return [name for name, (program, _, _) in _FIREWALLS.items() if shutil.which(program)]


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=DISCOVERY_PORT, show_default=True, help="UDP port.")
@click.option("--tcp-port", type=click.IntRange(1, 65535), help="The port of nodes that have a fixed one.")
@click.option(
    "--firewall",
    type=click.Choice([*_FIREWALLS, "all"]),
    help="Print the commands for this firewall.  [default: those that are installed]",
)
@json_option
def ports(port: int, tcp_port: int | None, firewall: str | None, as_json: bool) -> None:
    """Show which ports a firewall must let in for the nodes on this host, and the commands that open them.

    Nothing is changed.
    """
    wanted = openings(port, tcp_port)
    output = make_output(as_json)
    for one in wanted:
        output.result(
            "port",
            f"{one.protocol}  {one.span('-'):<12} {one.purpose}",
            protocol=one.protocol,
            first=one.first,
            last=one.last,
            purpose=one.purpose,
        )
    names = list(_FIREWALLS) if firewall == "all" else [firewall] if firewall else _present()
    for name in names:
        commands = firewall_commands(name, wanted)
        lines = "\n".join(f"    {command}" for command in commands)
        output.result("firewall", f"\n{name}:\n{lines}", firewall=name, commands=commands)
    output.hint("\nOutgoing traffic to the same ports must be allowed, too, where it is not.")
