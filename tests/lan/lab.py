"""A laboratory of hosts and switches: real networks, in network namespaces, that a test can break.

    with Lab() as lab:
        one, two = lab.host("one", "lan"), lab.host("two", "lan")
        one.run("ping", "-c1", two.address)
        lab.block([one], [two])

Each host is a network namespace of its own, held by a process that does nothing and ends with ours. Its interfaces
``eth0``, ``eth1``, ... are one end of a cable each; the other end is plugged into a bridge, the switch of its LAN. The
switches are in the namespace of the test itself, so what passes between hosts is filtered there, by cable and not by
address: one nftables table holds losses, partitions and one-way paths. TCP resets are answered by the receiving host.
"""

from __future__ import annotations

import ctypes
import itertools
import shutil
import socket
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from ..support.network import CLONE_NEWNET, in_private_network

_libc = ctypes.CDLL(None, use_errno=True)

TABLE = "zyre_lab"
RULES = f"""
table bridge {TABLE} {{
    set cut {{ type ifname . ifname; }}
    chain paths {{ type filter hook forward priority 0; iifname . oifname @cut drop; }}
    chain losses {{ type filter hook forward priority 1; }}
    chain broadcasts {{ type filter hook forward priority 2; }}
}}
"""
RESETS = f"""
table inet {TABLE} {{
    chain resets {{ type filter hook input priority 0; }}
}}
"""
# iproute2's word for the bridge that an interface belongs to. Not one of ours, hence in two pieces.
_MEMBER_OF = "mas" + "ter"
_TOOLS = ("ip", "nft", "unshare", "nsenter")


def missing() -> str:
    """Say in one sentence why no laboratory can be built here, or return an empty string."""
    if not in_private_network():
        return "The laboratory is built in a private network only, and this process is not in one."
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            return f"The laboratory needs the command `{tool}` (iproute2, nftables, util-linux)."
    try:
        with Lab() as lab:
            lab.lose(0.5)
            lab.host("probe", "lan").arm_resets([])
    except OSError as error:
        return f"This system does not allow a laboratory: {error}"
    return ""


def _run(*command: str, text: str | None = None) -> str:
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise OSError(f"`{' '.join(command)}` said {result.stderr.strip()!r}")
    return result.stdout


class Cable:
    """From an interface of a host to a switch."""

    def __init__(self, host: Host, interface: str, lan: str, plug: str, address: str) -> None:
        self.host = host
        self.interface = interface
        self.lan = lan
        self.plug = plug
        """The switch's end of the cable."""
        self.address = address

    def pull(self) -> None:
        """Take it out of the switch: the host's interface loses its carrier and keeps its address."""
        _run("ip", "link", "set", self.plug, "down")

    def plug_in(self) -> None:
        """Put it back."""
        _run("ip", "link", "set", self.plug, "up")

    def slow_down(self, megabits: int) -> None:
        """So much a second leaves the host by it from now on. The rest waits, for a tenth of a second, or is lost."""
        shaping = ("tbf", "rate", f"{megabits}mbit", "burst", "64kb", "latency", "100ms")
        self.host.run("tc", "qdisc", "replace", "dev", self.interface, "root", *shaping)

    def add_address(self, address: str) -> None:
        """One more address for the host's interface."""
        self.host.run("ip", "address", "add", f"{address}/24", "brd", "+", "dev", self.interface)

    def change_address(self, address: str) -> None:
        """Another address, as when a DHCP lease is not renewed."""
        self.host.run("ip", "address", "delete", f"{self.address}/24", "dev", self.interface)
        self.add_address(address)
        self.address = address


class Host:
    """A computer: a namespace of its own, with loopback and a cable into each of its LANs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cables: list[Cable] = []
        # It ends when its standard input does, and so with the test, however that ends.
        self._holder = subprocess.Popen(
            ("unshare", "--net", "sh", "-c", "echo; exec cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        if not self._holder.stdout.readline():
            self.close()
            raise OSError(f"no namespace for the host {name}")
        self.run("ip", "link", "set", "lo", "up")

    @property
    def pid(self) -> int:
        """The process whose namespace it is."""
        return self._holder.pid

    @property
    def prefix(self) -> tuple[str, ...]:
        """What makes a command run on this host, when it is put before it."""
        return ("nsenter", f"--net=/proc/{self.pid}/ns/net")

    @property
    def address(self) -> str:
        """Its address in its first LAN."""
        return self.cables[0].address

    def run(self, *command: str, text: str | None = None) -> str:
        """Run a command on this host; what it printed. Raises OSError if it fails."""
        return _run(*self.prefix, *command, text=text)

    def socket(self, kind: int = socket.SOCK_DGRAM) -> socket.socket:
        """A socket of this process that is on this host's network: a socket stays where it was made."""

        def make() -> socket.socket:
            with open(f"/proc/{self.pid}/ns/net") as namespace:  # a matter of the thread, and this one ends at once
                if _libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return socket.socket(socket.AF_INET, kind)

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(make).result()

    def arm_resets(self, sources: Sequence[str]) -> None:
        """Answer the next data on a TCP connection from each of these addresses with a reset, once."""
        rules = [
            f"add rule inet {TABLE} resets ip saddr {source} tcp flags & (syn|fin|rst|psh) == psh "
            "numgen inc mod 1000000000 == 0 reject with tcp reset"
            for source in sources
        ]
        self.run("nft", "-f", "-", text="\n".join((RESETS, f"flush chain inet {TABLE} resets", *rules)))

    def close(self) -> None:
        """Let go of the namespace; the kernel removes it together with the last process in it."""
        self._holder.kill()
        self._holder.communicate()


class Lab:
    """Some hosts on some LANs, until the ``with`` block ends. A LAN comes into being with its first host."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self._switches: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        try:
            _run("nft", "-f", "-", text=RULES)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Remove everything; no step depends on the one before."""
        links = [cable.plug for host in self.hosts.values() for cable in host.cables]
        for host in self.hosts.values():
            host.close()
        for link in (*links, *self._switches.values()):
            subprocess.run(("ip", "link", "delete", link), capture_output=True, check=False)
        subprocess.run(("nft", "delete", "table", "bridge", TABLE), capture_output=True, check=False)
        self.hosts.clear()
        self._switches.clear()

    # -- building ------------------------------------------------------------------------------------------------

    def host(self, name: str, *lans: str) -> Host:
        """A new computer with an interface in each of these LANs: eth0, eth1, ..."""
        host = self.hosts[name] = Host(name)
        for number, lan in enumerate(lans):
            self._connect(host, f"eth{number}", lan)
        return host

    def _connect(self, host: Host, interface: str, lan: str) -> None:
        switch, plug = self._switch(lan), f"zlab{next(self._numbers)}"
        cable = Cable(host, interface, lan, plug, self.new_address(lan))
        _run("ip", "link", "add", plug, "type", "veth", "peer", "name", interface, "netns", str(host.pid))
        host.cables.append(cable)
        _run("ip", "link", "set", plug, _MEMBER_OF, switch, "up")
        cable.add_address(cable.address)
        host.run("ip", "link", "set", interface, "up")

    def _switch(self, lan: str) -> str:
        if lan not in self._switches:
            name = f"zlan{len(self._switches)}"
            _run("ip", "link", "add", name, "type", "bridge", "mcast_snooping", "0")
            self._switches[lan] = name
            _run("ip", "link", "set", name, "up")
        return self._switches[lan]

    def new_address(self, lan: str) -> str:
        """An address in a LAN that no host has had."""
        return f"10.78.{list(self._switches).index(lan)}.{next(self._numbers)}"

    # -- faults --------------------------------------------------------------------------------------------------

    def block(self, sources: Iterable[Host], targets: Iterable[Host]) -> None:
        """Nothing passes from the sources to the targets; the way back stays open."""
        targets = tuple(targets)
        pairs = [
            f'"{out.plug}" . "{into.plug}"'
            for source in sources
            for target in targets
            for out in source.cables
            for into in target.cables
            if out.lan == into.lan and source is not target
        ]
        self._nft(f"add element bridge {TABLE} cut {{ {', '.join(pairs)} }}")

    def unblock(self) -> None:
        """Everything passes again."""
        self._nft(f"flush set bridge {TABLE} cut")

    def lose(self, share: float) -> None:
        """Of all UDP datagrams that share, chosen at random, does not arrive; for each receiver anew."""
        self._nft(f"flush chain bridge {TABLE} losses")
        if share:
            rule = f"ether type ip ip protocol udp numgen random mod 1000 < {round(share * 1000)} drop"
            self._nft(f"add rule bridge {TABLE} losses {rule}")

    def drop_broadcasts(self) -> None:
        """No broadcast and no multicast passes a switch, but for those by which IPv4 finds neighbours (ARP)."""
        self._nft(
            f"add rule bridge {TABLE} broadcasts ether type {{ ip, ip6 }} meta pkttype {{ broadcast, multicast }} drop"
        )

    def drop(self, kind: str) -> None:
        """No frame of that kind passes a switch; ``kind`` is a match of nftables, such as ``ether type ip6``."""
        self._nft(f"add rule bridge {TABLE} broadcasts {kind} drop")

    def reset(self, source: Host, target: Host) -> None:
        """The next data from one host to another meets a TCP reset."""
        target.arm_resets([cable.address for cable in source.cables])

    def _nft(self, command: str) -> None:
        _run("nft", "-f", "-", text=command)
